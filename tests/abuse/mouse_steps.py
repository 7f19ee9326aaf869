"""Steps by mouse and keyboard, over the picture and over the chart."""

from __future__ import annotations

from hypothesis import strategies as st
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QWidget
from window_steps import SHARES, WindowSteps, one_of, step

from napari_ifealid.widgets.vector_chart import VectorChart

_KEYS = {
    "H": Qt.Key.Key_H,
    "U": Qt.Key.Key_U,
    "L": Qt.Key.Key_L,
    "N": Qt.Key.Key_N,
    "Z": Qt.Key.Key_Z,
    "Up": Qt.Key.Key_Up,
    "Left": Qt.Key.Key_Left,
    "Escape": Qt.Key.Key_Escape,
    "Delete": Qt.Key.Key_Delete,
}
_DRAG = 0.05


class MouseSteps(WindowSteps):
    """Hovers, clicks and presses keys."""

    @step(x=SHARES, y=SHARES)
    def hover(self, x: float, y: float) -> None:
        self.window.move(self.canvas, x, y)

    @step(x=SHARES, y=SHARES)
    def sweep(self, x: float, y: float) -> None:
        for number in range(8):
            self.window.move(self.canvas, (x + number / 30) % 1.0, y)
            self.window.wait(3)

    @step(x=SHARES, y=SHARES)
    def click(self, x: float, y: float) -> None:
        self._press(self.canvas, x, y)

    @step(x=SHARES, y=SHARES)
    def drag(self, x: float, y: float) -> None:
        canvas, left = self.canvas, Qt.MouseButton.LeftButton
        self.window.move(canvas, x, y)
        self.window.press(canvas, x, y)
        for number in range(4):
            self.window.move(canvas, x + _DRAG * number, y + _DRAG * number, left)
        self.window.release(canvas, x + _DRAG * 3, y + _DRAG * 3)

    @step(key=st.sampled_from(sorted(_KEYS)))
    def press_key(self, key: str) -> None:
        control = Qt.KeyboardModifier.ControlModifier
        none = Qt.KeyboardModifier.NoModifier
        QTest.keyClick(self.canvas, _KEYS[key], control if key == "Z" else none)

    @step(x=SHARES, y=SHARES, clicks=st.booleans())
    def point_at_the_chart(self, x: float, y: float, clicks: bool) -> None:
        chart = self._chart()
        self.window.move(chart, x, y)
        self.window.wait(5)
        if clicks:
            self._press(chart, x, y)

    @step(start=SHARES, end=SHARES)
    def select_in_the_chart(self, start: float, end: float) -> None:
        chart, left = self._chart(), Qt.MouseButton.LeftButton
        self.window.press(chart, start, 0.5)
        self.window.move(chart, (start + end) / 2.0, 0.5, left)
        self.window.move(chart, end, 0.5, left)
        self.window.release(chart, end, 0.5)

    def _press(self, widget: QWidget, x: float, y: float) -> None:
        self.window.move(widget, x, y)
        self.window.press(widget, x, y)
        self.window.release(widget, x, y)

    def _chart(self) -> QWidget:
        """Return what the chart is drawn on."""
        charts = self.canvas.window().findChildren(VectorChart)
        return one_of([one for one in charts if one.isVisible()], 0).plot.viewport()
