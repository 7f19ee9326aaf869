"""The first derivative of spectra."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_WINDOW, _ORDER = 7, 2
_GAP = 3.0  # usual steps: a larger one is not differentiated across


def first_derivative(
    spectra: NDArray[np.float64], places: NDArray[np.float64], _: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the smoothed slopes of spectra.

    A parabola is fitted to 7 bands around each, or to as many as there are between two gaps, where
    bands are left out.

    Parameters
    ----------
    spectra : array of float64, shape (N, C)
        Finite.
    places : array of float64, shape (C,)
        Wavelength of each band, ascending.

    Returns
    -------
    array of float64, shape (N, C)
        Zero for a band that stands alone.

    Notes
    -----
    Savitzky & Golay 1964, doi 10.1021/ac60214a047. Where bands are not evenly spaced, the slope is
    that over the band's number divided by that of the wavelength.
    """
    slopes = np.zeros_like(spectra)
    for run in _runs(places):
        if run.stop - run.start > 1 and len(spectra):
            slopes[:, run] = _slopes(spectra[:, run]) / _slopes(places[run])
    return slopes


def _slopes(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the slopes of values over their numbers, along the last axis."""
    from scipy.signal import savgol_filter  # scipy.signal takes long to import

    count = values.shape[-1]
    window = min(_WINDOW, count - 1 + count % 2)
    if window < 3:
        return np.gradient(values, axis=-1)
    slopes: NDArray[np.float64] = savgol_filter(values, window, _ORDER, deriv=1, axis=-1)
    return slopes


def _runs(places: NDArray[np.float64]) -> list[slice]:
    """Return the bands between gaps."""
    steps = np.diff(places)
    usual = float(np.median(steps)) if len(steps) else 0.0
    ends = [0, *(np.flatnonzero(steps > _GAP * usual) + 1).tolist(), len(places)]
    return [slice(start, stop) for start, stop in pairwise(ends)]
