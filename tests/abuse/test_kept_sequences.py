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


def test_stack_of_a_session_deleted_while_the_session_is_opened(machine, check):
    state = machine()
    state.open_file(file="one.npy")
    state.wait_and_look()
    state.save_session()
    state.delete_all(is_meant=True)
    state.open_file(file="slices.npy")
    state.open_saved_session()
    state.delete_layer(number=1)
    check(state)


def test_slider_moved_to_a_feature_while_the_mouse_points_at_another(machine, check):
    state = machine()
    state.open_file(file="slices.npy", pause=30)
    state.open_file(file="cat late.zip", pause=80)
    state.point_at_the_chart(clicks=True, x=0.5, y=0.4)
    state.move_slider(axis=553, share=0.6, pause=80)
    check(state)
