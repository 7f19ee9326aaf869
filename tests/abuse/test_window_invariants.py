"""Whatever goes wrong in a window is seen."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.sharp_by_itself


@pytest.fixture
def state(machine):
    """A sequence with a stack of which there is a map."""
    state = machine()
    state.open_file(file="plain.npy")
    state.wait_and_look()
    assert state.violations == []
    return state


def test_wrong_map_is_a_violation(state):
    state.explorer.map_layer.data[3, 4] += 0.01
    state.wait_and_look()
    assert "is off at 1 of 180 pixels" in state.violations[0]


def test_blank_map_is_a_violation(state):
    state.explorer.map_layer.data[...] = float("nan")
    state.wait_and_look()
    assert "is blank at 180 pixels, not at 0" in state.violations[0]


def test_value_written_into_a_layer_of_the_users_is_a_violation(state):
    (layer,) = state.window.current.users
    layer.data[0, 0, 0] += 1.0
    state.wait_and_look()
    assert any("holds something else" in text for text in state.violations)


def test_exception_in_a_callback_is_a_violation(state):
    state.explorer.cursor.moved.connect(_fail)
    for place in (0.45, 0.55):
        state.hover(x=place, y=place, pause=30)
    assert any("a failure of the test's" in text for text in state.violations)


def test_explorer_that_outlives_its_panel_is_left_behind(state):
    kept = state.explorer
    state.end()
    assert "1 more: napari_ifealid.explorer.explorer.Explorer" in state.left
    del kept


def test_sequence_is_printed_as_python_that_goes_through_it_again(state):
    state.hover(x=0.5, y=0.5, pause=30)
    state.show_side_by_side()  # of one stack: there is nothing to do
    lines = ["state = machine()", "state.open_file(file='plain.npy')", "state.wait_and_look()"]
    assert state.lines == [*lines, "state.hover(x=0.5, y=0.5, pause=30)"]


def _fail() -> None:
    raise RuntimeError("a failure of the test's")
