"""The napari reader: files as layers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any

from napari.viewer import current_viewer

from napari_ifealid._background import awaited
from napari_ifealid.explorer.sources import is_opened_overlay
from napari_ifealid.formats import looks_like_stack, read_stacks
from napari_ifealid.formats.location import name_of
from napari_ifealid.layers import LayerData, layers_of
from napari_ifealid.tracking import Track

NO_LAYERS: list[Any] = [(None,)]
"""Result of a reader that has nothing to add and no error to report."""

Reader = Callable[[str | list[str]], list[LayerData]]


def get_reader(path: str | list[str]) -> Reader | None:
    """Return a reader for feature stacks, or None if a file or a folder is something else.

    Parameters
    ----------
    path : str or list of str
        One file, or several that are opened together.
    """
    paths = _as_list(path)
    if not paths:
        return None
    try:
        are_ours = awaited(lambda _: all(map(looks_like_stack, paths)), _opening(paths))
    except CancelledError:
        return lambda _: NO_LAYERS
    return read_layers if are_ours else None


def read_layers(path: str | list[str]) -> list[LayerData]:
    """Return the layers of one file or several, with one overlay for each image.

    All of them are read before anything is returned, so that a bad file adds no layer. Nothing is
    returned to a window that was closed meanwhile, or where the user has cancelled. An image that
    the viewer shows already, as that of another stack, is left out.

    Raises
    ------
    DatasetError
        If a file is no good.
    """
    paths, viewer = _as_list(path), current_viewer()
    shown = [] if viewer is None else filter(is_opened_overlay, viewer.layers)
    overlays = [layer.data for layer in shown]

    def read(track: Track) -> list[LayerData]:
        stacks = [stack for file in paths for stack in read_stacks(file, track=track)]
        return layers_of(stacks, overlays)

    try:
        return awaited(read, _opening(paths))
    except CancelledError:
        return NO_LAYERS


def _opening(paths: list[str]) -> str:
    return f"Opening {name_of(paths[0])}"


def _as_list(path: str | list[str]) -> list[str]:
    return [path] if isinstance(path, str) else path
