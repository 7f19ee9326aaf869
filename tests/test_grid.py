from __future__ import annotations

from dataclasses import FrozenInstanceError
from math import isnan, prod

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from napari.layers import Image

from napari_ifealid.grid import (
    Grid,
    intersection,
    is_pixel_of,
    pixel_numbers,
    region_shape,
    whole_region,
    window_around,
    within,
)

LENGTHS = st.integers(1, 7)
SHAPES = st.lists(LENGTHS, min_size=1, max_size=4).map(tuple)
NOT_FINITE = [np.nan, np.inf, -np.inf]


@st.composite
def regions(draw, shape: tuple[int, ...]):
    """Draw a box of pixels, none of its sides empty."""
    starts = [draw(st.integers(0, length - 1)) for length in shape]
    return tuple(
        slice(start, draw(st.integers(start + 1, length)))
        for start, length in zip(starts, shape, strict=True)
    )


SHAPES_AND_REGIONS = SHAPES.flatmap(lambda shape: st.tuples(st.just(shape), regions(shape)))


def pixels_in(region, shape) -> np.ndarray:
    """Return which pixels are in a region."""
    inside = np.zeros(shape, bool)
    inside[region] = True
    return inside


@given(SHAPES)
def test_whole_region_has_all_pixels(shape):
    assert pixels_in(whole_region(shape), shape).all()


@given(SHAPES_AND_REGIONS)
def test_shape_of_a_region_is_that_of_its_pixels(shape_and_region):
    shape, region = shape_and_region
    assert region_shape(region) == np.empty(shape)[region].shape


@given(SHAPES.flatmap(lambda shape: st.tuples(st.just(shape), regions(shape), regions(shape))))
def test_intersection_has_the_pixels_of_both(drawn):
    shape, one, other = drawn
    expected = pixels_in(one, shape) & pixels_in(other, shape)
    both = intersection(one, other)
    assert (both is None) == (not expected.any())
    if both is not None:
        np.testing.assert_array_equal(pixels_in(both, shape), expected)


@given(SHAPES_AND_REGIONS.flatmap(lambda pair: st.tuples(st.just(pair), regions(pair[0]))))
def test_region_within_another_has_the_same_pixels(drawn):
    (shape, outer), region = drawn
    both = intersection(region, outer)
    assume(both is not None)
    numbers = np.arange(prod(shape)).reshape(shape)
    np.testing.assert_array_equal(numbers[outer][within(both, outer)], numbers[both])


@given(SHAPES_AND_REGIONS)
def test_pixel_numbers_count_in_c_order(shape_and_region):
    shape, region = shape_and_region
    numbers = np.arange(prod(shape))
    np.testing.assert_array_equal(
        numbers[pixel_numbers(region, shape)], numbers.reshape(shape)[region].ravel()
    )


@given(SHAPES_AND_REGIONS)
def test_pixel_numbers_are_a_slice_where_they_are_consecutive(shape_and_region):
    shape, region = shape_and_region
    numbers = np.arange(prod(shape)).reshape(shape)[region].ravel()
    are_consecutive = np.array_equal(numbers, np.arange(numbers[0], numbers[0] + len(numbers)))
    assert isinstance(pixel_numbers(region, shape), slice) == are_consecutive


@st.composite
def layers(draw) -> Image:
    """Draw an image anywhere in the world, no side of its pixels being next to nothing."""
    shape = tuple(draw(st.lists(st.integers(1, 9), min_size=2, max_size=3)))
    ndim = len(shape)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    place: dict = {}
    if draw(st.booleans()):
        place["scale"] = rng.uniform(0.2, 5, ndim) * rng.choice([1, -1], ndim)
    if draw(st.booleans()):
        place["translate"] = rng.uniform(-50, 50, ndim)
    if draw(st.booleans()):
        place["rotate"] = float(rng.uniform(-180, 180)) if ndim == 2 else rng.uniform(-180, 180, 3)
    if draw(st.booleans()):
        place["shear"] = rng.uniform(-1, 1, ndim * (ndim - 1) // 2)
    if draw(st.booleans()):
        affine = np.eye(ndim + 1)
        affine[:-1, :-1] += rng.uniform(-0.3, 0.3, (ndim, ndim))
        affine[:-1, -1] = rng.uniform(-9, 9, ndim)
        place["affine"] = affine
    return Image(np.zeros(shape, np.uint8), rgb=False, **place)


def grid_of(layer: Image) -> Grid:
    """Return the grid of all axes of a layer, by where napari puts its pixels."""
    origin = np.array(layer.data_to_world(np.zeros(layer.ndim)))
    affine = np.eye(layer.ndim + 1)
    for axis, step in enumerate(np.eye(layer.ndim)):
        affine[:-1, axis] = layer.data_to_world(step) - origin
    affine[:-1, -1] = origin
    return Grid(layer.data.shape, affine)


LAYERS_AND_SEEDS = st.tuples(layers(), st.integers(0, 2**32 - 1))


@given(LAYERS_AND_SEEDS)
def test_pixel_at_a_place_is_napari_s(layer_and_seed):
    layer, seed = layer_and_seed
    grid = grid_of(layer)
    low, high = grid.bounds
    rng = np.random.default_rng(seed)
    for place in rng.uniform(low - 1, high + 1, (40, layer.ndim)):
        position = np.array(layer.world_to_data(place)) + 0.5
        if np.abs(position - np.rint(position)).min() < 1e-6:
            continue  # on a border, rounding decides
        pixel = tuple(np.floor(position).astype(int).tolist())
        is_inside = all(0 <= x < n for x, n in zip(pixel, layer.data.shape, strict=True))
        assert grid.pixel_at(place) == (pixel if is_inside else None)


@given(LAYERS_AND_SEEDS)
def test_position_at_a_place_is_napari_s(layer_and_seed):
    layer, seed = layer_and_seed
    place = np.random.default_rng(seed).uniform(-99, 99, layer.ndim)
    np.testing.assert_allclose(
        grid_of(layer).position_at(place), layer.world_to_data(place), atol=1e-9, rtol=1e-9
    )


@given(LAYERS_AND_SEEDS)
def test_place_of_a_pixel_is_napari_s(layer_and_seed):
    layer, seed = layer_and_seed
    pixel = np.random.default_rng(seed).uniform(-5, 15, layer.ndim)
    np.testing.assert_allclose(
        grid_of(layer).place_of(pixel), layer.data_to_world(pixel), atol=1e-9, rtol=1e-9
    )


@given(layers())
def test_every_pixel_is_at_its_own_place(layer):
    grid = grid_of(layer)
    for pixel in np.ndindex(layer.data.shape):
        assert grid.pixel_at(grid.place_of(pixel)) == pixel


@given(layers())
def test_bounds_reach_half_a_pixel_beyond_napari_s_extent_of_centres(layer):
    grid = grid_of(layer)
    half = np.abs(grid.affine[:-1, :-1]).sum(axis=1) / 2
    low, high = layer.extent.world
    np.testing.assert_allclose(grid.bounds, [low - half, high + half], atol=1e-9)


@given(LAYERS_AND_SEEDS)
def test_no_pixel_reaches_beyond_the_bounds(layer_and_seed):
    layer, seed = layer_and_seed
    grid = grid_of(layer)
    low, high = grid.bounds
    rng = np.random.default_rng(seed)
    inside = rng.uniform(-0.5, np.array(grid.shape) - 0.5, (40, layer.ndim))
    places = np.array([grid.place_of(position) for position in inside])
    assert (places >= low - 1e-9).all()
    assert (places <= high + 1e-9).all()


PLAIN = Grid((4, 6), np.array([[2.0, 0, 10], [0, 3.0, 20], [0, 0, 1]]))


def test_bounds_of_a_scaled_and_translated_grid():
    np.testing.assert_array_equal(PLAIN.bounds, [[9, 18.5], [17, 36.5]])


@pytest.mark.parametrize(
    ("place", "pixel"),
    [
        ((10, 20), (0, 0)),
        ((9.01, 18.51), (0, 0)),
        ((10.99, 21.49), (0, 0)),
        ((11.01, 21.51), (1, 1)),
        ((16.99, 36.49), (3, 5)),
        ((8.99, 20), None),
        ((17.01, 20), None),
        ((10, 18.49), None),
        ((10, 36.51), None),
    ],
)
def test_pixel_reaches_half_a_pixel_to_each_side_of_its_place(place, pixel):
    assert PLAIN.pixel_at(place) == pixel


@pytest.mark.parametrize(
    ("pixel", "is_there"),
    [
        ((0, 0), True),
        ((3, 5), True),
        ((-1, 0), False),
        ((0, -1), False),
        ((4, 5), False),
        ((3, 6), False),
        ((3,), False),
        ((0, 3, 5), False),
    ],
)
def test_grid_contains_the_pixels_of_its_shape(pixel, is_there):
    assert PLAIN.contains(pixel) == is_there


@pytest.mark.parametrize("bad", NOT_FINITE)
def test_place_that_is_not_finite_is_that_of_no_pixel(bad):
    assert PLAIN.pixel_at((10, bad)) is None
    assert PLAIN.pixel_at((bad, 20)) is None


def test_axes_are_counted_from_the_last():
    assert PLAIN.axes == (-2, -1)
    assert PLAIN.pixel_at((99, -7, 12, 23)) == (1, 1)
    np.testing.assert_array_equal(PLAIN.position_at((99, np.nan, 12, 23)), [1, 1])


def test_axes_between_others_are_found():
    grid = Grid(PLAIN.shape, PLAIN.affine, axes=(-3, -1))
    assert grid.pixel_at((12, 555, 23)) == (1, 1)
    assert grid.pixel_at((77, 12, np.nan, 23)) == (1, 1)
    assert grid.moved_to((1, 2, 3, 4), (1, 1)) == (1, 12, 3, 23)


@pytest.mark.parametrize("place", [(), (20,)])
def test_world_of_fewer_axes_has_no_pixel(place):
    assert PLAIN.position_at(place) is None
    assert PLAIN.pixel_at(place) is None


def test_flat_grid_has_no_pixel_anywhere():
    flat = Grid((4, 6), np.diag([0.0, 1.0, 1.0]))
    assert all(map(isnan, flat.position_at((0, 0))))
    assert flat.pixel_at((0, 0)) is None


@given(LAYERS_AND_SEEDS, st.integers(0, 3))
def test_place_moved_to_a_pixel_is_there_and_keeps_its_other_coordinates(layer_and_seed, others):
    layer, seed = layer_and_seed
    grid, rng = grid_of(layer), np.random.default_rng(seed)
    place = rng.uniform(-99, 99, others + layer.ndim)
    pixel = tuple(int(rng.integers(length)) for length in grid.shape)
    moved = grid.moved_to(place, pixel)
    assert grid.pixel_at(moved) == pixel
    assert moved[:others] == tuple(place[:others])
    np.testing.assert_array_equal(moved[others:], grid.place_of(pixel))


def test_place_that_is_too_short_is_moved_with_zeros_first():
    grid = Grid(PLAIN.shape, PLAIN.affine, axes=(-4, -1))
    assert grid.moved_to((), (0, 0)) == (10, 0, 0, 20)
    assert grid.moved_to((7, 8), (0, 0)) == (10, 0, 7, 20)


def test_place_is_moved_between_pixels():
    assert PLAIN.moved_to((0, 0), (0.5, 0.25)) == (11, 20.75)


@pytest.mark.parametrize(
    ("shape", "middle"), [((5, 7), (2, 3)), ((4, 6), (2, 3)), ((1, 1), (0, 0))]
)
def test_middle_is_in_the_middle_or_behind_it(shape, middle):
    assert Grid(shape, np.eye(3)).middle == middle


def test_grid_can_not_be_changed():
    affine = np.eye(3)
    grid = Grid((4, 6), affine)
    affine[0, 0] = 9
    assert grid.affine[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        grid.affine[0, 0] = 9
    with pytest.raises(FrozenInstanceError):
        grid.shape = (1, 1)


def test_spacing_is_the_distance_between_pixels_in_the_world():
    turned = Grid((4, 6), np.array([[0.0, -2.0, 7.0], [3.0, 0.0, 8.0], [0.0, 0.0, 1.0]]))
    np.testing.assert_allclose(turned.spacing, [3, 2])


def test_section_lies_where_its_pixels_lie():
    affine = np.array([[2.0, 0, 0, 5], [0, 0, -3, 6], [0, 4, 0, 7], [0, 0, 0, 1]])
    grid = Grid((4, 6, 8), affine)
    section = grid.section((slice(2, 3), slice(1, 5), slice(3, 8)), (1, 2))
    assert section.shape == (4, 5)
    assert section.axes == (-2, -1)
    for pixel in [(0, 0), (2, 3)]:
        whole = grid.place_of((2, pixel[0] + 1, pixel[1] + 3))
        np.testing.assert_allclose(section.place_of(pixel), whole[1:])


@pytest.mark.parametrize(
    ("pixel", "is_there"), [((0, 0), True), ((3, 5), True), ((4, 0), False), ((0, -1), False)]
)
def test_pixel_is_one_of_a_shape(pixel, is_there):
    assert is_pixel_of((4, 6), pixel) == is_there
    assert not is_pixel_of((4, 6, 2), pixel)


def pixels_of(numbers, shape) -> list[tuple[int, ...]]:
    return list(zip(*(part.tolist() for part in np.unravel_index(numbers, shape)), strict=True))


def test_window_lies_around_its_pixel():
    expected = [(y, x) for y in (1, 2, 3) for x in (2, 3, 4)]
    assert pixels_of(window_around((2, 3), 3, (6, 7), (0, 1)), (6, 7)) == expected


def test_window_of_one_pixel_is_the_pixel():
    assert pixels_of(window_around((2, 3), 1, (6, 7), (0, 1)), (6, 7)) == [(2, 3)]


def test_window_is_clipped_at_the_border():
    assert pixels_of(window_around((0, 6), 3, (6, 7), (0, 1)), (6, 7)) == [
        (0, 5),
        (0, 6),
        (1, 5),
        (1, 6),
    ]


def test_window_lies_in_the_plane_that_is_displayed():
    numbers = window_around((2, 3, 4), 5, (5, 7, 9), (0, 2))
    assert {pixel[1] for pixel in pixels_of(numbers, (5, 7, 9))} == {3}
    assert len(numbers) == 5 * 5
