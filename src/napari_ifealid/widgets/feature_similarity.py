"""The dock widget "Feature similarity"."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import Any

from magicgui.widgets import CheckBox, ComboBox, FloatSlider, SpinBox
from napari.layers import Layer
from napari.viewer import Viewer
from psutil import virtual_memory
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QWidget,
)

from napari_ifealid.engines import EngineChoice
from napari_ifealid.explorer import (
    AFTER_THE_MAP,
    CLEAR_KEY,
    FOLLOW_KEY,
    KEYS,
    Explorer,
    Reference,
)
from napari_ifealid.explorer.preview_builder import MEGABYTE
from napari_ifealid.explorer.ramps import colormap_names
from napari_ifealid.explorer.sources import has_features, is_feature_layer
from napari_ifealid.stack import FeatureStack, size_in_words
from napari_ifealid.widgets.chart_binding import ChartBinding, Order
from napari_ifealid.widgets.last_move import LastMove
from napari_ifealid.widgets.qt_scheduler import QtScheduler
from napari_ifealid.widgets.removal import call_when_removed
from napari_ifealid.widgets.save_dialog import SaveDialog
from napari_ifealid.widgets.vector_chart import VectorChart
from napari_ifealid.widgets.vertex_arrays import guard_removals

_MOUSE_HELP = (
    "<p>Move over the picture to compare with the pixel under the cursor. Click to pin a pixel, "
    "click its pin to remove it. Move over the chart to see a single feature, click to keep it; "
    "turn the wheel to zoom the chart, right-click it to reset or export it.</p>"
    "<p>Keys, when the picture has the focus:</p>"
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
        self.layer = ComboBox(
            choices=self._layer_choices,
            nullable=True,
            tooltip="The image layer whose features are compared: an opened feature stack, or "
            "any image with an axis of features, RGB photos included",
        )
        self.feature_axis = ComboBox(
            choices=self._axis_choices,
            tooltip="The axis of the layer along which its features lie",
        )
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
            "reference where it is, and lets go of it",
        )
        self.engine = ComboBox(
            choices=[(choice.value, choice) for choice in EngineChoice],
            tooltip="What computes the similarity. Automatic takes the graphics card where there "
            "is one and the stack fits",
        )
        self.preview_memory = SpinBox(
            min=0,
            max=virtual_memory().total // MEGABYTE,
            step=100,
            tooltip="Memory that a compressed copy of the features may take. It gives a preview of "
            "the map at once, the more accurate the larger it is. 0 does without",
        )
        self.preview_memory.native.setKeyboardTracking(False)  # half a number is none
        self.reference = ComboBox(
            choices=[(choice.value, choice) for choice in Reference],
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
        self.scale_text = QLabel()
        self.scale_text.setWordWrap(True)
        self._texts_timer = QTimer(self)
        self._last_move: LastMove | None = None
        self.reference_text = QLabel()
        self.reference_text.setToolTip(
            "The pixel compared with. ± is shown of a preview: 95 of 100 similarities are off by "
            "no more. The exact map follows when the pointer rests; … until all of it is there"
        )
        self.stack_text = QLabel()
        self.engine_text = QLabel()
        self.engine_text.setWordWrap(True)
        self._lay_out()
        self._bind()
        guard_removals(napari_viewer)

    def reset_choices(self, *_: Any) -> None:
        """Offer what there is now and show what is chosen. napari calls it for its layers."""
        state = self.explorer.state
        for name in ("layer", "feature_axis", "colormap"):
            control = getattr(self, name)
            with control.changed.blocked():  # a choice that goes must not choose another
                control.choices = ()
                control.reset_choices()
                control.value = getattr(state, name)
        for layer in self._viewer.layers:
            layer.events.name.disconnect(self.reset_choices)
            layer.events.name.connect(self.reset_choices)
        layer = state.layer
        asks_for_axis = layer is not None and not layer.rgb and not is_feature_layer(layer)
        self.feature_axis.native.setVisible(asks_for_axis)
        self._feature_axis_label.setVisible(asks_for_axis)

    def showEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Follow the mouse to its last move, now that the window is known."""
        super().showEvent(event)
        if self._last_move is None:
            self._last_move = LastMove(self, self._viewer)

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Stack", self.layer.native)
        self._feature_axis_label = QLabel("Feature axis")
        form.addRow(self._feature_axis_label, self.feature_axis.native)
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
        form.addRow(self.stack_text)
        form.addRow(self.engine_text)
        form.addRow(self.reference_text, self.scale_text)
        buttons = QHBoxLayout()
        buttons.addWidget(self.help_button)
        buttons.addWidget(self.save_button)
        form.addRow(buttons)
        form.addRow("Features by", self.order.native)
        form.addRow(self.chart)
        shortest = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.layer.native.setSizeAdjustPolicy(shortest)  # a long name must not widen the dock
        self.setMinimumWidth(_LEAST_WIDTH)

    def _bind(self) -> None:
        state, explorer = self.explorer.state, self.explorer
        controls = ("threshold", "opacity", "base", "stretch", "overlay_in_colour", "follow")
        for name in (*controls, "engine", "reference", "preview_memory"):
            control = getattr(self, name)
            control.value = getattr(state, name)
            getattr(state.events, name).connect_setattr(control, "value", maxargs=1)
            control.changed.connect_setattr(state, name, maxargs=1)
        for name in ("layer", "feature_axis", "colormap"):
            getattr(state.events, name).connect(self.reset_choices)
            getattr(self, name).changed.connect_setattr(state, name, maxargs=1)
        explorer.engine_changed.connect(self._on_engine)
        explorer.preview_changed.connect(self._on_preview)
        self._texts_timer.setSingleShot(True)
        self._texts_timer.setInterval(round(1000 * AFTER_THE_MAP))
        self._texts_timer.timeout.connect(self._show_texts)
        explorer.pixel_changed.connect(self._show_texts_soon)
        explorer.map_shown.connect(self._show_texts_soon)
        for name in ("stretch", "threshold"):
            getattr(state.events, name).connect(self._show_texts)
        self.feature.changed.connect_setattr(state, "feature", maxargs=1)
        self.shows_feature.changed.connect(self._on_shows_feature)
        state.events.feature.connect(self._on_feature)
        self._chart_binding = ChartBinding(self.chart, explorer, self.order)
        self.reset_choices()
        call_when_removed(self, self._on_removed)

    def _on_removed(self) -> None:
        self.explorer.close()
        if self._last_move is not None:
            self._last_move.close()
            self._last_move = None

    def _layer_choices(self, _: Any) -> list[tuple[str, Layer]]:
        return [(layer.name, layer) for layer in self._viewer.layers if has_features(layer)]

    def _axis_choices(self, _: Any) -> list[tuple[str, int]]:
        layer = self.explorer.state.layer
        if layer is None or layer.rgb:
            return [("", self.explorer.state.feature_axis)]
        lengths = layer.level_shapes[0]
        names = enumerate(zip(layer.axis_labels, lengths, strict=True))
        return [(f"{axis}: {label}, {length} long", axis) for axis, (label, length) in names]

    def _colormap_choices(self, _: Any) -> list[str]:
        names = colormap_names()
        chosen = self.explorer.state.colormap
        return names if chosen in names else [*names, chosen]

    def _on_engine(self, text: str) -> None:
        stack = self.explorer.stack
        self.engine_text.setText(f"Runs on {text}" if text else "")
        self.save_button.setDisabled(stack is None)
        self.overlay_in_colour.enabled = stack is not None and stack.overlay is not None
        with self.feature.changed.blocked():
            self.feature.max = 0 if stack is None else stack.feature_count - 1
        if stack is None:
            self.reference_text.clear()
            self.scale_text.clear()
        self._on_preview()

    def _on_preview(self) -> None:
        stack, previews = self.explorer.stack, self.explorer.previews
        has_preview = previews is not None and previews.is_begun
        self._preview_label.setVisible(has_preview)
        self.preview_memory.native.setVisible(has_preview)
        preview = None if previews is None else previews.preview
        size = "" if preview is None else f", preview {max(1, preview.memory // MEGABYTE)} MB"
        self.stack_text.setText("" if stack is None else _described(stack) + size)

    def _show_texts_soon(self) -> None:
        if not self._texts_timer.isActive():
            self._texts_timer.start()

    def _accuracy(self) -> str:
        """Return what is to be said of a map that is not exact."""
        error = self.explorer.preview_error
        if error is None:
            return ""
        return " …" if isnan(error) else f" ± {error:.2g}"

    def _show_texts(self) -> None:
        layer, state, pixel = (
            self.explorer.similarity_layer,
            self.explorer.state,
            self.explorer.pixel,
        )
        if pixel is not None:
            self.reference_text.setText("Pixel " + ", ".join(map(str, pixel)) + self._accuracy())
        if layer is not None:
            low, high = layer.contrast_limits
            hidden = f", transparent below {state.threshold:.3g}" if state.threshold else ""
            self.scale_text.setText(f"Colours from {low:.3g} to {high:.3g}{hidden}")

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
            path = layer.source.path
            folder = Path(path).parent if path else Path.home()
            SaveDialog(stack, folder, self).open()

    def _on_shows_feature(self, shows: bool) -> None:
        self.explorer.state.feature = self.feature.value if shows else None

    def _on_feature(self, feature: int | None) -> None:
        if feature is not None:
            self.feature.value = feature
        with self.shows_feature.changed.blocked():
            self.shows_feature.value = feature is not None


def _described(stack: FeatureStack) -> str:
    stored = stack.values.dtype if stack.precision is None else f"{stack.precision} bit"
    return f"{size_in_words(stack.values.shape)} @ {stored}"


def _fraction(tooltip: str) -> FloatSlider:
    return FloatSlider(tooltip=tooltip, min=0.0, max=1.0, step=0.01)
