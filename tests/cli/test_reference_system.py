from __future__ import annotations

import pytest

from napari_ifealid.cli.reference_system import reference_system
from napari_ifealid.georeference import Georeference

TRANSFORM = (30.0, 0.0, 5.0, 0.0, -30.0, 7.0)
UTM = (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633)
USER_DEFINED = (1, 1, 0, 1, 3072, 0, 1, 32767)
MAP_INFO = "UTM, 1, 1, 5, 7, 30, 30, 33, North, WGS-84, units=Meters, rotation=5"
WKT = 'PROJCS["WGS_1984_UTM_Zone_33N",GEOGCS["GCS_WGS_1984"]]'


@pytest.mark.parametrize(
    ("known", "name"),
    [
        ({}, None),
        ({"keys": UTM}, "EPSG:32633"),
        ({"keys": UTM, "text": "WGS 84 / UTM 33N|WGS 84|"}, "WGS 84 / UTM 33N (EPSG:32633)"),
        ({"keys": USER_DEFINED, "text": "Gauss|"}, "Gauss"),
        ({"keys": (1, 1, 0, 1, 2048, 0, 1, 4326)}, "EPSG:4326"),
        ({"map_info": MAP_INFO}, "UTM 33 North WGS-84"),
        ({"map_info": MAP_INFO, "wkt": WKT}, "WGS_1984_UTM_Zone_33N"),
        ({"map_info": "Arbitrary, 1, 1, 5, 7, 30, 30"}, None),
    ],
)
def test_name_is_what_the_file_tells(known, name):
    assert reference_system(Georeference(TRANSFORM, **known)) == name
