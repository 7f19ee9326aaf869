from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image, Layer

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import read_stacks
from napari_ifealid.georeference import Georeference, PixelSize
from napari_ifealid.layers import (
    MOST_STACKS,
    STACK_KEY,
    default_grid,
    image_affine,
    layer_data,
    layers_of,
    own_pixels,
    stack_georeference,
)
from napari_ifealid.stack import FeatureStack, Placement


def as_layers(stack: FeatureStack) -> list[Layer]:
    return [Layer.create(*tuple_) for tuple_ in layer_data(stack)]


def features_of(values: np.ndarray, **arguments) -> Layer:
    return as_layers(FeatureStack(values=values, name="x", **arguments))[-1]


def outer_edges(layer: Layer, shape: tuple[int, ...]) -> np.ndarray:
    """Return the world coordinates of the outer edges along the last two axes."""
    near = np.zeros(layer.ndim)
    far = np.zeros(layer.ndim)
    near[-2:] = -0.5
    far[-2:] = np.array(shape) - 0.5
    return np.array([layer.data_to_world(near)[-2:], layer.data_to_world(far)[-2:]])


@pytest.mark.parametrize(
    ("overlay_shape", "map_shape"),
    [((640, 427), (160, 106)), ((427, 640), (106, 160)), ((5, 7), (9, 4)), ((6, 6), (6, 6))],
)
def test_outer_edges_of_features_and_overlay_meet(overlay_shape, map_shape):
    stack = FeatureStack(
        values=np.zeros((*map_shape, 5), np.uint8),
        name="x",
        overlay=np.zeros((*overlay_shape, 3), np.uint8),
    )
    overlay, features = as_layers(stack)
    np.testing.assert_allclose(
        outer_edges(features, map_shape), outer_edges(overlay, overlay_shape), atol=1e-9
    )


def test_edges_of_the_example_datasets_meet(shared_data):
    edges = []
    for path in sorted(shared_data.glob("*.jpg.*.zip")):
        (stack,) = read_stacks(path)
        overlay, features = as_layers(stack)
        edges += [
            outer_edges(overlay, stack.overlay.shape[:2]),
            outer_edges(features, stack.spatial_shape),
        ]
    assert len(edges) == 4
    np.testing.assert_allclose(edges, [edges[0]] * 4, atol=1e-9)


def test_without_an_overlay_a_pixel_is_one_unit_of_the_world():
    features = features_of(np.ones((4, 5, 6)))
    np.testing.assert_array_equal(features.scale, [1, 1, 1])
    np.testing.assert_array_equal(features.translate, [0, 0, 0])


def test_slices_of_a_volume_lie_one_unit_apart_under_an_overlay():
    features = features_of(np.ones((2, 4, 5, 6)), overlay=np.zeros((8, 15, 3), np.uint8))
    np.testing.assert_array_equal(features.scale, [1, 1, 2, 3])
    np.testing.assert_array_equal(features.translate, [0, 0, 0.5, 1])


def test_features_are_a_view_channels_first():
    values = np.arange(120.0).reshape(4, 5, 6)
    features = features_of(values)
    assert np.shares_memory(features.data, values)
    np.testing.assert_array_equal(features.data[2], values[..., 2])


def test_memory_mapped_features_stay_in_their_file(tmp_path):
    np.save(tmp_path / "cube.npy", np.arange(120, dtype=np.uint8).reshape(4, 5, 6))
    values = np.load(tmp_path / "cube.npy", mmap_mode="r")
    assert np.shares_memory(features_of(values).data, values)


def watched(values: np.ndarray) -> tuple[FeatureStack, list[int]]:
    """Return a lazy stack, and a list of the blocks that are read."""
    read = []

    def note(block: np.ndarray, block_id: tuple[int, ...]) -> np.ndarray:
        read.append(block_id)
        return block

    lazy = da.from_array(values, chunks=(10, 10, 3)).map_blocks(
        note, dtype=values.dtype, meta=values
    )
    return FeatureStack(values=lazy, name="x"), read


def test_lazy_features_of_8_bits_are_not_read():
    stack, read = watched(np.ones((40, 50, 6), np.uint8))
    ((data, arguments, _),) = layer_data(stack)
    assert isinstance(data, da.Array)
    assert data.shape == (6, 40, 50)
    assert arguments["contrast_limits"] == (0, 255)
    assert read == []


def test_of_other_lazy_features_a_corner_is_read_for_their_contrast():
    values = np.random.default_rng(0).random((40, 50, 6))
    values[20:, 20:] = 100
    values[0, 0, 0] = np.nan
    stack, read = watched(values)
    ((_, arguments, _),) = layer_data(stack)
    corner = values[:16, :16]
    assert arguments["contrast_limits"] == (np.nanmin(corner), np.nanmax(corner))
    assert {block[:2] for block in read} == {(0, 0), (0, 1), (1, 0), (1, 1)}


@pytest.mark.parametrize(
    ("value", "limits"), [(7.0, (7.0, 8.0)), (np.nan, (0.0, 1.0)), (np.inf, (0.0, 1.0))]
)
def test_contrast_of_a_constant_corner_is_some_range(value, limits):
    values = da.full((40, 50, 6), value, chunks=10)
    ((_, arguments, _),) = layer_data(FeatureStack(values=values, name="x"))
    assert arguments["contrast_limits"] == limits


def test_damaged_lazy_features_become_a_layer_all_the_same():
    def read(block):
        raise RuntimeError("damaged")

    values = da.zeros((40, 50, 6), chunks=10).map_blocks(read, dtype=float)
    ((_, arguments, _),) = layer_data(FeatureStack(values=values, name="x"))
    assert arguments["contrast_limits"] == (0, 1)


def test_lazy_features_are_channels_first():
    values = np.arange(120.0).reshape(4, 5, 6)
    features = features_of(da.from_array(values, chunks=(2, 3, 4)))
    np.testing.assert_array_equal(features.data[2], values[..., 2])


@pytest.mark.parametrize(
    "shape", [(5, 3, 6), (5, 4, 6), (5, 6, 3), (5, 6, 4), (3, 3, 3), (4, 4, 4)]
)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_three_or_four_columns_or_features_are_not_taken_for_colours(shape, dtype):
    features = features_of(np.ones(shape, dtype))
    assert not features.rgb
    assert features.data.shape == (shape[2], *shape[:2])


@pytest.mark.parametrize("space", [(4, 5), (3, 4, 5), (2, 3, 4, 5), (2, 2, 3, 4, 5)])
def test_any_number_of_spatial_axes_makes_a_layer(space):
    features = features_of(np.ones((*space, 6)))
    assert features.data.shape == (6, *space)


@pytest.mark.parametrize(
    ("space", "labels"),
    [
        ((4, 5), ("feature", "y", "x")),
        ((3, 4, 5), ("feature", "z", "y", "x")),
        ((2, 3, 4, 5), ("feature", "t", "z", "y", "x")),
    ],
)
def test_axes_are_labelled(space, labels):
    assert features_of(np.ones((*space, 6))).axis_labels == labels


def test_features_are_hidden_at_first():
    assert not features_of(np.ones((4, 5, 6))).visible


@pytest.mark.parametrize("shape", [(8, 9, 3), (3, 3, 3)])
def test_overlay_is_shown_in_colour(shape):
    stack = FeatureStack(values=np.ones((4, 5, 6)), name="x", overlay=np.zeros(shape, np.uint8))
    overlay = as_layers(stack)[0]
    assert overlay.rgb
    assert overlay.visible


def test_overlay_comes_below_the_features():
    stack = FeatureStack(values=np.ones((4, 5, 6)), name="x", overlay=np.zeros((8, 9, 3), np.uint8))
    assert [layer.name for layer in as_layers(stack)] == ["x overlay", "x features"]


def test_features_alone_without_an_overlay():
    (layer,) = as_layers(FeatureStack(values=np.ones((4, 5, 6)), name="x"))
    assert layer.name == "x features"


def test_every_layer_carries_its_stack():
    stack = FeatureStack(values=np.ones((4, 5, 6)), name="x", overlay=np.zeros((8, 9, 3), np.uint8))
    assert all(layer.metadata[STACK_KEY] is stack for layer in as_layers(stack))


def test_contrast_of_bytes_is_their_whole_range():
    assert features_of(np.full((4, 5, 6), 7, np.uint8)).contrast_limits == [0, 255]


def test_pixels_lie_where_the_placement_says():
    placement = Placement((4.0, 8.0), (1.5, 0.0))
    features = features_of(np.zeros((2, 5, 6, 3)), placement=placement)
    assert features.scale.tolist() == [1.0, 1.0, 4.0, 8.0]
    assert features.translate.tolist() == [0.0, 0.0, 1.5, 0.0]


# Several stacks


def stack_of(name: str, overlay: np.ndarray | None) -> FeatureStack:
    return FeatureStack(values=np.ones((4, 5, 6), np.uint8), name=name, overlay=overlay)


def names_of(layers: list[tuple]) -> list[str]:
    return [arguments["name"] for _, arguments, _ in layers]


CAT, DOG = (np.full((8, 10, 3), value, np.uint8) for value in (1, 2))


def test_stacks_of_one_image_have_one_overlay():
    stacks = [stack_of(name, CAT.copy()) for name in "abc"]
    layers = layers_of(stacks)
    assert names_of(layers) == ["a overlay", "a features", "b features", "c features"]
    for (_, arguments, _), stack in zip(layers[1:], stacks, strict=True):
        assert arguments["metadata"][STACK_KEY] is stack


def test_each_image_has_an_overlay_below_the_features_of_its_first_stack():
    stacks = [stack_of("a", CAT), stack_of("b", DOG), stack_of("c", None), stack_of("d", CAT)]
    assert names_of(layers_of(stacks)) == [
        "a overlay",
        "a features",
        "b overlay",
        "b features",
        "c features",
        "d features",
    ]


@pytest.mark.parametrize("shape", [(8, 10, 3), (10, 8, 3), (4, 5, 3)])
def test_images_of_other_pixels_or_another_shape_are_others(shape):
    other = np.full(shape, 3, np.uint8)
    names = names_of(layers_of([stack_of("a", CAT), stack_of("b", other)]))
    assert "b overlay" in names


def test_image_that_has_a_layer_already_gets_none():
    layers = layers_of([stack_of("a", CAT), stack_of("b", DOG)], [DOG.copy()])
    assert names_of(layers) == ["a overlay", "a features", "b features"]


def test_no_stacks_have_no_layers():
    assert layers_of([], [CAT]) == []


def test_default_grid_lies_where_the_layers_do(stack):
    _, (_, features, _) = layer_data(stack)
    grid = default_grid(stack)
    assert grid.shape == stack.spatial_shape
    assert np.array_equal(grid.place_of((0, 0)), features["translate"][1:])
    assert np.array_equal(grid.spacing, features["scale"][1:])
    assert np.array_equal(grid.bounds, [[-0.5, -0.5], [23.5, 19.5]])  # of the image


def test_layers_of_pixels_of_known_size_lie_in_its_unit():
    overlay = np.zeros((8, 12, 3), np.uint8)
    stack = FeatureStack(
        values=np.zeros((4, 6, 3), np.uint8),
        name="x",
        overlay=overlay,
        pixel_size=PixelSize((0.5, 0.25), "µm"),
    )
    (_, image, _), (_, features, _) = layer_data(stack)
    assert image["scale"] == (0.5, 0.25)
    assert image["units"] == ("µm", "µm")
    assert features["scale"] == (1.0, 1.0, 0.5)
    assert features["translate"] == (0.0, 0.25, 0.125)
    assert features["units"] == ("pixel", "µm", "µm")
    corner = image_affine(stack) @ (-0.5, -0.5, 1.0)
    np.testing.assert_allclose(default_grid(stack).affine @ (-0.5, -0.5, 1.0), corner)


def test_pixels_of_a_stack_lie_on_the_earth_where_those_of_its_image_do():
    place = Georeference((10.0, 0.0, 100.0, 0.0, -10.0, 500.0))
    values, overlay = np.ones((3, 2, 4)), np.zeros((6, 8, 3), np.uint8)
    assert stack_georeference(FeatureStack(values=values, name="a")) is None
    own = FeatureStack(values=values, name="a", georeference=place)
    assert stack_georeference(own) is place
    coarse = FeatureStack(values=values, name="a", georeference=place, overlay=overlay)
    assert stack_georeference(coarse).transform == (40.0, 0.0, 100.0, 0.0, -20.0, 500.0)


def test_own_pixels_of_a_stack_have_their_own_size_and_place():
    stack = FeatureStack(
        values=np.ones((3, 4, 2)),
        name="a",
        overlay=np.zeros((6, 12, 3), np.uint8),
        pixel_size=PixelSize((2.0, 1.0), "m"),
        georeference=Georeference((1.0, 0.0, 100.0, 0.0, -2.0, 50.0)),
    )
    own = own_pixels(stack)
    assert (own.overlay, own.pixel_size) == (None, PixelSize((4.0, 3.0), "m"))
    assert own.georeference == Georeference((3.0, 0.0, 100.0, 0.0, -4.0, 50.0))
    assert own_pixels(own) is own
    np.testing.assert_allclose(default_grid(own).affine[:2, :2], default_grid(stack).affine[:2, :2])


def test_limits_of_a_lazy_stack_look_at_few_of_very_many_features():
    looked_at = []

    def block(block_info=None):
        looked_at.append(block_info[None]["array-location"])
        return np.ones((4, 4, 1000), np.float32)

    chunks = ((4,), (4,), (1000,) * 100)
    values = da.map_blocks(block, chunks=chunks, dtype=np.float32, meta=np.empty((0,) * 3, "f4"))
    layer_data(FeatureStack(values=values, name="x"))
    assert 1 <= len(looked_at) <= 5


@pytest.mark.parametrize("value", [1e300, -1e300, np.finfo("f8").max, np.finfo("f8").min])
def test_contrast_of_a_huge_constant_corner_is_a_range_that_napari_takes(value):
    values = da.full((4, 5, 6), value, chunks=10)
    ((data, arguments, _),) = layer_data(FeatureStack(values=values, name="x"))
    low, high = arguments["contrast_limits"]
    assert low < high
    assert low <= value <= high
    assert np.isfinite([low, high]).all()
    Image(data, **arguments)


def test_far_too_many_stacks_become_no_layers():
    stack = FeatureStack(values=np.ones((2, 2, 2), np.uint8), name="x")
    assert len(layers_of([stack] * MOST_STACKS)) == MOST_STACKS
    with pytest.raises(DatasetError, match=r"1,001 feature stacks: x; expected at most 1,000"):
        layers_of([stack] * (MOST_STACKS + 1))
