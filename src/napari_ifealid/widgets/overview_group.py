"""A picture of the whole stack, and its segments."""

from __future__ import annotations

from magicgui.widgets import ComboBox, SpinBox
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.overview_maker import (
    ComponentsRequest,
    OverviewMaker,
    OverviewRequest,
    SegmentsRequest,
)
from napari_ifealid.overview import Aspect
from napari_ifealid.widgets.plain_label import PlainLabel

_FEWEST, _MOST, _AT_FIRST = 2, 20, 8
_STEPS = 1000  # of the progress bar
_TWO_LINES = "\n"  # the summary has no more, even in a narrow dock
_SPIN_BOX = 78  # pixels; the rest of the row is for the buttons


class OverviewGroup(QWidget):
    """Buttons that make overviews, their progress, and what there is to say about the last one.

    Parameters
    ----------
    maker : OverviewMaker
    """

    def __init__(self, maker: OverviewMaker) -> None:
        super().__init__()
        self._maker = maker
        self._connections = Connections()
        self.components = QPushButton("Components")
        self.components.setToolTip(
            "Make a picture of the whole stack: its first three principal components as red, green "
            "and blue. Pixels of like colours have like features"
        )
        self.segments = QPushButton("Segments")
        self.segments.setToolTip(
            "Make a Labels layer of the whole stack: pixels of like features, in so many groups "
            "(k-means), the largest first"
        )
        self.count = SpinBox(
            value=_AT_FIRST, min=_FEWEST, max=_MOST, tooltip="How many segments, k"
        )
        self.aspect = ComboBox(
            choices=[(aspect.value, aspect) for aspect in Aspect],
            tooltip="What counts of a pixel: the direction of its vector, as for the spectral "
            "angle, or its values as they are, so that light and dark differ as well",
        )
        self.bar = QProgressBar()
        self.bar.setRange(0, _STEPS)
        self.bar.setToolTip("How much of the overview is done")
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop, and make nothing")
        self.summary = PlainLabel()
        self.summary.setToolTip(
            "The share of the variance that each component has; or how large segments are"
        )
        self._pages = QStackedLayout()
        self._lay_out()
        self._bind()

    def stop(self) -> None:
        """Stop what is under way, and stop following the explorer."""
        self._connections.close()
        self._maker.close()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.components, self.segments):
            button.setStyleSheet("padding: 4px 2px")  # else two do not fit into a narrow dock
        buttons.addWidget(self.components, 1)
        buttons.addWidget(self.segments, 1)
        buttons.addWidget(self.count.native)
        self.count.native.setStyleSheet("QAbstractSpinBox {min-width: 0px}")
        self.count.native.setMaximumWidth(_SPIN_BOX)
        choice = QHBoxLayout()
        choice.setSpacing(4)
        compare = PlainLabel("Compare")
        compare.setToolTip(self.aspect.tooltip)
        choice.addWidget(compare)
        choice.addWidget(self.aspect.native, 1)
        running = QWidget()
        row = QHBoxLayout(running)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel)
        self.summary.setWordWrap(True)
        self.summary.setMinimumWidth(1)  # a long word must not widen the dock
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self.summary.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        # one in the place of the other, and as high as two lines, so that nothing moves
        for page in (self.summary, running, PlainLabel(_TWO_LINES)):
            self._pages.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for part in (buttons, choice, self._pages):
            layout.addLayout(part)

    def _bind(self) -> None:
        self.components.clicked.connect(self._make_components)
        self.segments.clicked.connect(self._make_segments)
        self.cancel.clicked.connect(self._cancel)
        self._connections.connect(self._maker.changed, self._show)
        self._show()

    def _make_components(self) -> None:
        self._make(ComponentsRequest(self.aspect.value))

    def _make_segments(self) -> None:
        self._make(SegmentsRequest(self.count.value, self.aspect.value))

    def _make(self, request: OverviewRequest) -> None:
        self._maker.make(request)
        if self._maker.is_running:
            self.cancel.setFocus()  # the button that had it rests meanwhile

    def _cancel(self) -> None:
        self._maker.cancel()

    def _show(self) -> None:
        maker = self._maker
        self.components.setEnabled(maker.can_begin)
        self.segments.setEnabled(maker.can_begin)
        self.bar.setValue(round(_STEPS * maker.share))
        # Qt lays out a label without a text in another way
        self.summary.setText(maker.summary or _TWO_LINES)
        self._pages.setCurrentIndex(int(maker.is_running))
