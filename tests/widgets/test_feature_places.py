from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.widgets.feature_places import FeaturePlaces, numeric_labels

wavelengths = st.lists(
    st.integers(-5000, 5000).map(lambda tenths: tenths / 10), min_size=1, max_size=30, unique=True
).map(np.array)


@pytest.mark.parametrize(
    ("labels", "numbers", "unit"),
    [
        (range(3), [0, 1, 2], ""),
        ([450, 460.5], [450, 460.5], ""),
        (["450", "4.6e2"], [450, 460], ""),
        (["450 nm", " 450.5 nm"], [450, 450.5], "nm"),
        (["0.45 µm", ".46 µm"], [0.45, 0.46], "µm"),
        (["1200 cm-1", "-3 cm-1"], [1200, -3], "cm-1"),
        (["450nm", "460 nm"], [450, 460], "nm"),
    ],
)
def test_numbers_of_one_unit_are_numeric(labels, numbers, unit):
    numeric = numeric_labels(labels)
    np.testing.assert_array_equal(numeric.numbers, numbers)
    assert numeric.unit == unit


@pytest.mark.parametrize(
    "labels",
    [
        ["red", "green"],
        ["450 nm", "0.46 µm"],
        ["450 nm", 460.0],
        ["450 nm", "450 nm"],
        [1.0, 1.0],
        [1.0, float("nan")],
        [1.0, float("inf")],
        ["1 2", "1 3"],
        ["1e999", "1"],
        [],
    ],
)
def test_other_labels_are_not(labels):
    assert numeric_labels(labels) is None


@given(wavelengths)
def test_each_step_reaches_halfway_to_its_neighbours(numbers):
    places = FeaturePlaces.at(numbers)
    np.testing.assert_array_equal(places.centres, np.sort(numbers))
    inner = places.edges[1:-1]
    np.testing.assert_allclose(inner - places.centres[:-1], places.centres[1:] - inner, atol=1e-9)
    assert (np.diff(places.edges) > 0).all()


@given(wavelengths)
def test_each_feature_is_found_where_it_lies(numbers):
    places = FeaturePlaces.at(numbers)
    for feature, number in enumerate(numbers):
        assert places.centre_of(feature) == number
        assert places.order[places.position_at(number)] == feature


def test_beyond_the_ends_are_the_first_and_the_last():
    places = FeaturePlaces.in_order(np.arange(4))
    assert [places.position_at(place) for place in (-9, -0.4, 3.4, 9)] == [0, 0, 3, 3]
    assert places.positions_between(9, -9) == slice(0, 4)


def test_range_is_one_of_feature_numbers():
    falling = FeaturePlaces.at(np.array([30.0, 20.0, 10.0]))
    assert falling.are_successive
    assert falling.range_at(slice(0, 2)) == slice(1, 3)
    mixed = FeaturePlaces.in_order(np.array([0, 2, 1]))
    assert not mixed.are_successive
    assert mixed.range_at(slice(0, 2)) is None
    assert mixed.range_at(slice(1, 3)) == slice(1, 3)


def test_nothing_has_places_of_no_length():
    places = FeaturePlaces.in_order(np.arange(0))
    assert places.ends == (-0.5, 0.5)
    assert places.narrowest == 1.0
    assert places.range_at(slice(0, 0)) is None
