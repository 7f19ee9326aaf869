"""Where an ENVI cube lies on the earth: its header's fields, as numbers and back.

Source: "ENVI Header Files", NV5 Geospatial documentation.
"""

from __future__ import annotations

from math import cos, isclose, isfinite, radians, sin

from napari_ifealid.formats.envi_header import EnviHeader, shortest
from napari_ifealid.georeference import Georeference, PixelSize
from napari_ifealid.wavelength_units import NANOMETRES, known_unit

MAP_INFO, SYSTEM, PIXEL_SIZE = "map info", "coordinate system string", "pixel size"
"""The fields concerned."""

_NUMBERS = slice(1, 7)  # of the items of "map info": a pixel, its place, the size of pixels
_UNITS = {
    "meters": (1.0, "m"),
    "metres": (1.0, "m"),
    "meter": (1.0, "m"),
    "m": (1.0, "m"),
    "km": (1e3, "m"),
    "kilometers": (1e3, "m"),
    "feet": (0.3048, "m"),
    "yards": (0.9144, "m"),
    "miles": (1609.344, "m"),
    "nautical miles": (1852.0, "m"),
    "degrees": (1.0, "degree"),
    "degree": (1.0, "degree"),
    "minutes": (1 / 60, "degree"),
    "seconds": (1 / 3600, "degree"),
}
_LARGEST = 1e30  # of a pixel: the whole image stays finite
_PROJECTION_UNITS = {"utm": "meters", "geographic lat/lon": "degrees"}
_UNIT_NAMES = {"m": "Meters", "degree": "Degrees"}


def georeference_of(header: EnviHeader) -> Georeference | None:
    """Return where the pixels of a cube lie; None where its header does not tell.

    Parameters
    ----------
    header : EnviHeader
    """
    numbers = _map_numbers(header)
    if numbers is None:
        return None
    column, row, x, y, width, height = numbers
    angle = -radians(_rotation(header))
    a, b = cos(angle) * width, -sin(angle) * height
    d, e = -sin(angle) * width, -cos(angle) * height
    # pixels are counted from 1, and that is the upper left corner of the first one
    origin = x - a * (column - 1.0) - b * (row - 1.0), y - d * (column - 1.0) - e * (row - 1.0)
    transform = (a, b, origin[0], d, e, origin[1])
    if not all(map(isfinite, transform)):
        return None
    return Georeference(
        transform=transform,
        map_info=header.text(MAP_INFO),
        wkt=header.text(SYSTEM),
    )


def pixel_size_of(header: EnviHeader) -> PixelSize | None:
    """Return how large the pixels of a cube are; None where no unit of length is known.

    Parameters
    ----------
    header : EnviHeader
    """
    numbers, items = _map_numbers(header), header.items(MAP_INFO)
    sizes = [] if numbers is None else numbers[4:]
    if numbers is None:
        items = header.items(PIXEL_SIZE)
        sizes = _finite(items[:2]) or []
    unit = _value_of("units", items) or _PROJECTION_UNITS.get(items[0].lower() if items else "", "")
    if len(sizes) < 2 or unit.lower() not in _UNITS or not min(sizes) > 0.0:
        return None
    factor, name = _UNITS[unit.lower()]
    if max(sizes) * factor > _LARGEST:
        return None
    return PixelSize((sizes[1] * factor, sizes[0] * factor), name)


def place_fields(
    georeference: Georeference | None, pixel_size: PixelSize | None
) -> dict[str, list[str]]:
    """Return the fields of a header that tell where pixels lie, or how large they are.

    Parameters
    ----------
    georeference : Georeference or None
    pixel_size : PixelSize or None
    """
    fields: dict[str, list[str]] = {}
    size = _named_size(pixel_size)
    map_info = (
        "" if georeference is None else georeference.map_info or _north_up(georeference, size)
    )
    if map_info:
        fields[MAP_INFO] = [map_info]
    elif size is not None:
        height, width = size.size
        fields[PIXEL_SIZE] = [shortest(width), shortest(height), f"units={size.unit}"]
    if georeference is not None and georeference.wkt:
        fields[SYSTEM] = [georeference.wkt]
    return fields


def _named_size(pixel_size: PixelSize | None) -> PixelSize | None:
    """Return a size in a unit that ENVI knows, None where there is none."""
    if pixel_size is None:
        return None
    if pixel_size.unit in _UNIT_NAMES:
        return PixelSize(pixel_size.size, _UNIT_NAMES[pixel_size.unit])
    nanometres = NANOMETRES.get(known_unit(pixel_size.unit))
    if nanometres is None:
        return None
    height, width = (length * nanometres / NANOMETRES["m"] for length in pixel_size.size)
    return PixelSize((height, width), _UNIT_NAMES["m"])


def _north_up(georeference: Georeference, size: PixelSize | None) -> str:
    """Return the map info of a transform without rotation; "" for one with it.

    Coordinates may have another unit than the size of pixels, such as feet: it is left out then.
    """
    a, b, x, d, e, y = georeference.transform
    if b or d or not (a > 0.0 > e):
        return ""
    numbers = map(shortest, (1.0, 1.0, x, y, a, -e))
    has_unit = size is not None and isclose(size.size[1], a, rel_tol=1e-6)
    unit = [f"units={size.unit}"] if size is not None and has_unit else []
    return ", ".join(["Arbitrary", *numbers, *unit])


def _map_numbers(header: EnviHeader) -> list[float] | None:
    items = header.items(MAP_INFO)[_NUMBERS]
    numbers = _finite(items)
    return numbers if numbers and len(numbers) == 6 and all(numbers[4:]) else None


def _rotation(header: EnviHeader) -> float:
    """Return by how many degrees the image is turned."""
    numbers = _finite([_value_of("rotation", header.items(MAP_INFO))])
    return numbers[0] if numbers else 0.0


def _value_of(key: str, items: list[str]) -> str:
    """Return what an item says that looks like "units=Meters"."""
    pairs = (item.partition("=") for item in items)
    found = (value.strip() for name, _, value in pairs if name.strip().lower() == key)
    return next(found, "")


def _finite(items: list[str]) -> list[float] | None:
    """Return texts as numbers; None where one is none: a picture can do without a place."""
    try:
        numbers = [float(item) for item in items]
    except ValueError:
        return None
    return numbers if all(map(isfinite, numbers)) else None
