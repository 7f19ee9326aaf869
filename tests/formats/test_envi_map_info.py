from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.formats.envi_header import EnviHeader, header_text, parse_fields
from napari_ifealid.formats.envi_map_info import georeference_of, pixel_size_of, place_fields
from napari_ifealid.georeference import Georeference, PixelSize

UTM = "UTM, 1.5, 1.5, 586000, 4143000, 30, 20, 13, North, WGS-84"


def header(map_info: str = "", **fields: str) -> EnviHeader:
    told = {"map info": map_info} | {key.replace("_", " "): text for key, text in fields.items()}
    return EnviHeader({key: text for key, text in told.items() if text}, "a.hdr")


def test_pixels_are_counted_from_one_at_the_corner():
    place = georeference_of(header(UTM, coordinate_system_string="PROJCS[]"))
    assert place.transform == (30.0, 0.0, 585985.0, 0.0, -20.0, 4143010.0)
    assert (place.map_info, place.wkt) == (UTM, "PROJCS[]")


def test_rotation_turns_about_the_pixel_that_is_told():
    place = georeference_of(header("UTM, 3, 2, 100, 200, 10, 10, 13, North, rotation=90"))
    a, b, c, d, e, f = place.transform
    np.testing.assert_allclose([a * 2 + b + c, d * 2 + e + f], [100, 200])
    np.testing.assert_allclose([a, b, d, e], [0, 10, 10, 0], atol=1e-9)


@pytest.mark.parametrize(
    ("map_info", "fields", "expected"),
    [
        (UTM, {}, PixelSize((20.0, 30.0), "m")),
        (f"{UTM}, units=Feet", {}, PixelSize((20 * 0.3048, 30 * 0.3048), "m")),
        ("Geographic Lat/Lon, 1, 1, 8, 50, 0.5, 0.25", {}, PixelSize((0.25, 0.5), "degree")),
        ("Arbitrary, 1, 1, 8, 50, 0.5, 0.25", {}, None),
        ("Arbitrary, 1, 1, 8, 50, 2, 1, units = Meters", {}, PixelSize((1.0, 2.0), "m")),
        ("Arbitrary, 1, 1, 8, 50, 2, -1, units=Meters", {}, None),
        ("Arbitrary, 1, 1, 8, 50, 2, 1, units=Parsecs", {}, None),
        ("", {"pixel_size": "3, 2, units=Meters"}, PixelSize((2.0, 3.0), "m")),
        ("", {"pixel_size": "3, 2"}, None),
        ("", {"pixel_size": "3"}, None),
        ("", {"pixel_size": "wide, 2, units=Meters"}, None),
        ("", {}, None),
    ],
)
def test_pixel_size_is_known_in_metres_or_degrees(map_info, fields, expected):
    assert pixel_size_of(header(map_info, **fields)) == expected


@pytest.mark.parametrize(
    "map_info",
    ["", "UTM", "UTM, 1, 1, east, north, 1, 1", "UTM, 1, 1, 5, 6, 0, 1", "UTM, 1, 1, nan, 1, 1, 1"],
)
def test_map_info_that_tells_no_place_gives_none(map_info):
    assert georeference_of(header(map_info)) is None


@pytest.mark.parametrize(
    ("place", "size"),
    [
        (None, None),
        (None, PixelSize((2.0, 3.0), "m")),
        (None, PixelSize((2.0, 3.0), "degree")),
        (Georeference((30.0, 0.0, 5.0, 0.0, -20.0, 6.0), wkt='PROJCS["a"]'), None),
        (Georeference((3.0, 0.0, 5.0, 0.0, -2.0, 6.0)), PixelSize((2.0, 3.0), "m")),
        (georeference_of(header(UTM)), PixelSize((20.0, 30.0), "m")),
    ],
)
def test_place_reads_back_as_it_was_written(place, size):
    fields = parse_fields(header_text(place_fields(place, size)))
    again = EnviHeader(fields, "a.hdr")
    found = georeference_of(again)
    assert (found and found.transform) == (place and place.transform)
    assert (found and found.wkt) == (place and place.wkt)
    assert pixel_size_of(again) == size


def test_what_the_fields_cannot_hold_is_left_out():
    turned = Georeference((0.0, 1.0, 0.0, 1.0, 0.0, 0.0))
    assert place_fields(turned, None) == {}
    assert place_fields(None, PixelSize((1.0, 1.0), "furlong")) == {}


def test_unit_of_the_pixels_size_is_not_written_for_coordinates_in_another_one():
    place = Georeference((100.0, 0.0, 5.0, 0.0, -100.0, 7.0))
    feet = place_fields(place, PixelSize((30.48, 30.48), "m"))
    assert feet == {"map info": ["Arbitrary, 1, 1, 5, 7, 100, 100"]}
    metres = place_fields(place, PixelSize((100.0, 100.0), "m"))
    assert metres["map info"][0].endswith("units=Meters")


def test_other_units_of_length_become_metres():
    fields = place_fields(None, PixelSize((0.5, 0.25), "µm"))
    assert fields == {"pixel size": ["2.5e-07", "5e-07", "units=Meters"]}
    assert place_fields(None, PixelSize((1.0, 1.0), "pixel")) == {}


@pytest.mark.parametrize("column", ["1e308", "-1e308"])
def test_place_beyond_all_numbers_is_none(column):
    assert georeference_of(header(f"UTM, {column}, 1, 4, 5, 30, 30, 33, North, WGS-84")) is None


def test_pixels_beyond_all_numbers_have_no_size():
    assert pixel_size_of(header("Arbitrary, 1, 1, 8, 50, 1e308, 1, units=Meters")) is None
