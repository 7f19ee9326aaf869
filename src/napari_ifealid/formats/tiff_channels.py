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
from napari_ifealid.numeric_labels import numeric_labels
from napari_ifealid.wavelength_units import NANOMETRES, known_unit, wavelength_labels

_MICROMETRE = "µm"
_INCH = 2.54e7  # nanometres
_MOST_DYES = 8  # with wavelengths that all differ; more channels are those of a spectral detector


@dataclass(frozen=True)
class Channels:
    """What is known of the channels of an image.

    Parameters
    ----------
    labels : tuple of str or float, optional
        Their names, with their emission wavelengths, else these alone.
    colours : tuple of str, optional
        As in "#00ff00": those that the file tells, else those of the light that they emit.
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
    return Channels(_labels(channels), _colours(channels), size)


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


def _labels(channels: Sequence[ElementTree.Element]) -> tuple[str | float, ...] | None:
    """Return the names of channels; their wavelengths alone where names tell less."""
    names, lights = _names(channels), [_emission(channel) for channel in channels]
    units = {unit for _, unit in filter(None, lights)}
    wavelengths = None
    if None not in lights and len(units) == 1:
        wavelengths = wavelength_labels([number for number, _ in filter(None, lights)], *units)
    is_spectrum = len(channels) > _MOST_DYES or (names and numeric_labels(names) is not None)
    if names is None or (is_spectrum and wavelengths is not None):
        return wavelengths
    return tuple(
        name if light is None else f"{name} {light[0]:g} {light[1]}"
        for name, light in zip(names, lights, strict=True)
    )


def _emission(channel: ElementTree.Element) -> tuple[float, str] | None:
    """Return the wavelength that a channel emits, and its unit."""
    text = channel.get("EmissionWavelength")
    unit = known_unit(channel.get("EmissionWavelengthUnit", "nm"))
    return None if text is None else (_number(text), unit)


def _names(channels: Sequence[ElementTree.Element]) -> tuple[str, ...] | None:
    names = [channel.get("Name", "").strip() for channel in channels]
    return tuple(names) if all(names) and len(set(names)) == len(names) else None


def _colours(channels: Sequence[ElementTree.Element]) -> tuple[str, ...] | None:
    colours = [_colour(channel) for channel in channels]
    known = tuple(colour for colour in colours if colour is not None)
    return known if len(known) == len(colours) else None


def _colour(channel: ElementTree.Element) -> str | None:
    """Return a colour, which OME has as a signed integer of red, green, blue and alpha."""
    number, light = channel.get("Color"), _emission(channel)
    if number is not None:
        return f"#{int(_number(number)) % 2**32 >> 8:06x}"
    if light is None or light[1] not in NANOMETRES:
        return None
    from napari_ifealid.picture.visible_light import light_colour  # few files tell no colours

    return light_colour(light[0] * NANOMETRES[light[1]])


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
