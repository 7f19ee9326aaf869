"""The dialog that asks which features of a stack are compared."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from napari_ifealid.left_out_features import (
    Flags,
    left_out_text,
    named_features,
    naming_numbers,
    of_water_vapour,
    parsed_text,
    used_flags,
)
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.plain_text import plain_message
from napari_ifealid.stack import FeatureStack
from napari_ifealid.widgets.plain_label import PlainLabel

_LEAST_WIDTH = 460  # pixels
_LINES = 3  # of the text
_WIDTH_OF_A_NUMBER = 90  # pixels


class FeatureUseDialog(QDialog):
    """Shows which features are left out as a text, which can be edited.

    Parameters
    ----------
    stack : FeatureStack
    used : UsedFeatures or None
        Those in use; None for all of them.
    choose : callable
        `choose(flags)`, called with an array of bool of shape (C,): which ones shall be used.
    parent : QWidget, optional

    Attributes
    ----------
    text : QTextEdit
        What is left out, such as "1350–1450 nm, 1800 nm".
    message : PlainLabel
        How many are used, or what is wrong with the text.
    first, last : QLineEdit
        The ends of a range.
    leave_out, use_again, only : QPushButton
        What is done with it.
    bad : QCheckBox
        Whether all that the file calls bad is left out.
    water, everything, reset, accept_button : QPushButton
    """

    def __init__(
        self,
        stack: FeatureStack,
        used: UsedFeatures | None,
        choose: Callable[[Flags], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._choose = choose
        self._count = stack.feature_count
        self._labels = stack.feature_labels or ()
        good = stack.bands.is_good
        self._good = np.ones(self._count, bool) if good is None else np.array(good, bool)
        self._default = self._good if self._good.any() else np.ones(self._count, bool)
        self._water = of_water_vapour(self._labels)
        self.setWindowTitle("Use features")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._make_controls()
        self._lay_out()
        self.text.textChanged.connect(self._show)
        self._write(used_flags(used, self._count))

    def accept(self) -> None:
        """Use what is chosen, and close."""
        flags = self._flags
        if flags is not None:
            self._choose(flags)
            super().accept()

    @property
    def _flags(self) -> Flags | None:
        """Which features are used; None where the text is wrong."""
        try:
            return parsed_text(self.text.toPlainText(), self._labels)
        except ValueError:
            return None

    def _make_controls(self) -> None:
        numbers = naming_numbers(self._labels)
        least, most = (f"{end:.10g}" for end in (numbers.numbers.min(), numbers.numbers.max()))
        self._unit = numbers.unit
        meant = f"in {self._unit}" if self._unit else "by their numbers or labels"
        self.first = _number_edit(least, f"Where the range begins, {meant}: {least} unless given")
        self.last = _number_edit(most, f"Where the range ends, {meant}: {most} unless given")
        self.leave_out = _button("Leave out", "Leave out the features of this range, too")
        self.use_again = _button("Use again", "Use the features of this range, too")
        self.only = _button("Only these", "Use the features of this range, and no others")
        self.leave_out.clicked.connect(lambda: self._apply_range(lambda old, new: old & ~new))
        self.use_again.clicked.connect(lambda: self._apply_range(lambda old, new: old | new))
        self.only.clicked.connect(lambda: self._apply_range(lambda _, new: new))
        self.text = QTextEdit()
        self.text.setAcceptRichText(False)
        self.text.setTabChangesFocus(True)
        self.text.setPlaceholderText("none")
        self.text.setToolTip(
            f"The features that are left out, {meant}: ranges and single ones, with commas "
            "between them"
        )
        line = self.text.fontMetrics().lineSpacing()
        self.text.setFixedHeight(_LINES * line + 24)
        self.message = PlainLabel()
        self.message.setWordWrap(True)
        self.message.setMinimumHeight(2 * line)
        self.bad = QCheckBox(f"Leave out the bad bands of the file ({np.sum(~self._good)})")
        bad = f"Bad in the file: {left_out_text(self._good, self._labels)}"
        self.bad.setToolTip(plain_message(bad))
        self.bad.clicked.connect(self._on_bad)
        self.water = _button(
            "Water vapour 1350–1450 and 1800–1950 nm",
            "Leave these wavelengths out, too: water vapour absorbs nearly all sunlight there",
        )
        self.water.clicked.connect(self._on_water)
        self.everything = _button("All", "Use all features, also the bad bands of the file")
        self.everything.clicked.connect(lambda: self._write(np.ones(self._count, bool)))
        self.reset = _button(
            "Reset",
            "Use the features that the file calls good: all of them where it calls none bad",
        )
        self.reset.clicked.connect(lambda: self._write(self._default))
        self._buttons = QDialogButtonBox()
        self.accept_button = QPushButton("Use them")
        self._buttons.addButton(self.accept_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self._buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        form = QFormLayout()
        ends = _row(self.first, PlainLabel("to"), self.last, PlainLabel(self._unit))
        form.addRow("From", ends)
        form.addRow("", _row(self.leave_out, self.use_again, self.only))
        form.addRow("Left out", self.text)
        form.addRow("", self.message)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.bad)
        layout.addLayout(_row(self.water, self.everything, self.reset))
        layout.addWidget(self._buttons)
        self.bad.setVisible(not self._good.all())
        self.water.setVisible(self._water is not None)
        self.setMinimumWidth(_LEAST_WIDTH)

    def _write(self, flags: Flags) -> None:
        self.text.setPlainText(left_out_text(flags, self._labels))

    def _show(self) -> None:
        try:
            flags = parsed_text(self.text.toPlainText(), self._labels)
        except ValueError as error:
            message = str(error)
            self.message.setText(f"{message[:1].upper()}{message[1:]}.")
            for part in self._parts_of_a_right_text:
                part.setEnabled(False)
            return
        self.message.setText(f"{np.sum(flags)} of {self._count} features are used.")
        for part in self._parts_of_a_right_text:
            part.setEnabled(True)
        self.bad.setChecked(not flags[~self._good].any())

    @property
    def _parts_of_a_right_text(self) -> tuple[QWidget, ...]:
        """Controls that change what the text has, or take it: it must be right."""
        return (self.leave_out, self.use_again, self.bad, self.water, self.accept_button)

    def _apply_range(self, joined: Callable[[Flags, Flags], Flags]) -> None:
        first, last = map(self._end, (self.first, self.last))
        flags = self._flags
        try:
            named = named_features(f"{first}–{last}", self._labels)
        except ValueError as error:
            message = str(error)
            self.message.setText(f"{message[:1].upper()}{message[1:]}.")
            return
        self._write(joined(np.ones(self._count, bool) if flags is None else flags, named))

    def _end(self, edit: QLineEdit) -> str:
        """Return an end of the range, in the unit of the labels unless it has one of its own."""
        text = edit.text().strip() or edit.placeholderText()
        try:
            float(text)
        except ValueError:
            return text
        return f"{text} {self._unit}".rstrip()

    def _on_bad(self, is_ticked: bool) -> None:
        flags = self._flags
        if flags is not None:
            self._write(flags & self._good if is_ticked else flags | ~self._good)

    def _on_water(self) -> None:
        flags = self._flags
        if flags is not None and self._water is not None:
            self._write(flags & ~self._water)


def _number_edit(placeholder: str, tooltip: str) -> QLineEdit:
    edit = QLineEdit()
    edit.setPlaceholderText(placeholder)
    edit.setToolTip(tooltip)
    edit.setMinimumWidth(_WIDTH_OF_A_NUMBER)
    return edit


def _button(text: str, tooltip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tooltip)
    button.setAutoDefault(False)  # the Enter key accepts
    return button


def _row(*parts: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    for part in parts:
        row.addWidget(part)
    row.addStretch()
    return row
