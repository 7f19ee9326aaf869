"""The metadata of OME-Zarr images, versions 0.1 to 0.5: axes, resolutions, channels, pixel size."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from napari_ifealid.bands import Bands
from napari_ifealid.formats.fields import is_number
from napari_ifealid.georeference import PixelSize
from napari_ifealid.stack import FEATURE_AXIS_NAMES
from napari_ifealid.wavelength_units import NANOMETRES, known_unit

SERIES_KEY = "bioformats2raw.layout"
"""Attribute of a group whose groups 0, 1, 2 … are images."""

IMAGE_KEYS = {"multiscales", "ome"}
"""Attributes of images before version 0.5, and since."""

_FIRST_AXES = "tczyx"  # of all images before version 0.3
_COLOUR = re.compile(r"[0-9A-Fa-f]{6}")
_UNKNOWN_TO_NAPARI = {"å": "angstrom"}


@dataclass(frozen=True)
class OmeImage:
    """An image in several resolutions.

    Parameters
    ----------
    axis_count : int
    channel_axis : int or None
        None: the image has no channels.
    units : tuple of str
        Of each axis, as the file spells them; empty where it tells none.
    levels : mapping of str to tuple of float
        Paths of the arrays, the full resolution first, each with the scale of its axes.
    channels : tuple of mapping
        What is known of each channel.
    """

    axis_count: int
    channel_axis: int | None
    units: tuple[str, ...]
    levels: Mapping[str, tuple[float, ...]]
    channels: tuple[Mapping[str, Any], ...]

    @property
    def full_path(self) -> str:
        """Path of the array of full resolution."""
        return next(iter(self.levels))

    def labels(self, count: int) -> tuple[str | float, ...] | None:
        """Return the names of so many channels, their numbers where they have none.

        None unless so many are described, and one of them by its name.
        """
        names = [_name(one.get("label")) for one in self.channels]
        if len(names) != count or not any(names):
            return None
        return tuple(name or number for number, name in enumerate(names))

    def bands(self, count: int) -> Bands:
        """Return the colours of so many channels, if each is known."""
        colours = [one.get("color") for one in self.channels]
        texts = [one for one in colours if isinstance(one, str) and _COLOUR.fullmatch(one)]
        is_known = count == len(colours) == len(texts)
        return Bands(colours=tuple(f"#{one.lower()}" for one in texts) if is_known else None)

    def pixel_size(self, path: str, axes: tuple[int, int]) -> PixelSize | None:
        """Return how large the pixels of an array are.

        Parameters
        ----------
        path : str
            One of `levels`.
        axes : (int, int)
            Of its rows and columns.

        Returns
        -------
        PixelSize or None
            None unless both have a scale and the same unit of length.
        """
        rows, columns = (self.levels[path][axis] for axis in axes)
        first, second = (_unit(self.units[axis]) for axis in axes)
        if first is None or first != second or not min(rows, columns) > 0.0:
            return None
        return PixelSize((rows, columns), first)


def ome_image(attributes: Mapping[str, Any]) -> OmeImage | None:
    """Return the image that the attributes of a group describe; None if they describe none.

    Parameters
    ----------
    attributes : mapping
    """
    metadata = ome_metadata(attributes)
    (image, *_) = _mappings(metadata.get("multiscales")) or [{}]
    levels = [one for one in _mappings(image.get("datasets")) if isinstance(one.get("path"), str)]
    axes = _axes(image.get("axes"))
    if not levels or axes is None:
        return None
    omero = metadata.get("omero")
    channels = _mappings(omero.get("channels")) if isinstance(omero, Mapping) else []
    whole = _scale(image, len(axes))
    return OmeImage(
        axis_count=len(axes),
        channel_axis=_channel_axis(axes),
        units=tuple(str(axis.get("unit", "")) for axis in axes),
        levels={
            level["path"]: tuple(
                one * other for one, other in zip(_scale(level, len(axes)), whole, strict=True)
            )
            for level in levels
        },
        channels=tuple(channels),
    )


def ome_metadata(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what version 0.5 puts under a key of its own, and earlier ones do not."""
    inner = attributes.get("ome")
    return inner if isinstance(inner, Mapping) else attributes


def _mappings(value: object) -> list[Mapping[str, Any]]:
    """Return a list of objects of JSON; an empty one if it is anything else."""
    is_list = isinstance(value, list) and all(isinstance(one, Mapping) for one in value)
    return list(value) if is_list else []  # type: ignore[call-overload]


def _axes(axes: object) -> list[Mapping[str, Any]] | None:
    """Return the axes of an image, each with its name, if they are known."""
    if axes is None:
        return [{"name": name} for name in _FIRST_AXES]
    if not isinstance(axes, list) or not axes:
        return None
    named = [{"name": axis} if isinstance(axis, str) else axis for axis in axes]
    return _mappings(named) or None


def _channel_axis(axes: Sequence[Mapping[str, Any]]) -> int | None:
    for number, axis in enumerate(axes):
        if axis.get("type") == "channel":
            return number
    for number, axis in enumerate(axes):
        if str(axis.get("name")).lower() in FEATURE_AXIS_NAMES:
            return number
    return None


def _scale(described: Mapping[str, Any], axes: int) -> tuple[float, ...]:
    """Return the scale of each axis, 1 unless all of them are told."""
    for transform in _mappings(described.get("coordinateTransformations")):
        scale = transform.get("scale")
        is_known = isinstance(scale, list) and len(scale) == axes and all(map(is_number, scale))
        if transform.get("type") == "scale" and is_known:
            return tuple(map(float, scale))  # type: ignore[arg-type]
    return (1.0,) * axes


def _unit(text: str) -> str | None:
    """Return a unit of length as napari knows it, None for another one."""
    unit = known_unit(text)
    return _UNKNOWN_TO_NAPARI.get(unit, unit) if unit in NANOMETRES else None


def _name(value: object) -> str:
    """Return a name as it is shown; an empty one if there is none."""
    return value.strip() if isinstance(value, str) else ""
