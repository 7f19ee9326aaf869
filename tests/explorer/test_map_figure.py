from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_ifealid.explorer import Explorer, ReferenceMode
from napari_ifealid.explorer.map_figure import map_figure
from napari_ifealid.libraries import Library, LibraryEntry
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.picture import PictureKind, stack_picture
from napari_ifealid.stack import FeatureStack


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def explorer(viewer, add_stack, stack) -> Explorer:
    add_stack(viewer, stack)
    explorer = Explorer(viewer)
    explorer.show_pixel((3, 2))
    return explorer


def test_figure_has_the_map_that_is_shown_and_lies_as_it_does(explorer, viewer):
    content = map_figure(explorer, viewer, "pixel 3, 2")
    np.testing.assert_array_equal(content.values, explorer.map_layer.data)
    np.testing.assert_allclose(content.grid.affine, explorer.session.grid.affine)
    assert content.limits == tuple(explorer.map_layer.contrast_limits)
    assert content.threshold is None
    assert content.caption == "small features: similarity (spectral angle) to pixel 3, 2"
    assert content.unit is None


def test_threshold_is_that_of_the_window(explorer, viewer):
    explorer.state.threshold = 0.75
    assert map_figure(explorer, viewer, "it").threshold == 0.75


def test_image_is_the_one_under_the_map(explorer, viewer, stack):
    grey = map_figure(explorer, viewer, "it")
    assert grey.overlay.shape == stack.overlay.shape
    assert np.ptp(grey.overlay, axis=-1).max() == 0
    np.testing.assert_allclose(grey.overlay_grid.affine, np.eye(3))
    explorer.state.overlay_in_colour = True
    np.testing.assert_array_equal(map_figure(explorer, viewer, "it").overlay, stack.overlay)


def test_references_are_marked_at_their_places(explorer, viewer):
    (mark,) = map_figure(explorer, viewer, "it").marks
    np.testing.assert_allclose(mark.place, explorer.session.grid.place_of((3, 2)))
    explorer.toggle_pin_at((1, 1))
    explorer.toggle_pin_at((4, 3))
    explorer.state.reference = ReferenceMode.BEST
    marks = map_figure(explorer, viewer, "it").marks
    assert len(marks) == 2
    np.testing.assert_allclose(marks[1].place, explorer.session.grid.place_of((4, 3)))
    assert marks[0].colour == pytest.approx((0xE6 / 255, 0x9F / 255, 0))


def test_entry_of_a_library_has_no_place_to_mark(explorer, viewer):
    explorer.library.open(Library([LibraryEntry(np.ones(9))]))
    explorer.library.tick(0, True)
    assert map_figure(explorer, viewer, "it").marks == ()
    explorer.toggle_pin_at((1, 1))
    assert len(map_figure(explorer, viewer, "it").marks) == 1


def test_slice_of_a_volume_is_the_one_that_is_shown(viewer):
    values = np.random.default_rng(0).random((3, 4, 6, 5)).astype(np.float32)
    viewer.add_image(
        values, axis_labels=("c", "z", "y", "x"), scale=(1, 2, 0.5, 0.5), units=("", *["um"] * 3)
    )
    explorer = Explorer(viewer)
    viewer.dims.set_point(1, 4.0)
    content = map_figure(explorer, viewer, "it")
    assert content.values.shape == (6, 5)
    np.testing.assert_array_equal(content.values, explorer.map_layer.data[2])
    np.testing.assert_allclose(np.diag(content.grid.affine), (0.5, 0.5, 1))
    assert content.unit == "micrometer"


@pytest.fixture
def volume(viewer) -> Explorer:
    values = np.random.default_rng(0).random((3, 4, 6, 5)).astype(np.float32)
    viewer.add_image(values, axis_labels=("c", "z", "y", "x"))
    return Explorer(viewer)


def test_references_in_other_slices_are_not_marked(volume, viewer):
    viewer.dims.set_point(1, 2)
    volume.show_pixel((1, 3, 3))
    assert map_figure(volume, viewer, "it").marks == ()
    volume.show_pixel((2, 3, 3))
    assert [mark.place for mark in map_figure(volume, viewer, "it").marks] == [(3, 3)]
    volume.toggle_pin_at((1, 1, 2))
    volume.toggle_pin_at((2, 4, 1))
    volume.state.reference = ReferenceMode.BEST
    assert [mark.place for mark in map_figure(volume, viewer, "it").marks] == [(4, 1)]


def test_picture_of_another_plane_is_not_under_the_map(volume, viewer):
    volume.pictures.choose(volume.session.layer, PictureKind.MEAN)
    assert map_figure(volume, viewer, "it").overlay is not None
    viewer.dims.order = (0, 2, 1, 3)
    content = map_figure(volume, viewer, "it")
    assert content.values.shape == (4, 5)
    assert content.overlay is None
    assert content.overlay_grid is None


def test_whole_volume_gives_no_figure(volume, viewer):
    viewer.dims.ndisplay = 3
    assert map_figure(volume, viewer, "it") is None
    viewer.dims.ndisplay = 2
    assert map_figure(volume, viewer, "it") is not None


def test_reference_held_in_another_image_is_not_marked(viewer, make_stack, add_stack):
    first, second = (add_stack(viewer, make_stack(name)) for name in ("one", "two"))
    explorer = Explorer(viewer)
    explorer.state.layer = first
    explorer.link(second, 0)
    explorer.show_pixel((1, 1))
    assert len(map_figure(explorer, viewer, "it").marks) == 1
    explorer.look_at(second)
    assert explorer.asking.layer is first
    assert map_figure(explorer, viewer, "it").marks == ()
    explorer.state.reference = ReferenceMode.BEST
    explorer.toggle_pin_at((2, 2))
    assert len(map_figure(explorer, viewer, "it").marks) == 1


def test_single_feature_is_no_similarity(explorer, viewer):
    explorer.state.feature = 2
    assert map_figure(explorer, viewer, "it") is None


def test_nothing_gives_no_figure(viewer):
    assert map_figure(Explorer(viewer), viewer, "it") is None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_photo_whose_colours_are_compared_is_under_its_own_map(viewer, dtype):
    rng = np.random.default_rng(0)
    shares = rng.random((6, 5, 3))
    top = 1 if dtype is np.float32 else np.iinfo(dtype).max
    layer = viewer.add_image((shares * top).astype(dtype), rgb=True, scale=(2, 3))
    content = map_figure(Explorer(viewer), viewer, "it")
    np.testing.assert_allclose(content.overlay, shares, atol=1 / 255)
    np.testing.assert_allclose(np.diag(content.overlay_grid.affine), (2, 3, 1))
    layer.visible = False
    assert map_figure(Explorer(viewer), viewer, "it").overlay is None


def test_slice_of_a_photo_series_is_the_one_that_is_shown(viewer):
    photos = np.random.default_rng(0).integers(0, 256, (4, 6, 5, 3)).astype(np.uint8)
    viewer.add_image(photos, rgb=True)
    explorer = Explorer(viewer)
    viewer.dims.set_point(0, 2)
    content = map_figure(explorer, viewer, "it")
    np.testing.assert_allclose(content.overlay, photos[2] / 255)


def test_pins_that_are_not_asked_for_are_not_marked(explorer, viewer):
    explorer.toggle_pin_at((1, 1))
    explorer.toggle_pin_at((4, 3))
    explorer.pins.set_sign(1, -1)
    explorer.state.reference = ReferenceMode.BEST
    (mark,) = map_figure(explorer, viewer, "it").marks
    np.testing.assert_allclose(mark.place, explorer.session.grid.place_of((1, 1)))
    explorer.state.reference = ReferenceMode.DIFFERENCE
    assert len(map_figure(explorer, viewer, "it").marks) == 2


def test_caption_says_how_many_features_are_compared(explorer, viewer):
    explorer.feature_use.choose(explorer.session.layer, UsedFeatures((False,) * 2 + (True,) * 7))
    content = map_figure(explorer, viewer, "it")
    assert content.caption == ("small features: similarity (spectral angle, 7 of 9 features) to it")


def test_pins_without_data_are_not_marked(viewer, add_stack):
    values = np.random.default_rng(0).random((6, 5, 9))
    values[1, 2] = np.nan
    add_stack(viewer, FeatureStack(values=values, name="gap"))
    explorer = Explorer(viewer)
    explorer.state.reference = ReferenceMode.BEST
    explorer.toggle_pin_at((1, 2))
    explorer.toggle_pin_at((4, 1))
    (mark,) = map_figure(explorer, viewer, "it").marks
    assert mark.place == (4, 1)


def test_picture_of_the_bands_is_the_image_of_a_stack_without_one(viewer, add_stack):
    labels = [f"{440 + 30 * number} nm" for number in range(9)]
    values = np.random.default_rng(0).random((6, 5, 9)).astype(np.float32)
    add_stack(viewer, FeatureStack(values=values, name="cube", feature_labels=labels))
    explorer = Explorer(viewer)
    explorer.state.overlay_in_colour = True
    content = map_figure(explorer, viewer, "it")
    expected = stack_picture(explorer.stack, PictureKind.TRUE_COLOUR)
    np.testing.assert_array_equal(content.overlay, expected)
    np.testing.assert_allclose(content.overlay_grid.affine, content.grid.affine)
