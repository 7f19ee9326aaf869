from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.explorer.label_pixels import labels_on_grid, pixels_of_labels
from napari_ifealid.grid import Grid, whole_region


def affine(scale=(1.0, 1.0), translate=(0.0, 0.0), turn=0.0) -> np.ndarray:
    matrix = np.eye(3)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix[:2, :2] = rotation @ np.diag(scale)
    matrix[:2, 2] = translate
    return matrix


places = st.tuples(
    st.tuples(st.floats(0.3, 4), st.floats(0.3, 4)),
    st.tuples(st.floats(-5, 5), st.floats(-5, 5)),
    st.floats(-3, 3),
)


@given(places, places, st.integers(0, 99))
def test_each_pixel_has_the_label_at_its_centre(of_labels, of_grid, seed):
    labels = np.random.default_rng(seed).integers(0, 5, (9, 11))
    matrix, grid = affine(*of_labels), Grid((6, 7), affine(*of_grid))
    found = labels_on_grid(labels, matrix, grid, whole_region(grid.shape), (0, 0))
    inverse = np.linalg.inv(matrix)
    for pixel in np.ndindex(grid.shape):
        position = inverse[:2, :2] @ grid.place_of(pixel) + inverse[:2, 2]
        if (np.abs(position + 0.5 - np.round(position + 0.5)) < 1e-9).any():
            continue
        index = tuple(np.floor(position + 0.5).astype(int))
        is_inside = all(0 <= i < n for i, n in zip(index, labels.shape, strict=True))
        assert found[pixel] == (labels[index] if is_inside else 0)


@pytest.mark.parametrize("lazy", [False, True])
def test_labels_of_a_volume_are_those_of_the_slice(lazy):
    labels = np.arange(4 * 6 * 5).reshape(4, 6, 5)
    given_labels = da.from_array(labels, chunks=2) if lazy else labels
    flat, volume = Grid((6, 5), np.eye(3)), Grid((4, 6, 5), np.eye(4))
    found = labels_on_grid(given_labels, np.eye(4), flat, whole_region((6, 5)), (2, 0, 0))
    np.testing.assert_array_equal(found, labels[2])
    region = (slice(3, 4), slice(0, 6), slice(0, 5))
    found = labels_on_grid(given_labels, np.eye(4), volume, region, (2, 0, 0))
    np.testing.assert_array_equal(found, labels[3:4])


def test_flat_labels_lie_in_each_slice():
    labels = np.arange(30).reshape(6, 5)
    grid, region = Grid((4, 6, 5), np.eye(4)), (slice(1, 3), slice(0, 6), slice(0, 5))
    found = labels_on_grid(labels, np.eye(3), grid, region, (0, 0, 0))
    np.testing.assert_array_equal(found, [labels, labels])


def test_pixels_are_those_of_each_label():
    found = np.array([[0, 7, 7], [2, 0, 7]])
    pixels = pixels_of_labels(found, (slice(1, 3), slice(1, 4)), (4, 6))
    assert list(pixels) == [2, 7]
    np.testing.assert_array_equal(pixels[2], [13])
    np.testing.assert_array_equal(pixels[7], [8, 9, 15])


def test_no_label_has_no_pixels():
    assert pixels_of_labels(np.zeros((2, 3), int), whole_region((2, 3)), (2, 3)) == {}
