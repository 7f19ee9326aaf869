"""Makes the map of the most similar reference as soon as possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_ifealid.engines import Engine, classes_of
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
        self._is_begin_due = self._is_running = False
        self._seconds = float("inf")  # that the last map took, per reference

    @property
    def shown(self) -> ClassMap | None:
        """The answer to what was asked last; None until there is one."""
        return self._shown

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do."""
        return not (self._is_begin_due or self._is_running) and (
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
        self._show(None)

    def stop(self) -> None:
        """Report nothing from now on: what is shown stays to whoever shows it."""
        self.changed.disconnect()
        self.rest()

    def resume(self) -> None:
        """Go on with the question: vectors have been read."""
        if self._question is None:
            self._wanted = None
            self._show(None)
            return
        references, measure, region = self._question
        known = [self._resolve(reference) for reference in references]
        vectors = tuple(reference for reference in known if reference is not None)
        if len(vectors) < len(known):
            self._wanted = None
            self._show(None)
            return
        self._wanted = Query(_liked(vectors), measure=measure), region
        if not self._is_begin_due and not self._is_shown:
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

    def _begin(self) -> None:
        self._is_begin_due = False
        if self._wanted is None or self._is_running or self._is_shown:
            return
        query, region = self._wanted
        engine = self._owner.engine
        work = partial(_timed, engine, query, region)
        is_quick = self._seconds * len(query.references) < _FRAME
        if engine.needs_gui_thread or is_quick:
            try:
                result = work()
            except Exception as error:  # each driver fails in its own way
                self._on_failed(error)
            else:
                self._on_done(query, region, result)
            return
        self._is_running = True
        self._show(None)
        is_long = engine.part_count(region) > 1
        self._scheduler.in_background(
            work,
            partial(self._on_done, query, region),
            self._on_failed,
            f"Classifying {self._name}" if is_long else None,
        )

    def _on_done(
        self,
        query: Query,
        region: Region,
        result: tuple[NDArray[np.int32], NDArray[np.float32], float],
    ) -> None:
        self._is_running = False
        labels, values, seconds = result
        self._seconds = seconds / len(query.references)
        if (query, region) == self._wanted:
            self._show(ClassMap(query, region, labels, values))
        else:
            self._begin()

    def _on_failed(self, error: Exception) -> None:
        self._is_running = False
        if self._wanted is not None and self._owner.replace(error):
            self._begin()
        elif self._wanted is not None:
            self._wanted = self._question = None
            self._show(None)
            self._failed(error)

    def _show(self, classes: ClassMap | None) -> None:
        if classes is not self._shown:
            self._shown = classes
            self.changed.emit()


def _liked(references: Sequence[Reference]) -> tuple[Reference, ...]:
    return tuple(reference for reference in references if reference.sign > 0)


def _timed(
    engine: Engine, query: Query, region: Region
) -> tuple[NDArray[np.int32], NDArray[np.float32], float]:
    start = perf_counter()
    classes = classes_of(engine, query, region)
    # a label of 0 is none
    return classes.numbers.astype(np.int32) + 1, classes.values, perf_counter() - start
