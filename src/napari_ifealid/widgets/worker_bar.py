"""The progress of work in another thread."""

from __future__ import annotations

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from napari_ifealid.widgets.plain_label import PlainLabel
from napari_ifealid.widgets.worker_progress import WorkerProgress

_REFRESH = 50  # milliseconds


class WorkerBar(QWidget):
    """A line of text and a progress bar, shown while they follow some work.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._progress: WorkerProgress | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._refresh)
        self.text = PlainLabel()
        self.text.setWordWrap(True)
        self.text.setMinimumWidth(1)  # a long word must not widen the dock
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = QProgressBar()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text)
        layout.addWidget(self.bar)
        self.bar.setToolTip("What is being done, and how much of it is done")
        self.hide()

    def follow(self, progress: WorkerProgress | None) -> None:
        """Show how far some work is from now on; None: show nothing."""
        self._progress = progress
        self.setVisible(progress is not None)
        if progress is None:
            self._timer.stop()
        else:
            self._refresh()
            self._timer.start(_REFRESH)

    def _refresh(self) -> None:
        if self._progress is not None:
            text, done, total = self._progress.shown
            self.text.setText("Cancelling…" if self._progress.is_cancelled else f"{text}…")
            self.bar.setRange(0, total if total > 1 else 0)
            self.bar.setValue(done)
