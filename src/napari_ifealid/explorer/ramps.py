"""Napari colormaps with a transparency ramp."""

from __future__ import annotations

import numpy as np
from napari.utils.colormaps import AVAILABLE_COLORMAPS, Colormap, ensure_colormap
from numpy.typing import NDArray

from napari_ifealid.colormaps import LEVELS, fire_table, with_transparency_ramp

FIRE = "IFeaLiD fire"
_SUFFIX = " ramp"
_names_in_use: set[str] = set()


def colormap_names() -> list[str]:
    """Return the names of the colormaps that a ramp can be given to, IFeaLiD's own first."""
    return [FIRE, *(name for name in AVAILABLE_COLORMAPS if plain_name(name) == name)]


def plain_name(name: str) -> str:
    """Return the name of the colormap that a ramp was given to."""
    return name.partition(_SUFFIX)[0]


class Ramps:
    """The colormaps with a ramp of one similarity layer, one for each plain colormap.

    napari keeps every colormap that a layer is given in a table of names, for ever and for all
    viewers. So a ramp is changed in place and its name is used again after `release`.
    """

    def __init__(self) -> None:
        self._colormaps: dict[str, Colormap] = {}

    def colormap(self, plain: str, base: float) -> Colormap:
        """Return a colormap with a ramp.

        Parameters
        ----------
        plain : str
            A name from `colormap_names`.
        base : float
            Opacity at the low end, 0 to 1.
        """
        colours = with_transparency_ramp(_plain_colours(plain), base)
        if plain not in self._colormaps:
            self._colormaps[plain] = _claim(plain, colours)
        self._colormaps[plain].colors = colours
        return self._colormaps[plain]

    def owns(self, colormap: Colormap) -> bool:
        """Tell whether a colormap is one of these."""
        return any(colormap.name == own.name for own in self._colormaps.values())

    def release(self) -> None:
        """Let others use the names."""
        _names_in_use.difference_update(ramp.name for ramp in self._colormaps.values())
        self._colormaps.clear()


def _claim(plain: str, colours: NDArray[np.float64]) -> Colormap:
    name, number = plain + _SUFFIX, 1
    while name in _names_in_use:
        number += 1
        name = f"{plain}{_SUFFIX} {number}"
    _names_in_use.add(name)
    known = AVAILABLE_COLORMAPS.get(name)
    return known or Colormap(colours, name=name, interpolation="zero")


def _plain_colours(plain: str) -> NDArray[np.float64]:
    if plain == FIRE:
        return fire_table() / 255.0
    middles = (np.arange(LEVELS) + 0.5) / LEVELS
    colours: NDArray[np.float64] = ensure_colormap(plain).map(middles)
    return colours
