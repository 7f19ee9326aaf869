"""Colours that can be seen on white paper."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy.QtGui import QColor

from napari_ifealid.luminance import luminance

_LEAST_CONTRAST = 3.0


def relative_luminance(colour: str) -> float:
    """Return the relative luminance of a colour, from 0 for black to 1 for white.

    As defined in the Web Content Accessibility Guidelines (W3C 2023, WCAG 2.2).

    Parameters
    ----------
    colour : str
        As in ``"#f0e442"``.
    """
    return float(luminance(_linear(colour)))


def on_white(colour: str) -> str:
    """Return a colour of the same hue with a contrast of at least 3:1 to white.

    That is the least contrast of graphics in the Web Content Accessibility Guidelines (W3C 2023,
    WCAG 2.2, success criterion 1.4.11).

    Parameters
    ----------
    colour : str
        As in ``"#f0e442"``.

    Returns
    -------
    str
        The same one where its contrast suffices.
    """
    most = 1.05 / _LEAST_CONTRAST - 0.05
    current = relative_luminance(colour)
    if current <= most:
        return colour
    linear = _linear(colour) * (most / current)
    levels = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * np.power(linear, 1 / 2.4) - 0.055
    )
    return QColor(*(int(level) for level in np.floor(levels * 255.0))).name()


def _linear(colour: str) -> NDArray[np.float64]:
    """Return red, green and blue as amounts of light (sRGB, IEC 61966-2-1)."""
    levels = np.array(QColor(colour).getRgb()[:3]) / 255.0
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
