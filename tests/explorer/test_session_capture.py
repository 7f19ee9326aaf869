from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image, Layer
from psygnal import Signal

from napari_ifealid import read_stack, write_stack
from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.session_capture import (
    captured_session,
    layers_without_file,
    placement_by_reader,
    placement_of,
)
from napari_ifealid.formats import write_array
from napari_ifealid.layers import layer_data
from napari_ifealid.measures import SPECTRAL_ANGLE
from napari_ifealid.query import Origin, Reference
from napari_ifealid.session_files import PlaceReference, VectorReference
from napari_ifealid.stack import FeatureStack, StackSource


@pytest.fixture
def path(tmp_path, stack):
    write_stack(tmp_path / "a.zip", stack)
    return tmp_path / "a.zip"


@pytest.fixture
def layer(viewer, path) -> Image:
    """A layer that was opened from a file."""
    return [viewer.add_layer(Layer.create(*data)) for data in layer_data(read_stack(path))][-1]


@pytest.fixture
def explorer(viewer, layer) -> Explorer:
    return Explorer(viewer)


def test_stack_is_saved_by_its_file_and_the_rest_as_the_reader_does(explorer, viewer, path):
    (saved,) = captured_session(explorer, viewer).stacks
    assert saved.source == StackSource(str(path))
    assert saved.shape == (6, 5, 9)
    assert (saved.placement, saved.compared_axis, saved.is_linked) == (None, None, False)


def test_placement_of_an_untouched_layer_is_that_of_the_reader(layer, path):
    assert placement_of(layer) == placement_by_reader(read_stack(path))


def test_layer_in_memory_has_no_file(explorer, viewer, layer):
    other = viewer.add_image(np.ones((3, 4, 5)), name="in memory")
    assert layers_without_file(viewer) == [other]
    assert len(captured_session(explorer, viewer).stacks) == 1


def test_layer_whose_values_the_user_has_replaced_has_no_file(viewer, layer):
    layer.data = layer.data.copy()
    assert layers_without_file(viewer) == [layer]


def test_maps_and_images_of_stacks_are_not_asked_for_a_file(explorer, viewer):
    assert len(viewer.layers) > 2
    assert layers_without_file(viewer) == []


def test_explored_layer_in_memory_is_an_error_that_says_what_to_do(explorer, viewer):
    explorer.state.layer = viewer.add_image(np.ones((3, 4, 5)), name="in memory")
    explorer.state.feature_axis = 0
    with pytest.raises(DatasetError, match=r"in memory; .* Save it with Save dataset"):
        captured_session(explorer, viewer)


def test_nothing_explored_is_an_error(viewer):
    with pytest.raises(DatasetError, match="no feature stack"):
        captured_session(Explorer(viewer), viewer)


class Source:
    changed = Signal()

    def __init__(self, *vectors) -> None:
        self._vectors = vectors

    def references_in(self, session):
        return [Reference(one, -1, "a region", Origin.REGION) for one in self._vectors]


def test_references_of_other_sources_are_saved_as_vectors(explorer, viewer):
    explorer.add_source(Source(np.arange(9)))
    (reference,) = captured_session(explorer, viewer).references
    assert reference == VectorReference(tuple(map(float, range(9))), "a region", -1)


def test_reference_that_is_not_finite_is_an_error_that_names_it(explorer, viewer):
    explorer.add_source(Source(np.full(9, np.nan)))
    with pytest.raises(DatasetError, match="NaN or an infinity: a region"):
        captured_session(explorer, viewer)


def test_labels_of_features_are_saved_with_vectors(viewer, tmp_path, stack):
    from dataclasses import replace

    wavelengths = tuple(400.0 + 10.0 * number for number in range(9))
    write_stack(tmp_path / "b.zip", replace(stack, feature_labels=wavelengths))
    for data in layer_data(read_stack(tmp_path / "b.zip")):
        viewer.add_layer(Layer.create(*data))
    explorer = Explorer(viewer)
    explorer.add_source(Source(np.arange(9)))
    (reference,) = captured_session(explorer, viewer).references
    assert reference.feature_labels == wavelengths


def test_pins_are_places_with_their_signs_and_colours(explorer, viewer):
    explorer.toggle_pin_at((1, 2))
    explorer.pins.set_sign(0, -1)
    (pin,) = explorer.pins.pins
    (reference,) = captured_session(explorer, viewer).references
    assert reference == PlaceReference(pin.place, pin.colour, -1)


def test_window_and_scale_are_saved(explorer, viewer):
    explorer.state.window, explorer.state.scale = 5, SPECTRAL_ANGLE.scales[1]
    session = captured_session(explorer, viewer)
    assert (session.window, session.look.scale) == (5, "degrees")


def test_slice_is_saved_of_a_volume_alone(explorer, viewer, tmp_path):
    assert captured_session(explorer, viewer).shown_slice == ()
    volume = FeatureStack(values=np.random.default_rng(0).random((4, 6, 5, 3)), name="volume")
    write_array(tmp_path / "b.npy", volume)
    for data in layer_data(read_stack(tmp_path / "b.npy")):
        viewer.add_layer(Layer.create(*data)).scale = (1, 2.5, 1, 1)
    viewer.dims.set_point(1, 7.5)
    assert captured_session(explorer, viewer).shown_slice == (None, 7.5, None, None)
    viewer.dims.order = (0, 3, 1, 2)
    viewer.dims.set_point(3, 4)
    assert captured_session(explorer, viewer).shown_slice == (None, None, None, 4.0)
    viewer.dims.ndisplay = 3
    assert captured_session(explorer, viewer).shown_slice == ()


def test_window_along_other_axes_is_an_error_that_says_what_to_do(explorer, viewer):
    viewer.dims.order = (1, 0, 2)
    captured_session(explorer, viewer)
    explorer.state.window = 3
    with pytest.raises(DatasetError, match="a window along other axes"):
        captured_session(explorer, viewer)
