from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

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
    ("mode", "ticked", "pins", "name"),
    [
        (ReferenceMode.CURSOR, [0], [], "kaolinite (library)"),
        (ReferenceMode.CURSOR, [1], [], "entry without a name (library)"),
        (ReferenceMode.CURSOR, [0, 1], [], "best of 2 references"),
        (ReferenceMode.MEAN, [0, 1], [(1, 1)], "mean of 3 references"),
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


def test_ticked_entry_of_other_features_is_not_what_is_compared_with(explorer):
    explorer.library.open(Library([LibraryEntry(np.ones(4), "other")]))
    explorer.show_pixel((2, 2))
    explorer.library.tick(0, True)
    assert reference_name(explorer) == "pixel 2, 2 at 10, 10"
