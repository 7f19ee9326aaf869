from __future__ import annotations

from itertools import count
from time import perf_counter

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QObject, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication, QLabel
from vispy.app import base

from napari_ifealid.workarounds import last_move
from napari_ifealid.workarounds.canvases import canvases
from napari_ifealid.workarounds.last_move import LastMove

AGES = 400  # milliseconds; many times what is waited for a last move


@pytest.fixture
def viewer(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    qtbot.wait(100)
    return viewer


@pytest.fixture
def handled(viewer) -> list[tuple[float, float]]:
    """Where napari was told that the mouse is."""
    positions: list[tuple[float, float]] = []
    viewer.mouse_move_callbacks.append(lambda _, event: positions.append(tuple(event.pos[:2])))
    return positions


@pytest.fixture
def label(viewer, qtbot) -> QLabel:
    label = QLabel("A widget in the window")
    viewer.window.add_dock_widget(label)
    qtbot.wait(100)
    return label


class Moves(QObject):
    """Where the mouse was, as the canvas was told."""

    def __init__(self, canvas) -> None:
        super().__init__(canvas)
        self.positions: list[QPointF] = []
        canvas.installEventFilter(self)

    def __len__(self) -> int:
        return len(self.positions)

    def eventFilter(self, _, event) -> bool:  # noqa: N802  # the name is Qt's
        if event.type() == QEvent.Type.MouseMove:
            self.positions.append(event.position())
        return False


@pytest.fixture
def moves(label) -> Moves:
    return Moves(*canvases(label))


@pytest.fixture
def quick_moves(monkeypatch) -> None:
    """Lets moves follow each other after 1 ms, however busy the machine is."""
    milliseconds = count()
    monkeypatch.setattr(last_move, "perf_counter", lambda: next(milliseconds) / 1000.0)


def move(label: QLabel, x: float, y: float, button=Qt.MouseButton.NoButton) -> None:
    (canvas,) = canvases(label)
    at = QPointF(x, y)
    no_key = Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseMove, at, canvas.mapToGlobal(at), button, button, no_key)
    QApplication.sendEvent(canvas, event)


def sweep(label: QLabel, *, fraction: float = 0.0) -> None:
    for x in range(100, 120):
        move(label, x + fraction, 90 + fraction)


def test_workaround_is_needed_as_long_as_vispy_loses_the_last_move(
    handled, label, qtbot, monkeypatch
):
    """Take `LastMove` out once this fails."""
    start, milliseconds = perf_counter(), count(1000)  # a busy machine lets the second come late
    monkeypatch.setattr(base, "default_timer", lambda: start + next(milliseconds) / 1000.0)
    for x in (100, 101):
        move(label, x, 90)
    qtbot.wait(50)
    assert handled[-1] == (100, 90)


def test_last_move_of_a_sweep_is_handled(handled, label, qtbot):
    LastMove(label)
    sweep(label)
    qtbot.waitUntil(lambda: handled[-1] == (119, 90))


@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.5, 0.75])
def test_move_is_repeated_once_also_between_the_pixels_of_a_scaled_screen(
    label, moves, quick_moves, qtbot, fraction
):
    LastMove(label)
    sweep(label, fraction=fraction)
    qtbot.wait(AGES)
    assert len(moves) == 21


def test_move_that_no_layer_and_no_callback_takes_is_repeated_once(
    viewer, label, moves, quick_moves, qtbot
):
    """As over an empty cell of the grid mode."""
    for _ in range(2):
        viewer.add_image(np.zeros((8, 8)))
    viewer.grid.enabled = True
    viewer.grid.shape = (2, 2)
    qtbot.wait(100)
    LastMove(label)
    (canvas,) = canvases(label)
    moves.positions.clear()
    for step in range(5):
        move(label, canvas.width() - 20 - step, canvas.height() - 20)
    qtbot.wait(AGES)
    assert len(moves) == 6


def test_move_over_a_callback_that_fails_is_repeated_once(viewer, label, moves, quick_moves, qtbot):
    failures: list[int] = []

    def fail(*_) -> None:
        failures.append(1)
        raise RuntimeError("another plugin's")

    LastMove(label)
    with qtbot.captureExceptions():
        viewer.mouse_move_callbacks.append(fail)
        sweep(label)
        qtbot.wait(AGES)
        viewer.mouse_move_callbacks.remove(fail)
    assert failures
    assert len(moves) == 21


def test_single_move_is_handled_once(handled, label, moves, qtbot):
    LastMove(label)
    move(label, 50, 60)
    qtbot.wait(AGES)
    assert handled == [(50, 60)]
    assert len(moves) == 1


def test_moves_of_a_drag_are_left_alone(label, moves, qtbot):
    LastMove(label)
    for x in (100, 101, 102):
        move(label, x, 90, Qt.MouseButton.LeftButton)
    qtbot.wait(AGES)
    assert len(moves) == 3


def test_nothing_is_repeated_after_the_end(label, moves, qtbot):
    repeating = LastMove(label)
    for x in (100, 101, 102):
        move(label, x, 90)
    repeating.close()
    sweep(label)
    qtbot.wait(AGES)
    assert len(moves) == 23
