from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.numeric_labels import numeric_labels
from napari_ifealid.wavelength_units import known_unit, wavelength_labels


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("Micrometers", "µm"),
        ("microns", "µm"),
        ("um", "µm"),
        ("μm", "µm"),
        ("Nanometers", "nm"),
        ("nm", "nm"),
        ("cm-1", "cm-1"),
        ("", ""),
    ],
)
def test_unit_has_one_spelling(text, unit):
    assert known_unit(text) == unit


def test_labels_of_wavelengths_are_read_as_they_were():
    wavelengths = np.array([418.24, 423.874, 1000.0], np.float32)
    labels = wavelength_labels(wavelengths, "Nanometers")
    assert labels == ("418.24 nm", "423.874 nm", "1000.0 nm")
    np.testing.assert_array_equal(numeric_labels(labels).numbers.astype(np.float32), wavelengths)
    assert numeric_labels(labels).unit == "nm"


def test_labels_of_wavelengths_of_an_unknown_unit_are_numbers():
    assert wavelength_labels([0.4, 0.5], "") == (0.4, 0.5)


@pytest.mark.parametrize("wavelengths", [[1.0, 1.0], [1.0, np.nan], [np.inf, 2.0]])
def test_wavelengths_that_tell_no_features_apart_are_no_labels(wavelengths):
    assert wavelength_labels(wavelengths, "nm") is None
