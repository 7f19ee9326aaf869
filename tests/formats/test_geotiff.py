from __future__ import annotations

import pytest
from tiff_files import UTM

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.geotiff import (
    DOUBLES,
    KEYS,
    SCALE,
    TEXT,
    TIEPOINT,
    TRANSFORMATION,
    geo_tags,
    georeference,
    pixel_size,
)
from napari_ifealid.georeference import Georeference, PixelSize

GRID = {SCALE: (30.0, 20.0, 0.0), TIEPOINT: (2.0, 1.0, 0.0, 500.0, 900.0, 0.0)}
ROTATED = (1.0, -2.0, 0, 10.0, -3.0, -4.0, 0, 20.0, *(0,) * 7, 1.0)


def of_points(keys: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(2 if keys[n - 3 : n] == (1025, 0, 1) else key for n, key in enumerate(keys))


def test_image_without_tags_lies_nowhere():
    assert georeference({}) is None
    assert georeference({TIEPOINT: (0.0,) * 24}) is None  # points on the ground


def test_transform_is_that_of_the_upper_left_corner():
    assert georeference(GRID).transform == (30.0, 0.0, 440.0, 0.0, -20.0, 920.0)
    assert georeference({TRANSFORMATION: ROTATED}).transform == (1.0, -2.0, 10.0, -3.0, -4.0, 20.0)


def test_tie_points_of_centres_are_half_a_pixel_away():
    place = georeference(GRID | {KEYS: of_points(UTM)})
    assert place.transform == (30.0, 0.0, 425.0, 0.0, -20.0, 930.0)


@pytest.mark.parametrize("keys", [UTM, of_points(UTM), ()])
@pytest.mark.parametrize("tags", [GRID, {TRANSFORMATION: ROTATED}])
def test_tags_that_are_written_are_read_as_they_were(tags, keys):
    rest = {KEYS: keys, DOUBLES: (1.5, 2.5), TEXT: "WGS 84|"} if keys else {}
    place = georeference(tags | rest)
    written = {code: value for code, _, _, value, _ in geo_tags(place)}
    if TEXT in written:
        written[TEXT] = written[TEXT].decode()
    assert georeference(written) == place


def test_numbers_after_the_last_key_are_left_out():
    assert georeference(GRID | {KEYS: (*UTM, 0, 0, 0, 0)}).keys == UTM


def with_keys(*keys: int, doubles: tuple[float, ...] = ()) -> Georeference:
    directory = (1, 1, 0, len(keys) // 4, *keys)
    return Georeference((3.0, 0.0, 0.0, 4.0, -5.0, 0.0), directory, doubles)


@pytest.mark.parametrize(
    ("place", "size"),
    [
        (with_keys(1024, 0, 1, 1), PixelSize((5.0, 5.0), "m")),
        (with_keys(1024, 0, 1, 2), PixelSize((5.0, 5.0), "degree")),
        (with_keys(1024, 0, 1, 1, 3076, 0, 1, 9002), PixelSize((1.524, 1.524), "m")),
        (
            with_keys(*(1024, 0, 1, 1, 3076, 0, 1, 32767, 3077, DOUBLES, 1, 0), doubles=(2.0,)),
            PixelSize((10.0, 10.0), "m"),
        ),
        (with_keys(1024, 0, 1, 1, 3076, 0, 1, 9999), None),
        (with_keys(), None),
    ],
)
def test_size_of_pixels_is_in_the_unit_that_the_keys_tell(place, size):
    found = pixel_size(place)
    assert (found is None) == (size is None)
    if size is not None:
        assert found.size == pytest.approx(size.size)
        assert found.unit == size.unit


@pytest.mark.parametrize(
    "tags",
    [
        {SCALE: (30.0, 20.0, 0.0)},
        {SCALE: (0.0, 20.0, 0.0), TIEPOINT: (0.0,) * 6},
        {SCALE: (float("nan"), 20.0, 0.0), TIEPOINT: (0.0,) * 6},
        {SCALE: 5.0, TIEPOINT: (0.0,) * 6},
        {SCALE: "text", TIEPOINT: (0.0,) * 6},
        {TRANSFORMATION: (1.0,) * 12},
        GRID | {KEYS: (1, 1, 0, 9, 1024, 0, 1, 1)},
        GRID | {KEYS: (1, 1)},
    ],
)
def test_wrong_tags_are_an_error(tags):
    with pytest.raises(DatasetError, match="GeoTIFF standard"):
        georeference(tags)
