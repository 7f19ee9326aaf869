"""Where an image lies on the earth, or how large its pixels are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PixelSize:
    """How large the pixels of a stack are.

    Parameters
    ----------
    size : (float, float)
        Along y and x, greater than 0.
    unit : str
        As napari knows it, such as "m", "µm" or "degree".
    """

    size: tuple[float, float]
    unit: str


@dataclass(frozen=True)
class Georeference:
    """Where an image lies on the earth.

    Parameters
    ----------
    transform : tuple of six floats
        (a, b, c, d, e, f): x = a · column + b · row + c and y = d · column + e · row + f, of the
        upper left corner of a pixel.
    keys : tuple of (int, ...)
        The GeoKeyDirectory of GeoTIFF, flat, which names the reference system; empty if unknown.
    doubles : tuple of float
        Its GeoDoubleParams.
    text : str
        Its GeoAsciiParams.
    map_info, wkt : str
        As ENVI's header has them: "map info" and "coordinate system string".
    """

    transform: tuple[float, float, float, float, float, float]
    keys: tuple[int, ...] = ()
    doubles: tuple[float, ...] = ()
    text: str = ""
    map_info: str = ""
    wkt: str = ""
