"""Counts of what a window and the process hold: objects, callbacks, threads, open files."""

from __future__ import annotations

import gc
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import napari
import psutil
from vispy.gloo.globject import GLObject

from napari_ifealid.engines.compiled import CompiledProducts
from napari_ifealid.engines.compiler import Compiled
from napari_ifealid.sharpening.compiled_sums import CompiledSums
from soak.running import start_scaling_threads

_PACKAGE = "napari_ifealid"

_NOT_OURS = "Dummy-", "ThreadPoolExecutor-"
"""Threads of Qt's pool as Python sees them, and those that dask keeps for each thread that
computes, until another one does. The plugin's own pools have names."""

_KEPT = ("napari_ifealid.workarounds.removal_context._RemovalContext.make_current",)
"""Stays as long as the canvas on purpose: it knows nothing else, see there."""

_COMPILED = Compiled, CompiledProducts, CompiledSums
"""One for each kind of stack, compiled once by a thread that may take longer than a sequence."""

_OF_GRIDS = "OpenGL objects"
"""napari 0.9.2 keeps some of what it has drawn the cells of a grid with: see
`test_held_things.py`, which has no panel."""

_FILES_OF_NAPARI = str(Path(napari.__file__).parent / "resources")
"""It keeps the picture open that turns while a layer is loaded."""


def held_things(viewer: Any) -> Counter[str]:
    """Count what is held by a window without a panel, and by the process.

    Parameters
    ----------
    viewer : napari viewer
    """
    start_scaling_threads()
    gc.collect()
    counts: Counter[str] = Counter()
    for one in gc.get_objects():
        kind = type(one)
        if issubclass(kind, GLObject):
            counts[f"OpenGL objects {kind.__name__}"] += 1
        elif (kind.__module__ or "").startswith(_PACKAGE) and not issubclass(kind, _COMPILED):
            counts[f"{kind.__module__}.{kind.__qualname__}"] += 1
    counts.update(f"callback {_owner(one)}" for one in callbacks_of(viewer))
    process = psutil.Process()
    files = [one.path for one in process.open_files()]
    counts.update(f"open file {one}" for one in files if not one.startswith(_FILES_OF_NAPARI))
    counts["other handles"] = process.num_fds() - len(files)
    names = (one.name for one in threading.enumerate())
    counts.update(f"thread {name}" for name in names if not name.startswith(_NOT_OURS))
    return counts


def more_than(before: Counter[str], after: Counter[str]) -> list[str]:
    """Return in words what there is more of than before."""
    return [f"{count} more: {what}" for what, count in sorted((after - before).items())]


def without_what_others_keep(left: list[str], *, had_grid: bool) -> list[str]:
    """Return what is left behind without what napari itself leaves.

    Parameters
    ----------
    left : list of str
    had_grid : bool
        Whether layers were shown in a grid.
    """
    return [text for text in left if not (had_grid and _OF_GRIDS in text)]


def callbacks_of(viewer: Any) -> Iterator[Any]:
    """Yield all callbacks of a viewer and of its layers.

    Not those of who is gone: an emitter of napari's drops them when it emits.
    """
    parts = [viewer, viewer.layers, viewer.layers.selection, viewer.dims, viewer.camera]
    for part in (*parts, viewer.cursor, viewer.grid, *viewer.layers):
        for emitter in part.events.emitters.values():
            yield from (one for one in emitter.callbacks if _is_there(one))
    for part in (viewer, *viewer.layers):
        yield from part.mouse_move_callbacks
        yield from part.mouse_drag_callbacks
        yield from part.mouse_wheel_callbacks
        yield from part.mouse_double_click_callbacks


def callbacks_of_the_plugin(viewer: Any) -> list[str]:
    """Return those callbacks of a viewer and its layers that are the plugin's."""
    found = (_owner(callback) for callback in callbacks_of(viewer))
    return [name for name in found if name.startswith(_PACKAGE) and name not in _KEPT]


def _is_there(callback: Any) -> bool:
    return not isinstance(callback, tuple) or callback[0]() is not None


def _owner(callback: Any) -> str:
    """Return the module and the name of the function or the object that is called."""
    if isinstance(callback, tuple):  # napari's weak reference to a bound method
        owner, name = callback[0](), callback[1]
        return f"{type(owner).__module__}.{type(owner).__qualname__}.{name}"
    while isinstance(callback, partial):
        callback = callback.func
    owner = getattr(callback, "__self__", None)
    if owner is not None and type(owner).__module__.startswith(_PACKAGE):
        return f"{type(owner).__module__}.{type(owner).__qualname__}"
    module = getattr(callback, "__module__", None) or type(callback).__module__
    return f"{module}.{getattr(callback, '__qualname__', '')}"
