"""The napari reader: files as layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from time import monotonic
from typing import Any, TypeVar

from napari.utils import progress
from qtpy.QtWidgets import QApplication

from napari_ifealid.formats import looks_like_stack, read_stacks
from napari_ifealid.layers import LayerData, layer_data

_UNNOTICED = 0.5  # seconds; napari repaints its window for each step of a progress bar

NO_LAYERS: list[Any] = [(None,)]
"""What tells napari that there is nothing to add, and no reason to complain."""

Item = TypeVar("Item")
Reader = Callable[[str | list[str]], list[LayerData]]


def get_reader(path: str | list[str]) -> Reader | None:
    """Return a reader for feature stacks, or None if a file is something else.

    Parameters
    ----------
    path : str or list of str
        One file, or several that are opened together.
    """
    paths = _as_list(path)
    return read_layers if paths and all(map(looks_like_stack, paths)) else None


def read_layers(path: str | list[str]) -> list[LayerData]:
    """Return the layers of one file or several.

    All of them are read before anything is returned, so that a bad file adds no layer. Nothing
    is returned to a window that was closed meanwhile.

    Raises
    ------
    DatasetError
        If a file is no good.
    """
    try:
        return [
            layer
            for file in _as_list(path)
            for stack in read_stacks(file, track=late_progress)
            for layer in layer_data(stack)
        ]
    except CancelledError:
        return NO_LAYERS


def late_progress(iterable: Iterable[Item], /, *, total: int, desc: str) -> Iterator[Item]:
    """Show napari's progress bar once an iteration has taken half a second.

    Parameters
    ----------
    iterable : iterable
    total : int
        How many items it has.
    desc : str
        What is being done.

    Raises
    ------
    concurrent.futures.CancelledError
        If the window is closed meanwhile.
    """
    start, bar = monotonic(), None
    has_window = _has_window()
    try:
        for done, item in enumerate(iterable, start=1):
            yield item
            if has_window and not _has_window():  # closed, while the bar was painted
                raise CancelledError(f"{desc}: the window was closed")
            if bar is not None:
                bar.update(1)
            elif monotonic() - start > _UNNOTICED:
                bar = progress(total=total, desc=desc)
                bar.update(done)
    finally:
        if bar is not None:
            bar.close()


def _has_window() -> bool:
    application = QApplication.instance()
    return application is not None and any(
        window.isVisible() for window in QApplication.topLevelWidgets()
    )


def _as_list(path: str | list[str]) -> list[str]:
    return [path] if isinstance(path, str) else path
