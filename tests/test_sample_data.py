from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from skimage.data import astronaut, chelsea

from napari_ifealid.layers import STACK_KEY
from napari_ifealid.measures.spectral_angle import spectral_angle_similarity

EYE, OTHER_EYE, NOSE = (7, 11), (8, 20), (15, 16)
SIZES = {"texture": (240, 75, 113), "parts": (480, 38, 56), "objects": (1152, 19, 28)}


@pytest.fixture
def viewer(plugins) -> ViewerModel:
    return ViewerModel()


def test_the_astronaut_opens_as_an_overlay_and_hidden_features(viewer):
    overlay, features = viewer.open_sample("napari-ifealid", "astronaut")
    np.testing.assert_array_equal(overlay.data, astronaut())
    assert features.data.shape == (48, 512, 512)
    assert not features.visible
    assert features.metadata[STACK_KEY].name == "Astronaut"


@pytest.mark.parametrize("layer", SIZES)
def test_each_layer_of_the_network_opens_with_its_photo(viewer, layer):
    overlay, features = viewer.open_sample("napari-ifealid", f"chelsea_{layer}")
    assert features.name == f"Chelsea {layer} features"
    assert features.data.shape == SIZES[layer]
    assert np.abs(overlay.data.astype(float) - chelsea()).mean() < 2


def test_all_three_layers_open_over_one_photo(viewer):
    viewer.open_sample("napari-ifealid", "chelsea")
    assert [layer.name for layer in viewer.layers] == [
        "Chelsea overlay",
        "Chelsea texture features",
        "Chelsea parts features",
        "Chelsea objects features",
    ]
    overlay, *features = viewer.layers
    assert all(layer.metadata[STACK_KEY].overlay is overlay.data for layer in features)


def test_the_latest_layer_of_the_network_is_explored_first(make_napari_viewer):
    viewer = make_napari_viewer()
    viewer.open_sample("napari-ifealid", "chelsea")
    _, widget = viewer.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    assert widget.choice.layer.value.name == "Chelsea objects features"


def test_one_eye_of_the_cat_is_like_the_other_and_not_like_the_nose(viewer):
    _, features = viewer.open_sample("napari-ifealid", "chelsea_objects")
    stack = features.metadata[STACK_KEY]
    similarity = spectral_angle_similarity(stack.values, stack.vector(EYE))
    assert similarity[OTHER_EYE] > similarity[NOSE] + 0.2
