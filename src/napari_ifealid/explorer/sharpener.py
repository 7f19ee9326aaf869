"""Builds what sharp maps of a stack need, in the background."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import CancelledError
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from napari_ifealid.engines import PixelVectors
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.formats.weights_place import weights_path
from napari_ifealid.measures import Measure
from napari_ifealid.sharpening import (
    SharpEngine,
    SharpPixels,
    Weights,
    check_fit,
    read_weights,
    refusal_of,
    weight_step_count,
    weight_steps,
)
from napari_ifealid.sharpness import Sharpness
from napari_ifealid.stack import FeatureStack, StackSource


class SharpenerState(Enum):
    """State of what sharp maps need."""

    NONE = auto()
    """Nothing is there, and nothing is being built."""

    BUILDING = auto()
    """The weights are being built."""

    READY = auto()
    """The weights are there."""

    CANCELLED = auto()
    """The user has cancelled."""


@dataclass(frozen=True, eq=False)
class Sharpened:
    """What sharp maps need.

    Parameters
    ----------
    weights : Weights
    engine : SharpEngine
    learned_from : Path, optional
        The file that the weights are from, where an up-sampler has made them.
    """

    weights: Weights
    engine: SharpEngine
    learned_from: Path | None = None


class Sharpener:
    """Builds the weights of a stack and measures its up-sampled vectors; the last wish wins.

    Parameters
    ----------
    stack : FeatureStack
        One that can have sharp maps, see `why_not_sharp`.
    source : StackSource or None
        Where it was read from: weights that lie beside it are used as they are.
    scheduler : Scheduler
    changed : callable
        Called when the state is another one.
    failed : callable
        `failed(error)`, called where it could not be done, unless the user has cancelled it.
    """

    def __init__(
        self,
        stack: FeatureStack,
        source: StackSource | None,
        scheduler: Scheduler,
        changed: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._stack = stack
        self._source = source
        self._scheduler = scheduler
        self._changed = changed
        self._failed = failed
        self._state = SharpenerState.NONE
        self._wanted: Sharpness | None = None
        self._sharpened: Sharpened | None = None
        self._cancel: Callable[[], None] | None = None

    @property
    def state(self) -> SharpenerState:
        """State of what sharp maps need."""
        return self._state

    @property
    def sharpened(self) -> Sharpened | None:
        """What was built last; while something else is built, it is of another sharpness."""
        return self._sharpened

    def want(self, sharpness: Sharpness, measure: Measure) -> None:
        """Build what is needed, unless it is there or was cancelled.

        Parameters
        ----------
        sharpness : Sharpness
        measure : Measure
            The first one that maps are made by.
        """
        if sharpness == self._wanted:
            return
        self.stop()
        self._wanted = sharpness
        work = _Work(self._stack, self._source, sharpness, measure)
        self._state = SharpenerState.BUILDING
        self._cancel = self._scheduler.in_steps(
            work,
            self._on_step,
            lambda: None,
            self._on_failed,
            f"Sharpening {self._stack.name}",
            work.step_count,
        )
        if self._state is SharpenerState.BUILDING:
            self._changed()

    def forget(self) -> None:
        """Release what was built."""
        self.stop()
        self._state, self._wanted, self._sharpened = SharpenerState.NONE, None, None

    def stop(self) -> None:
        """Stop building."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    def _on_step(self, sharpened: Sharpened | None) -> None:
        if sharpened is not None:
            self._sharpened, self._state = sharpened, SharpenerState.READY
            self._changed()

    def _on_failed(self, error: Exception) -> None:
        self._state, self._sharpened = SharpenerState.CANCELLED, None
        self._changed()
        if not isinstance(error, CancelledError):
            self._failed(error)


@dataclass(frozen=True, eq=False)
class _Work:
    """The work for another thread. It holds only what it needs, and no layer."""

    stack: FeatureStack
    source: StackSource | None
    sharpness: Sharpness
    measure: Measure

    @property
    def step_count(self) -> int:
        return weight_step_count(self.stack)

    def __call__(self) -> Generator[Sharpened | None]:
        pixels = PixelVectors.of(self.stack)
        learned_from = None if self.source is None else weights_path(self.source.location)
        if learned_from is not None and learned_from.exists():
            weights = read_weights(learned_from)
            check_fit(weights, self.stack)
            yield Sharpened(weights, self._engine(pixels, weights), learned_from)
            return
        for built in weight_steps(pixels, self.sharpness):
            yield None if built is None else Sharpened(built, self._engine(pixels, built))

    def _engine(self, pixels: PixelVectors, weights: Weights) -> SharpEngine:
        """Return an engine that is prepared for the first map."""
        engine = SharpEngine(SharpPixels(self.stack, weights), pixels)
        if not refusal_of(self.measure):
            for _ in engine.preparation_steps(self.measure):
                pass
        return engine
