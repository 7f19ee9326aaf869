from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_ifealid.widgets.envelope import column_starts, envelope, outline

values = arrays(
    float,
    st.integers(50, 300),
    elements=st.one_of(st.floats(-1e6, 1e6), st.just(np.nan)),
)


def test_few_features_have_no_columns():
    assert column_starts(np.arange(100.0), -0.5, 99.5, 100) is None
    assert column_starts(np.arange(1000.0), 10.0, 20.0, 100) is None
    assert column_starts(np.arange(0.0), -0.5, 0.5, 100) is None


def test_columns_have_the_features_that_lie_there():
    starts = column_starts(np.arange(100.0), -0.5, 99.5, 10)
    np.testing.assert_array_equal(starts, np.arange(0, 100, 10))


def test_columns_without_a_feature_are_left_out():
    centres = np.concatenate([np.arange(0.0, 10.0, 0.1), [90.0]])
    starts = column_starts(centres, 0.0, 100.0, 10)
    np.testing.assert_array_equal(starts, [0, 100])


@given(values, st.floats(2, 49))
def test_no_peak_is_lost(values, columns):
    centres = np.arange(len(values), dtype=float)
    starts = column_starts(centres, -0.5, len(values) - 0.5, columns)
    low, high = envelope(values, starts)
    for number, part in enumerate(np.split(values, starts[1:])):
        if np.isnan(part).all():
            assert np.isnan([low[number], high[number]]).all()
        else:
            assert (low[number], high[number]) == (np.nanmin(part), np.nanmax(part))


def test_outline_goes_around_each_piece_and_leaves_gaps():
    low, high = np.array([0.0, np.nan, 1.0, 2.0]), np.array([1.0, np.nan, 2.0, 4.0])
    x, y = outline(np.arange(5.0), low, high)
    (gap,) = np.flatnonzero(np.isnan(x))
    np.testing.assert_array_equal(x[:gap], [0, 1, 1, 0, 0])
    np.testing.assert_array_equal(y[:gap], [1, 1, 0, 0, 1])
    np.testing.assert_array_equal(x[gap + 1 :], [2, 3, 3, 4, 4, 3, 3, 2, 2])
    np.testing.assert_array_equal(y[gap + 1 :], [2, 2, 4, 4, 2, 2, 1, 1, 2])


def test_outline_of_nothing_is_empty():
    x, y = outline(np.arange(3.0), np.full(2, np.nan), np.full(2, np.nan))
    assert x.size == y.size == 0
