"""Messages of the command, and how they are printed."""

from __future__ import annotations

import io
import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from napari_ifealid.formats import MetadataWarning, OverlayWarning, WebApplicationWarning
from napari_ifealid.plain_text import LONGEST_MESSAGE, lines, one_line
from napari_ifealid.session_files import SessionWarning

FAILED = 2
"""Exit status for bad input."""


def tell(message: str) -> None:
    """Print a line on the error stream, beside progress bars."""
    with tqdm.external_write_mode():
        print(f"napari-ifealid: {one_line(message, LONGEST_MESSAGE)}", file=sys.stderr)


def print_result(text: str) -> None:
    """Print a result on the output, beside progress bars.

    Parameters
    ----------
    text : str
        One line or several. Names in it are given by `one_line`, else they could add lines.
    """
    with tqdm.external_write_mode():
        print(lines(text))


def fail(message: str) -> int:
    """Print what is wrong with the input and return the exit status for it."""
    tell(message)
    return FAILED


def print_any_name() -> None:
    """Let names be printed that the terminal or its encoding does not know."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Print warnings, and what other packages log, as messages meanwhile."""
    handler = _Log(logging.WARNING)
    logging.getLogger().addHandler(handler)
    try:
        with _shown_warnings():
            yield
    finally:
        logging.getLogger().removeHandler(handler)


class _Log(logging.Handler):
    """Prints records of the log; without any handler, Python prints them as they are."""

    def emit(self, record: logging.LogRecord) -> None:
        tell(f"{record.levelname.lower()}: {record.getMessage()}")


@contextmanager
def _shown_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        for category in (MetadataWarning, OverlayWarning, WebApplicationWarning, SessionWarning):
            warnings.simplefilter("always", category)
        warnings.showwarning = _show
        yield


def _show(message: Warning | str, *_: object, **__: object) -> None:
    tell(f"warning: {message}")
