from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.picture.visible_light import (
    colour_matching,
    encoded,
    light_colour,
    rgb_weights,
)

BANDS = np.arange(400.0, 701.0, 10.0)


def test_matching_functions_meet_the_tabulated_ones():
    # CIE 15: x, y, z at 450, 555 and 600 nm
    tabulated = [[0.3362, 0.0380, 1.7721], [0.5121, 1.0000, 0.0057], [1.0622, 0.6310, 0.0008]]
    fitted = colour_matching(np.array([450.0, 555.0, 600.0]))
    np.testing.assert_allclose(fitted, tabulated, atol=0.025)


@pytest.mark.parametrize("bands", [BANDS, np.array([366.0, 455.0, 470.0, 520.0, 570.0, 650.0])])
def test_level_spectrum_is_white_at_any_spacing(bands):
    np.testing.assert_allclose(rgb_weights(bands).sum(axis=0), 1.0)


@pytest.mark.parametrize(("middle", "brightest"), [(640.0, 0), (535.0, 1), (450.0, 2)])
def test_narrow_spectrum_has_the_hue_of_its_wavelength(middle, brightest):
    spectrum = np.exp(-0.5 * ((BANDS - middle) / 15.0) ** 2)
    colour = spectrum @ rgb_weights(BANDS)
    assert colour.argmax() == brightest
    assert np.delete(colour, brightest).max() < 0.2 * colour.max()


def test_broad_bands_show_nearly_the_colour_of_narrow_ones():
    def colour(bands: np.ndarray) -> np.ndarray:
        return (0.2 + 0.001 * (bands - 400.0)) @ rgb_weights(bands)

    np.testing.assert_allclose(colour(np.arange(400.0, 701.0, 50.0)), colour(BANDS), rtol=1e-6)


def test_encoding_is_that_of_srgb():
    light = np.array([0.0, 0.002, 0.2140, 1.0], np.float32)
    np.testing.assert_allclose(encoded(light), [0.0, 0.02584, 0.5, 1.0], atol=1e-4)


@pytest.mark.parametrize(
    ("wavelength", "colour"),
    [
        (461.0, "#0000ff"),  # DAPI
        (520.0, "#00ff00"),  # fluorescein
        (580.0, "#ffb300"),  # tetramethylrhodamine
        (647.0, "#ff0000"),
    ],
)
def test_light_of_a_single_wavelength_has_its_colour(wavelength, colour):
    assert light_colour(wavelength) == colour


def test_light_that_is_hardly_seen_has_the_colour_of_the_nearest_end():
    assert light_colour(300.0) == light_colour(400.0)
    assert light_colour(775.0) == light_colour(680.0) == "#ff0000"
