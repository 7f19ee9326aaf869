from __future__ import annotations

import colorsys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qtpy.QtGui import QColor

from napari_ifealid.explorer.palette import PALETTE
from napari_ifealid.widgets.paper_colours import on_white, relative_luminance

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("colour", "expected"),
    [("#000000", 0.0), ("#ffffff", 1.0), ("#ff0000", 0.2126), ("#808080", 0.2159)],
)
def test_luminance_is_that_of_the_standard(colour, expected):
    assert relative_luminance(colour) == pytest.approx(expected, abs=1e-4)


@given(colours)
def test_each_colour_has_enough_contrast_to_white(colour):
    assert 1.05 / (relative_luminance(on_white(colour)) + 0.05) >= 3.0


@given(colours)
def test_dark_colours_stay(colour):
    if 1.05 / (relative_luminance(colour) + 0.05) >= 3.0:
        assert on_white(colour) == colour


@pytest.mark.parametrize("colour", PALETTE)
def test_colours_of_pins_keep_their_hue(colour):
    both = colour, on_white(colour)
    before, after = (colorsys.rgb_to_hsv(*QColor(one).getRgbF()[:3])[0] for one in both)
    assert after == pytest.approx(before, abs=0.03)
