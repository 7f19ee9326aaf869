"""What a map gives: the pixels above a threshold, as labels, a table, a figure or a file."""

from __future__ import annotations

from enum import Enum
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from magicgui.widgets import ComboBox, FloatSpinBox
from napari.components import ViewerModel
from napari.layers import Labels
from qtpy.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel
from superqt.utils import qthrottled

from napari_ifealid.explorer import AFTER_THE_MAP, Explorer
from napari_ifealid.explorer.class_labels import ClassLabels
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.map_figure import is_plane, map_figure
from napari_ifealid.explorer.map_labels import MapLabels
from napari_ifealid.explorer.map_request import SimilarityRequest
from napari_ifealid.explorer.mouse_value import MouseValue
from napari_ifealid.explorer.named_labels import named_labels_table
from napari_ifealid.explorer.sources import units_along
from napari_ifealid.measures import SPECTRAL_ANGLE
from napari_ifealid.results.class_table import class_table
from napari_ifealid.results.figure import save_figure
from napari_ifealid.results.map_files import write_map
from napari_ifealid.results.region_table import region_table, write_table
from napari_ifealid.results.regions import RegionMode, threshold_regions
from napari_ifealid.widgets.narrow_combo_box import make_narrow
from napari_ifealid.widgets.narrow_spin_box import make_narrow_field
from napari_ifealid.widgets.plain_label import PlainLabel
from napari_ifealid.widgets.reference_name import reference_name, reference_pixel
from napari_ifealid.widgets.save_file import Write, save_file
from napari_ifealid.widgets.save_folder import SAVE_FOLDER, safe_name
from napari_ifealid.widgets.threshold_histogram import ThresholdHistogram


class ClassMode(Enum):
    """Labels that are not of the map shown, beside those of `RegionMode` that are."""

    CLASSES = "most similar reference"
    """One label for each reference that is looked for."""


_SPIN_BOX = 56  # pixels; the rest of the row is for the count
_NO_VALUE = " "  # as high as any other text, so that nothing moves when it changes
_NO_THRESHOLD = "Drag the threshold in the histogram first: it says which pixels are meant"
_NO_REFERENCES = "Pin pixels or choose regions first: each of them is a class"
_FIGURE = "Save the picture with the map, its colours, a scale bar and a caption: PDF, SVG, PNG"
_NO_PLANE = "A figure is of a plane, and this map is of a volume: go back from 3-D to a slice"
_TABLE = "Measure each region of the labels, and save the table as CSV"
_TABLE_OF_THE_MAP = (
    "Measure each region above the threshold, which become labels, and save the table as CSV. "
    "Select frozen labels of this map to measure those"
)
_NO_CLASSES = (
    "Make labels first, or select labels whose features table has names: the table is of them"
)


class ResultGroup(QWidget):
    """The threshold on a histogram of the map, and what can be made of it.

    Parameters
    ----------
    explorer : Explorer
    viewer : napari viewer
    """

    def __init__(self, explorer: Explorer, viewer: ViewerModel) -> None:
        super().__init__()
        self._explorer = explorer
        self._viewer = viewer
        self._connections = Connections()
        self.labels = MapLabels(viewer, explorer.state)
        self.classes = ClassLabels(viewer, explorer)
        self.histogram = ThresholdHistogram()
        self.histogram.setToolTip(
            "How many pixels have which similarity, and its colour. Drag the line: pixels less "
            "similar than this are transparent. With the focus, the arrow keys move it"
        )
        self.mouse_value = MouseValue(viewer, explorer)
        self.value = PlainLabel(_NO_VALUE)
        self.value.setToolTip(
            "The map where the mouse is, in the scale that is chosen beside the measure; ≈ of a "
            "preview. Hold the reference, or compare with pins or regions: of the cursor itself "
            "there is nothing to tell"
        )
        self.threshold = FloatSpinBox(
            tooltip="Pixels less similar than this are transparent", min=0.0, max=1.0, step=0.01
        )
        self.count = QElidingLabel()
        self.count.setToolTip("Pixels at or above the threshold, and their share of the map")
        self.mode = ComboBox(
            choices=[(mode.value, mode) for mode in (*RegionMode, *ClassMode)],
            tooltip="What one label is: all pixels above the threshold, each connected region of "
            "them, only the region that the reference lies in, or the pixels that are more similar "
            "to one pin or region than to all others (classes)",
        )
        self.make = QPushButton("Make labels")
        self.table = QPushButton("Table…")
        self.table.setToolTip(_TABLE)
        self.figure = QPushButton("Figure…")
        self.figure.setToolTip(_FIGURE)
        self.save = QPushButton("Save map…")
        self.save.setToolTip("Save the similarities: .npy, .tif for ImageJ, or .csv")
        self._lay_out()
        self._show_later = qthrottled(
            self._show, timeout=round(1000 * AFTER_THE_MAP), leading=False, parent=self
        )
        self._is_value_due = False
        self._show_value_later = qthrottled(
            self._show_value, timeout=round(1000 * AFTER_THE_MAP), leading=False, parent=self
        )
        self._bind()

    def stop(self) -> None:
        """Stop following the explorer; leave the labels to the user."""
        self.labels.close()
        self.classes.close()
        self._connections.close()
        self.mouse_value.close()
        self._show_later.cancel()
        self._show_value_later.cancel()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.histogram)
        layout.addWidget(self.value)
        self.value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        for button in (self.table, self.figure, self.save):
            button.setStyleSheet("padding: 4px 2px")  # else three do not fit into a narrow dock
        label = PlainLabel("Threshold")
        label.setToolTip(self.threshold.tooltip)
        for row, stretch in (
            ((label, self.threshold.native, self.count), (0, 0, 1)),
            ((self.mode.native, self.make), (1, 0)),
            ((self.table, self.figure, self.save), (1, 1, 1)),
        ):
            line = QHBoxLayout()
            line.setSpacing(4)
            for part, share in zip(row, stretch, strict=True):
                line.addWidget(part, share)
            layout.addLayout(line)
        make_narrow_field(self.threshold.native, 4)
        self.threshold.native.setMaximumWidth(_SPIN_BOX)
        self.count.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        make_narrow(self.mode.native)
        # as wide as the longer of its texts, so that nothing moves when it changes
        self.make.setMinimumWidth(self.make.sizeHint().width() + 8)

    def _bind(self) -> None:
        explorer, events = self._explorer, self._explorer.state.events
        self._show_threshold()
        self.threshold.changed.connect_setattr(explorer.state, "threshold", maxargs=1)
        self.histogram.changed.connect_setattr(explorer.state, "threshold", maxargs=1)
        self.mode.changed.connect(self._show_buttons)
        self.make.clicked.connect(self._make_or_freeze)
        self.table.clicked.connect(self._save_table)
        self.figure.clicked.connect(self._save_figure)
        self.save.clicked.connect(self._save_map)
        for signal, callback in (
            (events.measure, self._show_threshold),
            (events.threshold, self._show_threshold),
            (events.scale, self._show_soon),
            (events.colormap, self._show_soon),
            (events.colour_range, self._show_soon),
            (explorer.map_changed, self._show_soon),
            (explorer.stack_changed, self._show_soon),
            (events.scale, self._show_value_soon),
            (self.mouse_value.moved, self._show_value_soon),
            (self.mouse_value.changed, self._on_value),
            (self.labels.changed, self._show_buttons),
            (self.classes.changed, self._show_buttons),
            (explorer.pins.changed, self._show_buttons),
            (explorer.source_changed, self._show_buttons),
            (self._viewer.layers.selection.events.active, self._show_buttons),
        ):
            self._connections.connect(signal, callback)
        self._show()

    def _show_threshold(self) -> None:
        state = self._explorer.state
        with self.threshold.changed.blocked():
            self.threshold.min, self.threshold.max = state.measure.limits
            self.threshold.value = state.threshold
        self.histogram.threshold = state.threshold
        self._show_soon()

    def _show_soon(self) -> None:
        self._show_later()

    def _show_value_soon(self) -> None:
        if not self._is_value_due:  # a hover takes no longer than this
            self._is_value_due = True
            self._show_value_later()

    def _on_value(self) -> None:
        """Remove at once a value that is no longer so; all else comes after the map."""
        if self.value.text() != _NO_VALUE and self.mouse_value.value is None:
            self.value.setText(_NO_VALUE)
        self._show_value_soon()

    def _show_value(self) -> None:
        self._is_value_due = False
        self.value.setText(self._value_text() or _NO_VALUE)

    def _value_text(self) -> str:
        value, session = self.mouse_value.value, self._explorer.session
        if value is None or session is None or session.shown is None:
            return ""
        nearly = "" if session.shown.error is None else "≈ "
        return f"Under the mouse: {nearly}{self._explorer.value_text(value)}"

    def _show(self) -> None:
        values = self._values()
        layer, state = self._explorer.map_layer, self._explorer.state
        if values is None or layer is None:
            self.histogram.show_values(np.empty(0, np.float32), *state.measure.limits)
            self.count.setText("")
        else:
            self.histogram.title = self._title()
            text = self._explorer.value_text
            self.histogram.show_values(values, *state.measure.limits, text)
            self.histogram.show_colours(layer.colormap.colors, *layer.contrast_limits)
            self.count.setText(_counted(values, state.threshold))
        self._show_buttons()

    def _title(self) -> str:
        """Return "spectral angle ≤ 18°": the measure, and the threshold in the chosen scale."""
        state, session = self._explorer.state, self._explorer.session
        if state.threshold <= state.measure.limits[0]:
            return state.measure.name
        spread = None if session is None else session.spread
        return f"{state.measure.name} {state.scale.above(state.threshold, spread)}"

    def _values(self) -> np.ndarray[Any, np.dtype[np.float32]] | None:
        """Return the part of the map that is shown, if it is one of similarities."""
        session = self._explorer.session
        shown = None if session is None else session.shown
        if session is None or shown is None or not isinstance(shown.request, SimilarityRequest):
            return None
        return session.shown_values

    @property
    def _is_exact(self) -> bool:
        """Whether the map shown is that of the reference, and no preview."""
        session = self._explorer.session
        return (
            self._values() is not None
            and session is not None
            and not session.is_behind
            and session.shown is not None
            and session.shown.error is None
        )

    @property
    def _is_plane(self) -> bool:
        session = self._explorer.session
        shown = None if session is None else session.shown
        return shown is None or is_plane(shown.request.region)

    @property
    def _makes_classes(self) -> bool:
        return self.mode.value is ClassMode.CLASSES

    def _show_buttons(self) -> None:
        is_exact = self._is_exact
        follows = self.classes.follows if self._makes_classes else self.labels.follows
        self.make.setText("Freeze labels" if follows else "Make labels")
        self.save.setEnabled(is_exact)
        self.figure.setEnabled(is_exact and self._is_plane)
        self.figure.setToolTip(_FIGURE if self._is_plane else _NO_PLANE)
        if self._makes_classes:
            self._show_class_buttons()
            return
        has_threshold = self._explorer.state.threshold > self._explorer.state.measure.limits[0]
        self.make.setEnabled(follows or (is_exact and has_threshold))
        self.make.setToolTip(
            "The labels follow the threshold: stop that"
            if follows
            else "Make a Labels layer of the pixels above the threshold. It follows the threshold "
            "until it is frozen, or until the map of another reference is shown"
            if has_threshold
            else _NO_THRESHOLD
        )
        chosen = self._selected_labels()
        self.table.setToolTip(_TABLE_OF_THE_MAP if chosen is None else _table_of(chosen, "region"))
        self.table.setEnabled(is_exact and (has_threshold or follows or chosen is not None))

    def _show_class_buttons(self) -> None:
        classes = self.classes
        can_be_made = classes.can_be_made
        self.make.setEnabled(classes.follows or can_be_made)
        self.make.setToolTip(
            "The labels follow the references and the threshold: stop that"
            if classes.follows
            else "Make a Labels layer of the most similar pin or region of each pixel, in their "
            "colours; pixels below the threshold have none. It follows them until it is frozen"
            if can_be_made
            else _NO_REFERENCES
        )
        frozen = classes.frozen
        self.table.setEnabled(frozen is not None or classes.classes is not None)
        self.table.setToolTip(
            _table_of(frozen, "class")
            if frozen is not None
            else _TABLE
            if classes.follows
            else _NO_CLASSES
        )

    def _make_or_freeze(self) -> None:
        labels = self.classes if self._makes_classes else self.labels
        if labels.follows:
            labels.freeze()
        elif self._makes_classes:
            self.classes.make()
        else:
            self._make_labels()

    def _make_labels(self) -> None:
        explorer, session = self._explorer, self._explorer.session
        if session is None or not self._is_exact:  # the map may have changed since it was drawn
            return
        pixel = reference_pixel(explorer)
        kind = "sharp, like" if session.is_sharp else "like"
        self.labels.make(session, self.mode.value, pixel, f"{kind} {reference_name(explorer)}")

    def _labels_of_the_map(self) -> Labels | None:
        """Return the labels made last, if they are of the map that is shown."""
        session, source = self._explorer.session, self.labels.source
        shown = None if session is None else session.shown
        is_same = shown is not None and source is not None and shown.request == source.request
        return self.labels.layer if is_same else None

    def _selected_labels(self) -> Labels | None:
        """Return the labels of the map that is shown, if the user has selected them."""
        layer, active = self._labels_of_the_map(), self._viewer.layers.selection.active
        return layer if layer is active else None

    def _present_labels(self) -> Labels | None:
        """Return the labels made last, if they have the regions that the window tells of."""
        source, layer = self.labels.source, self._labels_of_the_map()
        if source is None or layer is None:
            return None
        numbers = threshold_regions(
            source.values,
            self._explorer.state.threshold,
            mode=self.mode.value,
            reference=reference_pixel(self._explorer),
        )
        return layer if np.array_equal(np.ravel(layer.data), numbers.ravel()) else None

    def _save_class_table(self) -> None:
        frozen, layer = self.classes.frozen, self.classes.layer
        if frozen is not None:
            self._save_table_of(frozen, named_labels_table(frozen))
        elif layer is not None:
            table = self._live_class_table(layer)
            if table is not None:
                self._save_table_of(layer, table)

    def _live_class_table(self, layer: Labels) -> pd.DataFrame | None:
        """Return the table of the classes that follow; None while they are not known."""
        classes, session = self.classes.classes, self._explorer.session
        if classes is None or session is None:
            return None
        axes = tuple(range(len(session.grid.shape)))
        return class_table(
            classes.above(self._explorer.state.threshold),
            classes.values,
            self.classes.names,
            grid=session.grid.section(classes.region, axes),
            units=units_along(layer, session.grid.axes),
        )

    def _save_table_of(self, layer: Labels, table: pd.DataFrame) -> None:
        self._save_file(
            f"Save the table of “{layer.name}”",
            f"{layer.name}.csv",
            "CSV (*.csv)",
            partial(write_table, table=table),
        )

    def _save_table(self) -> None:
        if self._makes_classes:
            self._save_class_table()
            return
        if not self._is_exact:  # the map may have changed since it was drawn
            return
        layer = self._selected_labels()
        if layer is None:
            layer = self._present_labels()
        if layer is None:
            self._make_labels()
            layer = self._labels_of_the_map()
        source = self.labels.source
        if source is None or layer is None:
            return
        numbers = np.asarray(layer.data).reshape(source.values.shape)
        units = units_along(layer, source.grid.axes)
        table = region_table(numbers, source.values, grid=source.grid, units=units)
        layer.features = table.rename(columns={"label": "index"})
        self._save_table_of(layer, table)

    def _save_figure(self) -> None:
        content = map_figure(self._explorer, self._viewer, reference_name(self._explorer))
        if content is not None and self._is_exact:
            self._save_file(
                "Save a figure",
                f"{content.caption.replace(':', '')}.pdf",
                "PDF (*.pdf);;SVG (*.svg);;PNG (*.png)",
                partial(save_figure, content=content),
            )

    def _save_map(self) -> None:
        session, layer = self._explorer.session, self._explorer.map_layer
        values = None if session is None else session.map_values
        if session is None or values is None or layer is None or not self._is_exact:
            return
        grid = session.grid
        units = units_along(layer, grid.axes)
        place = session.georeference
        self._save_file(
            "Save the map",
            f"{session.layer.name} like {reference_name(self._explorer)}{self._by_measure()}.npy",
            "NumPy (*.npy);;TIFF (*.tif *.tiff);;CSV (*.csv)",
            partial(write_map, similarity=values, grid=grid, units=units, georeference=place),
        )

    def _by_measure(self) -> str:
        """Return " by the cosine", or nothing for the usual measure of all values as they are."""
        session = self._explorer.session
        if session is None:
            return ""
        title = session.title_of(self._explorer.state.measure.over(session.features))
        return "" if title == SPECTRAL_ANGLE.title else f" by the {title}"

    def _save_file(self, title: str, name: str, kinds: str, write: Write) -> None:
        layer = self._explorer.state.layer
        folder = SAVE_FOLDER.starting_at(None if layer is None else layer.source.path)
        path = save_file(self, title, folder / safe_name(name), kinds, write)
        if path is not None:
            SAVE_FOLDER.remember(path)


def _table_of(layer: Labels, what: str) -> str:
    return f"Measure each {what} of “{layer.name}” as it is now, and save the table as CSV"


def _counted(values: np.ndarray[Any, np.dtype[np.float32]], threshold: float) -> str:
    """Return "412 px, 3.2 %" of the values at or above a threshold."""
    known = int(np.isfinite(values).sum())
    count = int((values >= np.float32(threshold)).sum())
    return f"{count} px, {100 * count / max(known, 1):.3g} %"
