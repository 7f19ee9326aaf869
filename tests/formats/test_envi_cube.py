from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.formats.envi_cube import (
    Interleave,
    bands_of,
    labels_of,
    layout_of,
    nodata_of,
    scale_of,
)
from napari_ifealid.formats.envi_header import EnviHeader


def header(**fields) -> EnviHeader:
    return EnviHeader({key.replace("_", " "): str(text) for key, text in fields.items()}, "a.hdr")


@given(st.sampled_from(Interleave), st.permutations([3, 4, 5]))
def test_layout_has_the_axes_in_the_order_of_the_file(interleave, lengths):
    lines, samples, bands = lengths
    layout = layout_of(
        header(
            lines=lines,
            samples=samples,
            bands=bands,
            data_type=2,
            interleave=interleave.name.lower(),
            header_offset=8,
        )
    )
    assert layout.shape[layout.axis] == bands
    assert tuple(n for axis, n in enumerate(layout.shape) if axis != layout.axis) == (
        lines,
        samples,
    )
    assert layout.size == 8 + 2 * 60


@pytest.mark.parametrize("kind", ["ENVI Standard", "ENVI Classification", "envi"])
def test_images_of_envi_are_cubes(kind):
    told = header(lines=1, samples=1, bands=1, data_type=1, interleave="bsq", file_type=kind)
    assert layout_of(told).shape == (1, 1, 1)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"wavelength": "450.5,460", "wavelength_units": "nm"}, ("450.5 nm", "460.0 nm")),
        ({"wavelength": "450.5,460", "wavelength_units": "Unknown"}, (450.5, 460.0)),
        ({"wavelength": "450.5,460"}, (450.5, 460.0)),
        ({"wavelength": "0,0", "band_names": "red, green"}, ("red", "green")),
        ({"wavelength": "nan,1"}, None),
        ({"band_names": "red, green"}, ("red", "green")),
        ({"band_names": "red, 600 nm, green"}, None),
        ({"band_names": "red, red"}, None),
    ],
)
def test_labels_are_wavelengths_else_names(fields, expected):
    assert labels_of(header(**fields), 2) == expected


@pytest.mark.parametrize(
    ("proposed", "shown"),
    [
        ("3, 2, 1", (2, 1, 0)),
        ("2", (1,)),
        ("2.0", (1,)),
        ("3, 1", (2,)),
        ("0, 9, 2", (1,)),
        ("9, 9, 9", ()),
        ("nan, inf", ()),
        ("1, 2, 3, 4", (0,)),
        ("", ()),
    ],
)
def test_bands_for_a_picture_are_those_that_there_are(proposed, shown):
    assert bands_of(header(default_bands=proposed), 4).shown == shown


@pytest.mark.parametrize(
    ("flags", "is_good"),
    [("1,0,1", (True, False, True)), ("1.0, 0.0, 2", (True, False, True)), ("0,0,0", None)],
)
def test_bad_bands_are_told_unless_all_are(flags, is_good):
    assert bands_of(header(bbl=flags), 3).is_good == is_good


@pytest.mark.parametrize(
    ("fields", "gain"),
    [
        ({}, 1.0),
        ({"reflectance_scale_factor": 10000}, 1e-4),
        ({"reflectance_scale_factor": "1e4", "data_gain_values": "0.1,0.1"}, 0.1),
        ({"data_gain_values": "0.1,0.1", "data_offset_values": "0,0"}, 0.1),
        ({"data_gain_values": "0.1", "data_offset_values": "0"}, 0.1),
        ({"data_gain_values": "0.1,0.2"}, None),
        ({"data_offset_values": "1,1"}, None),
        ({"data_gain_values": "-1,-1"}, None),
        ({"data_gain_values": "0,0"}, None),
    ],
)
def test_scale_is_a_gain_where_that_is_all(fields, gain):
    assert scale_of(header(**fields), 2).only_gain == gain


@pytest.mark.parametrize(
    ("text", "dtype", "expected"),
    [
        ("-9999", "i2", -9999),
        ("-9999.0", "f4", -9999),
        ("-9999", "u2", None),
        ("0.5", "i2", None),
        ("nan", "i2", None),
        ("NaN", "f4", None),
        ("-3.40282347e+38", ">f4", float(np.finfo(np.float32).min)),
        ("-1.7976931348623157e308", "f4", None),
        ("-inf", "f4", -np.inf),
        ("0.1", "f4", float(np.float32(0.1))),
        (str(2**64 - 1), "u8", 2**64 - 1),
        ("", "f4", None),
    ],
)
def test_ignored_value_is_one_that_can_be_stored(text, dtype, expected):
    told = header(data_ignore_value=text)
    assert nodata_of(told, np.dtype(dtype)) == expected
