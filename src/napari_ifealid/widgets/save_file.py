"""Asking for a file, and writing it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

from qtpy.QtWidgets import QFileDialog, QWidget

from napari_ifealid.errors import DatasetError
from napari_ifealid.notices import show_error, show_info


class Write(Protocol):
    """Writes a file."""

    def __call__(self, path: Path, *, force: bool) -> None:
        """Write it; with ``force`` an existing file is replaced."""


def save_file(parent: QWidget, title: str, proposal: Path, kinds: str, write: Write) -> Path | None:
    """Ask for a file, write it, and tell the user of it.

    Parameters
    ----------
    parent : QWidget
    title : str
        Of the dialog.
    proposal : path
    kinds : str
        Kinds of files as Qt's dialogs take them. The chosen one gives a name without any of their
        suffixes its own; as the dialog did not ask about that file, it is not replaced.
    write : callable
        ``write(path, force=…)``.

    Returns
    -------
    path or None
        What the user chose, whether it could be written or not; None if nothing.
    """
    chosen, kind = QFileDialog.getSaveFileName(parent, title, str(proposal), kinds)
    if not chosen:
        return None
    asked, path = Path(chosen), Path(chosen)
    if not chosen.lower().endswith(tuple(_suffixes(kinds))):
        path = path.with_name(_with_suffix(path, _suffixes(kind or kinds)[0]))
    try:
        write(path, force=path == asked)
    except (DatasetError, ValueError) as error:
        show_error(str(error))
    else:
        show_info(f"Saved {path.name} in {path.parent}")
    return path


def _suffixes(kinds: str) -> list[str]:
    return re.findall(r"\*(\.[^ )]+)", kinds)


def _with_suffix(path: Path, suffix: str) -> str:
    """Return a name with a suffix, of which it may have the end: ".json" of ".ifealid.json"."""
    has_its_end = bool(path.suffix) and suffix.endswith(path.suffix.lower())
    return (path.stem if has_its_end else path.name) + suffix
