from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial import ConvexHull

from napari_ifealid.preprocessing.continuum import continuum_removed, upper_hull

NONE = np.zeros(0)


def hull_by_qhull(spectrum: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The upper hull of points above a base far below: all others are on the lower one."""
    points = np.column_stack([places, spectrum])
    base = spectrum.min() - 1e3 * (1.0 + np.ptp(spectrum))
    ends = [[places[0], base], [places[-1], base]]
    corners = ConvexHull(np.vstack([points, ends])).vertices
    corners = np.sort(corners[corners < len(points)])
    return np.interp(places, places[corners], spectrum[corners])


@pytest.mark.parametrize("count", [2, 3, 7, 60])
def test_hull_is_that_of_qhull(count):
    rng = np.random.default_rng(count)
    places = np.sort(rng.uniform(400.0, 2500.0, count))
    spectra = rng.uniform(0.1, 1.0, (20, count))
    expected = [hull_by_qhull(spectrum, places) for spectrum in spectra]
    np.testing.assert_allclose(upper_hull(spectra, places), expected, rtol=1e-9)


@given(spectra=arrays(float, (3, 6), elements=st.floats(0.01, 1e3)))
def test_hull_is_nowhere_below_and_convex(spectra):
    places = np.array([1.0, 2.0, 4.0, 5.0, 7.0, 8.0])
    hull = upper_hull(spectra, places)
    assert (hull >= spectra).all()
    slopes = np.diff(hull) / np.diff(places)
    assert (np.diff(slopes) <= 1e-9 * np.abs(slopes).max(initial=1.0)).all()


def test_straight_spectrum_has_no_absorption():
    places = np.array([400.0, 500.0, 700.0])
    spectra = 0.1 + 0.001 * places[np.newaxis]
    np.testing.assert_allclose(continuum_removed(spectra, places, NONE), 1.0)


def test_absorption_is_the_share_of_the_continuum():
    spectra = np.array([[1.0, 0.5, 1.0], [2.0, 1.0, 2.0], [0.0, 0.0, 0.0], [-1.0, -2.0, -1.0]])
    removed = continuum_removed(spectra, np.array([1.0, 2.0, 3.0]), NONE)
    np.testing.assert_allclose(removed, [[1, 0.5, 1], [1, 0.5, 1], [1, 1, 1], [1, 1, 1]])


def test_noise_below_zero_absorbs_all_and_no_more():
    places = np.array([1.0, 2.0, 3.0, 4.0])
    dark = np.array([[1e-4, -3e-3, -2e-3, 1e-17], [2e-3, -1e-3, 1e-3, 2e-3]])
    removed = continuum_removed(dark, places, NONE)
    np.testing.assert_allclose(removed, [[1, 0, 0, 1], [1, 0, 0.5, 1]])


def test_single_band_is_its_own_continuum():
    np.testing.assert_array_equal(continuum_removed(np.array([[3.0]]), np.ones(1), NONE), [[1.0]])
