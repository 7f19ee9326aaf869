from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.palette import PALETTE, ColoursInUse, next_colour

BOX = np.array([(2, 2), (2, 4), (4, 4), (4, 2)], float)


@pytest.fixture
def explorer(viewer, features) -> Explorer:
    return Explorer(viewer)


def references(explorer):
    """Return where each reference comes from, and its colour."""
    asked = explorer._references.collected_in(explorer.session)
    return [(one.origin.name, one.colour) for one in asked]


def test_next_colour_is_the_first_that_the_fewest_have():
    assert next_colour([]) == PALETTE[0]
    assert next_colour([PALETTE[0], PALETTE[1], "#123456"]) == PALETTE[2]
    assert next_colour(PALETTE) == PALETTE[0]
    assert next_colour([*PALETTE, PALETTE[0]]) == PALETTE[1]


def test_colours_of_other_sources_are_those_of_all_but_one():
    one, other = SimpleNamespace(colours=["#000001"]), SimpleNamespace(colours=["#000002"])
    colours = ColoursInUse()
    colours.add(one)
    colours.add(other)
    assert colours.beside(one) == ["#000002"]
    assert colours.beside(SimpleNamespace()) == ["#000001", "#000002"]


def test_references_of_all_sources_have_colours_of_their_own(explorer):
    explorer.add_regions()
    explorer.add_to_library((0, 0), "entry")
    explorer.library.tick(0, True)
    explorer.toggle_pin_at((1, 1))
    explorer.regions.layer.add(BOX, shape_type="rectangle")
    explorer.toggle_pin_at((2, 2))
    found = references(explorer)
    assert [origin for origin, _ in found] == ["PIN", "PIN", "REGION", "LIBRARY"]
    assert [colour for _, colour in found] == [PALETTE[1], PALETTE[3], PALETTE[2], PALETTE[0]]


def test_colour_stays_while_its_reference_exists(explorer):
    explorer.add_to_library((0, 0), "entry")
    explorer.toggle_pin_at((1, 1))
    explorer.library.tick(0, True)
    explorer.toggle_pin_at((1, 1))
    assert references(explorer) == [("LIBRARY", PALETTE[1])]
    explorer.pins.undo()
    assert references(explorer) == [("PIN", PALETTE[0]), ("LIBRARY", PALETTE[1])]
    explorer.library.set_sign([0], -1)
    explorer.toggle_pin_at((3, 3))
    assert [colour for _, colour in references(explorer)] == [PALETTE[0], PALETTE[2], PALETTE[1]]
