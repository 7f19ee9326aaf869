"""Keys for the picture that go to a control which was used last.

napari passes keys on to its viewer only where the widget with the focus has no use for them
(https://github.com/napari/napari/issues/8752). A combo box looks for an entry that begins with the
letter, a slider moves with the arrows: after a colormap was chosen, no letter reaches the picture
until it is clicked. So with all versions of napari that there are.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from napari_ifealid.workarounds.canvases import canvases

_TYPED_INTO = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox, QAbstractItemView)


class CanvasFocus(QObject):
    """Gives the keyboard to the picture when the mouse comes over it, unless a text is edited.

    Parameters
    ----------
    widget : QWidget
        A widget in the window. It keeps this object alive.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._canvases = canvases(widget)
        for canvas in self._canvases:
            canvas.installEventFilter(self)

    def close(self) -> None:
        """Leave the keyboard where it is."""
        with suppress(RuntimeError):  # Qt has deleted the widget, and this with it
            for canvas in self._canvases:
                canvas.removeEventFilter(self)

    def eventFilter(self, canvas: Any, event: Any) -> bool:  # noqa: N802  # the name is Qt's
        """Take the focus from a control in the same window."""
        if event.type() in (QEvent.Type.Enter, QEvent.Type.MouseMove):
            focused = QApplication.focusWidget()
            if focused is not None and focused is not canvas and _may_lose(focused, canvas):
                canvas.setFocus(Qt.FocusReason.MouseFocusReason)
        return False


def _may_lose(focused: QWidget, canvas: QWidget) -> bool:
    is_typed_into = isinstance(focused, _TYPED_INTO) or (
        isinstance(focused, QComboBox) and focused.isEditable()
    )
    return focused.window() is canvas.window() and not is_typed_into
