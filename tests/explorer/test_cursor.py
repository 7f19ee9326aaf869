from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from napari_ifealid.explorer import ExplorerState
from napari_ifealid.explorer.cursor import Cursor


@pytest.fixture
def state() -> ExplorerState:
    return ExplorerState()


@pytest.fixture
def cursor(viewer, state) -> Cursor:
    """Over a volume in which there is something to compare with below 10 along each axis."""
    viewer.add_image(np.zeros((10, 10, 10)))
    return Cursor(viewer, state, lambda place: all(0 <= x < 10 for x in place))


@pytest.fixture
def moves(cursor) -> list:
    told: list = []
    cursor.moved.connect(lambda: told.append(cursor.place))
    return told


def move(viewer, *place: float) -> None:
    for callback in viewer.mouse_move_callbacks:
        callback(viewer, SimpleNamespace(position=place))


def test_there_is_no_place_before_the_first_move(cursor):
    assert cursor.place is None


def test_place_is_that_of_the_mouse_and_stays_when_it_leaves(viewer, cursor, moves):
    for place in [(1.0, 2.0, 3.0), (1.0, 2.5, 3.0), (1.0, 2.5, 3.0), (1.0, 20.0, 3.0)]:
        move(viewer, *place)
    assert moves == [(1.0, 2.0, 3.0), (1.0, 2.5, 3.0)]


def test_held_place_stays(viewer, state, cursor):
    move(viewer, 1.0, 2.0, 3.0)
    state.follow = False
    move(viewer, 4.0, 4.0, 4.0)
    viewer.dims.set_point(0, 7)
    assert cursor.place == (1.0, 2.0, 3.0)
    cursor.move_to((5, 5, 5))
    assert cursor.place == (5.0, 5.0, 5.0)


def test_place_goes_along_with_the_sliders(viewer, cursor):
    viewer.dims.set_point(0, 1)
    move(viewer, 1.0, 2.0, 3.0)
    viewer.dims.set_point(0, 7)
    assert cursor.place == (7.0, 2.0, 3.0)
    viewer.dims.order = (1, 0, 2)
    viewer.dims.set_point(1, 9)
    assert cursor.place == (7.0, 9.0, 3.0)


def test_mouse_is_not_followed_in_three_dimensions(viewer, cursor):
    move(viewer, 1.0, 2.0, 3.0)
    viewer.dims.ndisplay = 3
    move(viewer, 4.0, 4.0, 4.0)
    assert cursor.place == (1.0, 2.0, 3.0)


def test_closed_cursor_follows_nothing(viewer, cursor, moves):
    cursor.close()
    cursor.close()
    move(viewer, 1.0, 2.0, 3.0)
    viewer.dims.set_point(0, 7)
    assert moves == []
    assert cursor.place is None
