from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.measures import EUCLIDEAN, MEASURES, SPECTRAL_ANGLE, Background, UsedFeatures

FLAGS = st.lists(st.booleans(), min_size=1, max_size=9).filter(any)


@given(flags=FLAGS)
def test_expanded_vectors_have_the_taken_features_in_their_places(flags):
    used = UsedFeatures(tuple(flags))
    vectors = np.arange(2.0 * len(flags)).reshape(2, -1) + 1.0
    whole = used.expanded(used.taken(vectors), rest=-1.0)
    np.testing.assert_array_equal(whole, np.where(flags, vectors, -1.0))


def test_flags_of_all_or_no_features_stand_for_all():
    assert UsedFeatures.of([1, 1]) is None
    assert UsedFeatures.of([0, 0]) is None
    assert UsedFeatures.of(np.array([1, 0])) == UsedFeatures((True, False))


def test_at_least_one_feature_is_used():
    with pytest.raises(ValueError, match="no feature"):
        UsedFeatures((False, False))


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_measure_over_some_features_is_that_of_vectors_without_the_others(measure):
    rng = np.random.default_rng(3)
    vectors, used = rng.random((20, 6)), UsedFeatures((True, True, False, True, True, False))
    background = Background.of(used.taken(vectors))
    over = measure.over(used)
    actual = over.values(vectors, vectors[0], background)
    taken = used.taken(vectors)
    np.testing.assert_array_equal(actual, measure.values(taken, taken[0], background))
    relevance = over.relevance(vectors[1], vectors[0])
    np.testing.assert_array_equal(np.isnan(relevance), ~np.array(used.is_used))


def test_measures_are_told_apart_by_their_features():
    used = UsedFeatures((True, False))
    over = SPECTRAL_ANGLE.over(used)
    assert over != SPECTRAL_ANGLE
    assert over == SPECTRAL_ANGLE.over(UsedFeatures((True, False)))
    assert over.over(None) == SPECTRAL_ANGLE
    assert len({over, SPECTRAL_ANGLE, EUCLIDEAN.over(used)}) == 3
    assert pickle.loads(pickle.dumps(over)) == over
