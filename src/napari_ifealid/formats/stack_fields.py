"""What is known of a stack, as fields of plain lists, numbers and texts, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from math import isfinite
from typing import Any

from napari_ifealid.bands import Bands
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.array_blocks import plain_labels
from napari_ifealid.formats.fields import (
    OFFSET_KEY,
    STRIDE_KEY,
    Fields,
    is_number,
    placement_fields,
)
from napari_ifealid.georeference import Georeference, PixelSize
from napari_ifealid.stack import FeatureStack

LABELS_KEY = "feature_labels"
WIDTHS_KEY, GOOD_KEY, SHOWN_KEY = "band_widths", "good_bands", "shown_bands"
COLOURS_KEY = "band_colours"
SIZE_KEY, UNIT_KEY = "pixel_size", "pixel_unit"
PLACE_KEY = "georeference"

FIELDS_TOGETHER = (
    *((LABELS_KEY,), (WIDTHS_KEY,), (GOOD_KEY,), (SHOWN_KEY,), (COLOURS_KEY,)),
    *((SIZE_KEY, UNIT_KEY), (PLACE_KEY,), (STRIDE_KEY, OFFSET_KEY)),
)
"""All fields; those that mean nothing without each other stand together."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_TEXTS = ("text", "map_info", "wkt")


def stack_fields(stack: FeatureStack) -> dict[str, Any]:
    """Return what is known of a stack as JSON knows it.

    Parameters
    ----------
    stack : FeatureStack

    Returns
    -------
    dict
        `feature_labels`; where they are known, for each feature `band_widths`, `good_bands` (true
        or false) and `band_colours`; `shown_bands`, the numbers of three features or of one;
        `pixel_size` along y and x, with its `pixel_unit`; `georeference`, see `Georeference`;
        `stride` and `offset`, see `Placement`.
    """
    result: dict[str, Any] = {LABELS_KEY: plain_labels(stack)}
    result |= _band_fields(stack.bands)
    if stack.pixel_size is not None:
        result[SIZE_KEY] = [*map(float, stack.pixel_size.size)]
        result[UNIT_KEY] = stack.pixel_size.unit
    if stack.georeference is not None:
        result[PLACE_KEY] = _plain_place(stack.georeference)
    return result | placement_fields(stack)


def known_fields(fields: Fields, features: int) -> dict[str, Any]:
    """Return what fields tell of a stack, as keyword arguments of it.

    Parameters
    ----------
    fields : Fields
        As `stack_fields` gives them; each may be missing.
    features : int
        Number of features.

    Raises
    ------
    DatasetError
        If one of them has a wrong value.
    """
    return {
        "feature_labels": fields.labels(LABELS_KEY, features),
        "placement": fields.placement(),
        "bands": Bands(
            widths=_each(fields, WIDTHS_KEY, features, is_number, "numbers"),
            is_good=_each(fields, GOOD_KEY, features, _is_flag, "times true or false"),
            shown=_shown(fields, features),
            colours=_each(fields, COLOURS_KEY, features, _is_colour, 'colours such as "#00ff00"'),
        ),
        "pixel_size": _pixel_size(fields),
        "georeference": _georeference(fields),
    }


def usable_fields(values: Mapping[str, Any], features: int) -> dict[str, Any]:
    """Return the fields that have right values.

    Parameters
    ----------
    values : mapping
        As for `known_fields`.
    features : int
    """
    usable: dict[str, Any] = {}
    for keys in FIELDS_TOGETHER:
        given = {key: values[key] for key in keys if key in values}
        with suppress(DatasetError):
            known_fields(Fields(given, str, ""), features)
            usable |= given
    return usable


def _band_fields(bands: Bands) -> dict[str, list[Any]]:
    result: dict[str, list[Any]] = {}
    if bands.widths is not None and all(map(isfinite, bands.widths)):
        result[WIDTHS_KEY] = [*map(float, bands.widths)]
    if bands.is_good is not None:
        result[GOOD_KEY] = [*map(bool, bands.is_good)]
    if bands.shown:
        result[SHOWN_KEY] = [*map(int, bands.shown)]
    if bands.colours is not None:
        result[COLOURS_KEY] = [*bands.colours]
    return result


def _plain_place(place: Georeference) -> dict[str, Any]:
    known = {key: value for key, value in asdict(place).items() if value}
    return {key: value if isinstance(value, str) else [*value] for key, value in known.items()}


def _each(
    fields: Fields, key: str, features: int, is_one: Callable[[object], bool], what: str
) -> tuple[Any, ...] | None:
    """Return a value for each feature, None without the field."""
    values = fields.values.get(key)
    if values is None:
        return None
    if not (isinstance(values, list) and len(values) == features and all(map(is_one, values))):
        raise fields.wrong(values, f"a list of {features} {what}, one for each feature", key)
    return tuple(values)


def _shown(fields: Fields, features: int) -> tuple[int, ...]:
    values = fields.values.get(SHOWN_KEY)
    if values is None:
        return ()
    is_usable = isinstance(values, list) and len(values) in (1, 3)
    if not is_usable or not all(type(one) is int and 0 <= one < features for one in values):
        raise fields.wrong(
            values, f"a list of three or one of the {features} features, from 0", SHOWN_KEY
        )
    return tuple(values)


def _pixel_size(fields: Fields) -> PixelSize | None:
    size, unit = fields.values.get(SIZE_KEY), fields.values.get(UNIT_KEY)
    if size is None or unit is None:
        return None
    is_pair = isinstance(size, list) and len(size) == 2 and all(map(is_number, size))
    if not is_pair or min(size) <= 0:
        raise fields.wrong(size, "two numbers greater than 0, along y and x", SIZE_KEY)
    if not isinstance(unit, str):
        raise fields.wrong(unit, "a text", UNIT_KEY)
    return PixelSize((size[0], size[1]), unit)


def _georeference(fields: Fields) -> Georeference | None:
    place = fields.values.get(PLACE_KEY)
    if place is None:
        return None
    if not (isinstance(place, dict) and _is_place(place)):
        expected = 'an object with a "transform" of six numbers, and what else Georeference has'
        raise fields.wrong(place, expected, PLACE_KEY)
    text, map_info, wkt = (place.get(key, "") for key in _TEXTS)
    keys, doubles = (tuple(place.get(key, ())) for key in ("keys", "doubles"))
    transform: Any = tuple(place["transform"])
    return Georeference(transform, keys, doubles, text, map_info, wkt)


def _is_place(place: dict[str, Any]) -> bool:
    transform, keys = place.get("transform"), place.get("keys", [])
    doubles = place.get("doubles", [])
    return (
        all(isinstance(numbers, list) for numbers in (transform, keys, doubles))
        and len(place["transform"]) == 6
        and all(map(is_number, place["transform"] + doubles))
        and _has_area(place["transform"])
        and all(type(key) is int and 0 <= key < 1 << 16 for key in keys)
        and all(isinstance(place.get(key, ""), str) for key in _TEXTS)
    )


def _has_area(transform: list[float]) -> bool:
    a, b, _, d, e, _ = transform
    return a * e != b * d


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_colour(value: object) -> bool:
    return isinstance(value, str) and _COLOUR.fullmatch(value) is not None
