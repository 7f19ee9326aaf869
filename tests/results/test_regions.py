from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage import measure

from napari_ifealid.results import RegionMode, regions, threshold_regions

MAPS = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=4, max_side=6),
    elements=st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.just(float("nan"))).map(np.float32),
)


@given(similarity=MAPS)
def test_all_pixels_at_or_above_the_threshold_are_region_1(similarity):
    labels = threshold_regions(similarity, 0.5)
    assert labels.dtype == np.int32
    assert np.array_equal(labels, (similarity >= 0.5).astype(int))


@given(similarity=MAPS)
def test_connected_regions_are_those_of_scikit_image(similarity):
    labels = threshold_regions(similarity, 0.5, mode=RegionMode.CONNECTED)
    expected = measure.label(similarity >= 0.5)
    pairs = set(zip(labels.ravel().tolist(), expected.ravel().tolist(), strict=True))
    assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})
    assert np.array_equal(labels == 0, expected == 0)


@given(similarity=MAPS)
def test_connected_regions_are_numbered_by_falling_area_then_by_first_pixel(similarity):
    labels = threshold_regions(similarity, 0.5, mode=RegionMode.CONNECTED)
    numbers, first, area = np.unique(labels, return_index=True, return_counts=True)
    ranks = [(-area[i], first[i]) for i, number in enumerate(numbers) if number]
    assert ranks == sorted(ranks)
    assert numbers[numbers > 0].tolist() == list(range(1, len(ranks) + 1))


@given(similarity=MAPS, data=st.data())
def test_region_under_the_reference_is_the_connected_one_that_holds_it(similarity, data):
    pixel = tuple(data.draw(st.integers(0, length - 1)) for length in similarity.shape)
    labels = threshold_regions(similarity, 0.5, mode=RegionMode.REFERENCE, reference=pixel)
    connected = threshold_regions(similarity, 0.5, mode=RegionMode.CONNECTED)
    expected = (connected == connected[pixel]) & (connected > 0)
    assert labels.dtype == np.int32
    assert np.array_equal(labels, expected.astype(int))


def test_pixels_that_touch_at_a_corner_are_connected():
    labels = threshold_regions(np.eye(3), 0.5, mode="connected regions")
    assert np.array_equal(labels, np.eye(3))


@pytest.mark.parametrize("threshold", [0.1, 0.7, 0.8, 0.9])
def test_value_that_is_the_threshold_as_float32_is_above(threshold):
    assert threshold_regions(np.full((1, 1), threshold, np.float32), threshold) == 1


@pytest.mark.parametrize("threshold", [-np.inf, np.inf, 1e300])
def test_threshold_may_be_beyond_all_values(threshold):
    labels = threshold_regions([[0.5, np.nan]], threshold)
    assert labels.tolist() == [[int(threshold < 0), 0]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.5, 0.6], 0.5), r"shape \(2,\)"),
        (([["a", "b"]], 0.5), "expected real numbers"),
        (([[0.5]], np.nan), "the threshold is NaN"),
    ],
)
def test_bad_maps_and_thresholds_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        threshold_regions(*arguments)


@pytest.mark.parametrize("reference", [None, (0,), (0, 2), (-1, 0), (0, 0, 0)])
def test_missing_reference_or_one_outside_of_the_map_is_refused(reference):
    with pytest.raises(ValueError, match="reference"):
        threshold_regions([[0.5, 0.6]], 0.5, mode=RegionMode.REFERENCE, reference=reference)


def test_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="largest"):
        threshold_regions([[0.5]], 0.5, mode="largest")


def test_example_in_the_documentation_is_right():
    assert doctest.testmod(regions).attempted > 0
    assert doctest.testmod(regions).failed == 0
