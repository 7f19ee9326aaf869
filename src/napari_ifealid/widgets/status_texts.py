"""Texts in the dock about the stack, the engine, the reference and the colours."""

from __future__ import annotations

from math import isnan

from qtpy.QtWidgets import QWidget
from superqt.utils import qthrottled

from napari_ifealid.explorer import AFTER_THE_MAP, Explorer
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.map_request import SimilarityRequest
from napari_ifealid.left_out_features import why_left_out
from napari_ifealid.plain_text import plain_message
from napari_ifealid.sizes import size_text
from napari_ifealid.stack import FeatureStack, size_in_words
from napari_ifealid.widgets.plain_label import PlainLabel
from napari_ifealid.widgets.reference_name import reference_name

_STACK = "Size of the stack, and how its values are stored"
_RESTS = ". The mouse rests in the 3-D view: go back to 2-D to hover"


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
        self.engine.setToolTip("What computes the maps of this stack, and why")
        self.reference = _label(parent)
        self.reference.setToolTip(
            "The pixel compared with, counted in the stack, of a sharp map in the image; behind "
            "“at”, in the world, as in napari's status bar. ± is shown of a preview: 95 of 100 "
            "similarities are off by no more. The exact map follows when the pointer rests; … "
            "until all of it is there. "
            "(middle): the reference is outside of this stack"
        )
        self.colours = _label(parent)
        self.colours.setToolTip("Values of the first and of the last colour of the map shown")
        self._show_later = qthrottled(
            self._show, timeout=round(1000 * AFTER_THE_MAP), leading=False, parent=parent
        )
        self._connections = Connections()
        events = explorer.state.events
        for signal, callback in (
            (explorer.stack_changed, self.show),
            (explorer.engine_changed, self._on_engine),
            (explorer.preview_changed, self._show_stack),
            (explorer.features_changed, self.show),
            (explorer.pixel_changed, self._show_soon),
            (explorer.map_changed, self._show_soon),
            (explorer.pins.changed, self._show_soon),
            (explorer.library.listed, self._show_soon),
            (events.reference, self._show_soon),
            (events.window, self._show_soon),
            (explorer.source_changed, self._show_soon),
            (events.colour_range, self._show_soon),
            (events.threshold, self._show_soon),
            (events.scale, self._show_soon),
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
        session = explorer.session
        original = None if session is None else session.original
        if session is not None and original is not None:
            used = session.features
            counted = "" if used is None else f"\n{used.summary} are compared"
            self.stack.setText(_described(original) + counted)
            why = why_left_out(used, original)
            tooltip = _STACK + self._preview() + (f"\n{why}" if why else "")
            self.stack.setToolTip(plain_message(tooltip))
        elif explorer.state.layer is not None and explorer.state.feature_axis is None:
            self.stack.setText("Choose the axis along which the features lie, then “Compare”")
        else:
            self.stack.clear()

    def _preview(self) -> str:
        """Return what the tooltip has about the preview, which comes later than the stack."""
        session = self._explorer.session
        preview = session and session.previews and session.previews.preview
        return f"; preview {size_text(preview.memory)}" if preview else ""

    def _show(self) -> None:
        explorer, layer = self._explorer, self._explorer.map_layer
        if explorer.pixel is None:
            self.reference.clear()
        else:
            rests = _RESTS if explorer.rests else ""
            text = reference_name(explorer) + self._kind() + self._accuracy() + rests
            self.reference.setText(text[:1].upper() + text[1:])
        if layer is None:
            self.colours.clear()
        else:
            low, high = layer.contrast_limits
            threshold, least = explorer.state.threshold, explorer.state.measure.limits[0]
            hidden = self._hidden(threshold) if threshold > least else ""
            changes = (
                explorer.state.colour_range.is_of_each_map or explorer.state.feature is not None
            )
            whose = " of this map" if changes else ""
            low_text, high_text = map(self._in_scale, (low, high))
            self.colours.setText(f"Colours from {low_text} to {high_text}{whose}{hidden}")

    def _hidden(self, threshold: float) -> str:
        side = "below" if self._explorer.state.scale.is_rising else "beyond"
        return f", transparent {side} {self._in_scale(threshold)}"

    def _in_scale(self, value: float) -> str:
        """Return a value of the map in words: that of a feature in its own units."""
        session = self._explorer.session
        shown = None if session is None else session.shown
        if shown is not None and not isinstance(shown.request, SimilarityRequest):
            return f"{value:.3g}"
        return self._explorer.value_text(value)

    def _kind(self) -> str:
        """Return the text about a map that is not of the stack's own pixels."""
        session = self._explorer.session
        return ", sharp" if session is not None and session.is_sharp else ""

    def _accuracy(self) -> str:
        """Return the text about a map that is not exact, not complete yet, or none at all."""
        session = self._explorer.session
        if session is not None and session.has_no_data:
            return ": no data here"
        if session is None or session.is_behind or session.shown is None:
            return " …"
        error = session.shown.error
        if error is None:
            return ""
        return " …" if isnan(error) else f" ± {error:.2g}"


def _label(parent: QWidget) -> PlainLabel:
    label = PlainLabel(parent=parent)
    label.setWordWrap(True)
    return label


def _described(stack: FeatureStack) -> str:
    stored = stack.values.dtype if stack.precision is None else f"{stack.precision} bit"
    return f"{size_in_words(stack.values.shape)} @ {stored}"
