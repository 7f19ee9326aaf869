"""A line of text over the picture, which fades."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QPropertyAnimation, Qt, QTimer
from qtpy.QtWidgets import QGraphicsOpacityEffect, QLabel, QWidget

_STYLE = "background: rgba(0, 0, 0, 215); color: white; padding: 6px 10px; border-radius: 6px;"
_REST, _FADE = 1500, 800  # milliseconds
_BELOW, _PADDING = 12, 28  # pixels


class CanvasHint(QLabel):
    """Tells what to do, at the bottom of the picture; the mouse goes through it.

    Parameters
    ----------
    text : str
    canvas : QWidget
        Whose child it becomes.
    """

    def __init__(self, text: str, canvas: QWidget) -> None:
        super().__init__(text, canvas)
        self._fading = QPropertyAnimation(self)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setStyleSheet(_STYLE)
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        canvas.installEventFilter(self)
        self._place(canvas)
        self.show()

    def fade(self) -> None:
        """Go away slowly, a moment from now."""
        effect = QGraphicsOpacityEffect(self)
        self.setGraphicsEffect(effect)
        self._fading.setTargetObject(effect)
        self._fading.setPropertyName(b"opacity")
        self._fading.setDuration(_FADE)
        self._fading.setStartValue(1.0)
        self._fading.setEndValue(0.0)
        self._fading.finished.connect(self.deleteLater)
        QTimer.singleShot(_REST, self._fading.start)

    def eventFilter(self, canvas: Any, event: Any) -> bool:  # noqa: N802  # the name is Qt's
        """Stay at the bottom."""
        if event.type() == QEvent.Type.Resize:
            self._place(canvas)
        return False

    def _place(self, canvas: QWidget) -> None:
        whole = self.fontMetrics().horizontalAdvance(self.text()) + _PADDING
        width = max(1, min(whole, canvas.width() - 2 * _BELOW))
        height = self.heightForWidth(width)
        self.setGeometry(
            (canvas.width() - width) // 2, canvas.height() - height - _BELOW, width, height
        )
