from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import pytest
from skimage.data import astronaut

from napari_ifealid import extraction
from napari_ifealid.errors import DatasetError
from napari_ifealid.extraction import (
    FILTERS,
    MODELS,
    filter_features,
    load_extractor,
    model_layers,
)
from napari_ifealid.extraction.models import check_installed

LOADERS = pytest.mark.parametrize("load", [load_extractor, model_layers])


@pytest.fixture
def hide(monkeypatch) -> Callable[..., None]:
    """Has packages look as if they were not installed."""

    def hidden(*packages: str) -> None:
        monkeypatch.setattr(
            "napari_ifealid.extraction.models.find_spec",
            lambda package: None if package in packages else find_spec(package),
        )

    return hidden


def test_filters_are_a_model_that_needs_no_other_packages(hide):
    hide("torch", "transformers")
    (stack,) = load_extractor(FILTERS).extract(astronaut()[:32, :32])
    np.testing.assert_array_equal(stack.values, filter_features(astronaut()[:32, :32]).values)
    assert model_layers(FILTERS) == load_extractor(FILTERS).layers


@pytest.mark.parametrize("missing", [["torch"], ["transformers"], ["torch", "transformers"]])
@LOADERS
def test_a_network_without_its_packages_is_refused_with_the_command_that_installs_them(
    load, missing, hide
):
    hide(*missing)
    with pytest.raises(DatasetError, match=f"no {' and no '.join(missing)};") as caught:
        load("facebook/dinov2-small")
    assert 'pip install "napari-ifealid[backbones]"' in str(caught.value)


def test_extract_features_needs_torch(hide):
    hide("torch")
    with pytest.raises(DatasetError, match=r"no torch;.*pip install"):
        _ = extraction.extract_features


def test_extract_features_does_without_transformers(hide):
    hide("transformers")
    assert callable(extraction.extract_features)


def test_packages_that_are_installed_pass():
    check_installed("torch", "transformers")


@LOADERS
def test_a_backbone_is_loaded_by_its_folder(load, backbone_folder):
    loaded = load(str(backbone_folder("resnet")))
    layers = loaded if load is model_layers else loaded.layers
    assert layers == ("stem", "stage1", "stage2", "stage3")


@LOADERS
def test_a_model_that_is_none_is_refused(load):
    with pytest.raises(DatasetError, match=r"^no model that can be read .*: no-such-model;"):
        load("no-such-model")


def test_each_model_to_begin_with_has_a_line():
    assert next(iter(MODELS)) == FILTERS
    assert all(line and "\n" not in line for line in MODELS.values())
