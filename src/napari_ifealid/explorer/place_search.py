"""Search for the best places in the maps of all linked stacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image
from numpy.typing import NDArray
from psygnal import Signal

from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.explorer import Explorer
from napari_ifealid.explorer.map_request import SimilarityRequest
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.viewer_parts import camera
from napari_ifealid.grid import Grid, Pixel, Place
from napari_ifealid.notices import show_error
from napari_ifealid.results.best_places import BestPlace, best_places


@dataclass(frozen=True)
class FoundPlace:
    """A pixel that is very similar to the reference.

    Parameters
    ----------
    layer : napari Image layer
        Of the stack.
    pixel : tuple of int
    place : tuple of float
        The middle of the pixel, in the world.
    value : float
        Its similarity.
    """

    layer: Image
    pixel: Pixel
    place: Place
    value: float


@dataclass(frozen=True, eq=False)
class _Map:
    """A map to search in: values of a region, and where it lies."""

    values: NDArray[np.float32]
    start: Pixel
    grid: Grid

    def places(self, count: int, distance: float) -> list[BestPlace]:
        return best_places(self.values, count, distance, spacing=self.grid.spacing.tolist())


class PlaceSearch:
    """Finds the best places in the maps of the explored stack and of all that are linked.

    What was found is gone as soon as one of the maps is that of another reference, or is moved.

    Parameters
    ----------
    viewer : napari viewer
    explorer : Explorer
    scheduler : Scheduler
    """

    changed = Signal()
    """Other places are found, or none any more."""

    def __init__(self, viewer: ViewerModel, explorer: Explorer, scheduler: Scheduler) -> None:
        self._viewer = viewer
        self._explorer = explorer
        self._scheduler = scheduler
        self._found: tuple[FoundPlace, ...] | None = None  # before it is searched
        self._wanted: tuple[int, float] | None = None  # while maps are made
        self._searched: dict[Session, SimilarityRequest] = {}
        self._connections = Connections()
        self._explorer_connections = Connections()
        for signal in (explorer.stack_changed, explorer.links.changed):
            self._explorer_connections.connect(signal, self._check)
        self._explorer_connections.connect(explorer.moved, self._on_moved)

    @property
    def found(self) -> tuple[FoundPlace, ...]:
        """The best places, the best one first."""
        return self._found or ()

    @property
    def is_searching(self) -> bool:
        """Whether places are to come."""
        return self._wanted is not None or (bool(self._searched) and self._found is None)

    def places_in(self, layer: Image) -> list[FoundPlace]:
        """Return the places that were found in the stack of a layer."""
        return [place for place in self.found if place.layer is layer]

    def search(self, count: int, distance: float) -> None:
        """Search in the maps of the reference as it is now.

        Parameters
        ----------
        count : int
            Of the places that are listed, of all stacks together.
        distance : float
            The least distance between two places in one stack, in the units of the world.
        """
        self.clear()
        self._wanted = count, distance
        for session in self._sessions():
            self._connections.connect(session.map_changed, self._check)
        self.changed.emit()
        self._check()

    def clear(self) -> None:
        """Forget what was found."""
        self._connections.close()
        self._searched = {}
        self._wanted = self._found = None

    def go_to(self, found: FoundPlace) -> None:
        """Show a place in the middle of the picture, of its stack. The reference is held.

        Parameters
        ----------
        found : FoundPlace
        """
        self._explorer.look_at(found.layer)
        dims = self._viewer.dims
        for axis in dims.not_displayed:
            if axis - dims.ndim >= -len(found.place) and axis - dims.ndim in self._axes(found):
                dims.set_point(axis, found.place[axis - dims.ndim])
        view = camera(self._viewer)
        shown = [
            found.place[axis - dims.ndim] if axis - dims.ndim >= -len(found.place) else 0.0
            for axis in dims.displayed
        ]
        view.center = (*tuple(view.center)[: 3 - len(shown)], *shown)

    def close(self) -> None:
        """Stop following the explorer."""
        self._explorer_connections.close()
        self.clear()

    def _axes(self, found: FoundPlace) -> tuple[int, ...]:
        sessions = (one for one in self._explorer.sessions if one.layer is found.layer)
        return next((session.grid.axes for session in sessions), ())

    def _sessions(self) -> list[Session]:
        """Return the sessions that can answer."""
        explorer = self._explorer
        loaded = (session for session in explorer.sessions if session.stack is not None)
        return [session for session in loaded if not explorer.why_not_comparable(session)]

    def _check(self) -> None:
        """Search once all maps are there; forget what is not of the maps any more."""
        if self._wanted is not None:
            for session in self._sessions():
                session.answer()  # the reference may be another one by now
            wanted = self._wanted  # None once an answer has come at once
            if wanted is not None and all(
                one.is_exact or one.has_no_data for one in self._sessions()
            ):
                self._begin(*wanted)
        elif self._searched and not self._is_current:
            self.clear()
            self.changed.emit()

    def _on_moved(self) -> None:
        """Forget places in a map that lies elsewhere by now."""
        if self._searched:
            self.clear()
            self.changed.emit()

    @property
    def _is_current(self) -> bool:
        return all(
            session in self._explorer.sessions
            and session.shown is not None
            and session.shown.request == request
            for session, request in self._searched.items()
        )

    def _begin(self, count: int, distance: float) -> None:
        self._wanted = None
        self._searched = requests = {}
        maps: list[tuple[Image, _Map]] = []
        for session in self._sessions():
            values, shown = session.shown_values, session.shown
            if values is None or shown is None or not isinstance(shown.request, SimilarityRequest):
                continue
            requests[session] = shown.request
            start = tuple(part.start for part in shown.request.region)
            maps.append((session.layer, _Map(values.copy(), start, session.grid)))
        layers = [layer for layer, _ in maps]
        self._scheduler.in_background(
            partial(_found_in, [one for _, one in maps], count, distance),
            partial(self._on_found, requests, layers, count),
            partial(self._on_failed, requests),
        )

    def _on_found(
        self,
        requests: dict[Session, SimilarityRequest],
        layers: Sequence[Image],
        count: int,
        places: Sequence[Sequence[tuple[Pixel, Place, float]]],
    ) -> None:
        if requests is not self._searched or not self._is_current:
            return
        found = chain.from_iterable(
            (FoundPlace(layer, *place) for place in some)
            for layer, some in zip(layers, places, strict=True)
        )
        self._found = tuple(sorted(found, key=lambda place: -place.value)[:count])
        self.changed.emit()

    def _on_failed(self, requests: dict[Session, SimilarityRequest], error: Exception) -> None:
        show_error(str(error))
        if requests is self._searched:
            self.clear()
            self.changed.emit()


def _found_in(
    maps: Sequence[_Map], count: int, distance: float
) -> list[list[tuple[Pixel, Place, float]]]:
    """Return pixel, place and value of the best places in each map."""
    result = []
    for one in maps:
        found = []
        for best in one.places(count, distance):
            pixel = tuple(a + b for a, b in zip(one.start, best.pixel, strict=True))
            found.append((pixel, one.grid.moved_to((), pixel), best.value))
        result.append(found)
    return result
