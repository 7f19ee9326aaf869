from __future__ import annotations

from napari_ifealid.widgets.swatch import SWATCH, swatch


def alphas(sign: int) -> list[int]:
    """Return the opacity in the middle and at the middle of an edge."""
    image = swatch("#e69f00", sign).pixmap(SWATCH, SWATCH).toImage()
    middle = image.width() // 2
    assert image.pixelColor(middle, middle).name() == "#e69f00"
    return [image.pixelColor(middle, row).alpha() for row in (middle, 0)]


def test_colour_fills_the_swatch(qapp):
    assert alphas(1) == [255, 255]


def test_colour_is_a_cross_where_it_is_not_looked_for(qapp):
    assert alphas(-1) == [255, 0]
