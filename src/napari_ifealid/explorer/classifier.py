"""Makes the map of the most similar reference as soon as possible."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_ifealid.engines import Classes, Engine, class_steps
from napari_ifealid.explorer.engine_owner import EngineOwner
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.grid import Region
from napari_ifealid.measures import Measure
from napari_ifealid.query import Query, Reference

R = TypeVar("R")  # of references, whose vectors may still be to be read

_FRAME = 1.0 / 60.0  # seconds; what takes longer runs in the background


@dataclass(frozen=True, eq=False)
class ClassMap:
    """Which reference each pixel is most similar to.

    Parameters
    ----------
    query : Query
    region : tuple of slice
        The pixels that were asked for.
    labels : array of int32, shape of the region
        Number of the reference in the query, counted from 1; 0 where no similarity is known.
    values : array of float32, shape of the region
        The similarity to it.
    """

    query: Query
    region: Region
    labels: NDArray[np.int32]
    values: NDArray[np.float32]

    def above(self, threshold: float) -> NDArray[np.int32]:
        """Return the labels where the similarity is at or above a threshold, else 0."""
        classes: NDArray[np.int32] = self.labels * (self.values >= np.float32(threshold))
        return classes


class Classifier(Generic[R]):
    """Classifies the pixels of a stack; the newest question wins.

    Nothing is shown of an older question: what can't be answered at once is blank meanwhile.

    Parameters
    ----------
    name : str
        Of the stack.
    owner : EngineOwner
    scheduler : Scheduler
    resolve : callable
        `resolve(reference)`: it with its vector; None while that is read. `resume` is called then.
    failed : callable
        `failed(error)`, called where pixels could not be classified.
    """

    changed = Signal()
    """`shown` is another one."""

    cancelled = Signal()
    """The user has cancelled; nothing is asked any more."""

    def __init__(
        self,
        name: str,
        owner: EngineOwner,
        scheduler: Scheduler,
        resolve: Callable[[R], Reference | None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._name = name
        self._owner = owner
        self._scheduler = scheduler
        self._resolve = resolve
        self._failed = failed
        self._question: tuple[tuple[R, ...], Measure, Region] | None = None
        self._wanted: tuple[Query, Region] | None = None
        self._shown: ClassMap | None = None
        self._is_begin_due = False
        self._run: _Run | None = None
        self._seconds = float("inf")  # that the last map took, per reference

    @property
    def shown(self) -> ClassMap | None:
        """The answer to what was asked last; None until there is one."""
        return self._shown

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do."""
        return not (self._is_begin_due or self._run is not None) and (
            self._question is None or self._wanted is not None
        )

    def ask(self, references: Sequence[R], measure: Measure, region: Region) -> None:
        """Classify pixels by references; nothing is shown where there are none.

        Parameters
        ----------
        references : sequence of PixelReference, RegionReference or Reference
        measure : Measure
        region : tuple of slice
            The pixels that are shown.
        """
        self._question = (tuple(references), measure, region) if references else None
        self.resume()

    def rest(self) -> None:
        """Ask for nothing any more."""
        self._question = self._wanted = None
        self._stop_parts()
        self._show(None)

    def stop(self) -> None:
        """Report nothing from now on: what is shown stays to whoever shows it."""
        self.changed.disconnect()
        self.rest()

    def resume(self) -> None:
        """Go on with the question: vectors have been read."""
        if self._question is None:
            self.rest()
            return
        references, measure, region = self._question
        known = [self._resolve(reference) for reference in references]
        vectors = tuple(reference for reference in known if reference is not None)
        if len(vectors) < len(known):
            self._wanted = None
            self._stop_parts()
            self._show(None)
            return
        query = Query(_liked(vectors), measure=measure)
        self._wanted = query, region
        self._stop_parts()
        if self._is_shown:
            self._show_as_asked(query)
        elif not self._is_begin_due:
            self._is_begin_due = True
            self._scheduler.soon(self._begin)

    def give_up(self) -> bool:
        """Ask no more if vectors are missing that can't be read; return whether that is so."""
        is_waiting = self._question is not None and self._wanted is None
        if is_waiting:
            self.rest()
        return is_waiting

    @property
    def _is_shown(self) -> bool:
        shown = self._shown
        return shown is not None and (shown.query, shown.region) == self._wanted

    def _stop_parts(self) -> None:
        """Stop reading the parts of an outdated question. What comes in one piece is finished."""
        run = self._run
        if run is not None and run.cancel is not None and (run.query, run.region) != self._wanted:
            run.cancel()
            self._run = None

    def _begin(self) -> None:
        self._is_begin_due = False
        if self._wanted is None or self._run is not None or self._is_shown:
            return
        run = _Run(self._owner.engine, *self._wanted)
        is_quick = self._seconds * len(run.query.references) < _FRAME
        if run.engine.needs_gui_thread or is_quick:
            self._run_now(run)
        else:
            self._run_in_background(run)

    def _run_now(self, run: _Run) -> None:
        self._run = run
        try:
            for _ in run.steps():
                pass
        except Exception as error:  # each driver fails in its own way
            self._on_failed(run, error)
        else:
            self._on_done(run)

    def _run_in_background(self, run: _Run) -> None:
        self._run = run
        self._show(None)
        count = run.step_count
        cancel = self._scheduler.in_steps(
            run.steps,
            lambda _: None,
            partial(self._on_done, run),
            partial(self._on_failed, run),
            f"Classifying {self._name}" if count > 1 else None,
            count,
        )
        if count > 1:
            run.cancel = cancel

    def _on_done(self, run: _Run) -> None:
        if run is not self._run:
            return
        self._run = None
        self._seconds = run.seconds / len(run.query.references)
        if self._wanted is not None and (run.query, run.region) == self._wanted:
            self._show(replace(run.class_map, query=self._wanted[0]))
        else:
            self._begin()

    def _on_failed(self, run: _Run, error: Exception) -> None:
        if run is not self._run:
            return
        self._run = None
        if isinstance(error, CancelledError):
            self.rest()
            self.cancelled.emit()
        elif self._wanted is not None and self._owner.replace(error):
            self._begin()
        elif self._wanted is not None:
            self.rest()
            self._failed(error)

    def _show_as_asked(self, query: Query) -> None:
        """Show the same classes after references that have other names or colours by now."""
        shown = self._shown
        if shown is not None and _looks(shown.query) != _looks(query):
            self._show(replace(shown, query=query))

    def _show(self, classes: ClassMap | None) -> None:
        if classes is not self._shown:
            self._shown = classes
            self.changed.emit()


def _liked(references: Sequence[Reference]) -> tuple[Reference, ...]:
    return tuple(reference for reference in references if reference.sign > 0)


def _looks(query: Query) -> list[tuple[str, str]]:
    return [(one.label, one.colour) for one in query.references]


class _Run:
    """Pixels being classified.

    Parameters
    ----------
    engine : Engine
    query : Query
    region : tuple of slice
    """

    def __init__(self, engine: Engine, query: Query, region: Region) -> None:
        self.engine = engine
        self.query = query
        self.region = region
        self.seconds = float("inf")
        self.cancel: Callable[[], None] | None = None
        self._classes: Classes | None = None

    @property
    def step_count(self) -> int:
        """How many steps there are, those that measure the stack first included."""
        return self._preparation_step_count + self.engine.part_count(self.region)

    @property
    def class_map(self) -> ClassMap:
        """The result, once all steps are done."""
        assert self._classes is not None
        # a label of 0 is none
        labels = self._classes.numbers.astype(np.int32) + 1
        return ClassMap(self.query, self.region, labels, self._classes.values)

    def steps(self) -> Generator[None]:
        """Yield after each step, and measure how long they take."""
        start = perf_counter()
        if self._preparation_step_count:
            yield from self.engine.preparation_steps(self.query.measure)
        for classes in class_steps(self.engine, self.query, self.region):
            self._classes = classes
            yield None
        self.seconds = perf_counter() - start

    @property
    def _preparation_step_count(self) -> int:
        """How many blocks are to be measured first; 0 where the engine does that on the way."""
        engine, measure = self.engine, self.query.measure
        count = 0 if engine.is_prepared(measure) else engine.preparation_step_count(measure)
        return count if count > 1 else 0
