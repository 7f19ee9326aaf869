"""What a session is asked for: the references that count, and how they are joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from napari_ifealid.explorer.map_request import ReferenceMode
from napari_ifealid.explorer.session_question import AnyReference
from napari_ifealid.query import Rule


class AskedKind(Enum):
    """Where the references come from."""

    CURSOR = auto()
    """From the place under the cursor, or held."""

    COLLECTED = auto()
    """From what the user has collected: pins, and what sources give."""


@dataclass(frozen=True)
class Asked:
    """References, and the rule that joins them.

    Parameters
    ----------
    kind : AskedKind
    references : tuple
        One or more. Of both signs for a difference, else all looked for.
    rule : Rule
    """

    kind: AskedKind
    references: tuple[AnyReference, ...]
    rule: Rule

    @property
    def liked(self) -> list[AnyReference]:
        """What is looked for."""
        return [reference for reference in self.references if reference.sign > 0]

    @property
    def unliked(self) -> list[AnyReference]:
        """What is not looked for; empty unless a difference is asked for."""
        return [reference for reference in self.references if reference.sign < 0]


def what_is_asked(
    mode: ReferenceMode, cursor: AnyReference, collected: Sequence[AnyReference]
) -> Asked:
    """Return what is asked for, as near to the mode as the references allow.

    A difference without anything to be unlike is the best of what is looked for; without anything
    that is looked for, the cursor is compared with.

    Parameters
    ----------
    mode : ReferenceMode
    cursor : PixelReference or RegionReference
        What lies under the cursor.
    collected : sequence of PixelReference, RegionReference or Reference
    """
    liked = tuple(reference for reference in collected if reference.sign > 0)
    if mode is ReferenceMode.CURSOR or not liked:
        return Asked(AskedKind.CURSOR, (cursor,), Rule.BEST)
    if mode is ReferenceMode.DIFFERENCE and len(liked) < len(collected):
        return Asked(AskedKind.COLLECTED, tuple(collected), Rule.DIFFERENCE)
    rule = Rule.MEAN if mode is ReferenceMode.MEAN else Rule.BEST
    return Asked(AskedKind.COLLECTED, liked, rule)
