from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.engines import EngineChoice, plan_engine, prepare_stack, start_engine
from napari_ifealid.explorer.wanted import FeatureImage, Reference, SimilarityTo, resolve
from napari_ifealid.formats import read_stacks
from napari_ifealid.metrics import spectral_angle_similarity

PINS = [(1, 2), (3, 4)]
DATASETS = [
    "000000015746.jpg.C1.npz.8",
    "000000015746.jpg.C3.npz.8",
    "synthetic_23x17x9.8",
    "synthetic_23x17x9.16",
    "synthetic_23x17x9.32",
]


@pytest.fixture
def engine(stack):
    return start_engine(prepare_stack(stack, plan_engine(EngineChoice.CPU, stack, None))).engine


def similarity(stack, vector):
    return spectral_angle_similarity(stack.real_values(stack.values), vector)


@pytest.mark.parametrize(
    ("reference", "pins", "feature", "wanted"),
    [
        (Reference.CURSOR, PINS, None, SimilarityTo(((0, 0),))),
        (Reference.MEAN, PINS, None, SimilarityTo(tuple(PINS))),
        (Reference.BEST, PINS, None, SimilarityTo(tuple(PINS), takes_best=True)),
        (Reference.MEAN, [], None, SimilarityTo(((0, 0),))),
        (Reference.BEST, [], None, SimilarityTo(((0, 0),))),
        (Reference.BEST, PINS, 5, FeatureImage(5)),
        (Reference.CURSOR, [], 0, FeatureImage(0)),
    ],
)
def test_what_is_shown_follows_from_the_choices(reference, pins, feature, wanted):
    assert resolve(reference, (0, 0), pins, feature) == wanted


def test_mean_of_pins_is_the_similarity_to_their_mean_vector(stack, engine):
    mean = (stack.vector(PINS[0]) + stack.vector(PINS[1])) / 2
    made = SimilarityTo(tuple(PINS)).make(stack, engine)
    np.testing.assert_allclose(made, similarity(stack, mean), atol=5e-5)


def test_best_of_pins_is_the_maximum_of_their_similarities(stack, engine):
    maps = [similarity(stack, stack.vector(pin)) for pin in PINS]
    made = SimilarityTo(tuple(PINS), takes_best=True).make(stack, engine)
    np.testing.assert_allclose(made, np.maximum(*maps), atol=5e-5)
    assert made[1, 2] == made[3, 4] == 1.0


def test_feature_image_is_in_the_stacks_own_units(stack, engine):
    made = FeatureImage(4).make(stack, engine)
    np.testing.assert_array_equal(made, stack.values[..., 4])


@pytest.mark.parametrize("dataset", DATASETS)
def test_feature_images_and_vectors_are_those_of_the_web_application(shared_data, dataset):

    (stack,) = read_stacks(shared_data / f"{dataset}.zip")
    name = dataset.removesuffix(".npz.8")
    expected = np.load(shared_data / f"{name}.expected.npz")
    engine = start_engine(prepare_stack(stack, plan_engine(EngineChoice.CPU, stack, None))).engine
    for feature, image in zip(expected["feature_indices"], expected["feature_images"], strict=True):
        made = FeatureImage(int(feature)).make(stack, engine)
        np.testing.assert_allclose(made, image, atol=1e-6)
    for pixel, vector in zip(expected["positions_rowcol"], expected["vectors"], strict=True):
        np.testing.assert_allclose(stack.vector(pixel), vector, atol=1e-6)
