"""The dialog that saves a stack as a dataset."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TypeVar

from magicgui.widgets import CheckBox, ComboBox, FloatSpinBox, LineEdit
from napari.qt.threading import create_worker
from napari.utils.notifications import show_error, show_info, show_warning
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_ifealid.formats import lossless_precision, write_stack, zip_path
from napari_ifealid.stack import FeatureStack

_LARGEST = 1e30
_REFRESH = 50  # milliseconds
_LEAST_WIDTH = 420  # pixels; shows a usual name whole
_UNSAFE = r'[\\/:*?"<>|]+'  # in file names, on some system or other

Item = TypeVar("Item")


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
        self._path = folder
        self._is_cancelled = Event()
        self._is_saving = False
        self._progress = "Preparing", 0, 0  # written by the worker thread, shown by this one
        self._timer = QTimer(self)
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
        self.bar = QProgressBar()
        self.buttons = QDialogButtonBox()
        self.save_button = QPushButton("Save as…")
        self.buttons.addButton(self.save_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self._lay_out()
        self._bind()

    def save(self, path: Path, *, force: bool) -> None:
        """Save to a file and close once that is done.

        Parameters
        ----------
        path : path
        force : bool
            Whether an existing file is replaced.
        """
        self._path = path
        self._show_saving(True)
        stack = replace(
            self._stack,
            name=self.name.value or self._stack.name,
            overlay=self._stack.overlay if self.overlay.value else None,
        )
        create_worker(
            write_stack,
            path,
            stack,
            precision=self.precision.value,
            pad_for_web=self.pad_for_web.value,
            nonfinite=self.replacement.value if self.replaces.value else None,
            force=force,
            track=self._track,
            _connect={
                "returned": self._on_saved,
                "errored": self._on_failed,
                "warned": lambda warning: show_warning(str(warning[0])),
            },
            _ignore_errors=True,  # _on_failed tells of them
        )

    def reject(self) -> None:
        """Close, or cancel the saving first."""
        if not self._is_saving:
            super().reject()
        else:
            self._is_cancelled.set()

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
        self.bar.hide()
        self.setMinimumWidth(_LEAST_WIDTH)

    def _bind(self) -> None:
        self.buttons.accepted.connect(self._choose_file)
        self.buttons.rejected.connect(self.reject)
        self.precision.changed.connect(self._on_choice)
        self.replaces.changed.connect(self._on_choice)
        self._timer.timeout.connect(self._show_progress)
        self.destroyed.connect(self._is_cancelled.set)
        can_lack_numbers = self._stack.values.dtype.kind == "f"
        self.replaces.native.setVisible(can_lack_numbers)
        self.replacement.native.setVisible(can_lack_numbers)
        self._on_choice()

    def _described(self, bits: int) -> str:
        values = self._stack.values
        is_lossless = values.dtype.kind != "f" and bits >= 8 * values.dtype.itemsize
        note = ", loses nothing" if is_lossless else ""
        return f"{bits} bit: at most {_size(values.size * bits // 8)}{note}"

    def _on_choice(self) -> None:
        self.pad_for_web.enabled = self.precision.value > 8
        self.replacement.enabled = self.replaces.value

    def _choose_file(self) -> None:
        name = re.sub(_UNSAFE, "_", self.name.value or self._stack.name)
        suggested = self._folder / f"{name}.{self.precision.value}.zip"
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Save dataset", str(suggested), "IFeaLiD datasets (*.zip)"
        )
        if chosen:
            path = zip_path(chosen)
            self.save(path, force=path == Path(chosen))  # the dialog has asked already

    def _track(self, iterable: Iterable[Item], /, *, total: int, desc: str) -> Iterator[Item]:
        for done, item in enumerate(iterable):
            if self._is_cancelled.is_set():
                raise CancelledError(f"{desc}: cancelled")
            self._progress = desc, done, total
            yield item

    def _show_progress(self) -> None:
        text, done, total = self._progress
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self.bar.setFormat("Cancelling…" if self._is_cancelled.is_set() else f"{text}: %p %")

    def _on_saved(self) -> None:
        show_info(f"Saved {self._path} ({_size(self._path.stat().st_size)})")
        self._show_saving(False)
        self.accept()

    def _on_failed(self, error: Exception) -> None:
        self._show_saving(False)
        if isinstance(error, CancelledError):
            self.reject()
        else:
            show_error(str(error))

    def _show_saving(self, is_saving: bool) -> None:
        self._is_saving = is_saving
        self._options.setDisabled(is_saving)
        self.save_button.setDisabled(is_saving)
        self.bar.setVisible(is_saving)
        if is_saving:
            self._timer.start(_REFRESH)
        else:
            self._timer.stop()


def _size(byte_count: int) -> str:
    return f"{byte_count / 1e6:.1f} MB"
