from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiff_files import UTM

from napari_ifealid.bands import Bands
from napari_ifealid.formats import not_kept, read_stack, restored, write_array, written_suffixes
from napari_ifealid.formats.details import Detail, details_of, in_words
from napari_ifealid.formats.geo_keys import with_keys
from napari_ifealid.georeference import Georeference, PixelSize
from napari_ifealid.stack import FeatureStack, Placement

SHAPE = 4, 6, 5
TRANSFORM = (30.0, 0.0, 364095.0, 0.0, -30.0, 5809965.0)
PLACES = {
    "GeoTIFF": Georeference(TRANSFORM, UTM, (1.5,), "WGS 84|"),
    "ENVI": Georeference(
        TRANSFORM,
        map_info="UTM, 1, 1, 364095, 5809965, 30, 30, 33, North, WGS-84, units=Meters",
        wkt='PROJCS["WGS_1984_UTM_Zone_33N"]',
    ),
    "turned": Georeference((20.0, 10.0, 5.0, 10.0, -20.0, 7.0), UTM),
}
SIZE = PixelSize((30.0, 30.0), "m")
SIZES = {"turned": PixelSize((500**0.5, 500**0.5), "m")}
STACK = FeatureStack(
    values=np.random.default_rng(2).integers(0, 9, SHAPE).astype(np.uint8),
    name="cube",
    feature_labels=tuple(f"{number}.24 nm" for number in range(418, 423)),
    bands=Bands(
        widths=(5.5, 5.5, 6.0, 6.25, 7.0),
        is_good=(True, False, True, True, False),
        shown=(3, 2, 0),
        colours=("#ff0000", "#00ff00", "#0000ff", "#ffffff", "#808080"),
    ),
)
OTHERS = {
    "nothing": FeatureStack(values=STACK.values, name="cube"),
    "names": replace(STACK, feature_labels=[*"abcde"], bands=Bands(shown=(1,))),
    "equal labels": replace(STACK, feature_labels=["a", "a", "b", "c", "d"]),
    "empty label": replace(STACK, feature_labels=["", "a", "b", "c", "d"]),
    "equal wavelengths": replace(STACK, feature_labels=[f"{n // 2} nm" for n in range(5)]),
    "grey": replace(STACK, bands=Bands(shown=(2, 1, 1))),
    "size": replace(STACK, pixel_size=PixelSize((0.5, 0.25), "µm")),
    "image": replace(
        STACK,
        overlay=np.zeros((8, 12, 3), np.uint8),
        placement=Placement((2.0, 2.0), (0.5, 0.5)),
        pixel_size=SIZE,
    ),
}
KNOWN = {
    **{
        name: replace(STACK, georeference=place, pixel_size=SIZES.get(name, SIZE))
        for name, place in PLACES.items()
    },
    **OTHERS,
}


def known_of(stack: FeatureStack, detail: Detail) -> Any:
    """Return something that is known of a stack, in a form that can be compared."""
    place, size = stack.georeference, stack.pixel_size
    match detail:
        case Detail.LABELS:
            return stack.feature_labels
        case Detail.WIDTHS:
            return stack.bands.widths
        case Detail.GOOD:
            return stack.bands.is_good
        case Detail.SHOWN:
            return stack.bands.shown
        case Detail.COLOURS:
            return stack.bands.colours
        case Detail.PIXEL_SIZE:
            assert size is not None
            metres = 1e-6 if size.unit == "µm" else 1.0
            return [float(f"{length * metres:.6g}") for length in size.size]
        case Detail.PLACE:
            assert place is not None
            return [round(number, 6) for number in place.transform]
        case Detail.SYSTEM:
            assert place is not None
            keys = with_keys(place).keys  # of a GeoTIFF that was made of a cube of ENVI
            return keys or (place.map_info, place.wkt)
        case Detail.PLACEMENT:
            return stack.placement
        case Detail.OVERLAY:
            assert stack.overlay is not None
            return stack.overlay.shape


def converted(stack: FeatureStack, path: Path) -> FeatureStack:
    write_array(path, stack)
    return read_stack(path)


def real(stack: FeatureStack) -> np.ndarray:
    return restored(replace(stack, values=np.asarray(stack.values)))


PAIRS = [*product(written_suffixes(), repeat=2)]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_what_two_formats_say_they_keep_comes_back_and_no_more(tmp_path, first, second):
    for name, stack in KNOWN.items():
        (tmp_path / name).mkdir()
        before = stack
        for path in (tmp_path / name / f"a{first}", tmp_path / name / f"b{second}"):
            after = converted(before, path)
            lost = not_kept(path, before)
            assert lost == in_words(before, details_of(before) - details_of(after)), name
            if "place on the image" not in lost:  # else what is known is that of other pixels
                for detail in details_of(before) & details_of(after):
                    assert known_of(after, detail) == known_of(before, detail), name
            np.testing.assert_array_equal(real(after), STACK.values)
            before = after


@pytest.mark.parametrize(("first", "second"), [pair for pair in PAIRS if ".zip" not in pair])
def test_gain_and_missing_values_give_the_same_real_values(tmp_path, first, second):
    counts = STACK.values.astype(np.int16)
    packed = FeatureStack(values=counts, name="a", gain=0.25, nodata=3)
    floats = FeatureStack(values=packed.real_values(counts).astype(np.float32), name="a")
    for number, stack in enumerate(
        [packed, replace(packed, gain=1.0), floats, replace(floats, nodata=1.0)]
    ):
        before = converted(stack, tmp_path / f"a{number}{first}")
        after = converted(before, tmp_path / f"b{number}{second}")
        assert np.isnan(real(after)).any()
        np.testing.assert_array_equal(real(after), real(stack))


def test_wavelengths_are_labels_of_every_format_but_one(tmp_path):
    for suffix in written_suffixes():
        after = converted(STACK, tmp_path / f"a{suffix}")
        expected = tuple(range(5)) if suffix == ".npy" else STACK.feature_labels
        assert after.feature_labels == expected


def test_details_are_told_in_words():
    everything = frozenset(Detail)
    assert in_words(STACK, everything)[:3] == ["wavelengths", "band widths", "bad bands"]
    assert "reference system" not in in_words(STACK, everything)  # goes with the place
    assert in_words(OTHERS["names"], {Detail.LABELS}) == ["labels of features"]
    assert in_words(STACK, {Detail.SYSTEM}) == ["reference system"]
    assert details_of(OTHERS["nothing"]) == frozenset()
