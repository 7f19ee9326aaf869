"""The colours of spectra in daylight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHORTEST, LONGEST = 380.0, 780.0
"""Ends of the visible light, in nm."""

_HUES = 400.0, 680.0

# CIE standard illuminant D65, relative power at 380, 390, … 780 nm (CIE 15)
_DAYLIGHT = (
    "49.9755 54.6482 82.7549 91.486 93.4318 86.6823 104.865 117.008 117.812 114.861 115.923 "
    "108.811 109.354 107.802 104.79 107.689 104.405 104.046 100 96.3342 95.788 88.6856 90.0062 "
    "89.5991 87.6987 83.2886 83.6992 80.0268 80.2146 82.2778 78.2842 69.7213 71.6091 74.349 "
    "61.604 69.8856 75.087 63.5927 46.4182 66.8054 63.3828"
)

# height, middle, and spread below and above it of the lobes of x, y and z, in nm
_LOBES = (
    ((1.056, 599.8, 37.9, 31.0), (0.362, 442.0, 16.0, 26.7), (-0.065, 501.1, 20.4, 26.2)),
    ((0.821, 568.8, 46.9, 40.5), (0.286, 530.9, 16.3, 31.1)),
    ((1.217, 437.0, 11.8, 36.0), (0.681, 459.0, 26.0, 13.8)),
)

# IEC 61966-2-1, from XYZ to linear sRGB
_TO_RGB = np.array(
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
)


def colour_matching(wavelengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the colour matching functions of the CIE 1931 standard observer (2°).

    Parameters
    ----------
    wavelengths : array of float64, shape (N,)
        In nm.

    Returns
    -------
    array of float64, shape (N, 3)
        x, y and z.

    Notes
    -----
    The analytic fit of Wyman, Sloan & Shirley 2013, "Simple Analytic Approximations to the CIE XYZ
    Color Matching Functions", Journal of Computer Graphics Techniques 2(2): sums of Gaussians whose
    spread differs below and above their middle.
    """
    return np.stack([sum(_lobe(wavelengths, *lobe) for lobe in one) for one in _LOBES], axis=-1)


def rgb_weights(wavelengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much a spectrum's value at each wavelength adds to its colour in daylight.

    The spectrum runs straight from one wavelength to the next, and level before the first and
    after the last. It is weighted by the illuminant D65 and the colour matching functions.

    Parameters
    ----------
    wavelengths : array of float64, shape (N,)
        In nm, rising.

    Returns
    -------
    array of float64, shape (N, 3)
        For linear sRGB. Each column adds up to 1: a level spectrum of ones is white.
    """
    grid = np.arange(SHORTEST, LONGEST + 1.0)
    nodes = np.linspace(SHORTEST, LONGEST, len(_DAYLIGHT.split()))
    daylight = np.interp(grid, nodes, np.array(_DAYLIGHT.split(), float))
    seen = colour_matching(grid) * daylight[:, np.newaxis]
    light = (seen / seen[:, 1].sum()) @ _TO_RGB.T
    light /= light.sum(axis=0)  # the fit's white differs from that of sRGB by less than 1 %
    tents = np.stack([np.interp(grid, wavelengths, row) for row in np.eye(len(wavelengths))])
    weights: NDArray[np.float64] = tents @ light
    return weights


def light_colour(wavelength: float) -> str:
    """Return the colour of light of a single wavelength, as in ``"#00ff00"``, at its brightest.

    Negative parts in sRGB are cut off: no screen shows them. Beyond 400 and 680 nm, where the fit
    of `colour_matching` no longer tells hues, it is the colour at that end.

    Parameters
    ----------
    wavelength : float
        In nm.
    """
    seen = colour_matching(np.clip([wavelength], *_HUES))[0]
    light = np.maximum(seen @ _TO_RGB.T, 0.0)
    levels = encoded((light / light.max()).astype(np.float32))
    return "#{:02x}{:02x}{:02x}".format(*np.rint(255.0 * levels).astype(int))


def encoded(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return linear light between 0 and 1 as sRGB encodes it (IEC 61966-2-1).

    Parameters
    ----------
    light : array of float32

    Returns
    -------
    array of float32, same shape
        Between 0 and 1.
    """
    bright = 1.055 * np.maximum(light, 0.0) ** (1 / 2.4) - 0.055
    return np.where(light <= 0.0031308, 12.92 * light, bright).astype(np.float32)


def _lobe(
    wavelengths: NDArray[np.float64], height: float, middle: float, below: float, above: float
) -> NDArray[np.float64]:
    off = (wavelengths - middle) / np.where(wavelengths < middle, below, above)
    lobe: NDArray[np.float64] = height * np.exp(-0.5 * off**2)
    return lobe
