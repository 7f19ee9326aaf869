"""Where a TIFF lies on the earth: the tags of GeoTIFF.

Source: "OGC GeoTIFF Standard 1.1", OGC 19-008r4 (2019).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import hypot, isfinite
from typing import Any

import numpy as np

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.geo_keys import with_keys
from napari_ifealid.georeference import Georeference, PixelSize

SCALE, TIEPOINT, TRANSFORMATION = 33550, 33922, 34264
KEYS, DOUBLES, TEXT = 34735, 34736, 34737

_RASTER_TYPE, _PIXEL_IS_POINT = 1025, 2
_MODEL_TYPE, _PROJECTED, _GEOGRAPHIC = 1024, 1, 2
_LINEAR_UNIT, _LINEAR_UNIT_SIZE = 3076, 3077
_METRES = {9001: 1.0, 9002: 0.3048, 9003: 1200 / 3937, 9036: 1000.0}
_USER_DEFINED = 32767

Transform = tuple[float, float, float, float, float, float]
ExtraTag = tuple[int, str, int, Any, bool]
"""Code, type, count, value and whether it is written once, as tifffile takes a tag."""


def georeference(tags: Mapping[int, Any]) -> Georeference | None:
    """Return where an image lies on the earth, None where the tags don't tell.

    Parameters
    ----------
    tags : mapping of int to anything
        Values of tags by their codes.

    Raises
    ------
    DatasetError
        If one of them is wrong.
    """
    transform = _transform(tags)
    if transform is None:
        return None
    place = Georeference(
        transform,
        keys=_directory(tags),
        doubles=tuple(_numbers(tags, DOUBLES)),
        text=str(tags.get(TEXT, "")),
    )
    return _shifted(place, -0.5) if _is_of_points(place) else place


def pixel_size(place: Georeference) -> PixelSize | None:
    """Return how large pixels are, in metres or degrees; None where the unit is unknown.

    Parameters
    ----------
    place : Georeference
    """
    a, b, _, d, e, _ = place.transform
    size = hypot(b, e), hypot(a, d)
    keys = dict(_key_values(place))
    if keys.get(_MODEL_TYPE) == _GEOGRAPHIC:
        return PixelSize(size, "degree")
    if keys.get(_MODEL_TYPE) != _PROJECTED:
        return None
    unit = keys.get(_LINEAR_UNIT, 9001)
    metres = keys.get(_LINEAR_UNIT_SIZE) if unit == _USER_DEFINED else _METRES.get(int(unit))
    return None if not metres else PixelSize((size[0] * metres, size[1] * metres), "m")


def geo_tags(place: Georeference) -> list[ExtraTag]:
    """Return the tags that tell where an image lies.

    Parameters
    ----------
    place : Georeference
    """
    place = with_keys(place)
    stored = _shifted(place, 0.5) if _is_of_points(place) else place
    a, b, c, d, e, f = stored.transform
    tags: list[ExtraTag]
    if b == 0.0 and d == 0.0 and a > 0.0 and e < 0.0:
        tags = [
            (SCALE, "d", 3, (a, -e, 0.0), True),
            (TIEPOINT, "d", 6, (0.0, 0.0, 0.0, c, f, 0.0), True),
        ]
    else:
        matrix = (a, b, 0.0, c, d, e, 0.0, f, *(0.0,) * 4, 0.0, 0.0, 0.0, 1.0)
        tags = [(TRANSFORMATION, "d", 16, matrix, True)]
    if place.keys:
        tags.append((KEYS, "H", len(place.keys), place.keys, True))
    if place.doubles:
        tags.append((DOUBLES, "d", len(place.doubles), place.doubles, True))
    if place.text:
        tags.append((TEXT, "s", 0, place.text.encode(), True))
    return tags


def _transform(tags: Mapping[int, Any]) -> Transform | None:
    if TRANSFORMATION in tags:
        m = _numbers(tags, TRANSFORMATION)
        if len(m) != 16:
            raise _wrong("ModelTransformation", f"{len(m)} numbers")
        return _checked((m[0], m[1], m[3], m[4], m[5], m[7]), "ModelTransformation")
    scale, tie = _numbers(tags, SCALE), _numbers(tags, TIEPOINT)
    if not scale:
        return None  # points on the ground, if any, which are not a grid
    if len(scale) < 2 or len(tie) < 6:
        raise _wrong("ModelPixelScale", f"{len(scale)} sizes and {len(tie)} numbers of tie points")
    column, row, _, x, y, _ = tie[:6]
    width, height = scale[:2]
    transform = width, 0.0, x - column * width, 0.0, -height, y + row * height
    return _checked(transform, "ModelPixelScale")


def _directory(tags: Mapping[int, Any]) -> tuple[int, ...]:
    """Return the keys, without what some programs fill the tag up with."""
    keys = tuple(int(number) for number in _numbers(tags, KEYS))
    length = 4 * (keys[3] + 1) if len(keys) > 3 else 4
    if keys and len(keys) < length:
        raise _wrong("GeoKeyDirectory", f"{len(keys)} numbers")
    return keys[:length]


def _checked(transform: Transform, member: str) -> Transform:
    a, b, _, d, e, _ = transform
    if not all(map(isfinite, transform)) or a * e == b * d:
        raise _wrong(member, f"the transform {transform}")
    return transform


def _numbers(tags: Mapping[int, Any], code: int) -> list[float]:
    """Return the numbers of a tag, none where it is missing; of a single one, that."""
    try:
        return [float(number) for number in np.atleast_1d(tags.get(code, ()))]
    except (TypeError, ValueError) as error:
        raise _wrong(f"tag {code}", "something else than numbers") from error


def _is_of_points(place: Georeference) -> bool:
    return dict(_key_values(place)).get(_RASTER_TYPE) == _PIXEL_IS_POINT


def _shifted(place: Georeference, pixels: float) -> Georeference:
    """Return the same with coordinates that are those of another point of each pixel."""
    a, b, c, d, e, f = place.transform
    moved = a, b, c + pixels * (a + b), d, e, f + pixels * (d + e)
    return Georeference(moved, place.keys, place.doubles, place.text, place.map_info, place.wkt)


def _key_values(place: Georeference) -> Iterator[tuple[int, float]]:
    """Yield the GeoKeys that are numbers."""
    for start in range(4, len(place.keys) - 3, 4):
        key, where, _, value = place.keys[start : start + 4]
        if where == 0:
            yield key, value
        elif where == DOUBLES and value < len(place.doubles):
            yield key, place.doubles[value]


def _wrong(member: str, found: str) -> DatasetError:
    return DatasetError(
        found,
        expected="a georeference as the GeoTIFF standard has it",
        remedy="Remove it, e.g. with gdal_edit.py -unsetgt, or write the file again.",
        member=member,
    )
