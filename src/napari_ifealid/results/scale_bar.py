"""The length of a scale bar."""

from __future__ import annotations

from math import floor, log10

_SHARE = 0.25  # of the picture's width, at most
_STEPS = (5.0, 2.0, 1.0)
_SHORT_UNITS = {
    "nanometer": "nm",
    "micrometer": "µm",
    "micron": "µm",
    "um": "µm",
    "millimeter": "mm",
    "centimeter": "cm",
    "meter": "m",
    "kilometer": "km",
}


def bar_length(width: float) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that is a quarter of a width or less.

    Parameters
    ----------
    width : float
        More than 0, of the picture, in any unit.
    """
    longest = width * _SHARE
    power: float = 10.0 ** floor(log10(longest))
    return next(power * step for step in _STEPS if power * step <= longest * (1.0 + 1e-9))


def bar_label(length: float, unit: str) -> str:
    """Return a length with its unit, such as "50 µm"."""
    return f"{length:g} {_SHORT_UNITS.get(unit, unit)}"
