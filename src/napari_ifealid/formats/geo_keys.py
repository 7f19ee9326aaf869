"""The reference system that ENVI's "map info" names, as GeoTIFF has it.

Sources: "ENVI Header Files", NV5 Geospatial documentation; "OGC GeoTIFF Standard 1.1", OGC 19-008r4
(2019).
"""

from __future__ import annotations

from dataclasses import replace

from napari_ifealid.georeference import Georeference

_WGS_84 = ("wgs-84", "wgs84", "wgs 84")
_DIRECTIONS = {"north": 32600, "south": 32700}
"""EPSG code of UTM on WGS 84 before its zone is added."""

_LONGITUDE_AND_LATITUDE = 4326
_ZONES = range(1, 61)

_VERSION = (1, 1, 0)
_MODEL_TYPE, _RASTER_TYPE = 1024, 1025
_PROJECTED, _GEOGRAPHIC, _PIXEL_IS_AREA = 1, 2, 1
_GEOGRAPHIC_TYPE, _PROJECTED_TYPE = 2048, 3072


def with_keys(place: Georeference) -> Georeference:
    """Return a place with keys: its own, else those that its map info stands for, if any.

    Parameters
    ----------
    place : Georeference
    """
    return replace(place, keys=place.keys or keys_of_map_info(place.map_info))


def keys_of_map_info(map_info: str) -> tuple[int, ...]:
    """Return the GeoKeyDirectory, flat, of a system on WGS 84; empty for all others.

    Parameters
    ----------
    map_info : str
        Such as "UTM, 1, 1, 384300, 5806200, 2, 2, 33, North, WGS-84, units=Meters".
    """
    name, *items = (item.strip().lower() for item in map_info.split(","))
    items = items[6:]  # after the pixel, its place and the size of pixels
    if name == "geographic lat/lon" and items and items[0] in _WGS_84:
        return _directory(_GEOGRAPHIC, _GEOGRAPHIC_TYPE, _LONGITUDE_AND_LATITUDE)
    if name != "utm" or len(items) < 3 or items[2] not in _WGS_84:
        return ()
    zone, direction = items[:2]
    is_known = zone.isascii() and zone.isdecimal() and int(zone) in _ZONES
    if not is_known or direction not in _DIRECTIONS:
        return ()
    return _directory(_PROJECTED, _PROJECTED_TYPE, _DIRECTIONS[direction] + int(zone))


def _directory(model: int, key: int, code: int) -> tuple[int, ...]:
    """Return the keys, each with where its value is, how many there are, and the value."""
    entries = ((_MODEL_TYPE, model), (_RASTER_TYPE, _PIXEL_IS_AREA), (key, code))
    flat = (number for name, value in entries for number in (name, 0, 1, value))
    return (*_VERSION, len(entries), *flat)
