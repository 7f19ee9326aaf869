"""The dialog that saves a stack as a dataset."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import replace
from functools import partial
from pathlib import Path

from magicgui.widgets import CheckBox, ComboBox, FloatSpinBox, LineEdit
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_ifealid.formats import lossless_precision, write_stack, zip_path
from napari_ifealid.notices import show_error, show_info, show_warning
from napari_ifealid.sizes import size_text
from napari_ifealid.stack import FeatureStack
from napari_ifealid.thread_warnings import warnings_told_to
from napari_ifealid.widgets.decimal_marks import accept_any_decimal_mark
from napari_ifealid.widgets.save_folder import SAVE_FOLDER, suggested_name
from napari_ifealid.widgets.worker import Worker
from napari_ifealid.widgets.worker_bar import WorkerBar
from napari_ifealid.widgets.worker_progress import WorkerProgress

_LARGEST = 1e30
_LEAST_WIDTH = 420  # pixels; shows a usual name whole


class SaveDialog(QDialog):
    """Asks how a stack is saved as an IFeaLiD dataset, and saves it in a worker thread.

    Parameters
    ----------
    stack : FeatureStack
    folder : path
        Where the file is put unless the user chooses another folder.
    parent : QWidget, optional
    """

    def __init__(self, stack: FeatureStack, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stack = stack
        self._folder = folder
        self._saving: WorkerProgress | None = None
        self.setWindowTitle("Save dataset")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.name = LineEdit(value=stack.name, tooltip="What the dataset is called where it opens")
        self.precision = ComboBox(
            choices=[(self._described(bits), bits) for bits in (8, 16, 32)],
            value=lossless_precision(stack),
            tooltip="Bits for each value: more keep finer differences and make a larger file",
        )
        self.overlay = CheckBox(
            text="With the original image",
            value=stack.overlay is not None,
            enabled=stack.overlay is not None,
            tooltip="Save the overlay, too, as a JPEG image of the best quality",
        )
        self.pad_for_web = CheckBox(
            text="Pad for the web application",
            value=True,
            tooltip="At 16 and 32 bit the web application loses the last features. Zero features "
            "are added for it to lose instead; this plugin hides them",
        )
        self.replaces = CheckBox(
            text="Replace NaN and infinities by",
            tooltip="The format has neither. Where there are some, nothing is saved without this",
        )
        self.replacement = FloatSpinBox(
            value=0.0, min=-_LARGEST, max=_LARGEST, tooltip="What stands in for NaN and infinities"
        )
        self.bar = WorkerBar()
        self.buttons = QDialogButtonBox()
        self.save_button = QPushButton("Save as…")
        self.buttons.addButton(self.save_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self._lay_out()
        accept_any_decimal_mark(self)
        self._bind()

    def save(self, path: Path, *, force: bool) -> None:
        """Save to a file and close once that is done.

        Parameters
        ----------
        path : path
        force : bool
            Whether an existing file is replaced.
        """
        progress = WorkerProgress()
        self._saving = progress
        self._show_saving()
        stack = replace(
            self._stack,
            name=self.name.value or self._stack.name,
            overlay=self._stack.overlay if self.overlay.value else None,
        )
        write = partial(
            write_stack,
            path,
            stack,
            precision=self.precision.value,
            pad_for_web=self.pad_for_web.value,
            nonfinite=self.replacement.value if self.replaces.value else None,
            force=force,
            track=progress.track,
        )
        worker = Worker(partial(self._on_saved, path), self._on_failed)
        self.destroyed.connect(partial(_leave, worker, progress))
        worker.start(partial(_written, write, partial(worker.tell, _show_warning)))

    def reject(self) -> None:
        """Close, or cancel the saving first."""
        if self._saving is None:
            super().reject()
        else:
            self._saving.cancel()

    def _lay_out(self) -> None:
        self._options = QWidget()
        form = QFormLayout(self._options)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Name", self.name.native)
        form.addRow("Precision", self.precision.native)
        form.addRow(self.overlay.native)
        form.addRow(self.pad_for_web.native)
        form.addRow(self.replaces.native, self.replacement.native)
        layout = QVBoxLayout(self)
        for part in (self._options, self.bar, self.buttons):
            layout.addWidget(part)
        self.setMinimumWidth(_LEAST_WIDTH)

    def _bind(self) -> None:
        self.buttons.accepted.connect(self._choose_file)
        self.buttons.rejected.connect(self.reject)
        self.precision.changed.connect(self._on_choice)
        self.replaces.changed.connect(self._on_choice)
        can_lack_numbers = self._stack.values.dtype.kind == "f"
        self.replaces.native.setVisible(can_lack_numbers)
        self.replacement.native.setVisible(can_lack_numbers)
        self._on_choice()

    def _described(self, bits: int) -> str:
        values = self._stack.values
        is_lossless = values.dtype.kind != "f" and bits >= 8 * values.dtype.itemsize
        note = ", loses nothing" if is_lossless else ""
        return f"{bits} bit: at most {size_text(values.size * bits // 8)}{note}"

    def _on_choice(self) -> None:
        self.pad_for_web.enabled = self.precision.value > 8
        self.replacement.enabled = self.replaces.value

    def _choose_file(self) -> None:
        name = suggested_name(self.name.value or self._stack.name, self.precision.value)
        suggested = self._folder / name
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Save dataset", str(suggested), "IFeaLiD datasets (*.zip)"
        )
        if chosen:
            path = zip_path(chosen)
            SAVE_FOLDER.remember(path)
            self.save(path, force=path == Path(chosen))  # the dialog has asked already

    def _on_saved(self, path: Path, _: None) -> None:
        self._saving = None
        self._show_saving()
        show_info(f"Saved {path.name} ({size_text(path.stat().st_size)}) in {path.parent}")
        self.accept()

    def _on_failed(self, error: Exception) -> None:
        self._saving = None
        self._show_saving()
        if isinstance(error, CancelledError):
            self.reject()
        else:
            show_error(str(error))

    def _show_saving(self) -> None:
        is_saving = self._saving is not None
        self._options.setDisabled(is_saving)
        self.save_button.setDisabled(is_saving)
        self.bar.follow(self._saving)


def _written(write: Callable[[], None], warn: Callable[[Warning], None]) -> None:
    with warnings_told_to(warn):
        write()


def _show_warning(warning: Warning) -> None:
    show_warning(str(warning))


def _leave(worker: Worker[None], progress: WorkerProgress, *_: object) -> None:
    worker.leave()
    progress.cancel()
