from __future__ import annotations

import pytest
from qtpy.QtWidgets import QWidget

from napari_ifealid.widgets.canvas_hint import CanvasHint


@pytest.fixture
def canvas(qtbot) -> QWidget:
    canvas = QWidget()
    qtbot.addWidget(canvas)
    canvas.resize(600, 400)
    canvas.show()
    return canvas


@pytest.fixture
def hint(canvas) -> CanvasHint:
    return CanvasHint("Move the mouse: bright is similar.", canvas)


def test_hint_lies_at_the_bottom_in_the_middle(hint, canvas, qtbot):
    assert hint.isVisible()
    assert abs(hint.geometry().center().x() - canvas.rect().center().x()) <= 1
    canvas.resize(300, 200)
    qtbot.waitUntil(lambda: canvas.rect().contains(hint.geometry()))
    assert hint.geometry().bottom() > 150


def test_long_hint_is_wrapped_in_a_narrow_picture(hint, canvas, qtbot):
    one_line = hint.height()
    canvas.resize(120, 200)
    qtbot.waitUntil(lambda: hint.height() > one_line)
    assert canvas.rect().contains(hint.geometry())


def test_faded_hint_is_gone(hint, canvas, qtbot):
    hint.fade()
    qtbot.waitUntil(lambda: not canvas.findChildren(CanvasHint))
