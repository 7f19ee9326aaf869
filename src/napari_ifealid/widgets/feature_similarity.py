"""The dock widget "Feature similarity"."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from magicgui.widgets import CheckBox, ComboBox, FloatSlider, SpinBox
from napari.viewer import Viewer
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QMessageBox, QPushButton, QWidget

from napari_ifealid.engines import EngineChoice
from napari_ifealid.explorer import (
    CLEAR_KEY,
    FOLLOW_KEY,
    KEYS,
    Explorer,
    ReferenceMode,
)
from napari_ifealid.explorer.alpha_colormaps import colormap_names
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.widgets.chart_binding import ChartBinding, Order
from napari_ifealid.widgets.dock_closed import call_when_closed
from napari_ifealid.widgets.qt_scheduler import QtScheduler
from napari_ifealid.widgets.save_dialog import SaveDialog
from napari_ifealid.widgets.save_folder import SAVE_FOLDER
from napari_ifealid.widgets.stack_choice import StackChoice
from napari_ifealid.widgets.status_texts import StatusTexts
from napari_ifealid.widgets.unfocused_wheel import UnfocusedWheel
from napari_ifealid.widgets.vector_chart import VectorChart
from napari_ifealid.workarounds.canvas_focus import CanvasFocus
from napari_ifealid.workarounds.last_move import LastMove
from napari_ifealid.workarounds.removal_context import guard_removals

_MOUSE_HELP = (
    "<p>Move over the picture to compare with the pixel under the cursor. Click to pin a pixel, "
    "click its pin to remove it. Move over the chart to see a single feature, click to keep it; "
    "turn the wheel to zoom the chart, right-click it to reset or export it.</p>"
    "<p>Keys, while the mouse is over the picture:</p>"
)
_LEAST_WIDTH = 280  # pixels; leaves most of a laptop's screen to the picture


class FeatureSimilarity(QWidget):
    """Controls of the similarity map. Each is bound both ways to the explorer's state.

    Parameters
    ----------
    napari_viewer : napari viewer
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.explorer = Explorer(napari_viewer, QtScheduler())
        self._viewer = napari_viewer
        self._connections = Connections()
        self._when_closed: list[Callable[[], None]] = [self.explorer.close]
        self._knows_window = False
        self.choice = StackChoice(napari_viewer, self.explorer.state)
        self.colormap = ComboBox(
            choices=self._colormap_choices,
            tooltip="Colours from the least to the most similar pixels",
        )
        self.threshold = _fraction("Pixels less similar than this are transparent")
        self.opacity = _fraction("Opacity of the whole heat map")
        self.base = _fraction(
            "Opacity of the least similar pixels; it rises to 1 for the most similar ones"
        )
        self.stretch = CheckBox(
            text="Stretch colours",
            tooltip="Spread the colours between the smallest and the largest similarity of each "
            "map; else from 0 to 1",
        )
        self.overlay_in_colour = CheckBox(
            text="Image in colour",
            tooltip="Show the original image under the heat map in colour, else in grey",
        )
        self.follow = CheckBox(
            text=f"Follow the cursor ({FOLLOW_KEY})",
            tooltip=f"Compare with the pixel under the cursor. The key {FOLLOW_KEY} holds the "
            "reference where it is, and releases it",
        )
        self.engine = ComboBox(
            choices=[(choice.value, choice) for choice in EngineChoice],
            tooltip="What computes the similarity. Automatic takes the graphics card where there "
            "is one and the stack fits",
        )
        self.preview_memory = SpinBox(
            min=0,
            max=0,
            step=10,
            tooltip="Memory that a compressed copy of the features may take. It gives a preview of "
            "the map at once, the more accurate the larger it is. 0: no preview",
        )
        self.preview_memory.native.setKeyboardTracking(False)  # half a number is none
        self.reference = ComboBox(
            choices=[(choice.value, choice) for choice in ReferenceMode],
            tooltip="What all pixels are compared with. Click in the picture to pin a pixel, click "
            f"its pin to remove it; the key {CLEAR_KEY} removes all",
        )
        self.shows_feature = CheckBox(
            text="Single feature",
            tooltip="Show the image of one feature instead of the similarity. A click in the "
            "chart chooses one, too",
        )
        self.feature = SpinBox(min=0, max=0, tooltip="Number of the feature")
        self.order = ComboBox(
            choices=[(choice.value, choice) for choice in Order],
            tooltip="Order of the features in the chart: by number, or by how much each "
            "contributes to the similarity of the pixel under the cursor and the last pin",
        )
        self.chart = VectorChart()
        self.help_button = QPushButton("Keys and mouse…")
        self.help_button.clicked.connect(self._show_help)
        self.save_button = QPushButton("Save dataset…")
        self.save_button.setToolTip("Save the features as an IFeaLiD ZIP")
        self.save_button.clicked.connect(self._save)
        self.texts = StatusTexts(self.explorer, self)
        self._lay_out()
        self._chart_binding = ChartBinding(self.chart, self.explorer, self.order)
        self._bind()
        UnfocusedWheel(self)

    def reset_choices(self, *_: Any) -> None:
        """Offer the current layers. napari calls it when they change."""
        if self._when_closed:
            self.choice.show()

    def showEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Work round what napari, vispy and Qt do, now that the window is known."""
        super().showEvent(event)
        if not self._knows_window and self._when_closed:
            self._knows_window = True
            guard_removals(self._viewer, self)
            self._when_closed += [LastMove(self).close, CanvasFocus(self).close]

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Stack", self.choice.layer.native)
        form.addRow(self.choice.axis_label, self.choice.axis_row)
        form.addRow("Colormap", self.colormap.native)
        form.addRow("Threshold", self.threshold.native)
        form.addRow("Opacity", self.opacity.native)
        form.addRow("Base opacity", self.base.native)
        form.addRow(self.stretch.native)
        form.addRow(self.overlay_in_colour.native)
        form.addRow(self.follow.native)
        form.addRow("Compare with", self.reference.native)
        form.addRow(self.shows_feature.native, self.feature.native)
        form.addRow("Engine", self.engine.native)
        self._preview_label = QLabel("Preview, MB")
        form.addRow(self._preview_label, self.preview_memory.native)
        form.addRow(self.texts.stack)
        form.addRow(self.texts.engine)
        form.addRow(self.texts.reference)
        form.addRow(self.texts.colours)
        buttons = QHBoxLayout()
        buttons.addWidget(self.help_button)
        buttons.addWidget(self.save_button)
        form.addRow(buttons)
        form.addRow("Features by", self.order.native)
        form.addRow(self.chart)
        self.setMinimumWidth(_LEAST_WIDTH)

    def _bind(self) -> None:
        state, explorer = self.explorer.state, self.explorer
        self._show_threshold()
        self._show_colormap()
        controls = ("opacity", "base", "stretch", "overlay_in_colour", "follow")
        for name in (*controls, "engine", "reference"):
            control = getattr(self, name)
            control.value = getattr(state, name)
            getattr(state.events, name).connect_setattr(control, "value", maxargs=1)
            control.changed.connect_setattr(state, name, maxargs=1)
        for name in ("threshold", "colormap", "preview_memory", "feature"):
            getattr(self, name).changed.connect_setattr(state, name, maxargs=1)
        self.shows_feature.changed.connect(self._on_shows_feature)
        for signal, callback in (
            (state.events.measure, self._show_threshold),
            (state.events.threshold, self._show_threshold),
            (state.events.colormap, self._show_colormap),
            (state.events.feature, self._show_feature),
            (state.events.preview_memory, self._show_preview_memory),
            (explorer.preview_changed, self._show_preview_memory),
            (explorer.stack_changed, self._show_stack),
        ):
            self._connections.connect(signal, callback)
        self._show_stack()
        self._show_preview_memory()
        parts = (self._connections, self.choice, self._chart_binding, self.texts)
        self._when_closed += [part.close for part in parts]
        call_when_closed(self, partial(_call_all, self._when_closed))

    def _colormap_choices(self, _: Any) -> list[str]:
        names = colormap_names()
        chosen = self.explorer.state.colormap
        return names if chosen in names else [*names, chosen]

    def _show_colormap(self) -> None:
        with self.colormap.changed.blocked():
            self.colormap.reset_choices()
            self.colormap.value = self.explorer.state.colormap

    def _show_threshold(self) -> None:
        state = self.explorer.state
        with self.threshold.changed.blocked():
            self.threshold.min, self.threshold.max = state.measure.limits
            self.threshold.value = state.threshold

    def _show_stack(self) -> None:
        stack = self.explorer.stack
        self.save_button.setDisabled(stack is None)
        self.shows_feature.enabled = self.feature.enabled = stack is not None
        self.overlay_in_colour.enabled = stack is not None and stack.overlay is not None
        with self.feature.changed.blocked():
            self.feature.max = 0 if stack is None else stack.feature_count - 1

    def _show_preview_memory(self) -> None:
        session = self.explorer.session
        previews = None if session is None else session.previews
        has_preview = previews is not None and previews.is_begun
        self._preview_label.setVisible(has_preview)
        self.preview_memory.native.setVisible(has_preview)
        if previews is not None:
            with self.preview_memory.changed.blocked():
                self.preview_memory.max = previews.largest
                self.preview_memory.value = min(
                    self.explorer.state.preview_memory, previews.largest
                )

    def _show_help(self) -> None:
        rows = (f"<tr><td><b>{key}</b></td><td>{text}</td></tr>" for key, text in KEYS.items())
        box = QMessageBox(self)
        box.setWindowTitle("Keys and mouse")
        box.setText(f"{_MOUSE_HELP}<table cellpadding=4>{''.join(rows)}</table>")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()  # without stopping the window

    def _save(self) -> None:
        stack, layer = self.explorer.stack, self.explorer.state.layer
        if stack is not None and layer is not None:
            SaveDialog(stack, SAVE_FOLDER.starting_at(layer.source.path), self).open()

    def _on_shows_feature(self, shows: bool) -> None:
        self.explorer.state.feature = self.feature.value if shows else None

    def _show_feature(self, feature: int | None) -> None:
        if feature is not None:
            self.feature.value = feature
        with self.shows_feature.changed.blocked():
            self.shows_feature.value = feature is not None


def _fraction(tooltip: str) -> FloatSlider:
    return FloatSlider(tooltip=tooltip, min=0.0, max=1.0, step=0.01)


def _call_all(functions: list[Callable[[], None]]) -> None:
    """Call functions, the last one first, and forget them."""
    while functions:
        functions.pop()()
