"""The channels of a microscope's TIFF, as OME-TIFF and ImageJ tell them.

Sources: "OME Model", Open Microscopy Environment; "TIFF" in ImageJ's documentation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any
from xml.etree import ElementTree

import numpy as np

from napari_ifealid.errors import DatasetError
from napari_ifealid.georeference import PixelSize
from napari_ifealid.wavelength_units import NANOMETRES, known_unit, wavelength_labels

_MICROMETRE = "µm"
_INCH = 2.54e7  # nanometres


@dataclass(frozen=True)
class Channels:
    """What is known of the channels of an image.

    Parameters
    ----------
    labels : tuple of str or float, optional
        Their emission wavelengths, else their names.
    colours : tuple of str, optional
        As in "#00ff00".
    pixel_size : PixelSize, optional
    """

    labels: tuple[str | float, ...] | None = None
    colours: tuple[str, ...] | None = None
    pixel_size: PixelSize | None = None


def ome_channels(xml: str, image: int, count: int) -> Channels:
    """Return the channels of an image in OME-XML.

    Parameters
    ----------
    xml : str
    image : int
        Number of the image in the file.
    count : int
        How many channels it has.

    Raises
    ------
    DatasetError
        If it is no XML, or if a value is no number.
    """
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError as error:
        raise _wrong(f"no XML ({error})") from error
    images = [part for element in root.iter() for part in _named(element, "Image")]
    pixels = [part for element in images[image : image + 1] for part in _named(element, "Pixels")]
    if not pixels:
        return Channels()
    size = _pixel_size(*((pixels[0].get(f"PhysicalSize{x}"), _unit(pixels[0], x)) for x in "YX"))
    channels = _named(pixels[0], "Channel")
    if len(channels) != count:
        return Channels(pixel_size=size)
    return Channels(_emissions(channels) or _names(channels), _colours(channels), size)


def imagej_channels(
    metadata: Mapping[str, Any], resolution: Sequence[float | None], count: int
) -> Channels:
    """Return the channels of an image of ImageJ.

    Parameters
    ----------
    metadata : mapping of str to anything
        As tifffile reads them.
    resolution : (float or None, float or None)
        Pixels per unit, along y and x.
    count : int
        How many channels it has.
    """
    unit = str(metadata.get("unit", "")).replace("\\u00B5", "µ")
    size = _pixel_size(*(((1 / x if x else None), unit) for x in resolution))
    names = [str(label).strip() for label in (metadata.get("Labels") or [])[:count]]
    colours = [
        "#{:02x}{:02x}{:02x}".format(*np.asarray(table)[:, -1].tolist())
        for table in metadata.get("LUTs", ())
        if np.shape(table) == (3, 256)
    ]
    return Channels(
        tuple(names) if all(names) and len(set(names)) == count else None,
        tuple(colours) if len(colours) == count else None,
        size,
    )


def _named(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    """Return the parts of a name, in whatever version of the schema."""
    return [part for part in element if part.tag.rpartition("}")[2] == name]


def _unit(pixels: ElementTree.Element, axis: str) -> str:
    return pixels.get(f"PhysicalSize{axis}Unit", _MICROMETRE)


def _pixel_size(*sizes: tuple[float | str | None, str]) -> PixelSize | None:
    """Return the size of pixels in micrometres, None where it is unknown."""
    lengths = []
    for size, unit in sizes:
        known = known_unit(unit)
        nanometres = _INCH if known.lower() == "inch" else NANOMETRES.get(known)
        if size is None or nanometres is None:
            return None
        lengths.append(_number(size) * nanometres / NANOMETRES[_MICROMETRE])
    y, x = lengths
    return PixelSize((y, x), _MICROMETRE) if y > 0.0 and x > 0.0 else None


def _emissions(channels: Sequence[ElementTree.Element]) -> tuple[str | float, ...] | None:
    texts = [channel.get("EmissionWavelength") for channel in channels]
    units = {channel.get("EmissionWavelengthUnit", "nm") for channel in channels}
    known = [_number(text) for text in texts if text is not None]
    if len(known) < len(texts) or len(units) != 1:
        return None
    return wavelength_labels(known, units.pop())


def _names(channels: Sequence[ElementTree.Element]) -> tuple[str, ...] | None:
    names = [channel.get("Name", "").strip() for channel in channels]
    return tuple(names) if all(names) and len(set(names)) == len(names) else None


def _colours(channels: Sequence[ElementTree.Element]) -> tuple[str, ...] | None:
    """Return the colours, which OME has as signed integers of red, green, blue and alpha."""
    numbers = [channel.get("Color") for channel in channels]
    known = [int(_number(number)) for number in numbers if number is not None]
    if len(known) < len(numbers):
        return None
    return tuple(f"#{number % 2**32 >> 8:06x}" for number in known)


def _number(text: float | str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise _wrong(f"the value {text!r}") from error
    if not isfinite(number):
        raise _wrong(f"the value {text!r}")
    return number


def _wrong(found: str) -> DatasetError:
    return DatasetError(
        found,
        expected="metadata as OME-TIFF has them, with a finite number where one belongs",
        remedy="Write the file again, or remove its description, e.g. with tiffcomment.",
        member="ImageDescription",
    )
