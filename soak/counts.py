"""What there is of everything that must not grow, counted while the window is at rest."""

from __future__ import annotations

import ctypes
import gc
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from vispy.gloo import gl

from napari_ifealid.engines.gl_context import OffscreenContext
from napari_ifealid.workarounds.canvases import all_canvases
from soak.running import start_scaling_threads

OURS = ("napari_ifealid", "napari", "vispy")
"""Packages whose objects are counted by their types."""

_FRAMES, _FRAME = 5, 100  # that canvases draw while memory is counted, and milliseconds for each
_GAP = 512  # names in a row that are nothing, after which no more are looked for
_IS_KIND: tuple[Callable[[int], bool], ...] = (
    gl.glIsTexture,
    gl.glIsBuffer,
    gl.glIsProgram,
    gl.glIsShader,
    gl.glIsFramebuffer,
    gl.glIsRenderbuffer,
)


@dataclass(frozen=True)
class Sample:
    """What was counted at one time.

    Parameters
    ----------
    minute : float
        Since the beginning.
    memory : int
        Bytes that the process has made itself, without what is free and what one frame takes.
    handles : int
        Open files, sockets and the like.
    threads : int
    gl_contexts : int
        Those of engines and of canvases.
    gl_objects : int
        Textures, buffers, programs, shaders and frame buffers in all of them.
    widgets : int
        Of Qt.
    objects : dict of str to int
        Python objects of this plugin, of napari and of vispy, by their types.
    """

    minute: float
    memory: int
    handles: int
    threads: int
    gl_contexts: int
    gl_objects: int
    widgets: int
    objects: dict[str, int]


def sample(minute: float) -> Sample:
    """Count all. To be called in the thread of the window, which draws meanwhile."""
    start_scaling_threads()
    for _ in range(3):  # what finalizers leave behind goes the next time
        gc.collect()
    alive = gc.get_objects()
    contexts = [one for one in alive if type(one) is OffscreenContext]
    names = (f"{type(one).__module__}.{type(one).__qualname__}" for one in alive)
    objects = Counter(name for name in names if name.partition(".")[0] in OURS)
    del alive
    canvases = all_canvases()
    gl_objects = sum(_objects_in(context.current) for context in contexts)
    gl_objects += sum(_objects_in(lambda one=one: _current(one)) for one in canvases)
    process = psutil.Process()
    return Sample(
        minute=minute,
        memory=min(_memory(process) for _ in _frames()),
        handles=process.num_fds() if hasattr(process, "num_fds") else process.num_handles(),
        threads=process.num_threads(),
        gl_contexts=len(contexts) + len(canvases),
        gl_objects=gl_objects,
        widgets=len(QApplication.allWidgets()),
        objects=dict(objects),
    )


def _frames() -> Iterator[None]:
    """Have each canvas drawn anew, several times.

    Qt and drivers keep some megabytes of the last frame until the next one: which, depends on what
    was drawn last. They only add to what is kept for good, which the least of some frames tells.
    """
    for _ in range(_FRAMES):
        for canvas in all_canvases():
            canvas.update()
        QTest.qWait(_FRAME)
        _give_back()
        yield


def _memory(process: psutil.Process) -> int:
    """Return the bytes that the process has made itself, also those that are swapped out.

    Not those of files, such as libraries: the system drops and reads them again as it likes.
    """
    try:
        told = Path("/proc/self/smaps_rollup").read_text()
    except OSError:  # not on Linux
        return int(process.memory_full_info().uss)
    kilobytes = dict(re.findall(r"^(\w+): +(\d+) kB$", told, re.MULTILINE))
    return 1024 * (int(kilobytes["Anonymous"]) + int(kilobytes["Swap"]))


def _give_back() -> None:
    """Have the C library give memory that is free back to the system, where it can."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _objects_in(current: Callable[[], Any]) -> int:
    """Return how many names are objects of a context: OpenGL gives them out from 1 on."""
    with current():
        return sum(_count(is_kind) for is_kind in _IS_KIND)


def _count(is_kind: Callable[[int], bool]) -> int:
    count, name, last = 0, 1, 0
    while name - last < _GAP:
        if is_kind(name):
            count, last = count + 1, name
        name += 1
    return count


@contextmanager
def _current(canvas: Any) -> Iterator[None]:
    canvas.makeCurrent()
    try:
        yield
    finally:
        canvas.doneCurrent()
