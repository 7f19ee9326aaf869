"""References to None that PySide6 6.12 loses on Python 3.11.

Each call into Qt that returns nothing, such as ``QLabel.setText``, takes a reference to None away
and gives none back. napari alone loses 17 with each mouse move, and once there are none left the
process is aborted: "deallocating None". Python 3.12 and newer count no references to None, and
PySide6 6.8 to 6.11 lose none. Not reported there yet.
"""

from __future__ import annotations

import sys
from ctypes import c_ssize_t

from qtpy import PYSIDE6, QT_VERSION

_ENOUGH = 1 << 40  # at a thousand calls each second, for 30 years


def loses_none() -> bool:
    """Return whether this Python and this binding lose references to None."""
    version = tuple(int(part) for part in (QT_VERSION or "0").split(".")[:2])
    return bool(PYSIDE6) and version >= (6, 12) and sys.version_info < (3, 12)


def keep_none() -> None:
    """Give None more references than can be lost, where some are lost."""
    if loses_none() and sys.getrefcount(None) < _ENOUGH // 2:
        give_none_references(_ENOUGH)


def give_none_references(count: int) -> None:
    """Add to the references that CPython counts for None, in a release build of Python 3.11.

    Parameters
    ----------
    count : int
    """
    # the count is the first member of each object: Py_IncRef would take hours
    c_ssize_t.from_address(id(None)).value += count
