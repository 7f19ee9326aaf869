"""Makes the requested map as soon as possible."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import CancelledError
from enum import Enum, auto
from functools import partial
from math import inf, nan
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines import Engine, EngineUnavailableError, MapPart
from napari_ifealid.explorer.engine_owner import EngineOwner
from napari_ifealid.explorer.map_previews import MapPreviews
from napari_ifealid.explorer.map_request import MapRequest
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.grid import region_shape, within
from napari_ifealid.measures import Measure

Show = Callable[[MapRequest, NDArray[np.float32], float | None], None]

_FRAME = 1.0 / 60.0  # seconds; what takes longer runs in the background
_REST = 0.05  # seconds after which the pointer rests
_OPENED = 1.0  # seconds after the first map, when the window is there and all in it
_BETWEEN_PARTS = 0.1  # seconds; a map that is made part by part is not drawn more often


class MapState(Enum):
    """State of the requested map."""

    IDLE = auto()
    """The exact map is shown, or none is requested."""

    REQUESTED = auto()
    """The map will be started between the window's events."""

    PREVIEWED = auto()
    """The preview is shown; the exact map follows when the pointer rests."""

    MAKING = auto()
    """The exact map is being made."""

    FAILED = auto()
    """The map could not be made, or the user cancelled it."""

    STOPPED = auto()
    """Closed: no more maps are made."""


class MapMaker:
    """Makes the requested map; the newest request wins.

    Quick maps are made at once. Of those that take longer than a frame a preview is shown, once
    there is one, and the exact map when the pointer rests.

    Parameters
    ----------
    name : str
        Of the stack.
    owner : EngineOwner
    previews : MapPreviews
    scheduler : Scheduler
    show : callable
        `show(request, values, error)` with values of the request's region; the error is None for
        an exact map, and for a preview what 95 of 100 values are off by at most; NaN where parts
        of an exact map are still missing.
    failed : callable
        `failed(error)`, called where the map that is wanted could not be made.
    """

    def __init__(
        self,
        name: str,
        owner: EngineOwner,
        previews: MapPreviews,
        scheduler: Scheduler,
        *,
        show: Show,
        failed: Callable[[Exception], None],
    ) -> None:
        self._name = name
        self._owner = owner
        self._previews = previews
        self._scheduler = scheduler
        self._show = show
        self._failed = failed
        self._state = MapState.IDLE
        self._wanted: MapRequest | None = None
        self._made: MapRequest | None = None
        self._previewed: tuple[MapRequest, NDArray[np.float32], float] | None = None
        self._job: _Job | None = None
        self._is_begin_due = False
        self._history = _History()

    @property
    def state(self) -> MapState:
        """State of the requested map."""
        return self._state

    @property
    def wanted(self) -> MapRequest | None:
        """The last request."""
        return self._wanted

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do."""
        return self._state in (MapState.IDLE, MapState.FAILED, MapState.STOPPED)

    def want(self, request: MapRequest) -> None:
        """Make this map next."""
        if self._state is MapState.STOPPED:
            return
        self._wanted = request
        self._state = MapState.REQUESTED
        if not self._is_begin_due:
            self._is_begin_due = True
            # the pixel may be left again before its map is begun
            self._scheduler.soon(self._begin)

    def wait_with(self, request: MapRequest | None) -> None:
        """Make nothing while references are read; show the preview of an approximate request.

        Parameters
        ----------
        request : MapRequest or None
            None: show nothing meanwhile that is not shown already.
        """
        if self._state is not MapState.STOPPED:
            self._state, self._wanted = MapState.IDLE, None
            self._stop_parts()
            if request is not None:
                self._show_preview(request)

    def forget(self) -> None:
        """Make nothing until another map is requested: what was shown is no longer."""
        self.wait_with(None)
        self._made = self._previewed = None

    def stop(self) -> None:
        """Stop making maps."""
        self._state = MapState.STOPPED
        self._stop_parts()
        self._previews.stop()

    def _begin(self) -> None:
        self._is_begin_due = False
        wanted = self._wanted
        if self._state is not MapState.REQUESTED or wanted is None:
            return
        if wanted == self._made:
            self._stop_parts()
            self._state = MapState.IDLE
        elif self._job is not None and self._job.request == wanted:
            self._state = MapState.MAKING
        elif self._previewed is not None and self._previewed[0] == wanted:
            self._wait_for_a_rest(wanted)
        elif not self._history.is_quick(wanted.measure) and self._show_preview(wanted):
            self._stop_parts()
            self._wait_for_a_rest(wanted)
        else:
            self._stop_parts()
            self._make(wanted)

    def _show_preview(self, request: MapRequest) -> bool:
        preview = self._previews.preview
        shown = None if preview is None else request.preview(preview)
        if shown is None:
            return False
        self._made, self._previewed = None, (request, *shown)
        self._show(request, *shown)
        return True

    def _wait_for_a_rest(self, request: MapRequest) -> None:
        self._state = MapState.PREVIEWED
        self._scheduler.later(_REST, partial(self._rest, request))

    def _rest(self, request: MapRequest) -> None:
        if self._state is MapState.PREVIEWED and request == self._wanted:
            self._make(request)

    def _make(self, request: MapRequest) -> None:
        """Make an exact map; where another one is being made, once that is out of the way."""
        if self._job is not None:
            self._state = MapState.REQUESTED
            return
        try:
            engine = self._owner.engine_for(request.measure)
        except EngineUnavailableError as error:
            self._give_up(error)
            return
        self._state = MapState.MAKING
        job = _Job(request, engine, self._starting_values(request))
        self._job = job
        if not job.is_prepared:
            self._prepare(job)
        elif engine.needs_gui_thread or self._history.is_quick(request.measure):
            self._run_now(job)
        else:
            self._run_in_background(job)

    def _prepare(self, job: _Job) -> None:
        """Let the engine measure what it needs to know first; requests of the measure wait."""
        count = job.preparation_step_count
        cancel = self._scheduler.in_steps(
            job.preparation,
            lambda _: None,
            partial(self._on_prepared, job),
            partial(self._on_failed, job),
            f"Measuring {self._name}",
            count if count > 1 else 0,
        )
        job.cancel = cancel

    def _on_prepared(self, job: _Job) -> None:
        if self._state is MapState.STOPPED or job is not self._job:
            return
        self._job = None
        if self._state is MapState.REQUESTED:
            self._begin()
        elif job.request == self._wanted:
            self._make(job.request)

    def _starting_values(self, request: MapRequest) -> tuple[NDArray[np.float32], float]:
        """Return the values that parts of the map overwrite: the preview, or NaN."""
        if self._previewed is not None and self._previewed[0] == request:
            return self._previewed[1].copy(), self._previewed[2]
        return np.full(region_shape(request.region), nan, np.float32), nan

    def _run_now(self, job: _Job) -> None:
        try:
            parts = list(job.steps())
        except Exception as error:  # each driver fails in its own way
            self._on_failed(job, error)
            return
        for part in parts:
            job.take(part)
        self._on_done(job)

    def _run_in_background(self, job: _Job) -> None:
        count = job.engine.part_count(job.request.region)

        def arrived(part: MapPart) -> None:
            if job.take(part) and job is self._job:
                self._show(job.request, job.values, job.error)

        cancel = self._scheduler.in_steps(
            job.steps,
            arrived,
            partial(self._on_done, job),
            partial(self._on_failed, job),
            f"Reading {self._name}" if count > 1 else None,
            count,
        )
        if count > 1:
            job.cancel = cancel

    def _stop_parts(self) -> None:
        """Stop reading the parts of an outdated map. A map in one piece is finished.

        So is a preparation, unless another measure is asked for.
        """
        job = self._job
        if job is None or job.cancel is None:
            return
        if self._state is not MapState.STOPPED and job.prepares_for(self._wanted):
            return
        job.cancel()
        self._job = None

    def _on_done(self, job: _Job) -> None:
        if self._state is MapState.STOPPED or job is not self._job:
            return
        self._job = None
        if self._history.add(job.request.measure, job.seconds):
            self._scheduler.later(_OPENED, self._accelerate)
        if job.request == self._wanted:
            self._show_exact(job)
            self._state = MapState.IDLE
            if self._history.needs_previews:
                self._previews.begin()
        elif self._state is MapState.REQUESTED:
            if self._previewed is None:
                self._show_exact(job)  # of a pixel left meanwhile, but newer than what is shown
            self._begin()

    def _show_exact(self, job: _Job) -> None:
        self._made, self._previewed = job.request, None
        self._show(job.request, job.values, None)

    def _on_failed(self, job: _Job, error: Exception) -> None:
        if self._state is MapState.STOPPED or job is not self._job:
            return
        self._job = None
        if job.request != self._wanted:
            if self._state is MapState.REQUESTED:
                self._begin()
        elif isinstance(error, CancelledError):
            self._state = MapState.FAILED
        elif self._owner.replace(error):
            self._accelerate()
            self._make(job.request)
        else:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._state, self._made = MapState.FAILED, None
        self._failed(error)

    def _accelerate(self) -> None:
        """Make the maps to come quicker; compiling would have held up the first one."""
        if self._state is not MapState.STOPPED:
            self._owner.engine.accelerate()


class _Job:
    """An exact map being made."""

    def __init__(
        self, request: MapRequest, engine: Engine, start: tuple[NDArray[np.float32], float]
    ) -> None:
        self.request = request
        self.engine = engine
        self.values, self.error = start
        self.seconds = inf
        self.cancel: Callable[[], None] | None = None
        self._last_shown = perf_counter()
        measure = request.measure
        self.is_prepared = measure is None or engine.is_prepared(measure)

    @property
    def preparation_step_count(self) -> int:
        """How many steps `preparation` has."""
        measure = self.request.measure
        return 0 if measure is None else self.engine.preparation_step_count(measure)

    def preparation(self) -> Generator[None]:
        """Let the engine measure what it needs to know of the stack."""
        if self.request.measure is not None:
            yield from self.engine.preparation_steps(self.request.measure)

    def prepares_for(self, wanted: MapRequest | None) -> bool:
        """Return whether it is a preparation that the map that is wanted needs as well."""
        is_needed = wanted is None or wanted.measure == self.request.measure
        return not self.is_prepared and is_needed

    def steps(self) -> Generator[MapPart]:
        """Yield the parts, and measure how long they take."""
        start = perf_counter()
        yield from self.request.parts(self.engine)
        self.seconds = perf_counter() - start

    def take(self, part: MapPart) -> bool:
        """Write a part into the values; return whether it is time to show them."""
        place, values = part
        if place == self.request.region:
            self.values = values
            return False
        self.values[within(place, self.request.region)] = values
        is_time = perf_counter() - self._last_shown > _BETWEEN_PARTS
        if is_time:
            self._last_shown = perf_counter()
        return is_time


class _History:
    """How long the maps of a stack took."""

    def __init__(self) -> None:
        self._last: dict[Measure | None, float] = {}
        self._latest = inf
        self._slow = 0

    def is_quick(self, measure: Measure | None) -> bool:
        """Return whether a map of a measure, or of features, takes less than a frame."""
        return self._last.get(measure, self._latest if measure is None else inf) < _FRAME

    @property
    def needs_previews(self) -> bool:
        """Whether previews are worth building: the first map is slow in any case."""
        return self._slow > 1

    def add(self, measure: Measure | None, seconds: float) -> bool:
        """Remember a map; return whether it was the first."""
        is_first = not self._last
        self._last[measure] = self._latest = seconds
        self._slow += seconds > _FRAME
        return is_first
