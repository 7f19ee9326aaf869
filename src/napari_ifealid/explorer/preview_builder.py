"""The preview of a stack, built in the background within a budget of memory."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import CancelledError

from psutil import virtual_memory

from napari_ifealid.engines import BlockwiseEngine, Preview, RunningEngine, preview_of
from napari_ifealid.engines.preview import direction_count
from napari_ifealid.explorer.kept_previews import load_preview, preview_file, save_preview
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.stack import FeatureStack

MEGABYTE = 1_000_000
"""Bytes."""

_SHARE = 0.25  # of the free memory


def default_budget() -> int:
    """Return how many megabytes a preview may take unless the user says otherwise."""
    return int(_SHARE * virtual_memory().available / MEGABYTE)


class PreviewBuilder:
    """Builds the preview of a stack once it is needed, and again for another budget.

    Parameters
    ----------
    stack : FeatureStack
    running : RunningEngine
    scheduler : Scheduler
    budget : int
        Megabytes that the preview may take.
    changed : callable
        Called when the preview is needed, has been built or is gone.
    source : str, optional
        Path that a stack that stays on disk is read from. Its preview is kept for the next time.
    """

    def __init__(
        self,
        stack: FeatureStack,
        running: RunningEngine,
        scheduler: Scheduler,
        *,
        budget: int,
        changed: Callable[[], None],
        source: str | None = None,
    ) -> None:
        self._stack = stack
        self._running = running
        self._scheduler = scheduler
        self._changed = changed
        self._source = source
        self._budget = _bytes(budget)
        self._cancel: Callable[[], None] | None = None  # of what was begun last
        self._preview: Preview | None = None

    @property
    def preview(self) -> Preview | None:
        """The preview, once it is built."""
        return self._preview

    @property
    def is_begun(self) -> bool:
        """Whether a preview is needed."""
        return self._cancel is not None

    def begin(self) -> None:
        """Build the preview, unless that is begun."""
        if self._cancel is None:
            self._build()

    def set_budget(self, budget: int) -> None:
        """Let the preview take so many megabytes, and build it anew if that makes it another."""
        before = self._count
        self._budget = _bytes(budget)
        if self._cancel is not None and self._count != before:
            self._cancel()
            self._preview = None
            self._build()

    def stop(self) -> None:
        """Build nothing any more."""
        if self._cancel is not None:
            self._cancel()

    @property
    def _count(self) -> int:
        return direction_count(self._budget, self._stack.pixel_count, self._stack.feature_count)

    def _build(self) -> None:
        def step(preview: Preview | None) -> None:
            if preview is not None:
                self._preview = preview
                self._changed()

        engine = self._running.engine
        self._cancel = self._scheduler.in_steps(
            self._steps,
            step,
            _nothing,
            _unless_cancelled,
            f"Preparing previews of {self._stack.name}",
            engine.preview_step_count if isinstance(engine, BlockwiseEngine) else 0,
        )
        self._changed()

    def _steps(self) -> Generator[Preview | None]:
        engine, pixels = self._running.engine, self._running.pixels
        if isinstance(engine, BlockwiseEngine):
            yield from self._kept_steps(engine)
        elif pixels is not None:
            yield preview_of(pixels, self._budget)

    def _kept_steps(self, engine: BlockwiseEngine) -> Generator[Preview | None]:
        file = preview_file(self._source, self._stack)
        kept = None if file is None else load_preview(file)
        if kept is not None and kept.codes.shape[1] == self._count:
            yield kept
            return
        for preview in engine.preview_steps(self._budget):
            yield preview
            if preview is not None and file is not None:
                save_preview(file, preview)


def _bytes(budget: int) -> int:
    available: int = virtual_memory().available
    return min(budget * MEGABYTE, available)


def _nothing() -> None:
    """Do without."""


def _unless_cancelled(error: Exception) -> None:
    if not isinstance(error, CancelledError):
        raise error  # napari shows it
