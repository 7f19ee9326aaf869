"""The vector chart bound to the explorer."""

from __future__ import annotations

from enum import Enum

import numpy as np
from magicgui.widgets import ComboBox
from numpy.typing import NDArray
from qtpy.QtCore import QTimer

from napari_ifealid.explorer import AFTER_THE_MAP, Explorer
from napari_ifealid.metrics import feature_contributions
from napari_ifealid.widgets.vector_chart import PinnedVector, VectorChart


class Order(Enum):
    """Order of the features in the chart."""

    NUMBER = "number"
    RELEVANCE = "relevance to the last pin"


class ChartBinding:
    """Draws what the explorer is at, and tells it of the features that the mouse is on.

    Parameters
    ----------
    chart : VectorChart
    explorer : Explorer
    order : ComboBox
        The choice of an `Order`.
    """

    def __init__(self, chart: VectorChart, explorer: Explorer, order: ComboBox) -> None:
        self._chart = chart
        self._explorer = explorer
        self._order = order
        self._timer = QTimer(chart)
        self._timer.setSingleShot(True)
        self._timer.setInterval(round(1000 * AFTER_THE_MAP))
        self._timer.timeout.connect(self._draw)
        explorer.pixel_changed.connect(self._draw_soon)
        explorer.engine_changed.connect(self._on_engine)
        explorer.pins.changed.connect(self._on_pins)
        explorer.vectors_read.connect(self._on_pins)
        explorer.state.events.feature.connect(chart.mark_feature)
        order.changed.connect(self._draw_soon)
        chart.feature_hovered.connect(self._on_hovered)
        chart.feature_clicked.connect(self._on_clicked)
        self._shown_stack: object = None
        self._on_engine()

    def _on_engine(self) -> None:
        stack = self._explorer.stack
        if stack is not self._shown_stack:
            self._shown_stack = stack
            self._chart.set_features(() if stack is None else stack.feature_labels or ())
        self._on_pins()

    def _on_pins(self) -> None:
        pins = self._explorer.pins
        pinned = [
            (self._explorer.vector(pixel), colour, ", ".join(map(str, pixel)))
            for pixel, colour in zip(pins.pixels, pins.colours, strict=True)
        ]
        self._chart.set_pinned_vectors(
            [PinnedVector(vector, *others) for vector, *others in pinned if vector is not None]
        )
        self._draw_soon()

    def _draw_soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _draw(self) -> None:
        pixel = self._explorer.pixel
        if self._explorer.stack is None or pixel is None:
            return
        vector = self._explorer.vector(pixel)
        if vector is not None:
            self._chart.set_order(self._display_order(vector))
        self._chart.set_cursor_vector(vector)

    def _display_order(self, vector: NDArray[np.float64]) -> NDArray[np.intp] | None:
        pins = self._explorer.pins.pixels
        if not pins or self._order.value is Order.NUMBER:
            return None
        pinned = self._explorer.vector(pins[-1])
        if pinned is None:
            return None
        contributions = feature_contributions(vector, pinned)
        return np.argsort(-contributions, kind="stable")

    def _on_hovered(self, feature: int | None) -> None:
        self._explorer.show_feature(feature)
        self._chart.mark_feature(self._explorer.state.feature if feature is None else feature)

    def _on_clicked(self, feature: int) -> None:
        state = self._explorer.state
        state.feature = None if state.feature == feature else feature
