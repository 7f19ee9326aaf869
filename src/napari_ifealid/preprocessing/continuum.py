"""Spectra divided by their continuum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def continuum_removed(
    spectra: NDArray[np.float64], places: NDArray[np.float64], _: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return spectra divided by their continuum, the upper convex hull.

    Parameters
    ----------
    spectra : array of float64, shape (N, C)
        Finite.
    places : array of float64, shape (C,)
        Wavelength of each band, ascending.

    Returns
    -------
    array of float64, shape (N, C)
        From 0 to 1, which is on the hull; 1, too, where the hull is not above zero, which absorbs
        nothing. Values below zero, as noise makes them, are taken for zero.

    Notes
    -----
    Clark & Roush 1984, doi 10.1029/JB089iB07p06329. All spectra walk along their hulls at once, as
    in Jarvis 1973, doi 10.1016/0020-0190(73)90020-3.
    """
    hull = upper_hull(spectra, places)
    is_above = hull > 0.0
    reflected = np.where(is_above, np.maximum(spectra, 0.0), 1.0)  # a hull near zero: else huge
    removed: NDArray[np.float64] = reflected / np.where(is_above, hull, 1.0)
    return removed


def upper_hull(spectra: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the upper convex hull of spectra at each of their bands, shape (N, C)."""
    hull = spectra.copy()
    count, bands = spectra.shape
    numbers = np.arange(bands)
    walking, corners = np.arange(count), np.zeros(count, np.intp)
    while bands > 1 and len(walking):
        values = spectra[walking]
        starts = values[np.arange(len(walking)), corners]
        is_ahead = numbers > corners[:, np.newaxis]
        runs = places - places[corners][:, np.newaxis]
        slopes = np.full(values.shape, -np.inf)
        rises = values - starts[:, np.newaxis]
        np.divide(rises, runs, out=slopes, where=is_ahead)
        # of equally steep ones the last
        following = bands - 1 - slopes[:, ::-1].argmax(axis=1)
        steepest = slopes[np.arange(len(walking)), following]
        is_between = is_ahead & (numbers < following[:, np.newaxis])
        line = starts[:, np.newaxis] + steepest[:, np.newaxis] * runs
        hull[walking] = np.where(is_between, np.maximum(line, values), hull[walking])
        goes_on = following < bands - 1
        walking, corners = walking[goes_on], following[goes_on]
    return hull
