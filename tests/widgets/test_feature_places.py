from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.widgets.feature_places import FeaturePlaces

wavelengths = st.lists(
    st.integers(-5000, 5000).map(lambda tenths: tenths / 10), min_size=1, max_size=30, unique=True
).map(np.array)


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
