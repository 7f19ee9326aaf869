"""What tifffile logs of files, which is for programmers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident


@contextmanager
def tifffile_silenced() -> Iterator[None]:
    """Let tifffile log nothing from this thread meanwhile.

    It warns of each missing value that its own check refuses, such as that of GDAL for float32,
    and of what is reported as an error anyway.
    """
    here = get_ident()

    def is_of_others(record: logging.LogRecord) -> bool:
        return record.thread != here

    log = logging.getLogger("tifffile")
    log.addFilter(is_of_others)
    try:
        yield
    finally:
        log.removeFilter(is_of_others)
