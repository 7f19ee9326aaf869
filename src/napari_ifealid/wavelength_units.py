"""Units of wavelengths, and the labels of features that have them."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np

NANOMETRES = {"nm": 1.0, "µm": 1e3, "mm": 1e6, "cm": 1e7, "m": 1e9, "å": 0.1}
"""Nanometres in a unit of length."""

_SPELLINGS = {
    "nanometer": "nm",
    "nanometre": "nm",
    "micrometer": "µm",
    "micrometre": "µm",
    "micron": "µm",
    "um": "µm",
    "μm": "µm",  # the Greek letter, not the micro sign
    "millimeter": "mm",
    "centimeter": "cm",
    "meter": "m",
    "angstrom": "å",
}


def known_unit(text: str) -> str:
    """Return the short name of a unit of length, in the one spelling; others as they are.

    Parameters
    ----------
    text : str
        Such as "Micrometers" or "um".
    """
    plain = text.strip().lower()
    plain = _SPELLINGS.get(plain, _SPELLINGS.get(plain.removesuffix("s"), plain))
    return plain if plain in NANOMETRES else text.strip()


def wavelength_labels(wavelengths: Sequence[float], unit: str) -> tuple[str | float, ...] | None:
    """Return labels of features that say their wavelengths, as `numeric_labels` reads them.

    Parameters
    ----------
    wavelengths : sequence of float, length C
    unit : str
        As the file has it, such as "Nanometers"; empty if unknown.

    Returns
    -------
    tuple of str or float, or None
        Such as "450.5 nm"; numbers where the unit is unknown. None unless all are finite and no
        two of them equal: they tell no features apart then.
    """
    numbers = [_shortest(wavelength) for wavelength in wavelengths]
    if len(set(numbers)) < len(numbers) or not all(map(isfinite, numbers)):
        return None
    short = known_unit(unit)
    return tuple(f"{number!r} {short}" if short else number for number in numbers)


def _shortest(wavelength: float) -> float:
    """Return the number with the fewest digits that float32 can't tell from it, if it is one."""
    is_single = isinstance(wavelength, np.floating) and wavelength.dtype.itemsize <= 4
    return float(str(wavelength)) if is_single else float(wavelength)
