"""Wavelengths of features, and their units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.numeric_labels import NumericLabels
from napari_ifealid.wavelength_units import NANOMETRES, known_unit


@dataclass(frozen=True, eq=False)
class SharedScale:
    """The numbers of two sets of features in one unit.

    Parameters
    ----------
    library, stack : array
        The number of each feature, in the same unit.
    assumption : str
        What was taken for granted, such as "the stack's numbers taken as nm"; empty if nothing.
    """

    library: NDArray[np.float64]
    stack: NDArray[np.float64]
    assumption: str = ""


def shared_scale(library: NumericLabels, stack: NumericLabels) -> SharedScale | None:
    """Return the numbers of two sets of features in one unit; None where their units differ.

    Where a unit is missing it is taken for the other one's, or for nm or µm if only so the two
    overlap, and the result says so.

    Parameters
    ----------
    library, stack : NumericLabels
    """
    units = known_unit(library.unit), known_unit(stack.unit)
    if units[0] == units[1]:
        return SharedScale(library.numbers, stack.numbers)
    if all(unit in NANOMETRES for unit in units):
        return _scaled(library, stack, *units)
    if units[0] and units[1]:
        return None
    known = units[0] or units[1]
    for guess in dict.fromkeys((known, "nm", "µm")):
        scale = _scaled(library, stack, units[0] or guess, units[1] or guess)
        if scale is not None and _overlap(scale.library, scale.stack):
            whose = "stack" if units[0] else "library"
            return SharedScale(
                scale.library, scale.stack, f"the {whose}'s numbers taken as {guess}"
            )
    return None


def _scaled(
    library: NumericLabels, stack: NumericLabels, library_unit: str, stack_unit: str
) -> SharedScale | None:
    """Return both in the unit of the stack, None where there is no factor between them."""
    if library_unit == stack_unit:
        return SharedScale(library.numbers, stack.numbers)
    if not {library_unit, stack_unit} <= NANOMETRES.keys():
        return None
    factor = NANOMETRES[library_unit] / NANOMETRES[stack_unit]
    return SharedScale(library.numbers * factor, stack.numbers)


def _overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return bool(one.min() <= other.max() and other.min() <= one.max())
