from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.preprocessing.derivative import first_derivative

NONE = np.zeros(0)


@pytest.mark.parametrize("count", [2, 3, 4, 7, 40])
def test_slope_of_a_line_is_constant_however_bands_are_spaced(count):
    places = 400.0 + 10.0 * np.arange(count) + np.linspace(0.0, 5.0, count) ** 2
    spectra = np.array([[3.0], [-2.0]]) * places
    slopes = first_derivative(spectra, places, NONE)
    np.testing.assert_allclose(slopes, np.broadcast_to([[3.0], [-2.0]], slopes.shape))


def test_slope_of_a_parabola_is_exact_for_even_bands():
    places = np.arange(20.0)
    slopes = first_derivative(places[np.newaxis] ** 2, places, NONE)
    np.testing.assert_allclose(slopes[0], 2.0 * places, atol=1e-9)


def test_step_across_a_gap_is_no_slope():
    places = np.concatenate([np.arange(10.0), 50.0 + np.arange(10.0)])
    spectra = np.where(places < 20, 1.0, 2.0)[np.newaxis]
    np.testing.assert_allclose(first_derivative(spectra, places, NONE), 0.0, atol=1e-12)


def test_band_that_stands_alone_has_no_slope():
    np.testing.assert_array_equal(first_derivative(np.ones((2, 1)), np.ones(1), NONE), 0.0)
