"""The features that are left out of a comparison, as a text such as "1350–1450 nm, 1800 nm"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures import UsedFeatures
from napari_ifealid.numeric_labels import NumericLabels, numeric_labels, wavelengths_of
from napari_ifealid.stack import FeatureStack
from napari_ifealid.wavelength_units import NANOMETRES, known_unit

Flags = NDArray[np.bool_]
Ranges = tuple[tuple[int, int], ...]
"""First and last number of each range of features, the last one included."""

WATER_VAPOUR = ((1350.0, 1450.0), (1800.0, 1950.0))
"""Nanometres between which water vapour absorbs nearly all sunlight."""

_CLOSE = 1e-9  # relative; what a change of the unit may be off by
_NUMBER = r"[-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"


def used_flags(used: UsedFeatures | None, count: int) -> Flags:
    """Return which of so many features are used: all of them for None.

    Parameters
    ----------
    used : UsedFeatures or None
    count : int

    Returns
    -------
    array of bool, shape (count,)
    """
    return np.ones(count, bool) if used is None else np.array(used.is_used, bool)


def used_where(flags: Flags) -> UsedFeatures | None:
    """Return the features whose flags are set; None for all of them.

    Parameters
    ----------
    flags : array of bool, shape (C,)

    Raises
    ------
    ValueError
        If none is set, in words for the user.
    """
    if not np.any(flags):
        raise ValueError("at least one feature must stay in use")
    return UsedFeatures.of(flags.tolist())


def left_out_ranges(used: UsedFeatures | None) -> Ranges:
    """Return the ranges of features that are not used.

    Parameters
    ----------
    used : UsedFeatures or None
        None: all are used.
    """
    return () if used is None else tuple(_runs(~np.array(used.is_used)))


def used_without(ranges: Ranges, count: int) -> UsedFeatures | None:
    """Return all but these ranges of features; None for all of them.

    Parameters
    ----------
    ranges : tuple of (int, int)
        Within the features.
    count : int
        How many features there are.

    Raises
    ------
    ValueError
        If none is left.
    """
    flags = np.ones(count, bool)
    for first, last in ranges:
        flags[first : last + 1] = False
    return used_where(flags)


def naming_numbers(labels: Sequence[str | float]) -> NumericLabels:
    """Return the numbers by which a text names features: their labels', else their own from 0.

    Parameters
    ----------
    labels : sequence of str or float, length C
    """
    numbers = numeric_labels(labels)
    if numbers is None:
        return NumericLabels(np.arange(len(labels), dtype=np.float64), "")
    is_plain = not re.search(r"[,;\n]", numbers.unit)  # they divide the ranges of a text
    return numbers if is_plain else NumericLabels(numbers.numbers, "")


def left_out_text(is_used: Flags, labels: Sequence[str | float]) -> str:
    """Return which features are left out, as `parsed_text` reads it; empty if none is.

    Parameters
    ----------
    is_used : array of bool, shape (C,)
    labels : sequence of str or float, length C
        Of the features.
    """
    named = naming_numbers(labels)
    order = np.argsort(named.numbers)
    unit = f" {named.unit}" if named.unit else ""
    texts = []
    for first, last in _runs(~np.asarray(is_used)[order]):
        ends = dict.fromkeys(_short(named.numbers[order[end]]) for end in (first, last))
        texts.append("–".join(ends) + unit)
    return ", ".join(texts)


def parsed_text(text: str, labels: Sequence[str | float]) -> Flags:
    """Return which features are used, if those that a text names are left out.

    Parameters
    ----------
    text : str
        Ranges and single features, separated by commas, in the unit of the labels or another one
        of length; numbers of features where the labels are no numbers.
    labels : sequence of str or float, length C
        Of the features.

    Returns
    -------
    array of bool, shape (C,)

    Raises
    ------
    ValueError
        If the text can't be understood, or names a feature that is not there, or all of them. It
        says so in words for the user.
    """
    is_used = ~named_features(text, labels)
    used_where(is_used)
    return is_used


def named_features(text: str, labels: Sequence[str | float]) -> Flags:
    """Return which features a text names, see `parsed_text`: also all of them.

    Parameters
    ----------
    text : str
    labels : sequence of str or float, length C

    Returns
    -------
    array of bool, shape (C,)

    Raises
    ------
    ValueError
        If the text can't be understood, or names a feature that is not there.
    """
    named = naming_numbers(labels)
    flags = np.zeros(len(labels), bool)
    for part in filter(None, (part.strip() for part in re.split(r"[,;\n]", text))):
        flags |= _named_by(part, named)
    return flags


def of_water_vapour(labels: Sequence[str | float]) -> Flags | None:
    """Return which features are those of water vapour, see `WATER_VAPOUR`.

    Parameters
    ----------
    labels : sequence of str or float, length C

    Returns
    -------
    array of bool, shape (C,), or None
        None unless the labels are wavelengths of a known unit, some of them among these, and some
        not.
    """
    wavelengths = wavelengths_of(labels)
    if wavelengths is None:
        return None
    found = np.zeros(len(labels), bool)
    for low, high in WATER_VAPOUR:
        found |= _between(low, high, wavelengths)
    return found if found.any() and not found.all() else None


def why_left_out(used: UsedFeatures | None, stack: FeatureStack) -> str:
    """Return which features of a stack are left out and why, in words; empty if none is.

    Parameters
    ----------
    used : UsedFeatures or None
    stack : FeatureStack
    """
    is_used = used_flags(used, stack.feature_count)
    labels, good = stack.feature_labels or (), stack.bands.is_good
    is_good = np.ones_like(is_used) if good is None else np.array(good, bool)
    reasons = (
        ("bad bands of the file", is_used | is_good),
        ("chosen", is_used | ~is_good),
    )
    texts = [
        f"{left_out_text(flags, labels)} ({reason})" for reason, flags in reasons if not all(flags)
    ]
    return f"Left out: {'; '.join(texts)}" if texts else ""


def _named_by(part: str, named: NumericLabels) -> Flags:
    """Return which features a range, or a single number, names."""
    units = rf"{re.escape(named.unit)}|[^\W\d_]+" if named.unit else r"[^\W\d_]+"
    number = rf"({_NUMBER})\s*({units})?"
    found = re.fullmatch(rf"{number}(?:\s*(?:–|—|-|to|\.\.|…)\s*{number})?", part, re.IGNORECASE)
    if found is None:
        ends = "–".join(map(_short, np.sort(named.numbers)[:2]))
        example = f"{ends} {named.unit}".rstrip()
        raise ValueError(
            f"“{part}” is no range; write such as “{example}”, and commas between several"
        )
    start, unit, end, end_unit = found.groups()
    numbers = [float(text.replace("−", "-")) for text in (start, end or start)]
    factors = [_factor(one, part, named.unit) for one in (unit or end_unit, end_unit or unit)]
    low, high = (one * factor for one, factor in zip(numbers, factors, strict=True))
    flags = _between(low, high, named.numbers)
    if not flags.any():
        what = f"at {_short(low)}" if end is None else f"between {_short(low)} and {_short(high)}"
        least, most = _short(named.numbers.min()), _short(named.numbers.max())
        nearest = _short(named.numbers[np.abs(named.numbers - low).argmin()])
        hint = f"the nearest is {nearest}" if end is None else f"they go from {least} to {most}"
        raise ValueError(f"no feature lies {what}; {hint} {named.unit}".rstrip())
    return flags


def _factor(unit: str | None, part: str, own: str) -> float:
    """Return the factor from a unit to that of the labels."""
    if not unit or unit == own or known_unit(unit) == known_unit(own):
        return 1.0
    pair = NANOMETRES.get(known_unit(unit)), NANOMETRES.get(known_unit(own))
    if pair[0] is None or pair[1] is None:
        meant = f"the features are in {own}" if own else "the features have no unit"
        raise ValueError(f"the unit {unit} in “{part}” is another one: {meant}")
    return pair[0] / pair[1]


def _between(low: float, high: float, numbers: NDArray[np.float64]) -> Flags:
    low, high = sorted((low, high))
    slack = _CLOSE * max(abs(low), abs(high))
    flags: Flags = (numbers >= low - slack) & (numbers <= high + slack)
    return flags


def _runs(flags: Flags) -> Iterator[tuple[int, int]]:
    """Yield the first and the last place of each run of flags that are set."""
    turns = np.flatnonzero(np.diff(flags, prepend=False, append=False))
    for first, end in zip(turns[::2].tolist(), turns[1::2].tolist(), strict=True):
        yield first, end - 1


def _short(number: float) -> str:
    """Return a number with as few digits as tell it from others."""
    text = f"{number:.10g}"
    return text if float(text) == number else repr(float(number))
