"""The library as a source of references: named vectors, of which the ticked ones are asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from weakref import WeakKeyDictionary, ref

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.listed_library import (
    EMPTY_LIST,
    ListedLibrary,
    Tick,
    Ticks,
)
from napari_ifealid.explorer.map_request import ReferenceMode
from napari_ifealid.explorer.palette import ColoursInUse, next_colour
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.state import ExplorerState
from napari_ifealid.grid import Pixel, Place
from napari_ifealid.libraries import (
    Library,
    LibraryEntry,
    Match,
    Mismatch,
    match_features,
    similarities,
    sure_match,
)
from napari_ifealid.measures import Needs
from napari_ifealid.preprocessing import Transform
from napari_ifealid.query import Origin, Reference

_MOST_UNDONE = 100


@dataclass(frozen=True, eq=False)
class _Matched:
    """How the library meets one stack, worked out once.

    Parameters
    ----------
    labels : sequence of str or float
        The stack's, by which it is known without being kept in memory.
    match : Match or Mismatch
    transform : Transform or None
        What is done to the stack before it is compared.
    vectors : array, shape (N, C), optional
        All entries with the features of the stack, as they are compared; None where they can't be,
        or the user has not agreed to it.
    references : list of Reference
        The ticked ones among them.
    """

    labels: Sequence[str | float]
    match: Match | Mismatch
    transform: Transform | None
    vectors: NDArray[np.float64] | None
    references: list[Reference]


class LibrarySource:
    """The list of named vectors: opened, changed, and compared with where they are ticked.

    The first entry that is looked for turns from the cursor to the best of what is collected, and
    the last one that goes turns back.

    Parameters
    ----------
    state : ExplorerState
    colours : ColoursInUse, optional
        Ticked entries get colours that no other source uses.
    """

    changed = Signal()
    """There are other references."""

    listed = Signal()
    """The list is another one: its entries, names, order or ticks."""

    failed = Signal(object)
    """An entry could not be added: an exception."""

    def __init__(self, state: ExplorerState, colours: ColoursInUse | None = None) -> None:
        self._state = state
        self._colours = colours or ColoursInUse()
        self._colours.add(self)
        self._content = EMPTY_LIST
        self._history: deque[ListedLibrary] = deque(maxlen=_MOST_UNDONE)
        self._agreed: set[Hashable] = set()
        self._matched: WeakKeyDictionary[Session, _Matched] = WeakKeyDictionary()
        self._turned_from_cursor = False
        self._waiting = Connections()  # to the session whose pixel is to be read

    @property
    def library(self) -> Library:
        """The entries in the user's order, and their features."""
        return self._content.library

    @property
    def entries(self) -> Sequence[LibraryEntry]:
        """The entries in the user's order."""
        return self._content.library.entries

    @property
    def ticks(self) -> Ticks:
        """Colour and sign of each entry that is ticked, None for the others."""
        return self._content.ticks

    @property
    def ticked(self) -> list[int]:
        """The numbers of the entries that are ticked."""
        return self._content.ticked

    @property
    def colours(self) -> list[str]:
        """The colours of the entries that are ticked."""
        return self._content.colours

    @property
    def own_references(self) -> list[Reference]:
        """The ticked entries as references with the features of the library."""
        return self._references(self.library.vectors)

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to undo."""
        return bool(self._history)

    @property
    def can_rank(self) -> bool:
        """Whether the chosen measure is one of two vectors alone: others are for maps only."""
        return self._state.measure.needs is Needs.NOTHING

    def references_in(self, session: Session) -> Sequence[Reference]:
        """Return the ticked entries as references; none where the features don't match.

        Parameters
        ----------
        session : Session
            Its stack is loaded.
        """
        matched = self._matched_with(session)
        return [] if matched is None else matched.references

    def match_in(self, session: Session) -> Match | Mismatch | None:
        """Return how the library meets a session's stack; None without entries or stack."""
        matched = self._matched_with(session)
        return None if matched is None else matched.match

    def is_compared_in(self, session: Session) -> bool:
        """Return whether entries can be compared in a session, and the user agrees."""
        matched = self._matched_with(session)
        return matched is not None and matched.vectors is not None

    def similarities(
        self, session: Session, vector: NDArray[np.float64]
    ) -> NDArray[np.float64] | None:
        """Return how similar a pixel is to each entry, by the measure that is chosen.

        Parameters
        ----------
        session : Session
        vector : array, shape (C,)
            Of one of its pixels.

        Returns
        -------
        array of float64, shape (N,), or None
            None where entries can't be compared, where the user has not agreed to it, and by a
            measure that needs statistics of the stack, see `can_rank`.
        """
        matched = self._matched_with(session)
        if matched is None or matched.vectors is None or not self.can_rank:
            return None
        measure = self._state.measure.over(session.features)
        return similarities(measure, matched.vectors, vector)

    def agree(self, session: Session) -> None:
        """Compare the library with a session's stack as its match proposes, from now on."""
        matched = self._matched_with(session)
        if matched is not None and isinstance(matched.match, Match) and matched.vectors is None:
            self._agreed.add(self._pair(session, matched.labels))
            self._matched.clear()
            self.listed.emit()
            self.changed.emit()

    def open(self, library: Library) -> None:
        """List the entries of a library instead, none of them ticked."""
        self._set(ListedLibrary(library, (None,) * len(library.entries)))

    def add(self, entry: LibraryEntry, labels: Sequence[str | float]) -> None:
        """Add an entry at the end.

        Parameters
        ----------
        entry : LibraryEntry
        labels : sequence of str or float
            Of its features. They become those of an empty library.

        Raises
        ------
        DatasetError
            If they are not those of the library.
        """
        library = self.library
        if not library.entries:
            self._set(ListedLibrary(replace(library, entries=(entry,), labels=labels), (None,)))
            return
        match = sure_match(labels, library.features)
        if match is None:
            raise DatasetError(
                "other features than those of the library",
                expected=f"{len(library.features)} features with the same labels",
                remedy="Save the library and clear the list, or open a stack of the same features.",
                file=entry.source or None,
            )
        entry = replace(entry, vector=match.apply(entry.vector))
        entries, ticks = (*library.entries, entry), (*self.ticks, None)
        self._set(self._content.with_entries(entries, ticks))

    def add_pixel(self, session: Session, pixel: Pixel, place: Place | None, name: str) -> None:
        """Add a pixel of a session at the end, once its vector is read.

        Parameters
        ----------
        session : Session
            Its stack is loaded.
        pixel : tuple of int
        place : tuple of float, optional
            Where it lies in the world.
        name : str
        """
        self._waiting.close()
        vector, stack = session.vector(pixel), session.original
        if stack is None:
            return
        if vector is not None and session.transform is not None:
            vector = stack.vector(pixel)
        if vector is None:
            again = partial(self._add_once_read, ref(session), pixel, place, name)
            self._waiting.connect(session.vectors_read, again)
            return
        entry = LibraryEntry(vector, name, pixel, place, session.layer.name)
        try:
            self.add(entry, stack.feature_labels or ())
        except DatasetError as error:
            self.failed.emit(error)

    def rename(self, number: int, name: str) -> None:
        """Give an entry another name."""
        entries = list(self.entries)
        if entries[number].name != name:
            entries[number] = replace(entries[number], name=name)
            self._set(self._content.with_entries(entries, self.ticks))

    def remove(self, numbers: Collection[int]) -> None:
        """Remove entries."""
        kept = [number for number in range(len(self.entries)) if number not in numbers]
        if len(kept) < len(self.entries):
            self._take(kept)

    def clear(self) -> None:
        """Remove all entries."""
        self.remove(range(len(self.entries)))

    def move(self, number: int, by: int) -> None:
        """Move an entry down the list, or up by less than 0, as far as there is room."""
        order = list(range(len(self.entries)))
        place = min(max(number + by, 0), len(order) - 1)
        order.insert(place, order.pop(number))
        if order != sorted(order):
            self._take(order)

    def tick(self, number: int, is_ticked: bool) -> None:
        """Compare with an entry from now on, or no longer."""
        if (self.ticks[number] is not None) != is_ticked:
            ticks = list(self.ticks)
            ticks[number] = Tick(self._next_colour(ticks)) if is_ticked else None
            self._set(replace(self._content, ticks=tuple(ticks)))

    def set_sign(self, numbers: Collection[int], sign: int) -> None:
        """Look for pixels like entries, or for pixels unlike them. They are ticked, too.

        Parameters
        ----------
        numbers : collection of int
        sign : {1, -1}
        """
        ticks = list(self.ticks)
        for number in numbers:
            tick = ticks[number]
            colour = self._next_colour(ticks) if tick is None else tick.colour
            ticks[number] = Tick(colour, sign)
        if tuple(ticks) != self.ticks:
            self._set(replace(self._content, ticks=tuple(ticks)))

    def compare_with(self, library: Library, ticks: Ticks) -> bool:
        """Compare with entries of another library, and no longer with those that are ticked.

        All of it is one change to undo, see `ListedLibrary.comparing_with`.

        Parameters
        ----------
        library : Library
        ticks : tuple of (Tick or None)
            Those of its entries. One without a colour gets the next one.

        Returns
        -------
        bool
            Whether the list, which has other features, was replaced.
        """
        is_replaced = not self._content.takes(library)
        content = self._content.comparing_with(library, ticks, self._colours.beside(self))
        if not content.is_like(self._content):
            self._set(content)
        return is_replaced

    def undo(self) -> None:
        """Undo the last change of the list."""
        if self._history:
            self._show(self._history.pop())

    def close(self) -> None:
        """Wait for nothing any more."""
        self._waiting.close()
        self._matched.clear()

    def _next_colour(self, ticks: Sequence[Tick | None]) -> str:
        used = [tick.colour for tick in ticks if tick is not None]
        return next_colour([*used, *self._colours.beside(self)])

    def _take(self, numbers: Sequence[int]) -> None:
        entries = [self.entries[number] for number in numbers]
        self._set(self._content.with_entries(entries, [self.ticks[n] for n in numbers]))

    def _set(self, content: ListedLibrary) -> None:
        self._history.append(self._content)
        self._show(content)

    def _show(self, content: ListedLibrary) -> None:
        before, self._content = self._content, content
        self._matched.clear()
        if _asked(before) != _asked(content):
            self._turn(has_liked=content.is_any_liked)
            self.changed.emit()
        self.listed.emit()

    def _turn(self, *, has_liked: bool) -> None:
        """Ask for what is looked for, and for the cursor again once nothing is."""
        state = self._state
        if has_liked and state.reference is ReferenceMode.CURSOR:
            self._turned_from_cursor = True
            state.reference = ReferenceMode.BEST
        elif not has_liked and self._turned_from_cursor:
            self._turned_from_cursor = False
            if state.reference is ReferenceMode.BEST:
                state.reference = ReferenceMode.CURSOR

    def _matched_with(self, session: Session) -> _Matched | None:
        stack = session.stack
        if stack is None or not self.entries:
            return None
        labels = stack.feature_labels or ()
        known = self._matched.get(session)
        is_known = known is not None and known.labels is labels
        if known is None or not is_known or known.transform is not session.transform:
            known = self._match(session, labels)
            self._matched[session] = known
        return known

    def _match(self, session: Session, labels: Sequence[str | float]) -> _Matched:
        match = match_features(self.library.features, labels)
        transform = session.transform
        if isinstance(match, Mismatch):
            return _Matched(labels, match, transform, None, [])
        if match.question and self._pair(session, labels) not in self._agreed:
            return _Matched(labels, match, transform, None, [])
        vectors = match.apply(self.library.vectors)
        compared = vectors if transform is None else transform.of(vectors)
        return _Matched(labels, match, transform, compared, self._references(vectors))

    def _references(self, vectors: NDArray[np.float64]) -> list[Reference]:
        """Return the ticked ones of the vectors of all entries as references."""
        return [
            Reference(vector, tick.sign, entry.name, Origin.LIBRARY, tick.colour)
            for entry, tick, vector in zip(self.entries, self.ticks, vectors, strict=True)
            if tick is not None
        ]

    def _pair(self, session: Session, labels: Sequence[str | float]) -> Hashable:
        """Return what tells pairs of a library and a stack apart."""
        library = self.library
        return library.name, library.features, session.layer.unique_id, tuple(labels)

    def _add_once_read(
        self, weak: ref[Session], pixel: Pixel, place: Place | None, name: str
    ) -> None:
        session = weak()
        if session is not None:
            self.add_pixel(session, pixel, place, name)


def _asked(content: ListedLibrary) -> list[tuple[int, Tick]]:
    """Return what tells the references of two lists apart, while both are there."""
    entries = content.library.entries
    return [
        (id(entries[number]), tick) for number, tick in enumerate(content.ticks) if tick is not None
    ]
