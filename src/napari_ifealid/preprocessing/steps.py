"""All ways to preprocess vectors. Each is a function of one vector, and of the mean of all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.preprocessing.continuum import continuum_removed
from napari_ifealid.preprocessing.derivative import first_derivative

Vectors = NDArray[np.float64]
"""Of shape (N, C): finite, of the features that are used, in ascending order of their places."""


@dataclass(frozen=True)
class Step:
    """A way to preprocess vectors.

    Two steps of the same name are the same.

    Parameters
    ----------
    name : str
        For the user, as in "continuum removed".
    summary : str
        What it is good for, and its source.
    function : callable
        `function(vectors, places, mean)`: vectors of shape (N, C); the wavelength or the number of
        each feature, shape (C,), ascending; the mean of all vectors of the stack, shape (C,), zero
        unless it `needs_mean`. Returns vectors of shape (N, C).
    needs_mean : bool
    """

    name: str
    summary: str
    function: Callable[[Vectors, Vectors, Vectors], Vectors]
    needs_mean: bool = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Step) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)


def standard_normal_variate(vectors: Vectors, _: Vectors, __: Vectors) -> Vectors:
    """Return vectors minus their own mean, divided by their own standard deviation.

    A vector of equal values becomes zero.

    Notes
    -----
    Barnes, Dhanoa & Lister 1989, doi 10.1366/0003702894202201.
    """
    scaled = _divided(vectors, np.abs(vectors).max(axis=1, initial=0.0))
    apart = scaled - scaled.mean(axis=1, keepdims=True)
    count = max(vectors.shape[1] - 1, 1)
    deviations = np.sqrt(np.einsum("nc,nc->n", apart, apart) / count)
    # smaller ones are rounding alone
    return _divided(apart, np.where(deviations > 1e-13, deviations, np.inf))


def mean_centred(vectors: Vectors, _: Vectors, mean: Vectors) -> Vectors:
    """Return vectors minus the mean of all vectors of the stack.

    Notes
    -----
    Mu, Bhat & Viswanath 2017, arXiv 1702.01417, for vectors of words.
    """
    return vectors - mean


def unit_sum(vectors: Vectors, _: Vectors, __: Vectors) -> Vectors:
    """Return vectors divided by the sum of their absolute values; zero stays zero.

    Notes
    -----
    Rinnan, van den Berg & Engelsen 2009, doi 10.1016/j.trac.2009.07.007.
    """
    return _divided(vectors, np.abs(vectors).sum(axis=1))


def unit_length(vectors: Vectors, _: Vectors, __: Vectors) -> Vectors:
    """Return vectors divided by their Euclidean length; zero stays zero.

    Notes
    -----
    Rinnan, van den Berg & Engelsen 2009, doi 10.1016/j.trac.2009.07.007.
    """
    peaks = np.abs(vectors).max(axis=1, initial=0.0)
    scaled = _divided(vectors, peaks)  # else squares may overflow
    return _divided(scaled, np.sqrt(np.einsum("nc,nc->n", scaled, scaled)))


def _divided(vectors: Vectors, by: NDArray[np.float64]) -> Vectors:
    return vectors / np.where(by == 0.0, 1.0, by)[:, np.newaxis]


STEPS = (
    Step(
        "continuum removed",
        "Each spectrum divided by its convex hull: absorption bands alone count, not the level or "
        "the slope (Clark & Roush 1984).",
        continuum_removed,
    ),
    Step(
        "first derivative",
        "The slope of each spectrum, smoothed over 7 bands: offsets don't count (Savitzky & Golay "
        "1964).",
        first_derivative,
    ),
    Step(
        "standard normal variate",
        "Each vector minus its mean, divided by its standard deviation: neither brightness nor an "
        "offset counts (Barnes et al. 1989).",
        standard_normal_variate,
    ),
    Step(
        "mean-centred",
        "Minus the mean of the whole image: takes out the direction that all vectors share, as "
        "those of signed network features do (Mu et al. 2017).",
        mean_centred,
        needs_mean=True,
    ),
    Step(
        "unit sum",
        "Each vector divided by the sum of its absolute values (L1): shares count, not "
        "amounts (Rinnan et al. 2009).",
        unit_sum,
    ),
    Step(
        "unit length",
        "Each vector divided by its length (L2): makes distances those of directions "
        "(Rinnan et al. 2009).",
        unit_length,
    ),
)
"""All steps."""


def step_named(name: str) -> Step:
    """Return the step of a name.

    Raises
    ------
    ValueError
        If there is none.
    """
    known = {step.name: step for step in STEPS}
    if name not in known:
        raise ValueError(f"the preprocessing {name!r}; expected one of {', '.join(known)}")
    return known[name]
