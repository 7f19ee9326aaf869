"""Errors reported to the user, each once."""

from __future__ import annotations

from collections.abc import Callable

from napari_ifealid.errors import DatasetError, first_line


class ErrorReports:
    """Reports what went wrong, though it goes wrong at every hover.

    Parameters
    ----------
    show : callable
        `show(text)` shows an error to the user.
    """

    def __init__(self, show: Callable[[str], object]) -> None:
        self._show = show
        self._reported: set[str] = set()

    def report(self, error: Exception) -> None:
        """Show an error in plain words, unless its like was shown already.

        Raises
        ------
        Exception
            The error itself, if it is none of bad input: napari shows it with a traceback.
        """
        kind = f"{type(error).__name__}: {first_line(error)}"
        if kind in self._reported:
            return
        self._reported.add(kind)
        if isinstance(error, DatasetError):
            self._show(str(error))
        else:
            raise error

    def forget(self) -> None:
        """Report everything again, for another stack."""
        self._reported.clear()
