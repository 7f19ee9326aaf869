"""What every measure promises."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.measures import (
    ACE,
    CEM,
    COSINE,
    EUCLIDEAN,
    INFORMATION_DIVERGENCE,
    MATCHED_FILTER,
    MEASURES,
    PEARSON,
    SPECTRAL_ANGLE,
    Background,
    Measure,
    Needs,
)

SEEDS = st.integers(0, 2**32 - 1)
NOT_FINITE = [np.nan, np.inf, -np.inf]


@pytest.fixture(scope="module", params=MEASURES, ids=lambda measure: measure.name)
def measure(request) -> Measure:
    return request.param


def test_spectral_angle_is_the_default():
    assert MEASURES[0] is SPECTRAL_ANGLE


def test_names_tell_measures_apart(measure):
    assert [one.name for one in MEASURES].count(measure.name) == 1


def test_measures_of_the_same_name_are_equal(measure):
    other = replace(measure, limits=(-9.0, 9.0))
    assert other == measure
    assert hash(other) == hash(measure)


def test_measures_of_different_names_are_not_equal():
    assert SPECTRAL_ANGLE != COSINE
    assert SPECTRAL_ANGLE != "spectral angle"
    assert len({SPECTRAL_ANGLE, COSINE}) == 2


def test_measure_can_not_be_changed(measure):
    with pytest.raises(FrozenInstanceError):
        measure.name = "another"


OF_ANY_LENGTH = [SPECTRAL_ANGLE, COSINE, PEARSON]
SYMMETRIC = [*OF_ANY_LENGTH, EUCLIDEAN, INFORMATION_DIVERGENCE, ACE]


def around(vectors: np.ndarray, seed: int = 0) -> Background:
    """Return the background of some vectors among many others."""
    rng = np.random.default_rng(seed)
    features = np.shape(vectors)[-1]
    others = rng.normal(size=(6 * features + 9, features)) + 0.3
    known = np.reshape(vectors, (-1, features))
    return Background.of(np.concatenate([others, known[np.isfinite(known).all(axis=1)]]))


@given(SEEDS, st.integers(1, 100))
def test_reference_itself_has_exactly_the_largest_value(measure, seed, features):
    vectors = np.random.default_rng(seed).normal(size=(9, features))
    values = measure.values(vectors, vectors[4], around(vectors))
    assert values[4] == measure.limits[1]


@given(SEEDS, st.integers(1, 300), st.floats(1e-6, 1e6))
def test_any_multiple_of_the_reference_has_exactly_the_largest_value(seed, features, factor):
    reference = np.random.default_rng(seed).normal(size=features)
    for measure in (*OF_ANY_LENGTH, INFORMATION_DIVERGENCE):
        assert measure.values(factor * reference, reference) == measure.limits[1]


@pytest.mark.parametrize("measure", OF_ANY_LENGTH, ids=lambda measure: measure.name)
def test_smallest_value_is_that_of_the_opposite(measure):
    vector = np.array([3.0, -4.0])
    assert measure.values(-vector, vector) == pytest.approx(measure.limits[0])


@given(SEEDS, st.integers(1, 9))
def test_values_lie_within_the_limits_of_bounded_measures(measure, seed, features):
    rng = np.random.default_rng(seed)
    vectors, reference = rng.normal(size=(50, features)), rng.normal(size=features)
    values = measure.values(vectors, reference, around(vectors, seed))
    assert values.dtype == np.float64
    if measure.is_bounded:
        assert values.min() >= measure.limits[0]
        assert values.max() <= measure.limits[1]


def test_filters_alone_are_not_bounded():
    assert [measure for measure in MEASURES if not measure.is_bounded] == [CEM, MATCHED_FILTER]


@given(SEEDS)
def test_value_is_the_same_both_ways(seed):
    one, other = np.random.default_rng(seed).normal(size=(2, 5))
    background = around(np.array([one, other]))
    for measure in SYMMETRIC:
        there, back = measure.values(one, other, background), measure.values(other, one, background)
        assert there == pytest.approx(back, abs=1e-14)


ZERO_IS_NOTHING = [one for one in MEASURES if one not in (EUCLIDEAN, ACE, MATCHED_FILTER)]


@pytest.mark.parametrize("measure", ZERO_IS_NOTHING, ids=lambda measure: measure.name)
def test_zero_vector_has_zero_to_everything_else(measure):
    vectors = np.zeros((2, 3))
    values = measure.values(vectors, np.array([1.0, 2.0, 1.0]), around(vectors))
    np.testing.assert_array_equal(values, [0, 0])


@pytest.mark.parametrize("measure", ZERO_IS_NOTHING, ids=lambda measure: measure.name)
def test_zero_reference_has_one_to_zero_vectors_and_zero_to_all_others(measure):
    vectors = np.array([[0, 0], [1, 0], [0, 0], [2, 3]])
    values = measure.values(vectors, np.zeros(2), around(vectors))
    np.testing.assert_array_equal(values, [1, 0, 1, 0])


@pytest.mark.parametrize("measure", [ACE, MATCHED_FILTER], ids=lambda measure: measure.name)
def test_mean_of_the_stack_has_one_to_itself_and_zero_to_everything_else(measure):
    vectors = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 3.0], [3.0, 1.0], [1.0, 1.0]])
    background = Background.of(vectors)
    np.testing.assert_array_equal(
        measure.values(vectors, np.array([1.0, 1.0]), background), [0, 0, 0, 0, 1]
    )
    assert measure.values(vectors, vectors[2], background)[4] == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize("bad", NOT_FINITE)
@pytest.mark.parametrize("reference", [[1.0, 2.0], [0.0, 0.0]])
def test_vector_that_is_not_finite_has_nan(measure, bad, reference):
    vectors = np.array([[bad, 1.0], [1.0, 1.0], [bad, 0.0]])
    values = measure.values(vectors, np.array(reference), around(vectors))
    np.testing.assert_array_equal(np.isnan(values), [True, False, True])


@pytest.mark.parametrize("bad", NOT_FINITE)
def test_reference_that_is_not_finite_has_nan_to_everything(measure, bad):
    vectors = np.array([[0.0, 0.0], [1.0, 1.0], [bad, 1.0]])
    assert np.isnan(measure.values(vectors, np.array([bad, 1.0]), around(vectors))).all()


@given(st.lists(st.integers(1, 4), max_size=4).map(tuple), st.integers(1, 6))
def test_map_has_the_shape_of_the_space(measure, space, features):
    vectors = np.ones((*space, features))
    assert measure.values(vectors, np.ones(features), around(vectors)).shape == space


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int64, np.uint64, np.float16])
def test_every_type_of_number_is_taken_at_its_value(measure, dtype):
    vectors = np.array([[1, 1], [1, 0], [0, 0]])
    background = around(vectors)
    actual = measure.values(vectors.astype(dtype), np.array([1, 0], dtype), background)
    expected = measure.values(vectors * 1.0, np.array([1.0, 0.0]), background)
    np.testing.assert_array_equal(actual, expected)


def test_background_is_asked_for_where_one_is_needed(measure):
    if measure.needs is Needs.NOTHING:
        assert measure.values(np.ones(3), np.ones(3)) == 1.0
    else:
        with pytest.raises(ValueError, match=f"{measure.name} needs the statistics"):
            measure.values(np.ones(3), np.ones(3))


def test_contributions_tell_which_features_bring_two_vectors_together(measure):
    vector, reference = np.array([4.0, 3.0, 0.0]), np.array([4.0, 3.0, 9.0])
    contributions = measure.contributions(vector, reference)
    assert contributions.shape == (3,)
    assert contributions[0] > contributions[2]
    assert contributions[1] > contributions[2]


def test_every_measure_is_described_to_the_user(measure):
    assert measure.summary.endswith(".")
    assert len(measure.summary) < 200
