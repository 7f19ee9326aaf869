"""The colours of references, told apart across all that gives references."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

PALETTE = (
    "#e69f00",  # orange
    "#56b4e9",  # sky blue
    "#009e73",  # bluish green
    "#f0e442",  # yellow
    "#0072b2",  # blue
    "#d55e00",  # vermilion
    "#cc79a7",  # reddish purple
)
"""Colours that the colour-blind can tell apart, without black (Okabe & Ito 2008, Color Universal
Design, https://jfly.uni-koeln.de/color/)."""


def next_colour(used: Sequence[str]) -> str:
    """Return the first colour of the palette that is used least often.

    Parameters
    ----------
    used : sequence of str
        Such as ``"#e69f00"``, once per reference that has it.
    """
    return min(PALETTE, key=used.count)


class HasColours(Protocol):
    """Gives references with colours."""

    @property
    def colours(self) -> Sequence[str]:
        """The colour of each of its references, such as ``"#e69f00"``."""


class ColoursInUse:
    """Knows the colours of all references, so that each source gives out other ones."""

    def __init__(self) -> None:
        self._sources: list[HasColours] = []

    def add(self, source: HasColours) -> None:
        """Take account of the colours of a source."""
        self._sources.append(source)

    def beside(self, source: HasColours) -> list[str]:
        """Return the colours of all sources but one."""
        others = [one for one in self._sources if one is not source]
        return [colour for one in others for colour in one.colours]
