from __future__ import annotations

import pytest
from napari.components import ViewerModel

from napari_ifealid.explorer import Explorer, ReferenceMode
from napari_ifealid.widgets.reference_name import reference_name


def test_nothing_has_no_name(qapp):
    assert reference_name(Explorer(ViewerModel())) == ""


@pytest.mark.parametrize(
    ("mode", "pins", "name"),
    [
        (ReferenceMode.CURSOR, [(1, 1)], "pixel 2, 2 at 10, 10"),
        (ReferenceMode.MEAN, [], "pixel 2, 2 at 10, 10"),
        (ReferenceMode.MEAN, [(1, 1)], "pin 1, 1 at 6, 6"),
        (ReferenceMode.MEAN, [(1, 1), (3, 3)], "mean of 2 pins"),
        (ReferenceMode.BEST, [(1, 1), (3, 3)], "best of 2 pins"),
    ],
)
def test_reference_is_named_by_what_is_compared_with(explorer, mode, pins, name):
    explorer.show_pixel((2, 2))
    for pixel in pins:
        explorer.toggle_pin_at(pixel)
    explorer.state.reference = mode
    assert reference_name(explorer) == name


def test_place_outside_of_the_stack_is_that_of_its_middle(explorer):
    explorer.cursor.move_to((1000, 1000))
    assert reference_name(explorer) == "pixel 3, 2 (middle)"


@pytest.mark.parametrize(
    ("mode", "signs", "name"),
    [
        (ReferenceMode.MEAN, [1, -1, 1], "mean of 2 pins"),
        (ReferenceMode.BEST, [-1, 1], "pin 2, 2 at 10, 10"),
        (ReferenceMode.BEST, [-1], "pixel 4, 4 at 18, 18"),
        (ReferenceMode.DIFFERENCE, [1, -1], "pin 1, 1 at 6, 6, unlike pin 2, 2 at 10, 10"),
        (ReferenceMode.DIFFERENCE, [1, 1, -1], "best of 2 pins, unlike pin 3, 3 at 14, 14"),
        (ReferenceMode.DIFFERENCE, [1, 1], "best of 2 pins"),
        (ReferenceMode.DIFFERENCE, [-1, -1], "pixel 4, 4 at 18, 18"),
    ],
)
def test_name_tells_what_is_looked_for_and_what_is_not(explorer, mode, signs, name):
    explorer.show_pixel((4, 4))
    for number, sign in enumerate(signs):
        explorer.toggle_pin_at((number + 1, number + 1))
        explorer.pins.set_sign(number, sign)
    explorer.state.reference = mode
    assert reference_name(explorer) == name


def test_name_tells_how_many_pins_are_outside(explorer):
    for pixel in [(1, 1), (2, 2)]:
        explorer.toggle_pin_at(pixel)
    explorer.pins.layer.add([(1000, 1000)])
    explorer.state.reference = ReferenceMode.BEST
    assert reference_name(explorer) == "best of 2 of 3 pins"
