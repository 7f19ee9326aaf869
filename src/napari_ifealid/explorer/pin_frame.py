"""The axes of the world along which pins and drawn regions lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class PinFrame:
    """The axes of the world along which pins have coordinates: the last ones.

    Parameters
    ----------
    units : tuple
        Of each of the axes.
    features : (int, float, float), optional
        The axis of features between the others, counted from the last one, and the middle and the
        length of what there is along it: a pin reaches over all of them.
    size : float
        Of a pin, in the units of the world. napari finds a clicked point by it.
    """

    units: tuple[Any, ...]
    features: tuple[int, float, float] | None
    size: float

    @property
    def placement(self) -> dict[str, Any]:
        """``scale``, ``translate`` and ``units`` of a layer whose data are places."""
        scale, translate = np.ones(len(self.units)), np.zeros(len(self.units))
        if self.features is not None:
            axis, middle, length = self.features
            scale[axis], translate[axis] = length, middle
        return {"scale": scale, "translate": translate, "units": self.units}

    def row(self, place: Sequence[float], point: Sequence[float]) -> list[float]:
        """Return a place as a row of the layer's data.

        Parameters
        ----------
        place : sequence of float
        point : sequence of float
            Where coordinates come from that the place lacks, all axes of the world.
        """
        row = [float(x) for x in (*point[: len(point) - len(place)], *place)][-len(self.units) :]
        if self.features is not None:
            row[self.features[0]] = 0.0
        return row

    def is_like(self, other: PinFrame | None) -> bool:
        """Return whether the data of a layer mean the same places."""
        return (
            other is not None
            and len(other.units) == len(self.units)
            and other.features == self.features
        )
