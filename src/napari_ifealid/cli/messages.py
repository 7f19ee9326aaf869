"""Messages of the command, and how they are printed."""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from napari_ifealid.formats import MetadataWarning, OverlayWarning, WebApplicationWarning
from napari_ifealid.session_files import SessionWarning

FAILED = 2
"""Exit status for bad input."""


def tell(message: str) -> None:
    """Print a line on the error stream, beside progress bars."""
    with tqdm.external_write_mode():
        print(f"napari-ifealid: {message}", file=sys.stderr)


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
    """Print warnings as messages meanwhile."""
    with warnings.catch_warnings():
        for category in (MetadataWarning, OverlayWarning, WebApplicationWarning, SessionWarning):
            warnings.simplefilter("always", category)
        warnings.showwarning = _show
        yield


def _show(message: Warning | str, *_: object, **__: object) -> None:
    tell(f"warning: {message}")
