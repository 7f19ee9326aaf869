from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from napari.utils.colormaps import Colormap

from napari_ifealid.colormaps import LEVELS
from napari_ifealid.colour_limits import (
    ColourRange,
    colour_limits,
    hidden_levels,
    stretched,
    with_a_level_at,
)

SHARES = st.floats(0, 1, width=32)


def test_limits_are_those_of_the_finite_values():
    assert stretched(np.array([0.25, np.nan, 0.5, np.inf], np.float32)) == (0.25, 0.5)


@pytest.mark.parametrize(
    ("values", "limits"), [([0.5, 0.5], (0, 1)), ([7, 7], (6.5, 7.5)), ([np.nan], (0, 1))]
)
def test_limits_of_equal_values_and_of_none_are_apart(values, limits):
    assert stretched(np.array(values, np.float32)) == limits


@pytest.mark.parametrize(
    ("choice", "limits"),
    [
        (ColourRange.EACH_MAP, (0, 100)),
        (ColourRange.PERCENTILES, (1, 99)),
        (ColourRange.ALL, (-200, 200)),
        (ColourRange.MINE, (3, 4)),
    ],
)
def test_limits_are_those_chosen(choice, limits):
    values = np.append(np.arange(101), np.nan).astype(np.float32)
    assert colour_limits(choice, values, every=(-200, 200), mine=(3, 4)) == limits


@given(SHARES, SHARES, SHARES)
def test_a_level_begins_at_the_threshold_and_the_limits_are_little_wider(one, other, share):
    low, high = sorted((one, other))
    assume(high - low > 1e-3)
    threshold = low + share * (high - low)
    least, most = with_a_level_at((low, high), threshold)
    assert least <= low + 1e-7
    assert most >= high - 1e-7
    assert most - least <= (high - low) * (1 + 2.1 / LEVELS)
    if low < threshold <= high:
        level = (threshold - least) / (most - least) * LEVELS
        assert 0 <= level - round(level) < 1e-4


@given(SHARES, st.lists(SHARES, min_size=2, max_size=30))
def test_levels_below_the_threshold_are_those_of_the_values_below_it(threshold, values):
    """As napari's colormap, which draws the screen's pixels in the same way, has them."""
    values = np.unique(np.array(values, np.float32))
    low, high = with_a_level_at(stretched(values), threshold)
    hidden = hidden_levels((low, high), threshold)
    colours = np.ones((LEVELS, 4))
    colours[:hidden, 3] = 0.0
    colormap = Colormap(colours, interpolation="zero")
    apart = np.abs(values - threshold) > 1e-5  # float32 on the screen
    shown = colormap.map((values.astype(np.float64) - low) / (high - low))[:, 3] > 0
    np.testing.assert_array_equal(shown[apart], (values >= threshold)[apart])


@pytest.mark.parametrize(("gamma", "hidden"), [(1.0, 64), (0.5, 128), (2.0, 16)])
def test_gamma_moves_the_level_of_the_threshold(gamma, hidden):
    assert hidden_levels((0.0, 1.0), 0.25, gamma) == hidden


@pytest.mark.parametrize(("threshold", "hidden"), [(-3.0, 0), (0.0, 0), (1.0, 256), (5.0, 256)])
def test_threshold_beyond_the_limits_hides_all_or_nothing(threshold, hidden):
    assert hidden_levels((0.0, 1.0), threshold) == hidden
