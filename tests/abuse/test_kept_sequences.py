"""Sequences in which something went wrong once, as short as they can be."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.sharp_by_itself


@pytest.fixture
def check(machine):
    """Ends a sequence, and checks that nothing went wrong in it."""

    def end(state) -> None:
        state.teardown()
        assert state.violations == []

    return end


@pytest.mark.parametrize("setting", ["choose_preprocessing", "choose_engine"])
def test_stack_opened_again_while_its_maps_are_sharp(machine, check, setting):
    state = machine()
    state.open_file(file="cat early.zip")
    state.wait_and_look()
    getattr(state, setting)(number=1)
    state.wait_and_look()
    check(state)
