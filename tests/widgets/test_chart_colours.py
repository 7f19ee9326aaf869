from __future__ import annotations

import pytest
from qtpy.QtGui import QColor, QPalette

from napari_ifealid.widgets.chart_colours import ChartColours

LIGHT = ChartColours(QColor("white"), QColor("black"))
DARK = ChartColours(QColor("black"), QColor("white"))


def test_colours_are_those_of_the_palette(qapp):
    colours = ChartColours.of(QPalette(QColor("#ff0000"), QColor("#0000ff")))
    assert colours.background == QColor("#0000ff")
    assert colours.text.lightness() in (0, 255)  # Qt chooses it for the background


def test_mixed_colours_lie_between_background_and_text():
    assert LIGHT.mixed(0.0) == LIGHT.background
    assert LIGHT.mixed(1.0) == LIGHT.text
    assert DARK.mixed(0.2).name() == "#333333"
    assert DARK.mixed(0.5, QColor("#ff0000")).name() == "#800000"


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_curve_of_the_cursor_is_seen_on_what_is_under_it(colours):
    shades = [colours.background, colours.cursor_fill, colours.cursor_band, colours.cursor]
    apart = [abs(shade.lightness() - colours.background.lightness()) for shade in shades]
    assert apart == sorted(set(apart))


def test_pins_are_darker_on_a_light_background_only():
    assert LIGHT.is_light
    assert not DARK.is_light
    assert DARK.of_pin("#f0e442") == "#f0e442"
    assert QColor(LIGHT.of_pin("#f0e442")).lightness() < QColor("#f0e442").lightness()
