"""How the features of a library meet those of a stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_ifealid.libraries.wavelengths import SharedScale, shared_scale
from napari_ifealid.numeric_labels import are_mere_numbers, numeric_labels
from napari_ifealid.plain_text import one_line
from napari_ifealid.wavelength_units import known_unit

Labels = Sequence[str | float]

_SAME = 1e-5  # of a wavelength: a header has few digits, and no two bands are as near


class MatchKind(Enum):
    """What makes a feature of the library that of a stack."""

    LABEL = "by label"
    POSITION = "by position"
    RESAMPLED = "by linear resampling"


@dataclass(frozen=True, eq=False)
class Match:
    """The vectors of a library with the features of a stack.

    Parameters
    ----------
    kind : MatchKind
    before, after : array of int, shape (C,)
        For each feature of the stack, the two features of the library that it lies between; the
        same one twice where it is one of them.
    share : array, shape (C,)
        How far it is on the way to the second one, from 0 to below 1.
    question : str
        What the user has to agree to first, in words; empty where there is no doubt.
    """

    kind: MatchKind
    before: NDArray[np.intp]
    after: NDArray[np.intp]
    share: NDArray[np.float64]
    question: str = ""

    def apply(self, vectors: ArrayLike) -> NDArray[np.float64]:
        """Return vectors of the library with the features of the stack.

        Parameters
        ----------
        vectors : array, shape (..., L)

        Returns
        -------
        array of float64, shape (..., C)
        """
        values = np.asarray(vectors, np.float64)
        if not self.share.any():
            return values[..., self.before]
        with np.errstate(invalid="ignore"):  # infinities
            between = (1.0 - self.share) * values[..., self.before]
            between += self.share * values[..., self.after]
        return np.where(self.share == 0.0, values[..., self.before], between)


@dataclass(frozen=True, eq=False)
class Mismatch:
    """Why a library can't be compared with a stack.

    Parameters
    ----------
    reason : str
        In words for the user.
    covered : array of int
        The features of the stack that the library reaches, where these are only some of them.
    """

    reason: str
    covered: NDArray[np.intp]


def match_features(library: Labels, stack: Labels) -> Match | Mismatch:
    """Match the features of a library with those of a stack.

    - Labels that the library has all of, in any order: by label. Wavelengths in nm and µm are the
      same if they differ by less than 1e-5 of them.
    - Wavelengths that differ, within those of the library: by linear resampling, which the user
      has to agree to.
    - No labels, and the same number of features: by position. Where only one of the two has no
      labels, the user has to agree.

    Parameters
    ----------
    library, stack : sequence of str or float
        A label for each feature; numbers from 0 where there are none.

    Returns
    -------
    Match or Mismatch
    """
    nameless = are_mere_numbers(library), are_mere_numbers(stack)
    if any(nameless):
        return _match_by_position(library, stack, is_sure=all(nameless))
    by_text = _match_by_text(library, stack)
    if by_text is not None:
        return by_text
    of_library, of_stack = numeric_labels(library), numeric_labels(stack)
    if of_library is None or of_stack is None:
        return _mismatch(_difference(library, stack))
    scale = shared_scale(of_library, of_stack)
    if scale is None:
        return _mismatch(f"{_sizes(library, stack)}: the units differ")
    return _match_by_number(scale, _sizes(library, stack))


def sure_match(library: Labels, stack: Labels) -> Match | None:
    """Return the match that the user need not be asked about; None where there is none.

    Parameters
    ----------
    library, stack : sequence of str or float
        A label for each feature; numbers from 0 where there are none.
    """
    match = match_features(library, stack)
    return match if isinstance(match, Match) and not match.question else None


def _match_by_position(library: Labels, stack: Labels, *, is_sure: bool) -> Match | Mismatch:
    if len(library) != len(stack):
        return _mismatch(_sizes(library, stack))
    question = f"{_sizes(library, stack)}: compare by position?"
    order = np.arange(len(stack))
    return _exact(MatchKind.POSITION, order, "" if is_sure else question)


def _match_by_text(library: Labels, stack: Labels) -> Match | None:
    """Return the match of labels that are equal, None where one is missing or ambiguous."""
    if tuple(library) == tuple(stack):
        return _exact(MatchKind.LABEL, np.arange(len(stack)))
    places = {label: number for number, label in enumerate(library)}
    is_clear = len(places) == len(library) and len(set(stack)) == len(stack)
    if not is_clear or not places.keys() >= set(stack):
        return None
    return _exact(MatchKind.LABEL, np.array([places[label] for label in stack], np.intp))


def _match_by_number(scale: SharedScale, sizes: str) -> Match | Mismatch:
    order = np.argsort(scale.library)
    known, wanted = scale.library[order], scale.stack
    nearest = _nearest(known, wanted)
    if (np.abs(known[nearest] - wanted) <= _SAME * np.abs(wanted)).all():
        if len(np.unique(nearest)) == len(nearest):
            return _exact(MatchKind.LABEL, order[nearest])
        return _mismatch(f"{sizes}: wavelengths too near to be told apart")
    tolerance = _SAME * np.abs(wanted)
    is_covered = (wanted >= known[0] - tolerance) & (wanted <= known[-1] + tolerance)
    covered = np.flatnonzero(is_covered)
    if len(covered) < len(wanted):
        beyond = len(wanted) - len(covered)
        reason = f"{sizes}: {beyond} lie beyond the library"
        return Mismatch(reason if len(covered) else f"{sizes}: they have none in common", covered)
    assumed = f" ({scale.assumption})" if scale.assumption else ""
    return _between(order, known, wanted, f"{sizes}{assumed}: compare after linear resampling?")


def _between(
    order: NDArray[np.intp],
    known: NDArray[np.float64],
    wanted: NDArray[np.float64],
    question: str,
) -> Match:
    wanted = np.clip(wanted, known[0], known[-1])
    before = np.clip(np.searchsorted(known, wanted, side="right") - 1, 0, len(known) - 1)
    after = np.minimum(before + 1, len(known) - 1)
    step = known[after] - known[before]
    share = (wanted - known[before]) / np.where(step == 0.0, 1.0, step)
    return Match(MatchKind.RESAMPLED, order[before], order[after], share, question)


def _nearest(known: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return which of the rising numbers is the nearest one to each."""
    right = np.clip(np.searchsorted(known, wanted), 0, len(known) - 1)
    left = np.maximum(right - 1, 0)
    is_left = np.abs(known[left] - wanted) <= np.abs(known[right] - wanted)
    nearest: NDArray[np.intp] = np.where(is_left, left, right)
    return nearest


def _exact(kind: MatchKind, order: NDArray[np.intp], question: str = "") -> Match:
    return Match(kind, order, order, np.zeros(len(order)), question)


def _mismatch(reason: str) -> Mismatch:
    return Mismatch(reason, np.empty(0, np.intp))


def _difference(library: Labels, stack: Labels) -> str:
    missing = next((label for label in stack if label not in set(library)), None)
    if missing is None:
        return f"{_sizes(library, stack)}: several have the same label"
    return f"{_sizes(library, stack)}: “{missing}” of the stack is not in the library"


def _sizes(library: Labels, stack: Labels) -> str:
    return f"The library has {features_in_words(library)}, the stack {len(stack)}{_ends(stack)}"


def features_in_words(labels: Labels) -> str:
    """Return the number of features, and from where to where they reach.

    Parameters
    ----------
    labels : sequence of str or float, length C
    """
    return f"{len(labels)} feature{'' if len(labels) == 1 else 's'}{_ends(labels)}"


def _ends(labels: Labels) -> str:
    if are_mere_numbers(labels):
        return " without labels"
    numeric = numeric_labels(labels)
    if numeric is None:
        return f" ({one_line(str(labels[0]))} … {one_line(str(labels[-1]))})"
    low, high = numeric.numbers.min(), numeric.numbers.max()
    return f" from {low:.4g} to {high:.4g} {known_unit(numeric.unit)}".rstrip()
