from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_ifealid.preprocessing import STEPS, step_named

PLACES, NONE = np.arange(5.0), np.zeros(5)
VECTORS = arrays(float, (4, 5), elements=st.floats(-1e6, 1e6, allow_subnormal=False))


def done(name: str, vectors, mean=NONE) -> np.ndarray:
    return step_named(name).function(np.asarray(vectors, float), PLACES, mean)


@given(vectors=VECTORS)
def test_variates_have_no_mean_and_unit_deviation(vectors):
    variates = done("standard normal variate", vectors)
    varies = np.ptp(vectors, axis=1) > 1e-9 * np.abs(vectors).max(axis=1)
    np.testing.assert_allclose(variates[varies].mean(axis=1), 0.0, atol=1e-6)
    np.testing.assert_allclose(variates[varies].std(axis=1, ddof=1), 1.0, rtol=1e-6)


@given(vectors=VECTORS)
def test_norms_are_one_or_zero(vectors):
    is_something = vectors.any(axis=1)
    sums = np.abs(done("unit sum", vectors)).sum(axis=1)
    lengths = np.linalg.norm(done("unit length", vectors), axis=1)
    np.testing.assert_allclose(sums, is_something)
    np.testing.assert_allclose(lengths, is_something)


def test_length_of_huge_vectors_is_one():
    huge = done("unit length", [[1e300, 1e300, 0, 0, 0]])
    np.testing.assert_allclose(np.linalg.norm(huge), 1.0)


def test_mean_is_taken_away():
    mean = np.arange(5.0)
    np.testing.assert_array_equal(done("mean-centred", [[1, 1, 1, 1, 1]], mean), [1 - mean])


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_no_vectors_are_none(step):
    assert step.function(np.empty((0, 5)), PLACES, NONE).shape == (0, 5)


def test_unknown_step_is_refused():
    with pytest.raises(ValueError, match="expected one of continuum removed"):
        step_named("magic")
