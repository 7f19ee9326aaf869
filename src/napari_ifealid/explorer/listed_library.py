"""The list of named vectors as a value: entries, and which of them are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_ifealid.explorer.palette import next_colour
from napari_ifealid.libraries import Library, LibraryEntry, sure_match


@dataclass(frozen=True)
class Tick:
    """The mark of an entry that all pixels are compared with.

    Parameters
    ----------
    colour : str
        As in ``"#e69f00"``.
    sign : {1, -1}
        1: pixels like it are looked for; -1: pixels unlike it.
    """

    colour: str
    sign: int = 1


Ticks = tuple[Tick | None, ...]
"""One per entry: None where it is not ticked."""


@dataclass(frozen=True, eq=False)
class ListedLibrary:
    """A library, and which of its entries are ticked.

    Parameters
    ----------
    library : Library
    ticks : tuple of (Tick or None)
        None for each entry that is not ticked.
    """

    library: Library
    ticks: Ticks

    @property
    def ticked(self) -> list[int]:
        """The numbers of the entries that are ticked."""
        return [number for number, tick in enumerate(self.ticks) if tick is not None]

    @property
    def colours(self) -> list[str]:
        """The colours of the entries that are ticked."""
        return [tick.colour for tick in self.ticks if tick is not None and tick.colour]

    @property
    def is_any_liked(self) -> bool:
        """Whether there is an entry that is looked for."""
        return any(tick is not None and tick.sign > 0 for tick in self.ticks)

    def is_like(self, other: ListedLibrary) -> bool:
        """Return whether another list has the same entries, with the same ticks."""
        return self.library.entries == other.library.entries and self.ticks == other.ticks

    def with_entries(
        self, entries: Sequence[LibraryEntry], ticks: Sequence[Tick | None]
    ) -> ListedLibrary:
        """Return the same with other entries; without any, also without features and a name."""
        if not entries:
            return EMPTY_LIST
        return ListedLibrary(replace(self.library, entries=entries), tuple(ticks))

    def takes(self, library: Library) -> bool:
        """Return whether entries of another library can be listed, without a question."""
        features = self.library.features
        is_any_empty = not self.library.entries or not library.entries
        return is_any_empty or sure_match(library.features, features) is not None

    def comparing_with(
        self, library: Library, ticks: Ticks, colours: Sequence[str] = ()
    ) -> ListedLibrary:
        """Return the list with the ticked entries of another library instead of its own ones.

        Those that it has already, by name and vector, are ticked in it; others come at the end. A
        list of other features is replaced, see `takes`.

        Parameters
        ----------
        library : Library
        ticks : tuple of (Tick or None)
            Those of its entries. One without a colour gets the next one.
        colours : sequence of str
            Used by other references.
        """
        if not library.entries:
            return replace(self, ticks=(None,) * len(self.ticks))
        match = sure_match(library.features, self.library.features) if self.ticks else None
        if match is None:
            entries, marks = list(library.entries), list(ticks)
            content = ListedLibrary(replace(library, entries=entries), tuple(marks))
            return _coloured(content, colours)
        entries = list(self.library.entries)
        marks = [None] * len(entries)
        for entry, tick in zip(library.entries, ticks, strict=True):
            same = replace(entry, vector=match.apply(entry.vector))
            number = _found(same, entries, marks)
            if number is None:
                entries.append(same)
                marks.append(tick)
            else:
                marks[number] = tick
        return _coloured(self.with_entries(entries, marks), colours)


EMPTY_LIST = ListedLibrary(Library(), ())
"""No entries, no features and no name."""


def _found(
    entry: LibraryEntry, entries: Sequence[LibraryEntry], ticks: Sequence[Tick | None]
) -> int | None:
    """Return the number of an entry of the same name and vector that is not ticked."""
    for number, (one, tick) in enumerate(zip(entries, ticks, strict=True)):
        if tick is None and one.name == entry.name and np.array_equal(one.vector, entry.vector):
            return number
    return None


def _coloured(content: ListedLibrary, others: Sequence[str]) -> ListedLibrary:
    """Return the list with a colour for each tick that has none."""
    ticks, used = list(content.ticks), [*content.colours, *others]
    for number, tick in enumerate(ticks):
        if tick is not None and not tick.colour:
            colour = next_colour(used)
            ticks[number] = replace(tick, colour=colour)
            used.append(colour)
    return replace(content, ticks=tuple(ticks))
