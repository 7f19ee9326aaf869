"""Labels of features that are numbers, such as wavelengths."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import overload

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.wavelength_units import NANOMETRES, known_unit

_NUMBER_AND_UNIT = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([^\d\s.].*)?")


class FeatureNumbers(Sequence[int]):
    """The numbers of features from 0, as their labels: equal to a tuple of them, but not kept.

    Parameters
    ----------
    count : int
    """

    __slots__ = ("_numbers",)

    def __init__(self, count: int) -> None:
        self._numbers = range(count)

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[int, ...]: ...
    def __getitem__(self, index: int | slice) -> int | tuple[int, ...]:
        found = self._numbers[index]
        return tuple(found) if isinstance(found, range) else found

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)

    def __contains__(self, value: object) -> bool:
        return value in self._numbers

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, tuple | FeatureNumbers):
            return NotImplemented
        return are_mere_numbers(other) and len(other) == len(self)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"FeatureNumbers({len(self)})"


@dataclass(frozen=True, eq=False)
class NumericLabels:
    """Labels that are numbers of one unit, such as wavelengths.

    Parameters
    ----------
    numbers : array, shape (C,)
        Finite, no two of them equal.
    unit : str
        Empty where there is none.
    """

    numbers: NDArray[np.float64]
    unit: str


def numeric_labels(labels: Sequence[str | float]) -> NumericLabels | None:
    """Return the numbers that labels stand for.

    Parameters
    ----------
    labels : sequence of str or float, length C
        Such as 450.5, ``"450.5"`` or ``"450.5 nm"``.

    Returns
    -------
    NumericLabels or None
        None unless all are numbers of the same unit, and no two of them equal.
    """
    if isinstance(labels, FeatureNumbers) and labels:
        return NumericLabels(np.arange(len(labels), dtype=np.float64), "")
    pairs = [number_and_unit(label) for label in labels]
    known = [pair for pair in pairs if pair is not None]
    numbers = np.array([number for number, _ in known], np.float64)
    units = {unit for _, unit in known}
    if len(known) < len(pairs) or len(units) != 1 or len(np.unique(numbers)) < len(numbers):
        return None
    return NumericLabels(numbers, units.pop()) if np.isfinite(numbers).all() else None


def immutable_labels(labels: Sequence[str | float]) -> Sequence[str | float]:
    """Return labels that nobody can change; mere numbers as they are, which are never kept."""
    return labels if isinstance(labels, FeatureNumbers) else tuple(labels)


def wavelengths_of(labels: Sequence[str | float]) -> NDArray[np.float64] | None:
    """Return the wavelengths that labels of features say, in nm.

    Parameters
    ----------
    labels : sequence of str or float, length C

    Returns
    -------
    array of float64, shape (C,), or None
        None unless all labels are numbers of the same unit of length, see `numeric_labels`.
    """
    if isinstance(labels, FeatureNumbers):
        return None
    named = numeric_labels(labels)
    factor = None if named is None else NANOMETRES.get(known_unit(named.unit))
    if named is None or factor is None:
        return None
    with np.errstate(over="ignore"):
        wavelengths = named.numbers * factor
    return wavelengths if np.isfinite(wavelengths).all() else None


def number_and_unit(label: str | float) -> tuple[float, str] | None:
    """Return the number that a label stands for, and its unit, "" where there is none.

    Parameters
    ----------
    label : str or float
        Such as ``"450.5 nm"``; None is returned for one that is no number.
    """
    if not isinstance(label, str):
        return float(label), ""
    match = _NUMBER_AND_UNIT.fullmatch(label)
    return None if match is None else (float(match[1]), (match[2] or "").strip())


def label_of(text: str) -> str | float:
    """Return the label that a text of a file stands for: a number where it is one.

    Parameters
    ----------
    text : str
    """
    for kind in (int, float):
        try:
            number = kind(text)
            if isfinite(number):
                return number
        except (ValueError, OverflowError):  # no number, or one beyond the largest float
            continue
    return text


def are_mere_numbers(labels: Sequence[str | float]) -> bool:
    """Return whether features have no labels of their own, but are counted from 0.

    Parameters
    ----------
    labels : sequence of str or float, length C
    """
    return isinstance(labels, FeatureNumbers) or all(
        label == number for number, label in enumerate(labels)
    )
