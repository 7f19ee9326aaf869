"""Scales: how the values of a measure are told to the user."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import acos, inf, pi


@dataclass(frozen=True)
class Scale:
    """A function of a measure's values, for texts alone: maps keep the values themselves.

    Parameters
    ----------
    name : str
        What the user chooses.
    summary : str
        What it is, in a sentence for the user.
    of_value : callable
        `of_value(value, spread)`, with the spread of the stack in its own units.
    unit : str
        Written behind the number.
    is_rising : bool
        Whether it rises with the value.
    needs_spread : bool
        Whether it says anything only where the spread of the stack is known.
    """

    name: str
    summary: str
    of_value: Callable[[float, float], float]
    unit: str = ""
    is_rising: bool = True
    needs_spread: bool = False

    def text(self, value: float, spread: float | None = None) -> str:
        """Return a value in words, such as "12.3°".

        Parameters
        ----------
        value : float
        spread : float, optional
            Of the stack, where it is known. Without it, a scale that needs it tells the value.
        """
        if self.needs_spread and spread is None:
            return SIMILARITY.text(value)
        shown = self.of_value(value, 1.0 if spread is None else spread)
        return f"{shown:.3g}{self.unit}" if shown < inf else "∞"

    def above(self, value: float, spread: float | None = None) -> str:
        """Return which values are not below one, such as "≥ 0.8" or "≤ 18°"."""
        return f"{'≥' if self.is_rising else '≤'} {self.text(value, spread)}"


def _unchanged(value: float, _: float) -> float:
    return value


def _degrees_of_angle(value: float, _: float) -> float:
    return 90.0 * (1.0 - value)


def _radians_of_angle(value: float, _: float) -> float:
    return pi / 2.0 * (1.0 - value)


def _degrees_of_cosine(value: float, _: float) -> float:
    return acos(min(max(value, -1.0), 1.0)) * 180.0 / pi


def _radians_of_cosine(value: float, _: float) -> float:
    return acos(min(max(value, -1.0), 1.0))


def _distance(value: float, spread: float) -> float:
    return spread * _reciprocal(value, 1.0)


def _reciprocal(value: float, _: float) -> float:
    """Return d for a value of 1 / (1 + d)."""
    return 1.0 / value - 1.0 if value > 0.0 else inf


SIMILARITY = Scale("similarity", "The values of the map: 1 for the reference itself", _unchanged)
_DEGREES, _RADIANS = "The angle in degrees", "The angle in radians"
ANGLE_SCALES = (
    SIMILARITY,
    Scale("degrees", f"{_DEGREES}; 90° stands for all larger ones", _degrees_of_angle, "°", False),
    Scale(
        "radians", f"{_RADIANS}; 1.57 stands for all larger ones", _radians_of_angle, " rad", False
    ),
)
COSINE_SCALES = (
    SIMILARITY,
    Scale("degrees", _DEGREES, _degrees_of_cosine, "°", False),
    Scale("radians", _RADIANS, _radians_of_cosine, " rad", False),
)
DISTANCE_SCALES = (
    SIMILARITY,
    Scale(
        "distance",
        "The distance in the units of the stack",
        _distance,
        is_rising=False,
        needs_spread=True,
    ),
)
DIVERGENCE_SCALES = (
    SIMILARITY,
    Scale("SID", "The spectral information divergence itself", _reciprocal, is_rising=False),
)
