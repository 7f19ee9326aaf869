from __future__ import annotations

from types import SimpleNamespace

import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.layers import Image

from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer.sources import (
    MAP_KEY,
    choose_layer,
    feature_stack,
    grid_of,
    has_features,
    left_behind_maps,
    map_axes,
    map_placement,
    units_along,
)
from napari_ifealid.layers import STACK_KEY


@pytest.fixture
def little_memory(monkeypatch):
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=2**12))


def test_images_with_an_axis_for_features_are_offered(viewer, features):
    cube = viewer.add_image(np.zeros((3, 4, 5)))
    viewer.add_image(np.zeros((4, 5)))
    viewer.add_labels(np.zeros((3, 4, 5), int))
    viewer.add_image(np.zeros((3, 4, 5)), metadata={MAP_KEY: "cube"})
    offered = [layer for layer in viewer.layers if has_features(layer)]
    assert offered == [viewer.layers["small overlay"], features, cube]


def test_opened_stack_is_chosen_before_the_active_image(viewer, features):
    viewer.layers.selection.active = viewer.add_image(np.zeros((3, 4, 5)))
    assert choose_layer(viewer) is features
    viewer.layers.remove(features)
    assert choose_layer(viewer) is viewer.layers.selection.active


def test_maps_that_the_user_has_renamed_are_not_left_behind(viewer):
    for name in ("similarity", "mine"):
        viewer.add_image(np.zeros((4, 5)), name=name, metadata={MAP_KEY: "x"})
    assert left_behind_maps(viewer) == [viewer.layers["similarity"]]


def test_layer_that_shows_an_opened_stack_gives_just_that(features, stack):
    opened = features.metadata[STACK_KEY]
    assert feature_stack(features.data, opened, 0, "x") is stack


@pytest.mark.parametrize(
    "changed",
    [
        lambda data: data.copy(),
        lambda data: data[:, 1:],
        lambda data: data[:5],
        lambda data: da.from_array(data),
    ],
)
def test_layer_whose_data_are_others_by_now_gives_those(features, stack, changed):
    data = changed(features.data)
    made = feature_stack(data, stack, 0, "x")
    assert made is not stack
    np.testing.assert_array_equal(made.values, np.moveaxis(np.asarray(data), 0, -1))


@given(st.integers(-4, 3))
def test_features_lie_along_the_axis_that_is_told(axis):
    data = np.random.default_rng(0).random((2, 3, 4, 5))
    made = feature_stack(data, None, axis, "x")
    np.testing.assert_array_equal(made.values, np.moveaxis(data, axis, -1))
    assert np.may_share_memory(made.values, data)


def test_data_that_are_no_stack_are_refused():
    with pytest.raises(DatasetError, match="at least three axes"):
        feature_stack(np.zeros((3, 4)), None, 0, "x")


def test_what_takes_little_of_the_memory_is_read(tmp_path):
    values = np.random.default_rng(0).random((5, 6, 7))
    np.save(tmp_path / "cube.npy", values)
    for data in (da.from_array(values), np.load(tmp_path / "cube.npy", mmap_mode="r")):
        made = feature_stack(data, None, 0, "x")
        assert type(made.values) is np.ndarray
        np.testing.assert_array_equal(made.values, np.moveaxis(values, 0, -1))


def test_what_takes_much_of_the_memory_is_read_when_needed(little_memory, tmp_path):
    values = np.random.default_rng(0).random((5, 30, 20))
    np.save(tmp_path / "cube.npy", values)
    mapped = np.load(tmp_path / "cube.npy", mmap_mode="r")
    plain = np.memmap(tmp_path / "cube.npy", mode="r", dtype="u1", shape=(3, 40, 20), offset=128)
    for data in (da.from_array(values), mapped, mapped[:, ::2], plain):
        made = feature_stack(data, None, 0, "x")
        assert made.is_lazy
        np.testing.assert_array_equal(np.asarray(made.values), np.moveaxis(np.asarray(data), 0, -1))


@pytest.mark.parametrize("axis", [0, 1, 2, 3])
def test_grid_leaves_the_feature_axis_out(axis):
    layer = Image(np.zeros((2, 3, 4, 5)), scale=(2, 3, 4, 5), translate=(1, 2, 3, 4))
    grid = grid_of(layer, axis)
    assert grid.shape == tuple(np.delete((2, 3, 4, 5), axis))
    assert grid.axes == tuple(np.delete((-4, -3, -2, -1), axis))
    pixel = np.array([1, 2, 3, 4])
    assert grid.pixel_at(layer.data_to_world(pixel)) == (
        tuple(np.delete(pixel, axis).tolist()) if axis else (2, 3, 4)
    )


def test_grid_of_a_photo_has_all_its_pixels():
    layer = Image(np.zeros((4, 5, 3)), rgb=True, scale=(2, 3))
    grid = grid_of(layer, -1)
    assert grid.shape == (4, 5)
    assert grid.pixel_at((2.0, 6.0)) == (1, 2)


def test_grid_of_an_image_of_several_resolutions_is_that_of_the_finest():
    layer = Image([np.zeros((3, 8, 8)), np.zeros((3, 4, 4))], multiscale=True)
    assert grid_of(layer, 0).shape == (8, 8)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_map_lies_on_its_layer_however_that_is_placed(axis):
    turned = {"rotate": np.array([[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]])} if axis == 0 else {}
    layer = Image(
        np.zeros((4, 5, 6)),
        scale=(2, 3, 4),
        translate=(5, 6, 7),
        **turned,
    )
    axes = map_axes(layer, axis)
    assert axes == ((1, 2) if axis == 0 else (0, 1, 2))
    lengths = [1 if number == axis else (4, 5, 6)[number] for number in axes]
    map_layer = Image(np.zeros(lengths), **map_placement(layer, axis))
    grid = grid_of(layer, axis)
    for pixel in ((0, 0), (3, 2), tuple(n - 1 for n in grid.shape)):
        place = grid.moved_to(np.zeros(3), pixel)
        position = np.array(map_layer.world_to_data(place[-map_layer.ndim :]))
        spatial = [number for number, a in enumerate(axes) if a != axis]
        np.testing.assert_allclose(position[spatial], pixel, atol=1e-9)
    if axis:
        features = layer.extent.world[:, axis]
        np.testing.assert_allclose(
            np.asarray(map_layer.extent.world)[:, axis].mean(), features.mean(), atol=1e-9
        )


def test_units_are_those_along_the_axes():
    layer = Image(np.zeros((2, 3, 4)), units=("second", "um", "mm"))
    assert units_along(layer, (-2, -1)) == ("micrometer", "millimeter")
