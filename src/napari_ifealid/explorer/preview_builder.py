"""The preview of a stack, built in the background within a budget of memory."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import CancelledError
from dataclasses import dataclass

from psutil import virtual_memory

from napari_ifealid.engines import Engine, Preview
from napari_ifealid.engines.preview import MOST_AXES, axis_count
from napari_ifealid.explorer.engine_owner import EngineOwner
from napari_ifealid.explorer.kept_previews import load_preview, preview_file, save_preview
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.stack import FeatureStack

MEGABYTE = 1_000_000
"""Bytes."""

_SHARE = 0.15  # of the free memory: blocks, maps and napari take as much again


def default_budget() -> int:
    """Return how many megabytes a preview may take unless the user says otherwise."""
    return int(_SHARE * virtual_memory().available / MEGABYTE)


class PreviewBuilder:
    """Builds the preview of a stack once it is needed, and again for another budget.

    Parameters
    ----------
    stack : FeatureStack
    owner : EngineOwner
    scheduler : Scheduler
    budget : int
        Megabytes that the preview may take.
    changed : callable
        Called when the preview is needed, has been built or is gone.
    failed : callable
        `failed(error)`, called where it could not be built, unless the user has cancelled it.
    features : UsedFeatures, optional
        Those that are compared.
    source : str, optional
        Path that a lazy stack is read from. Its preview is kept for the next time.
    """

    def __init__(
        self,
        stack: FeatureStack,
        owner: EngineOwner,
        scheduler: Scheduler,
        *,
        budget: int,
        changed: Callable[[], None],
        failed: Callable[[Exception], None],
        features: UsedFeatures | None = None,
        source: str | None = None,
    ) -> None:
        self._stack = stack
        self._owner = owner
        self._scheduler = scheduler
        self._changed = changed
        self._failed = failed
        self._features = features
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

    @property
    def largest(self) -> int:
        """The most megabytes that a preview of the stack can take."""
        most = min(MOST_AXES, self._stack.feature_count) * self._stack.pixel_count
        return -(-most // MEGABYTE)

    def begin(self) -> None:
        """Build the preview, unless that is begun."""
        if self._cancel is None:
            self._build()

    def set_features(self, features: UsedFeatures | None) -> None:
        """Let the preview be about these features, and build it anew if it was begun."""
        if features == self._features:
            return
        self._features = features
        if self._cancel is not None:
            self._cancel()
            self._preview = None
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
        """Stop building."""
        if self._cancel is not None:
            self._cancel()

    @property
    def _count(self) -> int:
        count = self._stack.feature_count
        if self._features is not None:
            count = len(self._features.numbers)
        return axis_count(self._budget, self._stack.pixel_count, count)

    def _build(self) -> None:
        self._cancel = self._scheduler.in_steps(
            _Steps(
                self._stack,
                self._features,
                self._owner.engine,
                self._budget,
                self._count,
                self._source,
            ),
            self._on_step,
            lambda: None,
            self._on_failed,
            f"Preparing previews of {self._stack.name}",
            self._owner.engine.preview_step_count,
        )
        self._changed()

    def _on_step(self, preview: Preview | None) -> None:
        if preview is not None:
            self._preview = preview
            self._changed()

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, CancelledError):
            self._failed(error)


@dataclass(frozen=True, eq=False)
class _Steps:
    """Builds a preview in another thread. It holds only what it needs, and no layer."""

    stack: FeatureStack
    features: UsedFeatures | None
    engine: Engine
    budget: int
    axis_count: int
    source: str | None

    def __call__(self) -> Generator[Preview | None]:
        file = None
        if self.stack.is_lazy:
            file = preview_file(self.source, self.stack, self.features)
        kept = None if file is None else load_preview(file, self.features)
        if kept is not None and kept.codes.shape[1] == self.axis_count:
            yield kept
            return
        for preview in self.engine.preview_steps(self.budget, self.features):
            yield preview
            if preview is not None and file is not None:
                save_preview(file, preview)


def _bytes(budget: int) -> int:
    available: int = virtual_memory().available
    return min(budget * MEGABYTE, available)
