from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.layers import Image, Layer

from napari_ifealid.explorer.extraction_layers import features_over, picture_of
from napari_ifealid.explorer.repeated_extraction import (
    earlier_layer,
    free_name,
    mark,
    origin_of,
)
from napari_ifealid.stack import FeatureStack


@pytest.fixture
def image() -> Image:
    return Image(np.random.default_rng(3).random((3, 8, 8)), name="image")


@pytest.fixture
def origin(image):
    return origin_of(image, picture_of(image, (1,)), "a/model", "stage1")


@pytest.fixture
def features(image, origin) -> Layer:
    """Features that were extracted of a slice of the image."""
    stack = FeatureStack(values=np.ones((1, 4, 4, 5), np.float32), name="features")
    layer = Layer.create(*features_over(stack, image, picture_of(image, (1,))))
    mark(layer, origin)
    return layer


def test_layer_of_the_same_extraction_is_found_among_others(image, features, origin):
    assert earlier_layer([image, features, Image(np.ones((4, 4)))], origin) is features


def test_an_equal_origin_is_the_same(image, features):
    again = origin_of(image, picture_of(image, (1,)), "a/model", "stage1")
    assert earlier_layer([features], again) is features


def test_another_image_slice_contrast_model_or_stage_is_another_extraction(image, features, origin):
    other = Image(image.data)
    others = [
        replace(origin, model="another/model"),
        replace(origin, stage="stage2"),
        origin_of(image, picture_of(image, (2,)), "a/model", "stage1"),
        origin_of(image, picture_of(image), "a/model", "stage1"),
        origin_of(other, picture_of(other, (1,)), "a/model", "stage1"),
    ]
    image.contrast_limits = (0, 0.5)
    others.append(origin_of(image, picture_of(image, (1,)), "a/model", "stage1"))
    assert [earlier_layer([features], other) for other in others] == [None] * len(others)


def test_renamed_layer_is_the_users(features, origin):
    features.name = "mine"
    assert earlier_layer([features], origin) is None


def test_layer_with_other_data_is_the_users(features, origin):
    features.data = np.zeros(features.data.shape, np.float32)
    assert earlier_layer([features], origin) is None


def test_layer_without_its_stack_is_the_users(features, origin):
    del features.metadata["feature_stack"]
    assert earlier_layer([features], origin) is None


def test_names_are_numbered_from_two_where_they_are_taken():
    layers = [Image(np.ones((2, 2)), name=name) for name in ("a", "a [2]", "b [2]")]
    assert [free_name(name, layers) for name in "abc"] == ["a [3]", "b", "c"]
