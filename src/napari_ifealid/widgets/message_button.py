"""A button of a message box."""

from __future__ import annotations

from qtpy.QtWidgets import QMessageBox, QPushButton


def add_button(
    box: QMessageBox, text: str, role: QMessageBox.ButtonRole, tooltip: str
) -> QPushButton:
    """Add a button to a message box, and return it.

    The box makes it: with PySide6 it does not keep a button that was made before.

    Parameters
    ----------
    box : QMessageBox
    text : str
    role : QMessageBox.ButtonRole
    tooltip : str
    """
    button = box.addButton(text, role)
    assert isinstance(button, QPushButton)
    button.setToolTip(tooltip)
    return button
