"""Builds what sharp maps of a stack need, in the background."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import CancelledError
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property, partial
from pathlib import Path

from napari_ifealid.engines import EngineChoice, PixelVectors, RunningEngine, find_renderer
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.formats.location import is_file
from napari_ifealid.formats.weights_place import weights_path
from napari_ifealid.grid import Pixel
from napari_ifealid.measures import Measure
from napari_ifealid.sharpening import (
    SharpEngine,
    SharpPixels,
    Weights,
    check_fit,
    plan_sharp,
    read_weights,
    refusal_of,
    start_sharp_in_steps,
    weight_step_count,
    weight_steps,
    window_weights,
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

    FAILED = auto()
    """They could not be built, or the user has cancelled."""


@dataclass(frozen=True, eq=False)
class Sharpened:
    """What sharp maps need.

    Parameters
    ----------
    weights : Weights
    engine : SharpEngine
        The CPU's.
    running : RunningEngine
        The one that makes maps.
    learned_from : Path, optional
        The file that the weights are from, where an up-sampler has made them.
    is_whole : bool, optional
        Whether the weights are those of the whole image, or of a window alone.
    """

    weights: Weights
    engine: SharpEngine
    running: RunningEngine
    learned_from: Path | None = None
    is_whole: bool = True


class Sharpener:
    """Builds the weights of a stack and measures its up-sampled vectors; the last wish wins.

    A window that is being built is finished first: else nothing would be seen while wishes change.

    Parameters
    ----------
    stack : FeatureStack
        One that can have sharp maps, see `why_not_sharp`.
    source : StackSource or None
        Where it was read from: weights that lie beside it are used as they are.
    choice : EngineChoice
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
        choice: EngineChoice,
        scheduler: Scheduler,
        changed: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._stack = stack
        self._source = source
        self._choice = choice
        self._scheduler = scheduler
        self._changed = changed
        self._failed = failed
        self._state = SharpenerState.NONE
        self._wanted: Sharpness | None = None
        self._sharpened: Sharpened | None = None
        self._cancel: Callable[[], None] | None = None
        self._starting: Generator[float, None, RunningEngine] | None = None
        self._pixels = _Pixels(stack)
        self._awaits_window = False
        self._next: _Work | None = None

    @property
    def state(self) -> SharpenerState:
        """State of what sharp maps need."""
        return self._state

    @property
    def sharpened(self) -> Sharpened | None:
        """What was built last; while something else is built, it is of another sharpness."""
        return self._sharpened

    def want(self, sharpness: Sharpness, measure: Measure, focus: Pixel | None = None) -> None:
        """Build what is needed, unless it is there or has failed.

        Parameters
        ----------
        sharpness : Sharpness
        measure : Measure
            The first one that maps are made by.
        focus : (int, int), optional
            A pixel of the image: the window around it is built first.
        """
        if sharpness == self._wanted:
            return
        self._wanted = sharpness
        work = _Work(self._pixels, self._source, sharpness, measure, focus)
        if self._awaits_window:
            self._next = work
        else:
            self._begin(work)

    def _begin(self, work: _Work) -> None:
        self.stop()
        self._state = SharpenerState.BUILDING
        self._awaits_window = work.focus is not None
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
        self._awaits_window, self._next = False, None
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
        if self._starting is not None:
            self._starting.close()
            self._starting = None

    def _on_step(self, built: _Built | None) -> None:
        if built is not None and not built.is_whole:
            running = RunningEngine(built.engine, "a window of the image first")
            self._sharpened = Sharpened(built.weights, built.engine, running, is_whole=False)
            self._awaits_window, following = False, self._next
            self._changed()
            if following is not None:
                self._begin(following)
        elif built is not None:
            plan = plan_sharp(self._choice, built.engine, find_renderer())
            self._starting = start_sharp_in_steps(built.engine, plan)
            self._advance(self._starting, built)

    def _advance(self, starting: Generator[float, None, RunningEngine], built: _Built) -> None:
        """Do one step of the engine's start between the window's events."""
        if starting is not self._starting:
            return
        try:
            next(starting)
        except StopIteration as end:
            self._starting, self._state = None, SharpenerState.READY
            self._sharpened = Sharpened(built.weights, built.engine, end.value, built.learned_from)
            self._changed()
        else:
            self._scheduler.soon(partial(self._advance, starting, built))

    def _on_failed(self, error: Exception) -> None:
        self._awaits_window, self._next = False, None
        self._state, self._sharpened = SharpenerState.FAILED, None
        self._changed()
        if not isinstance(error, CancelledError):
            self._failed(error)


@dataclass(frozen=True, eq=False)
class _Built:
    """What was built in another thread."""

    weights: Weights
    engine: SharpEngine
    learned_from: Path | None = None
    is_whole: bool = True


class _Pixels:
    """The vectors of a stack, laid out by whoever needs them first."""

    def __init__(self, stack: FeatureStack) -> None:
        self.stack = stack

    @cached_property
    def vectors(self) -> PixelVectors:
        """The vectors."""
        return PixelVectors.of(self.stack)


@dataclass(frozen=True, eq=False)
class _Work:
    """The work for another thread. It holds only what it needs, and no layer."""

    pixels: _Pixels
    source: StackSource | None
    sharpness: Sharpness
    measure: Measure
    focus: Pixel | None

    @property
    def step_count(self) -> int:
        return weight_step_count(self.pixels.stack) + (self.focus is not None)

    def __call__(self) -> Generator[_Built | None]:
        pixels, stack = self.pixels.vectors, self.pixels.stack
        learned_from = None if self.source is None else weights_path(self.source.location)
        if learned_from is not None and is_file(learned_from):
            weights = read_weights(learned_from)
            check_fit(weights, stack)
            yield _Built(weights, self._engine(pixels, weights), learned_from)
            return
        if self.focus is not None:
            window = window_weights(pixels, self.sharpness, self.focus)
            yield _Built(window, self._engine(pixels, window), is_whole=False)
        for built in weight_steps(pixels, self.sharpness):
            yield None if built is None else _Built(built, self._engine(pixels, built))

    def _engine(self, pixels: PixelVectors, weights: Weights) -> SharpEngine:
        """Return an engine that is prepared for the first map."""
        engine = SharpEngine(SharpPixels(self.pixels.stack, weights), pixels)
        if not refusal_of(self.measure):
            for _ in engine.preparation_steps(self.measure):
                pass
        return engine
