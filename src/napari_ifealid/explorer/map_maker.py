"""The map that is wanted, as soon as it can be had."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from functools import partial
from math import inf, nan
from time import perf_counter

import numpy as np
from napari.utils.notifications import show_error
from numpy.typing import NDArray

from napari_ifealid.engines import BlockwiseEngine, CpuEngine, RunningEngine, cpu_instead
from napari_ifealid.explorer.preview_builder import PreviewBuilder
from napari_ifealid.explorer.schedulers import ImmediateScheduler, Scheduler
from napari_ifealid.explorer.wanted import Part, Wanted
from napari_ifealid.stack import FeatureStack

Show = Callable[[Wanted, NDArray[np.float32], float | None], None]

_FRAME = 1.0 / 60.0  # seconds; what takes longer runs in the background
_REST = 0.05  # seconds after which the pointer rests
_OPENED = 1.0  # seconds after the first map, when the window is there and all in it
_BETWEEN_PARTS = 0.1  # seconds; a map that is made part by part is not drawn more often


class MapMaker:
    """Makes the map that is wanted; the newest one wins.

    Quick maps are made at once. Of those that take longer than a frame a preview is shown, once
    there is one, and the exact map when the pointer rests.

    Parameters
    ----------
    stack : FeatureStack
    running : RunningEngine
    scheduler : Scheduler
    show : callable
        `show(wanted, map, error)` with error None for an exact map, and for a preview what 95 of
        100 similarities are off by at most; NaN where parts of an exact map are still missing.
    engine_replaced : callable
        Called with the engine that runs instead of one that failed.
    previews : PreviewBuilder
    """

    def __init__(
        self,
        stack: FeatureStack,
        running: RunningEngine,
        scheduler: Scheduler,
        *,
        show: Show,
        engine_replaced: Callable[[RunningEngine], None],
        previews: PreviewBuilder,
    ) -> None:
        self._stack = stack
        self._running = running
        self._scheduler = scheduler
        self._show = show
        self._engine_replaced = engine_replaced
        self._previews = previews
        self._wanted: Wanted | None = None
        self._made: Wanted | None = None
        self._is_accelerated = False
        self._is_requested = self._is_busy = self._is_stopped = False
        self._seconds = inf  # that the last map took
        self._slow_maps = 0
        self._cancel_parts = _nothing
        self._previewed: Wanted | None = None
        self._preview_shown: tuple[NDArray[np.float32], float] | None = None
        if stack.is_on_disk:
            self._previews.begin()

    @property
    def is_idle(self) -> bool:
        """Whether the exact map that is wanted is made."""
        return not self._is_busy and self._made == self._wanted

    def want(self, wanted: Wanted) -> None:
        """Make this map next."""
        self._wanted = wanted
        if not self._is_requested:
            self._is_requested = True
            # the pixel may be left again before its map is begun
            self._scheduler.soon(self._begin)

    def stop(self) -> None:
        """Show nothing any more, and give back what the engine holds."""
        self._is_stopped = True
        self._cancel_parts()
        self._previews.stop()
        self._running.engine.close()

    def _begin(self) -> None:
        self._is_requested = False
        wanted = self._wanted
        if self._is_stopped or wanted is None or wanted in (self._made, self._previewed):
            return
        if not self._show_preview(wanted):
            self._make(wanted)

    def _show_preview(self, wanted: Wanted) -> bool:
        """Show nearly the map and wait for a rest; False where the exact one is as quick."""
        preview = self._previews.preview
        if preview is None or self._seconds < _FRAME:
            return False
        similarity = wanted.preview(preview)
        if similarity is None:
            return False
        self._stop_parts()
        self._made, self._previewed = None, wanted
        self._preview_shown = similarity, preview.error
        self._show(wanted, similarity, preview.error)
        self._scheduler.later(_REST, partial(self._make, wanted))
        return True

    def _make(self, wanted: Wanted) -> None:
        """Make an exact map, unless another one is wanted by now."""
        if self._is_stopped or self._is_busy or wanted != self._wanted or wanted == self._made:
            return
        self._is_busy = True
        if isinstance(self._running.engine, BlockwiseEngine):
            self._make_in_parts(wanted, self._running.engine)
        else:
            self._make_whole(wanted, self._running)

    def _make_whole(self, wanted: Wanted, running: RunningEngine) -> None:
        def make() -> tuple[NDArray[np.float32], float]:
            start = perf_counter()
            return wanted.make(self._stack, running.engine), perf_counter() - start

        def made(result: tuple[NDArray[np.float32], float]) -> None:
            self._finish(wanted, *result)

        def failed(error: Exception) -> None:
            if self._is_stopped:
                return
            self._is_busy = False
            if not on_gpu or running.pixels is None:
                raise error
            self._running = cpu_instead(running.pixels, error)
            self._accelerate()
            self._engine_replaced(self._running)
            self._make(wanted)

        on_gpu = running.engine.name == "GPU"
        is_quick = on_gpu or self._seconds < _FRAME  # OpenGL is bound to the window's thread
        scheduler = ImmediateScheduler() if is_quick else self._scheduler
        scheduler.in_background(make, made, failed)

    def _make_in_parts(self, wanted: Wanted, engine: BlockwiseEngine) -> None:
        """Show the map of a stack that stays on disk as its parts arrive."""
        if wanted == self._previewed and self._preview_shown is not None:
            similarity, error = self._preview_shown[0].copy(), self._preview_shown[1]
        else:
            similarity, error = np.full(self._stack.spatial_shape, nan, np.float32), nan
        start = last = perf_counter()

        def arrived(part: Part) -> None:
            nonlocal last
            block, similarity[block] = part
            if perf_counter() - last > _BETWEEN_PARTS:
                self._show(wanted, similarity, error)
                last = perf_counter()

        def done() -> None:
            self._cancel_parts = _nothing
            self._finish(wanted, similarity, perf_counter() - start)

        def failed(error: Exception) -> None:
            self._is_busy = False
            if isinstance(error, CancelledError):
                self._made = self._wanted = None  # until another one is
            else:
                show_error(f"{self._stack.name}: found that it can't be read ({error}).")

        cancel = self._scheduler.in_steps(
            lambda: wanted.parts(self._stack, engine),
            arrived,
            done,
            failed,
            f"Reading {self._stack.name}",
            len(engine.blocks),
        )
        if self._is_busy:
            self._cancel_parts = cancel

    def _accelerate(self) -> None:
        """Make the maps to come quicker; compiling would have held up the first one."""
        engine = self._running.engine
        if not self._is_stopped and isinstance(engine, CpuEngine):
            engine.accelerate()

    def _stop_parts(self) -> None:
        if self._cancel_parts is not _nothing:
            self._cancel_parts()
            self._cancel_parts = _nothing
            self._is_busy = False

    def _finish(self, wanted: Wanted, similarity: NDArray[np.float32], seconds: float) -> None:
        if self._is_stopped:
            return
        self._is_busy = False
        self._seconds = seconds
        assert self._wanted is not None
        if wanted == self._wanted or self._wanted != self._previewed:
            self._made, self._previewed, self._preview_shown = wanted, None, None
            self._show(wanted, similarity, None)
        if not self._is_accelerated:
            self._is_accelerated = True
            self._scheduler.later(_OPENED, self._accelerate)
        if wanted == self._wanted:
            self._slow_maps += seconds > _FRAME
            if self._slow_maps > 1:  # the first one is slow in any case
                self._previews.begin()
        elif self._wanted == self._previewed:
            self._make(self._wanted)
        else:
            self.want(self._wanted)


def _nothing() -> None:
    """Do without."""
