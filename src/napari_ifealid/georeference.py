"""Where an image lies on the earth, or how large its pixels are."""

from __future__ import annotations

from dataclasses import dataclass, replace


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

    def of_pixels(self, stride: tuple[float, float], offset: tuple[float, float]) -> Georeference:
        """Return where other pixels lie, such as larger ones on the same image.

        What ENVI's header says of the place is left out: it is that of the image.

        Parameters
        ----------
        stride, offset : (float, float)
            Along y and x: pixel i is centred at stride · i + offset, in pixels of the image, whose
            first is centred at 0.
        """
        if stride == (1.0, 1.0) and offset == (0.0, 0.0):
            return self
        a, b, c, d, e, f = self.transform
        # of the upper left corners, which lie half a pixel before the centres
        row, column = (start + 0.5 - 0.5 * step for step, start in zip(stride, offset, strict=True))
        down, right = stride
        transform = (
            *(a * right, b * down, c + a * column + b * row),
            *(d * right, e * down, f + d * column + e * row),
        )
        return replace(self, transform=transform, map_info="")
