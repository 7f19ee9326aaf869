"""The vector chart bound to the explorer."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any, Protocol
from weakref import ref

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from superqt.utils import qthrottled

from napari_ifealid.explorer import AFTER_THE_MAP, AskedKind, Explorer
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.pixel_reference import PixelReference
from napari_ifealid.explorer.reference_colours import reference_colours
from napari_ifealid.explorer.region_reference import RegionReference
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.session_question import AnyReference
from napari_ifealid.preprocessing import Transform
from napari_ifealid.query import Query, Rule
from napari_ifealid.widgets.chart_curves import PinnedVector
from napari_ifealid.widgets.relevance_list import most_relevant
from napari_ifealid.widgets.vector_chart import VectorChart


class Order(Enum):
    """Order of the features in the chart."""

    NUMBER = "number"
    RELEVANCE = "relevance"


class OrderChoice(Protocol):
    """A control that has an `Order`."""

    @property
    def value(self) -> Order:
        """The order that is chosen."""

    @property
    def changed(self) -> Any:
        """Signal: another one has been chosen."""


class ChartBinding:
    """Draws the explorer's vectors, and reports the feature under the mouse to it.

    Parameters
    ----------
    chart : VectorChart
    explorer : Explorer
    order : OrderChoice

    Attributes
    ----------
    relevance_changed : Signal(array of shape (C,) or None)
        What each feature contributes to the similarity of the pixel under the cursor and the last
        pin; None where features are not ordered by relevance, or there is no pin.
    """

    relevance_changed = Signal(object)

    def __init__(self, chart: VectorChart, explorer: Explorer, order: OrderChoice) -> None:
        self._chart = chart
        self._explorer = explorer
        self._order = order
        self._session: ref[Session] | None = None  # whose features the chart has
        self._transform: Transform | None = None  # of the curves that it has
        self._drawn: list[int | None] = []  # the pins among the curves, by their indices
        self._last: NDArray[np.float64] | None = None  # of what is looked for
        self._draw_later = qthrottled(
            self._draw, timeout=round(1000 * AFTER_THE_MAP), leading=False, parent=chart
        )
        self._draw_pins_later = qthrottled(
            self._draw_pins, timeout=round(1000 * AFTER_THE_MAP), leading=False, parent=chart
        )
        self._connections = Connections()
        for signal, callback in (
            (explorer.stack_changed, self._draw_pins),
            (explorer.pixel_changed, self._draw_soon),
            (explorer.pins.changed, self._draw_pins),
            (explorer.library.listed, self._draw_pins),
            (explorer.vectors_read, self._draw_pins),
            (explorer.features_changed, self._draw_pins),
            (explorer.moved, self._draw_pins),
            (explorer.source_changed, self._draw_pins_soon),
            (explorer.state.events.reference, self._draw_pins),
            (explorer.state.events.window, self._draw_pins),
            (explorer.state.events.feature, self._on_feature),
            (explorer.marked_pin.changed, self._mark_pin),
            (chart.legend.clicked, self._on_legend),
            (order.changed, self._draw_soon),
            (chart.shown, self._draw_soon),
            (chart.feature_hovered, self._on_hovered),
            (chart.features_brushed, explorer.show_features),
            (chart.feature_clicked, self.toggle_feature),
        ):
            self._connections.connect(signal, callback)
        self._draw_pins()

    def close(self) -> None:
        """Stop drawing, and showing what was selected."""
        self._connections.close()
        self._explorer.show_features(None)
        self._draw_later.cancel()
        self._draw_pins_later.cancel()

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
        if session is not None and stack is not None:
            if session.transform is not self._transform:
                self._transform = session.transform
                self._chart.clear()
            self._chart.set_used(session.features)

    def _draw_pins(self) -> None:
        self._match_stack()
        explorer = self._explorer
        session = self._taken_in
        references = [] if session is None else explorer.collected_in(session)
        numbers = {id(pin): number for number, pin in enumerate(explorer.pins.pins)}
        pins = [numbers[id(pin)] for _, pin in explorer.pinned]  # first among the references
        self._drawn, curves, liked = [], [], []
        for index, (reference, colour) in enumerate(
            zip(references, reference_colours(references), strict=True)
        ):
            curve = None if session is None else pinned_vector(session, reference, colour)
            if curve is not None:
                self._drawn.append(pins[index] if index < len(pins) else None)
                curves.append(curve)
                liked += [curve] if reference.sign > 0 else []
        is_whole = len(curves) == len(references)
        self._last = liked[-1].values if liked else None
        self._chart.set_pinned_vectors(curves, self._mean(liked) if is_whole else None)
        self._mark_pin()
        self._draw_soon()

    def _mark_pin(self) -> None:
        marked = self._explorer.marked_pin.value
        is_drawn = marked is not None and marked in self._drawn
        self._chart.mark_pin(self._drawn.index(marked) if is_drawn else None)

    def _on_legend(self, entry: int) -> None:
        """Mark the pin in the picture; regions and the mean are none."""
        number = self._drawn[entry] if entry < len(self._drawn) else None
        if number is not None:
            self._explorer.marked_pin.choose(number)

    def _mean(self, vectors: Sequence[PinnedVector]) -> NDArray[np.float64] | None:
        """Return the mean that pixels are compared with, if they are and it is no pin itself."""
        asked = self._explorer.asked
        if asked is None or asked.rule is not Rule.MEAN or len(vectors) < 2:
            return None
        mean: NDArray[np.float64]
        (mean,) = Query.to(*(vector.values for vector in vectors), rule=Rule.MEAN).vectors
        return mean

    def _draw_pins_soon(self) -> None:
        self._draw_pins_later()

    def _draw_soon(self) -> None:
        self._draw_later()

    def _draw(self) -> None:
        self._match_stack()
        pixel = self._explorer.pixel
        if pixel is None or self._is_in_closed_dock:
            return
        session, cursor = self._taken_in, self._cursor
        drawn = None
        if session is not None and cursor is not None:
            drawn = pinned_vector(session, cursor, "")
        if drawn is None:
            self._chart.set_cursor_vector(None)
            self.relevance_changed.emit(None)
            return
        contributions = self._contributions(drawn.values)
        order = None if contributions is None else most_relevant(contributions)
        self._chart.set_order(order)
        self.relevance_changed.emit(contributions)
        self._chart.set_cursor_vector(drawn.values, drawn.deviation)

    @property
    def _taken_in(self) -> Session | None:
        """The session that the references are taken in, if the chart has its features."""
        explorer, asking = self._explorer, self._explorer.asking
        session = explorer.session
        if session is None or asking is None or session.stack is None or asking.stack is None:
            return None
        return None if explorer.why_not_comparable(session) else asking

    @property
    def _cursor(self) -> AnyReference | None:
        """The reference under the cursor; of another image, only while it is compared with."""
        explorer, asked = self._explorer, self._explorer.asked
        if explorer.asking is explorer.session:
            return explorer.cursor_reference
        is_compared = asked is not None and asked.kind is AskedKind.CURSOR
        return asked.references[0] if asked is not None and is_compared else None

    @property
    def _is_in_closed_dock(self) -> bool:
        window = self._chart.window()
        return window is not None and window.isVisible() and not self._chart.isVisible()

    def _contributions(self, vector: NDArray[np.float64]) -> NDArray[np.float64] | None:
        if self._last is None or self._order.value is Order.NUMBER:
            return None
        session, measure = self._explorer.session, self._explorer.state.measure
        used = None if session is None else session.features
        return measure.over(used).relevance(vector, self._last)

    def _on_feature(self, feature: int | None) -> None:
        self._chart.clear_selection()
        self._chart.mark_feature(feature)

    def _on_hovered(self, feature: int | None) -> None:
        self._explorer.show_feature(feature)
        self._chart.mark_feature(self._explorer.state.feature if feature is None else feature)

    def toggle_feature(self, feature: int) -> None:
        """Keep a single feature's image in the picture, or let go of it."""
        state = self._explorer.state
        state.feature = None if state.feature == feature else feature


def pinned_vector(session: Session, reference: AnyReference, colour: str) -> PinnedVector | None:
    """Return the curve of a reference; None if its vector is still to be read.

    Parameters
    ----------
    session : Session
    reference : PixelReference, RegionReference or Reference
    colour : str
    """
    name = reference.label.removeprefix("pin ") or reference.origin.value
    if reference.sign < 0:
        name = f"unlike {name}"
    if isinstance(reference, PixelReference):
        vector = session.vector(reference.pixel)
        return None if vector is None else PinnedVector(vector, colour, name)
    if isinstance(reference, RegionReference):
        region = session.region_vector(reference)
        if region is None:
            return None
        return PinnedVector(region.mean, colour, f"{name} ({region.count} px)", region.deviation)
    known = session.reference(reference)
    return None if known is None else PinnedVector(known.vector, colour, name)
