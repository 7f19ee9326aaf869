"""Whether maps are sharp, on the pixels of the image, and how sharp they are."""

from __future__ import annotations

from dataclasses import replace
from math import log

from magicgui.widgets import CheckBox
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QStackedWidget, QWidget

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.sharpener import SharpenerState
from napari_ifealid.plain_text import plain_message
from napari_ifealid.sharpening import sharp_memory
from napari_ifealid.sizes import size_text
from napari_ifealid.widgets.plain_label import PlainLabel
from napari_ifealid.widgets.preferences import remember_sharp, remembered_sharp

_SOFTEST, _SHARPEST = 0.3, 0.02  # standard deviation of colours, whose channels run from 0 to 1
_STEPS = 100
_BUILT, _BUILDING = "Sharp", "Sharp …"
_WHAT = (
    "Maps on the pixels of the image: exact similarities of features that are up-sampled along "
    "its outlines. Where features are alike, texture of the image can show. Not ticked: exact "
    "blocks, the stack's own pixels"
)
_HOW_SHARP = (
    "Sharpness: to the right, only pixels of very similar colours in the image share their "
    "features. The weights are built anew, in a window around the cursor first"
)


class SharpChoice(QWidget):
    """One row: whether maps are sharp, and how sharp; or why they can't be.

    What is chosen is remembered.

    Parameters
    ----------
    explorer : Explorer
    """

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self._explorer = explorer
        self._connections = Connections()
        self.sharp = CheckBox(text=_BUILDING, tooltip=_WHAT)
        box = self.sharp.native
        box.setMinimumWidth(box.sizeHint().width())  # so that the slider stays under the mouse
        self.sharpness = QSlider(Qt.Orientation.Horizontal)
        self.sharpness.setRange(0, _STEPS)
        self.sharpness.setToolTip(_HOW_SHARP)
        self.reason = PlainLabel()
        self.reason.setWordWrap(True)
        self.beside = QStackedWidget()
        self.beside.addWidget(self.sharpness)
        self.beside.addWidget(self.reason)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.sharp.native)
        row.addWidget(self.beside, 1)
        explorer.state.sharp = remembered_sharp()
        self.sharp.changed.connect(self._on_sharp)
        self.sharpness.valueChanged.connect(self._on_sharpness)
        events = explorer.state.events
        for signal in (
            explorer.stack_changed,
            explorer.sharpness_changed,
            events.sharp,
            events.sharpness,
        ):
            self._connections.connect(signal, self._show)
        self._show()

    def stop(self) -> None:
        """Stop following the explorer."""
        self._connections.close()

    def _on_sharp(self, is_sharp: bool) -> None:
        self._explorer.state.sharp = is_sharp
        remember_sharp(is_sharp)

    def _on_sharpness(self, position: int) -> None:
        state = self._explorer.state
        state.sharpness = replace(state.sharpness, colour=_deviation(position))

    def _show(self) -> None:
        session, state = self._explorer.session, self._explorer.state
        reason = "" if session is None else session.sharp.why_not
        is_possible = session is not None and session.stack is not None and not reason
        is_wanted = session is not None and session.sharp.are_wanted
        with self.sharp.changed.blocked():
            self.sharp.value = is_possible and is_wanted
        self.sharp.enabled = is_possible
        self.sharp.native.setToolTip(f"{_WHAT}{self._memory()}")
        self.sharpness.blockSignals(True)
        self.sharpness.setValue(_position(state.sharpness.colour))
        self.sharpness.blockSignals(False)
        self.sharpness.setEnabled(is_possible and is_wanted)
        building = SharpenerState.NONE if session is None else session.sharp.building
        is_building = is_wanted and building is SharpenerState.BUILDING
        self.sharp.native.setText(_BUILDING if is_building else _BUILT)
        text = reason
        if is_possible and session is not None and is_wanted:
            if building is SharpenerState.FAILED:
                text = "not built: untick and tick again"
            elif session.sharp.learned_from is not None:
                text = f"weights of {session.sharp.learned_from.name}"
        self.reason.setText(f"off: {text}" if reason else text)
        self.reason.setToolTip(plain_message(text))
        self.beside.setCurrentWidget(self.reason if text else self.sharpness)

    def _memory(self) -> str:
        stack = self._explorer.stack
        if stack is None or stack.overlay is None:
            return ""
        return (
            f". The weights take {size_text(sharp_memory(stack, self._explorer.state.sharpness))}"
        )


def _deviation(position: int) -> float:
    """Return the standard deviation of colours for a position of the slider."""
    share = position / _STEPS
    return float(_SOFTEST ** (1.0 - share) * _SHARPEST**share)


def _position(deviation: float) -> int:
    share = log(deviation / _SOFTEST) / log(_SHARPEST / _SOFTEST)
    return round(_STEPS * min(max(share, 0.0), 1.0))
