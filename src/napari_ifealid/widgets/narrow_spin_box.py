"""A field of a number that takes little room."""

from __future__ import annotations

from qtpy.QtWidgets import QAbstractSpinBox

_STYLE = """
QAbstractSpinBox {min-width: 0px; padding: 1px %dpx}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {width: 0px; border: none}
QAbstractSpinBox::up-arrow, QAbstractSpinBox::down-arrow {width: 0px; image: none}
"""


def make_narrow_field(field: QAbstractSpinBox, padding: int) -> None:
    """Take the buttons of a field away, and the room that themes of napari keep for them.

    Parameters
    ----------
    field : QAbstractSpinBox
    padding : int
        On the left and on the right, in pixels.
    """
    # by style alone: without buttons, Qt 6.12 leaves the number a pixel where there is a theme
    field.setStyleSheet(_STYLE % padding)
