from __future__ import annotations

import pytest
from qtpy.QtCore import QEvent, QObject, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication, QLabel

from napari_ifealid.widgets.canvases import canvases
from napari_ifealid.widgets.last_move import LastMove


@pytest.fixture
def viewer(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    qtbot.wait(100)
    return viewer


@pytest.fixture
def handled(viewer) -> list[tuple[int, int]]:
    """Where napari was told that the mouse is."""
    positions: list[tuple[int, int]] = []
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


def move(label: QLabel, *position: int, button: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
    (canvas,) = canvases(label)
    at = QPointF(*position)
    no_key = Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseMove, at, canvas.mapToGlobal(at), button, button, no_key)
    QApplication.sendEvent(canvas, event)


def sweep(label: QLabel) -> None:
    for x in range(100, 120):
        move(label, x, 90)


def test_last_move_of_a_sweep_is_handled(viewer, handled, label, qtbot):
    LastMove(label, viewer)
    sweep(label)
    qtbot.waitUntil(lambda: handled[-1] == (119, 90))


def test_single_move_is_handled_once(viewer, handled, label, qtbot):
    LastMove(label, viewer)
    move(label, 50, 60)
    qtbot.wait(100)
    assert handled == [(50, 60)]


def test_moves_of_a_drag_are_left_alone(viewer, label, moves, qtbot):
    LastMove(label, viewer)
    for x in (100, 101, 102):
        move(label, x, 90, button=Qt.MouseButton.LeftButton)
    qtbot.wait(100)
    assert len(moves) == 3


def test_nothing_is_repeated_after_the_end(viewer, label, moves, qtbot):
    callbacks = list(viewer.mouse_move_callbacks)
    last_move = LastMove(label, viewer)
    for x in (100, 101, 102):
        move(label, x, 90)
    last_move.close()
    qtbot.wait(100)
    assert len(moves) == 3
    assert viewer.mouse_move_callbacks == callbacks
