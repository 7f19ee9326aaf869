"""The name of the reference system that coordinates on the earth are in."""

from __future__ import annotations

import re

from napari_ifealid.georeference import Georeference

_PROJECTED, _GEOGRAPHIC, _USER_DEFINED = 3072, 2048, 32767  # of GeoKeys
_WKT_NAME = re.compile(r'\s*\w+\s*\[\s*"([^"]*)"')
_PLACE_ITEMS = slice(1, 7)  # of the items of "map info": numbers, which are no name


def reference_system(place: Georeference) -> str | None:
    """Return the name of a reference system as far as a file tells it, None where it does not.

    Parameters
    ----------
    place : Georeference

    Returns
    -------
    str or None
        Such as "EPSG:32633", "WGS 84 / UTM zone 33N" or both, "WGS 84 / UTM zone 33N (EPSG:32633)".
    """
    code = _code(place)
    match = _WKT_NAME.match(place.wkt)
    citation = place.text.split("|", 1)[0].strip()
    name = (match[1].strip() if match else "") or citation or _map_name(place.map_info)
    if code and name:
        return f"{name} ({code})"
    return code or name or None


def _code(place: Georeference) -> str:
    """Return the code of the system among the GeoKeys, "" without one."""
    entries = {
        place.keys[at]: place.keys[at + 3]
        for at in range(4, len(place.keys) - 3, 4)
        if place.keys[at + 1] == 0
    }
    codes = (entries.get(key, 0) for key in (_PROJECTED, _GEOGRAPHIC))
    code = next((code for code in codes if code not in (0, _USER_DEFINED)), 0)
    return f"EPSG:{code}" if code else ""


def _map_name(map_info: str) -> str:
    """Return the names among the items of ENVI's map info, "" without any."""
    items = [item.strip() for item in map_info.strip("{} ").split(",")]
    del items[_PLACE_ITEMS]
    names = [item for item in items if item and "=" not in item]
    return "" if names[:1] in ([], ["Arbitrary"]) else " ".join(names)
