from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Shapes

from napari_ifealid.explorer import Explorer, ReferenceMode
from napari_ifealid.libraries import Library, LibraryEntry
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


def test_name_tells_the_window(explorer):
    explorer.state.window = 3
    explorer.show_pixel((2, 2))
    assert reference_name(explorer) == "mean of 3×3 around pixel 2, 2 at 10, 10"
    explorer.toggle_pin_at((1, 1))
    explorer.state.reference = ReferenceMode.BEST
    assert reference_name(explorer) == "pin 1, 1 at 6, 6 (mean of 3×3)"
    explorer.toggle_pin_at((3, 3))
    assert reference_name(explorer) == "best of 2 pins (mean of 3×3)"


def test_name_tells_of_regions(explorer):
    layer = Shapes([[(4, 4), (4, 7), (11, 7), (11, 4)]])
    explorer.regions.choose(layer)
    explorer.state.reference = ReferenceMode.MEAN
    assert reference_name(explorer) == "shape 1 (2 px)"
    explorer.toggle_pin_at((1, 1))
    assert reference_name(explorer) == "mean of 1 pin and 1 region"
    explorer.regions.set_sign(0, -1)
    explorer.state.reference = ReferenceMode.DIFFERENCE
    assert reference_name(explorer) == "pin 1, 1 at 6, 6, unlike shape 1 (2 px)"


@pytest.mark.parametrize(
    ("mode", "ticked", "pins", "name"),
    [
        (ReferenceMode.CURSOR, [0], [], "kaolinite (library)"),
        (ReferenceMode.CURSOR, [1], [], "1 library entry"),
        (ReferenceMode.CURSOR, [0, 1], [], "best of 2 library entries"),
        (ReferenceMode.MEAN, [0, 1], [(1, 1)], "mean of 1 pin and 2 library entries"),
    ],
)
def test_ticked_entries_are_named(explorer, mode, ticked, pins, name):
    rows = np.random.default_rng(0).random((2, 9))
    entries = [LibraryEntry(rows[0], "kaolinite"), LibraryEntry(rows[1])]
    explorer.library.open(Library(entries))
    explorer.show_pixel((2, 2))
    for pixel in pins:
        explorer.toggle_pin_at(pixel)
    explorer.state.reference = mode
    for number in ticked:
        explorer.library.tick(number, True)
    assert reference_name(explorer) == name


def test_entry_that_is_not_looked_for_is_named(explorer):
    rows = np.random.default_rng(0).random((2, 9))
    entries = [LibraryEntry(rows[0], "kaolinite"), LibraryEntry(rows[1], "alunite")]
    explorer.library.open(Library(entries))
    explorer.library.tick(0, True)
    explorer.library.set_sign([1], -1)
    explorer.state.reference = ReferenceMode.DIFFERENCE
    assert reference_name(explorer) == "kaolinite (library), unlike alunite (library)"


def test_ticked_entry_of_other_features_is_not_what_is_compared_with(explorer):
    explorer.library.open(Library([LibraryEntry(np.ones(4), "other")]))
    explorer.show_pixel((2, 2))
    explorer.library.tick(0, True)
    assert reference_name(explorer) == "pixel 2, 2 at 10, 10"
