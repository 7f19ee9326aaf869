from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.feature import peak_local_max

from napari_ifealid.results.best_places import BestPlace, best_places


def test_best_places_are_the_local_maxima_the_largest_first():
    values = np.zeros((9, 9), np.float32)
    values[2, 3], values[6, 6], values[0, 8] = 0.5, 0.9, 0.7
    found = best_places(values, 3, 2)
    assert [place.pixel for place in found] == [(6, 6), (0, 8), (2, 3)]
    assert found[0] == BestPlace((6, 6), pytest.approx(0.9))


def test_places_nearer_than_the_distance_are_left_out():
    values = np.zeros((1, 20), np.float32)
    values[0, [2, 6, 12]] = 1.0, 0.9, 0.8
    assert [place.pixel[1] for place in best_places(values, 2, 4)] == [2, 6]
    assert [place.pixel[1] for place in best_places(values, 2, 4.5)] == [2, 12]


def test_distance_is_in_the_units_of_the_spacing():
    values = np.zeros((20, 20), np.float32)
    values[2, 2], values[2, 6], values[6, 2] = 1.0, 0.9, 0.8
    found = best_places(values, 2, 10, spacing=(4.0, 1.0))
    assert [place.pixel for place in found] == [(2, 2), (6, 2)]


def test_missing_values_are_no_places():
    values = np.full((4, 5), np.nan, np.float32)
    assert best_places(values, 5, 1) == []
    values[1, 2] = 0.25
    assert [place.pixel for place in best_places(values, 5, 1)] == [(1, 2)]


def test_plain_map_has_its_first_pixel_and_what_is_far_enough():
    found = best_places(np.ones((1, 10), np.float32), 9, 4)
    assert [place.pixel[1] for place in found] == [0, 4, 8]


@given(
    arrays(
        np.float32,
        array_shapes(min_dims=1, max_dims=3, max_side=9),
        elements=st.floats(0, 1, width=32) | st.just(np.nan),
    ),
    st.integers(1, 6),
    st.floats(0, 6),
)
def test_places_are_apart_and_maxima_of_their_neighbourhood(values, count, distance):
    found = best_places(values, count, distance)
    assert len(found) <= count
    assert [place.value for place in found] == sorted((p.value for p in found), reverse=True)
    pixels = np.array([place.pixel for place in found], float).reshape(-1, values.ndim)
    apart = np.linalg.norm(pixels[:, None] - pixels[None], axis=-1)
    assert (apart[~np.eye(len(found), dtype=bool)] >= distance).all()
    for place in found:
        around = tuple(slice(max(x - 1, 0), x + 2) for x in place.pixel)
        assert values[place.pixel] == np.nanmax(values[around])
    if np.isfinite(values).any():
        assert found[0].value == np.nanmax(values)


def test_same_peaks_as_scikit_image_where_they_are_far_apart():
    rows, columns = np.mgrid[:80, :90]
    centres = [(10, 12), (40, 70), (65, 20), (20, 50)]
    values = sum(
        (1 - 0.1 * n) * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 30.0)
        for n, (y, x) in enumerate(centres)
    ).astype(np.float32)
    expected = peak_local_max(values, min_distance=5, num_peaks=4, exclude_border=False)
    assert [place.pixel for place in best_places(values, 4, 6)] == [tuple(x) for x in expected]
