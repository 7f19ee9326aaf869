"""References to None that PySide6 6.12 loses on Python 3.11.

Each call into Qt that returns nothing, such as ``QLabel.setText``, takes a reference to None away
and gives none back. napari alone loses 17 with each mouse move, and once there are none left the
process is aborted: "deallocating None". Python 3.12 and newer count no references to None, and
PySide6 6.8 to 6.11 lose none. Not reported there yet.
"""

from __future__ import annotations

import ctypes
import sys

from qtpy import PYSIDE6, QT_VERSION
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QWidget

ENOUGH = 200_000
"""References to None that there are to be: a mouse that never rests loses 4,000 a second."""

_SECONDS = 5  # until some are given again


def loses_none() -> bool:
    """Return whether this Python and this binding lose references to None."""
    version = tuple(int(part) for part in (QT_VERSION or "0").split(".")[:2])
    return bool(PYSIDE6) and version >= (6, 12) and sys.version_info < (3, 12)


def keep_none(widget: QWidget) -> None:
    """See to it that there are enough references to None while a widget lives, where some are lost.

    Parameters
    ----------
    widget : QWidget
    """
    if not loses_none():
        return
    give_none_references()
    timer = QTimer(widget)
    timer.timeout.connect(give_none_references)
    timer.start(1000 * _SECONDS)


def give_none_references() -> None:
    """Add to the references to None until there are enough, with the C API of Python."""
    add = ctypes.pythonapi.Py_IncRef
    add.argtypes, add.restype = [ctypes.py_object], None
    for _ in range(ENOUGH - sys.getrefcount(None)):
        add(None)
