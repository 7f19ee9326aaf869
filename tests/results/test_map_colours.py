from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.results.map_colours import coloured

FOUR = np.column_stack([np.arange(4) / 4, np.zeros(4), np.zeros(4), np.ones(4)])


@given(value=st.floats(0.0, 0.999))
def test_colours_have_equal_parts_of_the_range(value):
    expected = FOUR[int(np.float32(value) * 4)]
    assert np.array_equal(coloured(np.array(value), FOUR, (0.0, 1.0)), expected)


@pytest.mark.parametrize(("value", "level"), [(-5.0, 0), (1.0, 3), (7.0, 3), (np.inf, 3)])
def test_values_beyond_the_limits_have_the_colours_of_the_ends(value, level):
    assert np.array_equal(coloured(np.array([value]), FOUR, (0.0, 1.0)), FOUR[[level]])


def test_opacity_is_that_of_the_colours():
    colours = np.array([[1.0, 1.0, 1.0, 0.1], [0.0, 0.0, 0.0, 1.0]])
    assert coloured(np.array([0.2, 0.8]), colours, (0.0, 1.0))[:, 3].tolist() == [0.1, 1.0]


@pytest.mark.parametrize("threshold", [0.1, 0.7, 0.8])
def test_values_below_the_threshold_are_transparent_and_no_others(threshold):
    at = np.float32(threshold)
    values = np.array([np.nextafter(at, np.float32(0)), at, 1.0, np.nan], np.float32)
    rgba = coloured(values, FOUR, (0.0, 1.0), threshold)
    assert rgba[:, 3].tolist() == [0.0, 1.0, 1.0, 0.0]


def test_nan_is_transparent_without_a_threshold():
    assert coloured(np.array([[np.nan]]), FOUR, (0.0, 1.0))[0, 0, 3] == 0.0
