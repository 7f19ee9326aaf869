"""Napari colormaps whose opacity depends on the level: a ramp, and nothing below a threshold."""

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


class AlphaColormaps:
    """The colormaps with a ramp of one map layer, one for each plain colormap.

    napari keeps every colormap that a layer is given in a table of names, for ever and for all
    viewers. So a colormap is changed in place, and its name is used again after `release`.
    """

    def __init__(self) -> None:
        self._colormaps: dict[str, Colormap] = {}

    def colormap(self, plain: str, base: float, hidden: int = 0) -> Colormap:
        """Return a colormap with a ramp.

        Parameters
        ----------
        plain : str
            A name from `colormap_names`.
        base : float
            Opacity at the low end, 0 to 1.
        hidden : int
            So many of the 256 levels, from the low end, are transparent.
        """
        colours = with_transparency_ramp(_plain_colours(plain), base)
        colours[:hidden, 3] = 0.0
        if plain not in self._colormaps:
            self._colormaps[plain] = _claim(plain, colours)
        self._colormaps[plain].colors = colours
        return self._colormaps[plain]

    def owns(self, colormap: Colormap) -> bool:
        """Return whether a colormap is one of these."""
        return any(colormap.name == own.name for own in self._colormaps.values())

    def release(self) -> None:
        """Let others use the names, now that no layer has the colormaps any more."""
        _names_in_use.difference_update(own.name for own in self._colormaps.values())
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
