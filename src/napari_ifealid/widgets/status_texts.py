"""Texts in the dock about the stack, the engine, the reference and the colours."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, isnan, log10

import numpy as np
from qtpy.QtWidgets import QLabel, QWidget
from superqt.utils import qthrottled

from napari_ifealid.explorer import AFTER_THE_MAP, Explorer, ReferenceMode
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.grid import Place
from napari_ifealid.sizes import size_text
from napari_ifealid.stack import FeatureStack, size_in_words


class StatusTexts:
    """Labels that follow the explorer, those of the map a moment later than it.

    Parameters
    ----------
    explorer : Explorer
    parent : QWidget
    """

    def __init__(self, explorer: Explorer, parent: QWidget) -> None:
        self._explorer = explorer
        self.stack = _label(parent)
        self.engine = _label(parent)
        self.reference = _label(parent)
        self.reference.setToolTip(
            "The pixel compared with, counted in the stack; behind “at”, in the world, as in "
            "napari's status bar. ± is shown of a preview: 95 of 100 similarities are off by no "
            "more. The exact map follows when the pointer rests; … until all of it is there. "
            "(middle): the reference is outside of this stack"
        )
        self.colours = _label(parent)
        self._show_later = qthrottled(
            self._show, timeout=round(1000 * AFTER_THE_MAP), leading=False, parent=parent
        )
        self._connections = Connections()
        events = explorer.state.events
        for signal, callback in (
            (explorer.stack_changed, self.show),
            (explorer.engine_changed, self._on_engine),
            (explorer.preview_changed, self._show_stack),
            (explorer.pixel_changed, self._show_soon),
            (explorer.map_changed, self._show_soon),
            (explorer.pins.changed, self._show_soon),
            (events.reference, self._show_soon),
            (events.stretch, self._show_soon),
            (events.threshold, self._show_soon),
        ):
            self._connections.connect(signal, callback)
        self.show()

    def show(self) -> None:
        """Update all texts."""
        self._show_stack()
        self._show()

    def close(self) -> None:
        """Stop following the explorer."""
        self._connections.close()
        self._show_later.cancel()

    def _show_soon(self) -> None:
        self._show_later()

    def _on_engine(self, text: str) -> None:
        self.engine.setText(f"Runs on {text}" if text else "")

    def _show_stack(self) -> None:
        explorer = self._explorer
        if explorer.stack is not None:
            preview = (
                explorer.session and explorer.session.previews and explorer.session.previews.preview
            )
            size = f", preview {size_text(preview.memory)}" if preview else ""
            self.stack.setText(_described(explorer.stack) + size)
        elif explorer.state.layer is not None and explorer.state.feature_axis is None:
            self.stack.setText("Choose the axis along which the features lie, then “Compare”")
        else:
            self.stack.clear()

    def _show(self) -> None:
        explorer, layer = self._explorer, self._explorer.map_layer
        if explorer.pixel is None:
            self.reference.clear()
        else:
            self.reference.setText(self._reference() + self._accuracy())
        if layer is None:
            self.colours.clear()
        else:
            low, high = layer.contrast_limits
            threshold, least = explorer.state.threshold, explorer.state.measure.limits[0]
            hidden = f", transparent below {threshold:.3g}" if threshold > least else ""
            self.colours.setText(f"Colours from {low:.3g} to {high:.3g}{hidden}")

    def _reference(self) -> str:
        """Return the text about the reference."""
        explorer, mode = self._explorer, self._explorer.state.reference
        pinned, total = explorer.pinned, len(explorer.pins.pins)
        if mode is ReferenceMode.CURSOR or not pinned:
            if explorer.is_outside:
                return f"Pixel {_joined(explorer.pixel or ())} (middle)"
            return f"Pixel {_joined(explorer.pixel or ())}{self._where(explorer.cursor.place)}"
        if total == 1:
            pixel, pin = pinned[0]
            return f"Pin {_joined(pixel)}{self._where(pin.place)}"
        rule = "Mean" if mode is ReferenceMode.MEAN else "Best"
        count = f"{len(pinned)} of {total}" if len(pinned) < total else total
        return f"{rule} of {count} pins"

    def _where(self, place: Place | None) -> str:
        """Return the text about a place in the world, if that has other numbers than its pixel."""
        session = self._explorer.session
        if place is None or session is None:
            return ""
        grid = session.grid
        if np.array_equal(grid.affine, np.eye(len(grid.affine))):
            return ""
        decimals = max(0, ceil(-log10(grid.spacing.min())))  # as many as tell two pixels apart
        return " at " + _joined(f"{place[axis]:.{decimals}f}" for axis in grid.axes)

    def _accuracy(self) -> str:
        """Return the text about a map that is not exact, or not complete yet."""
        session = self._explorer.session
        if session is None or session.is_behind or session.shown is None:
            return " …"
        error = session.shown.error
        if error is None:
            return ""
        return " …" if isnan(error) else f" ± {error:.2g}"


def _joined(numbers: Iterable[object]) -> str:
    return ", ".join(map(str, numbers))


def _label(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setWordWrap(True)
    return label


def _described(stack: FeatureStack) -> str:
    stored = stack.values.dtype if stack.precision is None else f"{stack.precision} bit"
    return f"{size_in_words(stack.values.shape)} @ {stored}"
