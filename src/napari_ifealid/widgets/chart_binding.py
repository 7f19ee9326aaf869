"""The vector chart bound to the explorer."""

from __future__ import annotations

from enum import Enum
from weakref import ref

import numpy as np
from magicgui.widgets import ComboBox
from numpy.typing import NDArray
from superqt.utils import qthrottled

from napari_ifealid.explorer import AFTER_THE_MAP, Explorer
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.session import Session
from napari_ifealid.widgets.vector_chart import PinnedVector, VectorChart


class Order(Enum):
    """Order of the features in the chart."""

    NUMBER = "number"
    RELEVANCE = "relevance to the last pin"


class ChartBinding:
    """Draws the explorer's vectors, and reports the feature under the mouse to it.

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
        self._session: ref[Session] | None = None  # whose features the chart has
        self._draw_later = qthrottled(
            self._draw, timeout=round(1000 * AFTER_THE_MAP), leading=False, parent=chart
        )
        self._connections = Connections()
        for signal, callback in (
            (explorer.stack_changed, self._draw_pins),
            (explorer.pixel_changed, self._draw_soon),
            (explorer.pins.changed, self._draw_pins),
            (explorer.vectors_read, self._draw_pins),
            (explorer.state.events.feature, chart.mark_feature),
            (order.changed, self._draw_soon),
            (chart.feature_hovered, self._on_hovered),
            (chart.feature_clicked, self._on_clicked),
        ):
            self._connections.connect(signal, callback)
        self._draw_pins()

    def close(self) -> None:
        """Stop drawing."""
        self._connections.close()
        self._draw_later.cancel()

    def _match_stack(self) -> None:
        """Give the chart the features of the explored stack, before anything is drawn."""
        session, stack = self._explorer.session, self._explorer.stack
        shown = None if self._session is None else self._session()
        if stack is None or session is None:
            if self._session is not None:
                self._session = None
                self._chart.set_features(())
        elif session is not shown:
            self._session = ref(session)
            self._chart.set_features(stack.feature_labels or ())

    def _draw_pins(self) -> None:
        self._match_stack()
        explorer = self._explorer
        pinned = [
            (explorer.vector(pixel), pin.colour, ", ".join(map(str, pixel)))
            for pixel, pin in explorer.pinned
        ]
        self._chart.set_pinned_vectors(
            [PinnedVector(vector, *others) for vector, *others in pinned if vector is not None]
        )
        self._draw_soon()

    def _draw_soon(self) -> None:
        self._draw_later()

    def _draw(self) -> None:
        self._match_stack()
        pixel = self._explorer.pixel
        if pixel is None:
            return
        vector = self._explorer.vector(pixel)
        if vector is not None:
            self._chart.set_order(self._display_order(vector))
        self._chart.set_cursor_vector(vector)

    def _display_order(self, vector: NDArray[np.float64]) -> NDArray[np.intp] | None:
        pinned = self._explorer.pinned
        if not pinned or self._order.value is Order.NUMBER:
            return None
        last = self._explorer.vector(pinned[-1][0])
        if last is None:
            return None
        contributions = self._explorer.state.measure.contributions(vector, last)
        return np.argsort(-contributions, kind="stable")

    def _on_hovered(self, feature: int | None) -> None:
        self._explorer.show_feature(feature)
        self._chart.mark_feature(self._explorer.state.feature if feature is None else feature)

    def _on_clicked(self, feature: int) -> None:
        state = self._explorer.state
        state.feature = None if state.feature == feature else feature
