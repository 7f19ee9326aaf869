from __future__ import annotations

import pytest

from napari_ifealid.formats.geo_keys import keys_of_map_info
from napari_ifealid.formats.geotiff import KEYS, geo_tags
from napari_ifealid.georeference import Georeference

PLACE = "1, 1, 384300, 5806200, 2, 2"


@pytest.mark.parametrize(
    ("map_info", "code"),
    [
        (f"UTM, {PLACE}, 33, North, WGS-84, units=Meters", (3072, 0, 1, 32633)),
        (f"utm,{PLACE},7,south,wgs84", (3072, 0, 1, 32707)),
        ("Geographic Lat/Lon, 1, 1, 13, 52, 1e-4, 1e-4, WGS-84", (2048, 0, 1, 4326)),
    ],
)
def test_systems_on_wgs_84_are_named(map_info, code):
    keys = keys_of_map_info(map_info)
    assert keys[-4:] == code
    assert len(keys) == 4 * (keys[3] + 1)


@pytest.mark.parametrize(
    "map_info",
    [
        "",
        "UTM",
        f"UTM, {PLACE}, 33, North, ETRS89",
        f"UTM, {PLACE}, 61, North, WGS-84",
        f"UTM, {PLACE}, 33, up, WGS-84",
        f"Arbitrary, {PLACE}, 0, units=Meters",
    ],
)
def test_others_are_not(map_info):
    assert keys_of_map_info(map_info) == ()


def test_geotiff_of_a_cube_of_envi_names_its_system():
    map_info = f"UTM, {PLACE}, 33, North, WGS-84"
    place = Georeference((2.0, 0.0, 0.0, 0.0, -2.0, 0.0), map_info=map_info)
    assert {code: value for code, _, _, value, _ in geo_tags(place)}[KEYS][-1] == 32633
    own = Georeference(place.transform, keys=(1, 1, 0, 0), map_info=map_info)
    assert {code: value for code, _, _, value, _ in geo_tags(own)}[KEYS] == (1, 1, 0, 0)
