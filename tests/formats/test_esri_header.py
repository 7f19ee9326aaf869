from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.envi_cube import layout_of
from napari_ifealid.formats.envi_map_info import georeference_of, pixel_size_of
from napari_ifealid.formats.esri_header import esri_header, is_esri
from napari_ifealid.georeference import PixelSize

SIZE = "NROWS 3\nNCOLS 4\n"


def layout(text: str):
    return layout_of(esri_header(SIZE + text, "a.hdr"))


def test_what_is_missing_has_the_defaults_of_esri():
    told = layout("")
    assert (told.shape, told.axis, told.offset) == ((3, 1, 4), 1, 0)
    assert told.dtype == np.uint8


@pytest.mark.parametrize(
    ("text", "dtype"),
    [
        ("NBITS 16\nBYTEORDER M", ">u2"),
        ("NBITS\t16\r\nByteOrder LSBFIRST\r\nPixelType SignedInt", "<i2"),
        ("NBITS 16\nBYTEORDER MSBFIRST\nPIXELTYPE INT", ">i2"),
        ("NBITS 32\nPIXELTYPE FLOAT", "<f4"),
        ("PIXELTYPE FLOAT", "<f4"),
        ("NBITS 64\nPIXELTYPE FLOAT", "<f8"),
        ("NBITS 32", "<u4"),
    ],
)
def test_types_are_told_by_bits_and_kind(text, dtype):
    assert layout(text).dtype == np.dtype(dtype)


@pytest.mark.parametrize(("name", "axis"), [("BSQ", 0), ("BIL", 1), ("bip", 2)])
def test_layout_orders_the_axes(name, axis):
    told = layout(f"NBANDS 5\nLAYOUT {name}\nSKIPBYTES 7\n# a comment\n")
    assert (told.shape[axis], told.axis, told.offset) == (5, axis, 7)


def test_rows_without_bytes_between_them_may_say_so():
    rows = "NBANDS 5\nBANDROWBYTES 4\nTOTALROWBYTES 20\nBANDGAPBYTES 0\n"
    assert layout(rows).size == 60
    assert layout("NBANDS 5\nLAYOUT BSQ\nTOTALROWBYTES 4\nBANDROWBYTES 4").size == 60


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("NBITS 4", "values of 4 bits that are UNSIGNEDINT: a.hdr, NBITS; expected UNSIGNEDINT of"),
        ("NBITS many", "values of many bits that are UNSIGNEDINT: a.hdr, NBITS"),
        ("NBITS 32\nPIXELTYPE COMPLEX", "values of 32 bits that are COMPLEX: a.hdr, NBITS"),
        ("BYTEORDER X", r"the value 'X': a.hdr, BYTEORDER; expected I \(Intel\) or M"),
        ("BANDROWBYTES 8", "the value '8': bytes between rows or bands: a.hdr, BANDROWBYTES; "),
        ("LAYOUT BSQ\nBANDGAPBYTES 8", "the value '8': bytes between rows or bands: a.hdr, BANDG"),
        ("LAYOUT TILE", "the value 'TILE': a.hdr, interleave"),
        ("NBANDS none", "the value 'none': a.hdr, bands"),
        ("NROWS 0", "the value 0: a.hdr, lines"),
    ],
)
def test_what_cannot_be_read_is_named(text, reason):
    with pytest.raises(DatasetError, match=f"^{reason}"):
        layout(text)


def test_wavelengths_and_place_are_told():
    text = f"{SIZE}WAVELENGTHS\n400 410\n 500.5\nWAVELENGTHS_END\nNODATA -1\n"
    told = esri_header(text + "ULXMAP 8\nULYMAP 50\nXDIM 2\nYDIM 1\nXYUNITS METERS\n", "a.hdr")
    assert told.numbers("wavelength") == [400.0, 500.5]
    assert told.text("wavelength units") == "Nanometers"
    assert told.text("data ignore value") == "-1"
    assert georeference_of(told).transform == (2.0, 0.0, 7.0, 0.0, -1.0, 50.5)
    assert pixel_size_of(told) == PixelSize((1.0, 2.0), "m")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (SIZE, True),
        ("nrows\t3\nncols\t4", True),
        (f"{SIZE}CELLSIZE 1", False),
        (f"{SIZE}\0", False),
        ("NROWS 3", False),
        ("", False),
    ],
)
def test_header_has_rows_and_columns_and_no_grid(text, is_one):
    assert is_esri(text) == is_one
