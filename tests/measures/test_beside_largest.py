from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.measures.beside_largest import beside_largest


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 40),
    st.sampled_from([5e-324, 1e-310, 1e-300, 1.0, 1e300]),
)
def test_largest_magnitude_becomes_one_however_small_or_large_it_is(seed, count, scale):
    vectors = np.random.default_rng(seed).integers(-9, 9, (3, count)) * scale
    found = beside_largest(vectors)
    expected = np.where(vectors.any(axis=-1), 1.0, 0.0)
    np.testing.assert_array_equal(np.abs(found).max(axis=-1), expected)
    np.testing.assert_array_equal(np.sign(found), np.sign(vectors))


def test_infinities_are_no_number():
    np.testing.assert_array_equal(beside_largest(np.array([-np.inf, 2.0])), [np.nan, 0.0])
    assert np.isnan(beside_largest(np.array([np.nan, 2.0]))).all()
