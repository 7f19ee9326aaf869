"""The chart with its controls, for a dock of its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.widgets.chart_binding import ChartBinding, Order
from napari_ifealid.widgets.feature_use_menu import FeatureUseMenu
from napari_ifealid.widgets.plain_label import PlainLabel
from napari_ifealid.widgets.relevance_list import RelevanceList
from napari_ifealid.widgets.segmented_choice import SegmentedChoice
from napari_ifealid.widgets.vector_chart import VectorChart

_ORDER_TOOLTIPS = {
    Order.NUMBER: "Features by their numbers, or by their wavelengths",
    Order.RELEVANCE: "First those features that contribute most to the similarity of the pixel "
    "under the cursor and the last pin, with a list of their values",
}
CHART_HELP = (
    "Move over a feature to see its image, click to keep it. Drag to select features and see "
    "their mean; Escape or a click ends that, and the menu at the right button leaves them out.\n"
    "Turn the wheel to zoom into the features; drag with Shift, with the middle button or over "
    "the axis to pan.\n"
    "The pin under the cursor has a thick curve. Click a name above the chart to mark its curve "
    "and its pin until the next click."
)
"""What the mouse does in the chart."""


class ChartPanel(QWidget):
    """The chart of the explorer's vectors, a row of controls, and the list of relevance.

    Parameters
    ----------
    explorer : Explorer

    Attributes
    ----------
    explorer : Explorer
    chart : VectorChart
    binding : ChartBinding
    features : FeatureUseMenu
        How many features are compared, and what changes that.
    order : SegmentedChoice
        The choice of an `Order`.
    relevance : RelevanceList
        Shown only while features are ordered by relevance.
    """

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self.explorer = explorer
        self.chart = VectorChart()
        self.order = SegmentedChoice(_ORDER_TOOLTIPS)
        self.relevance = RelevanceList()
        self.reset_button = _button(
            "Reset view", f"Show all features.\n{CHART_HELP}", self.chart.reset_view
        )
        self.export_button = _button(
            "Export…",
            "Save the chart as a PNG or SVG picture, or its values as a CSV table",
            self.chart.ask_where_to_export,
        )
        self.features = FeatureUseMenu(self.chart, explorer)
        self._lay_out()
        self.binding = ChartBinding(self.chart, explorer, self.order)
        self.binding.relevance_changed.connect(self._show_relevance)
        self.relevance.feature_chosen.connect(self.binding.toggle_feature)
        self.order.changed.connect(self._on_order)
        self._connections = Connections()
        self._connections.connect(explorer.state.events.feature, self.relevance.mark_feature)

    def close(self) -> bool:
        """Stop drawing."""
        self.binding.close()
        self.features.stop()
        self._connections.close()
        return bool(super().close())

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        tools.addWidget(PlainLabel("Features by"))
        tools.addWidget(self.order)
        tools.addWidget(self.chart.legend, 1)
        tools.addWidget(self.features)
        tools.addWidget(self.reset_button)
        tools.addWidget(self.export_button)
        content = QHBoxLayout()
        content.addWidget(self.chart, 1)
        content.addWidget(self.relevance)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 2, 4, 2)
        layout.setSpacing(2)
        layout.addLayout(tools)
        layout.addLayout(content)
        self.relevance.hide()

    def _on_order(self, order: Order) -> None:
        self.relevance.setVisible(order is Order.RELEVANCE)
        self.chart.reset_view()

    def _show_relevance(self, contributions: NDArray[np.float64] | None) -> None:
        self.relevance.show_contributions(contributions, self.chart.labels)


def _button(text: str, tooltip: str, action: Callable[[], None]) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tooltip)
    button.clicked.connect(lambda _: action())
    return button
