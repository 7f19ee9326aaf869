"""What a session can be asked for."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from napari_ifealid.explorer.pixel_reference import PixelReference
from napari_ifealid.explorer.region_reference import RegionReference
from napari_ifealid.grid import Region
from napari_ifealid.measures import Measure
from napari_ifealid.query import Reference, Rule

AnyReference = PixelReference | RegionReference | Reference
"""Pixels of a session's own, means of them, and vectors."""


@dataclass(frozen=True)
class Question:
    """What a session is asked for: a map of references, before their vectors are known.

    Parameters
    ----------
    references : tuple of PixelReference, RegionReference or Reference
    rule : Rule
        How they are joined.
    measure : Measure
    region : tuple of slice
        The pixels that are shown.
    """

    references: tuple[AnyReference, ...]
    rule: Rule
    measure: Measure
    region: Region

    @property
    def key(self) -> Hashable:
        """Key of the question: questions with equal keys have equal answers."""
        references = tuple(
            one.key if isinstance(one, Reference) else (one.key, one.sign)
            for one in self.references
        )
        region = tuple((part.start, part.stop) for part in self.region)
        return references, self.rule, self.measure.key, region
