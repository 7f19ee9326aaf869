from __future__ import annotations

import gc
from weakref import ref

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.map_labels import MEASURE_KEY, MapLabels
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.results.regions import RegionMode, threshold_regions


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def explorer(viewer, add_stack, stack) -> Explorer:
    add_stack(viewer, stack)
    explorer = Explorer(viewer)
    explorer.state.threshold = 0.8
    return explorer


@pytest.fixture
def labels(viewer, explorer) -> MapLabels:
    return MapLabels(viewer, explorer.state)


def make(labels: MapLabels, explorer: Explorer, mode: RegionMode = RegionMode.ALL) -> None:
    labels.make(explorer.session, mode, explorer.pixel, "like it")


@pytest.mark.parametrize("mode", list(RegionMode))
def test_labels_are_the_regions_of_the_map(labels, explorer, mode):
    make(labels, explorer, mode)
    values = explorer.session.map_values
    expected = threshold_regions(values, 0.8, mode=mode, reference=explorer.pixel)
    np.testing.assert_array_equal(labels.layer.data, expected)
    assert labels.layer.data.any()
    assert labels.layer.name == "like it"


def test_labels_lie_where_the_map_lies_and_under_the_pins(labels, explorer, viewer):
    explorer.toggle_pin_at((1, 1))
    make(labels, explorer)
    image = explorer.map_layer
    for corner in [(0, 0), (5, 4)]:
        np.testing.assert_allclose(labels.layer.data_to_world(corner), image.data_to_world(corner))
    order = [viewer.layers.index(one) for one in (image, labels.layer, explorer.pins.layer)]
    assert order == sorted(order)


def test_labels_that_follow_go_along_with_a_map_that_is_moved(labels, explorer):
    make(labels, explorer)
    told = []
    labels.changed.connect(
        lambda: told.append(None if labels.source is None else labels.source.grid)
    )
    layer = explorer.session.layer
    layer.translate = (0, 10, 20)  # the middle is compared with, which is the same pixel
    layer.scale = (1, 2, 3)
    layer.rotate = 30
    assert labels.follows
    image = explorer.map_layer
    for corner in [(0, 0), (5, 4)]:
        np.testing.assert_allclose(labels.layer.data_to_world(corner), image.data_to_world(corner))
    assert told[-1] is explorer.session.grid
    labels.freeze()
    layer.translate = (0, 0, 0)
    np.testing.assert_allclose(labels.layer.translate, (10, 20))


def test_making_labels_chooses_no_other_layer(labels, explorer, viewer):
    before = set(viewer.layers.selection)
    make(labels, explorer)
    assert set(viewer.layers.selection) == before


def test_labels_follow_the_threshold_until_they_are_frozen(labels, explorer):
    make(labels, explorer)
    values = explorer.session.map_values.copy()
    explorer.state.threshold = 0.9
    np.testing.assert_array_equal(labels.layer.data, values >= np.float32(0.9))
    labels.freeze()
    assert not labels.follows
    explorer.state.threshold = 0.1
    np.testing.assert_array_equal(labels.layer.data, values >= np.float32(0.9))


def test_labels_belong_to_the_reference_they_are_called_after(labels, explorer, viewer):
    explorer.show_pixel((1, 1))
    make(labels, explorer)
    before = labels.layer.data.copy()
    explorer.show_pixel((4, 3))
    assert not labels.follows
    explorer.state.threshold = 0.1
    np.testing.assert_array_equal(labels.layer.data, before)


def test_labels_of_another_stack_stay(labels, explorer, viewer, add_stack, stack):
    make(labels, explorer)
    layer, before = labels.layer, labels.layer.data.copy()
    add_stack(viewer, stack)
    explorer.state.threshold = 0.3
    np.testing.assert_array_equal(layer.data, before)


def test_removed_labels_break_nothing(labels, explorer, viewer):
    make(labels, explorer)
    viewer.layers.remove(labels.layer)
    assert labels.layer is None
    assert labels.source is None
    assert not labels.follows
    explorer.state.threshold = 0.5
    make(labels, explorer)
    assert labels.layer in viewer.layers


def test_labels_of_a_map_between_other_axes_have_its_axes(viewer):
    rng = np.random.default_rng(0)
    viewer.add_image(rng.random((4, 3, 6, 5)), axis_labels=("z", "c", "y", "x"))
    explorer = Explorer(viewer)
    explorer.state.threshold = 0.5
    labels = MapLabels(viewer, explorer.state)
    make(labels, explorer)
    assert labels.layer.data.shape == explorer.map_layer.data.shape == (4, 1, 6, 5)
    np.testing.assert_array_equal(labels.layer.data > 0, explorer.map_layer.data >= np.float32(0.5))


def test_nothing_of_removed_labels_is_kept(labels, explorer, viewer):
    make(labels, explorer)
    labels.freeze()
    layer, values = ref(labels.layer), ref(labels.source.values)
    viewer.layers.remove(labels.layer)
    gc.collect()
    assert layer() is values() is None


def test_labels_are_of_the_slice_that_is_shown_and_of_no_other(viewer):
    rng = np.random.default_rng(0)
    viewer.add_image(rng.random((3, 4, 6, 5)), axis_labels=("c", "z", "y", "x"))
    explorer = Explorer(viewer)
    explorer.show_pixel((2, 3, 3))
    explorer.state.follow = False
    for z in (0, 1):  # the map of one reference, slice by slice
        viewer.dims.set_point(1, z)
    explorer.state.threshold = 0.5
    labels = MapLabels(viewer, explorer.state)
    make(labels, explorer)
    assert np.isfinite(explorer.map_layer.data).all(axis=(1, 2)).sum() > 1
    assert labels.layer.data[1].any()
    assert not labels.layer.data[[0, 2, 3]].any()


def test_labels_hold_by_which_measure_and_features_they_are_made(labels, explorer):
    make(labels, explorer)
    assert labels.layer.metadata[MEASURE_KEY] == "spectral angle"
    explorer.feature_use.choose(explorer.session.layer, UsedFeatures((False,) + (True,) * 8))
    make(labels, explorer)
    assert labels.layer.metadata[MEASURE_KEY] == "spectral angle, 8 of 9 features"
