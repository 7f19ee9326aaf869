"""The dock widget "Extract features"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum
from functools import partial
from typing import Any

from magicgui.widgets import ComboBox
from napari.layers import Image, Layer
from napari.viewer import Viewer
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.extraction_layers import (
    Picture,
    can_be_extracted_from,
    extract,
    features_over,
    picture_of,
    slice_at,
)
from napari_ifealid.explorer.repeated_extraction import (
    ExtractionOrigin,
    add_extraction,
    origin_of,
)
from napari_ifealid.extraction import MODELS, ExtractionWarning, load_extractor, model_layers
from napari_ifealid.extraction.titles import extraction_title, model_title
from napari_ifealid.notices import show_error, show_warning
from napari_ifealid.stack import FeatureStack
from napari_ifealid.thread_warnings import warnings_told_to
from napari_ifealid.widgets.dock_closed import call_when_closed
from napari_ifealid.widgets.narrow_combo_box import make_narrow
from napari_ifealid.widgets.plain_label import PlainLabel
from napari_ifealid.widgets.stack_choice import distinct
from napari_ifealid.widgets.worker import Worker
from napari_ifealid.widgets.worker_bar import WorkerBar
from napari_ifealid.widgets.worker_progress import WorkerProgress

_LEAST_WIDTH = 280  # pixels; leaves most of a laptop's screen to the picture
_STAGES_SHOWN = 5
_LOOK_UP_CANCELLED = "Cancelled. Press Return in the field of the model to look it up again"
_OTHER_MODEL = "A backbone on the Hugging Face hub, or in a folder. Press Return to look it up"


class Slices(Enum):
    """Which slices of an image of more than two dimensions features are extracted from."""

    CURRENT = "current slice"
    ALL = "all slices, as one stack"


class ExtractFeatures(QWidget):
    """Asks for an image and a model, extracts in a worker thread and adds the features.

    Parameters
    ----------
    napari_viewer : napari viewer
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self._under_way = _UnderWay()
        self._message = ""
        self.layer = ComboBox(
            choices=self._layer_choices,
            nullable=True,
            tooltip="The image to extract features of, with the contrast that it is shown with",
        )
        self.layer.null_string = "none"
        self.slices = ComboBox(
            choices=[(choice.value, choice) for choice in Slices],
            tooltip="The slice that the sliders are at, or all of them with the same contrast. A "
            "slice lies along the last two axes of the layer",
        )
        self.model = QComboBox()
        self._model_field = QLineEdit()
        self.model.setToolTip("Choose one, or type a name on the Hugging Face hub, or a folder")
        self.folder_button = QPushButton("Folder…")
        self.folder_button.setToolTip("Choose a folder that save_pretrained has written")
        self.model_text = _text()
        self.stages = QListWidget()
        self.stages.setToolTip("Each becomes a layer of features, from the input of the model on")
        self.text = _text()
        self.run_button = QPushButton("Extract")
        self.run_button.setToolTip(
            "Extract the features; the first time, a model is downloaded for it"
        )
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip(
            "Stop after the part that is being worked on, or stop looking up the stages"
        )
        self.bar = WorkerBar()
        self._lay_out()
        self._bind()

    def reset_choices(self, *_: Any) -> None:
        """Offer the current images. napari calls it when layers change."""
        if self._under_way.is_closed:
            return
        chosen = self.layer.value
        with self.layer.changed.blocked():  # a choice that goes must not choose another
            self.layer.choices = ()
            self.layer.reset_choices()
            offered = [layer for _, layer in self._layer_choices(None)]
            active = self._viewer.layers.selection.active
            preferred = [
                layer for layer in (chosen, active, *reversed(offered)) if layer in offered
            ]
            self.layer.value = preferred[0] if preferred else None
        self._under_way.names.close()
        for layer in self._viewer.layers:
            self._under_way.names.connect(layer.events.name, self.reset_choices)
        self._show_state()

    def follow_selection(self, *_: Any) -> None:
        """Choose the image that is selected in the list of layers, if it is one."""
        active = self._viewer.layers.selection.active
        if active is not None and active in self._viewer.layers and can_be_extracted_from(active):
            self.reset_choices()
            self.layer.value = active

    def look_up(self, model: str) -> None:
        """List the stages of a model, once they are known.

        Parameters
        ----------
        model : str
            A name on the Hugging Face hub, or a folder.
        """
        progress = WorkerProgress()
        progress.begin(f"Looking up {model_title(model)}")
        self._under_way.model = model
        self._under_way.looking_up = progress
        self.model.setEditText(model)
        self.stages.clear()
        self._tell("")
        Worker(partial(self._on_stages, progress), partial(self._on_no_stages, progress)).start(
            partial(model_layers, model)
        )

    def extract(self) -> None:
        """Extract the chosen stages, and add the features as layers."""
        layer: Image = self.layer.value
        progress = WorkerProgress()
        is_current = self.slices.value is Slices.CURRENT
        picture = picture_of(
            layer, slice_at(layer, self._viewer.dims.point) if is_current else None
        )
        model, stages = self._under_way.model, self._checked_stages()
        origins = [origin_of(layer, picture, model, stage) for stage in stages]
        self._under_way.extraction = progress
        self._tell("")
        worker = Worker(
            partial(self._on_extracted, progress, layer, picture, origins),
            partial(self._on_failed, progress),
        )
        warn = partial(worker.tell, _show_warning)
        worker.start(partial(_extracted, picture, model, stages, progress, warn))

    def cancel(self) -> None:
        """Stop the extraction at its next step, or the look-up, and drop what it has done."""
        is_running = self._under_way.extraction is not None
        if is_running or self._under_way.looking_up is not None:
            self._under_way.cancel()
            self._tell("Cancelled" if is_running else _LOOK_UP_CANCELLED)

    def _lay_out(self) -> None:
        self.model.setLineEdit(self._model_field)
        self.model.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.model.setCompleter(None)  # a typed name must not become another that begins like it
        for number, (name, line) in enumerate(MODELS.items()):
            self.model.addItem(name)
            self.model.setItemData(number, line, Qt.ItemDataRole.ToolTipRole)
        self._options = QWidget()
        form = QFormLayout(self._options)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Image", self.layer.native)
        self._slices_label = PlainLabel("Slices")
        form.addRow(self._slices_label, self.slices.native)
        form.addRow("Model", self.model)
        form.addRow("", self.folder_button)
        form.addRow(self.model_text)
        form.addRow("Stages", self.stages)
        layout = QVBoxLayout(self)
        layout.addWidget(self._options)
        buttons = QHBoxLayout()
        buttons.addWidget(self.run_button)
        buttons.addWidget(self.cancel_button)
        layout.addLayout(buttons)
        layout.addWidget(self.bar)
        layout.addWidget(self.text)
        layout.addStretch()
        for combo in (self.layer.native, self.slices.native, self.model):
            make_narrow(combo)
        line_height = self.stages.fontMetrics().lineSpacing() + 6
        self.stages.setFixedHeight(_STAGES_SHOWN * line_height)
        self.setMinimumWidth(_LEAST_WIDTH)

    def _bind(self) -> None:
        self.layer.changed.connect(self._show_state)
        self.model.editTextChanged.connect(self._on_model_text)
        self.model.activated.connect(self._on_model_entered)
        self._model_field.returnPressed.connect(self._on_model_entered)
        self._model_field.editingFinished.connect(self._on_model_left)
        self.folder_button.clicked.connect(self._choose_folder)
        self.stages.itemChanged.connect(self._show_state)
        self.run_button.clicked.connect(self.extract)
        self.cancel_button.clicked.connect(self.cancel)
        call_when_closed(self, self._under_way.close)
        self._under_way.selection.connect(
            self._viewer.layers.selection.events.active, self.follow_selection
        )
        self.reset_choices()
        self._on_model_text(self.model.currentText())
        self.look_up(self.model.currentText())

    def _layer_choices(self, _: Any) -> list[tuple[str, Layer]]:
        layers = self._viewer.layers
        offered = [layer for layer in layers if can_be_extracted_from(layer)]
        return list(zip(distinct([layer.name for layer in offered]), offered, strict=True))

    def _checked_stages(self) -> list[str]:
        items = self.stages.findItems("*", Qt.MatchFlag.MatchWildcard)
        return [item.text() for item in items if item.checkState() == Qt.CheckState.Checked]

    def _on_model_text(self, text: str) -> None:
        self.model_text.setText(MODELS.get(text.strip(), _OTHER_MODEL))
        if text.strip() != self._under_way.model:
            self._under_way.model, self._under_way.looking_up = "", None
            self.stages.clear()
            self._tell("")

    def _on_model_entered(self) -> None:
        model = self.model.currentText().strip()
        is_known = model == self._under_way.model and (
            self._under_way.looking_up is not None or self.stages.count()
        )
        if model and not is_known:
            self.look_up(model)

    def _on_model_left(self) -> None:
        if self._model_field.isModified():  # else nothing new, as after a failure
            self._on_model_entered()

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of a model")
        if folder:
            self.look_up(folder)

    def _on_stages(self, progress: WorkerProgress, stages: Sequence[str]) -> None:
        if progress is not self._under_way.looking_up:
            return
        self._under_way.looking_up = None
        self.stages.clear()
        for number, stage in enumerate(stages):
            item = QListWidgetItem(stage)
            # the last of a convolutional network is coarse, and the one before sees much the same
            is_late = number >= len(stages) - 2
            item.setCheckState(Qt.CheckState.Checked if is_late else Qt.CheckState.Unchecked)
            self.stages.addItem(item)
        self.stages.setCurrentRow(max(0, len(stages) - 2))
        self._tell("")

    def _on_no_stages(self, progress: WorkerProgress, error: Exception) -> None:
        if progress is self._under_way.looking_up:
            self._under_way.looking_up = None
            self._tell(str(error))

    def _on_extracted(
        self,
        progress: WorkerProgress,
        layer: Image,
        picture: Picture,
        origins: list[ExtractionOrigin],
        stacks: list[FeatureStack],
    ) -> None:
        if progress is not self._under_way.extraction:
            return
        self._under_way.extraction = None
        self._show_state()
        opened = [
            add_extraction(self._viewer.layers, features_over(stack, layer, picture), origin)
            for stack, origin in zip(stacks, origins, strict=True)
        ]
        dock, widget = self._viewer.window.add_plugin_dock_widget(
            "napari-ifealid", "Feature similarity", tabify=True
        )
        dock.show()
        dock.raise_()
        widget.explorer.state.layer = opened[0]
        self._viewer.layers.selection.active = opened[0]

    def _on_failed(self, progress: WorkerProgress, error: Exception) -> None:
        if progress is self._under_way.extraction:
            self._under_way.extraction = None
            self._show_state()
            show_error(str(error) or type(error).__name__)

    def _tell(self, message: str) -> None:
        self._message = message
        self._show_state()

    def _show_state(self) -> None:
        layer, is_running = self.layer.value, self._under_way.extraction is not None
        progress = self._under_way.extraction or self._under_way.looking_up
        has_slices = layer is not None and layer.ndim > 2
        self.slices.native.setVisible(has_slices)
        self._slices_label.setVisible(has_slices)
        has_stages = bool(self._checked_stages())
        self._options.setDisabled(is_running)
        self.run_button.setEnabled(layer is not None and has_stages and not is_running)
        self.cancel_button.setEnabled(progress is not None)
        self.bar.follow(progress)
        missing = "" if has_stages or not self.stages.count() else "Check at least one stage"
        missing = "Open an image first" if layer is None else missing
        self.text.setText("" if progress is not None else self._message or missing)


class _UnderWay:
    """The running look-ups and extractions."""

    def __init__(self) -> None:
        self.model = ""  # whose stages are listed, or looked up
        self.looking_up: WorkerProgress | None = None
        self.extraction: WorkerProgress | None = None  # what ends when it is another is dropped
        self.names = Connections()  # of the layers
        self.selection = Connections()
        self.is_closed = False

    def cancel(self) -> None:
        """Cancel the extraction and the look-up, and drop their results."""
        if self.extraction is not None:
            self.extraction.cancel()
        self.extraction = self.looking_up = None

    def close(self) -> None:
        """Cancel all work, drop its results, and stop following the layers."""
        self.model, self.is_closed = "", True
        self.cancel()
        self.names.close()
        self.selection.close()


def _extracted(
    picture: Picture,
    model: str,
    stages: Sequence[str],
    progress: WorkerProgress,
    warn: Callable[[Warning], None],
) -> list[FeatureStack]:
    progress.begin(f"Loading {model}")
    with warnings_told_to(warn):
        extractor = load_extractor(model)
        stacks = extract(picture, extractor, stages, track=progress.track)
    titles = [extraction_title(model, stage) for stage in stages]
    return [
        replace(stack, name=f"{title} of {picture.name}")
        for stack, title in zip(stacks, titles, strict=True)
    ]


def _show_warning(warning: Warning) -> None:
    if isinstance(warning, ExtractionWarning):  # not what libraries say to programmers
        show_warning(str(warning))


def _text() -> PlainLabel:
    label = PlainLabel()
    label.setWordWrap(True)
    label.setMinimumWidth(1)  # a long word must not widen the dock
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
