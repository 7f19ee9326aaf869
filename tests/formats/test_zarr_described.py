from __future__ import annotations

import struct
from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.zarr_described import described_zarr


def array(dtype: str = "f4", zarr_format: Any = 2, **options: Any) -> zarr.Array[Any]:
    return zarr.create_array({}, shape=(3, 4), dtype=dtype, zarr_format=zarr_format, **options)


def base64(number: float) -> str:
    """Return a number as xarray writes it into attributes of version 3."""
    return b64encode(struct.pack("<d", number)).decode()


def test_names_of_dimensions_are_those_of_the_group():
    named = array(attributes={"_ARRAY_DIMENSIONS": ["band", "x"]})
    assert described_zarr("a", named).axis_names == ("/band", "/x")
    named = array(zarr_format=3, dimension_names=[None, "x"])
    assert described_zarr("a", named).axis_names == ("", "/x")


@pytest.mark.parametrize("names", ["xy", ["x"], 3, None])
def test_what_does_not_name_each_dimension_is_passed_over(names):
    assert described_zarr("a", array(attributes={"_ARRAY_DIMENSIONS": names})).axis_names == ()


def test_fill_value_of_version_2_is_missing_where_xarray_has_written_it():
    dimensions = {"_ARRAY_DIMENSIONS": ["y", "x"]}
    written = described_zarr("a", array(fill_value=-9999, attributes=dimensions))
    assert written.attributes["_FillValue"] == -9999
    told = described_zarr("a", array(fill_value=0, attributes=dimensions | {"_FillValue": -1}))
    assert told.attributes["_FillValue"] == -1
    for other in (
        array(fill_value=-9999),
        array(fill_value=None, attributes=dimensions),
        array(fill_value=-9999, zarr_format=3),
    ):
        assert "_FillValue" not in described_zarr("a", other).attributes


@pytest.mark.parametrize("number", [-9999.0, 1e20, np.nan, -0.1])
def test_missing_float_of_version_3_is_decoded(number):
    encoded = array(zarr_format=3, attributes={"_FillValue": base64(number)})
    found = described_zarr("a", encoded).attributes["_FillValue"]
    np.testing.assert_equal(found, number)


@pytest.mark.parametrize("text", ["-9999", "none", "", "AAAA", "1234567890123"])
def test_text_that_encodes_no_number_stays(text):
    told = array(zarr_format=3, attributes={"_FillValue": text})
    assert described_zarr("a", told).attributes["_FillValue"] == text


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="NumPy 2 has this dtype first")
def test_texts_are_read_as_numpy_has_them():
    names = zarr.create_array({}, data=np.array(["a", "bc"], np.dtypes.StringDType()))
    assert described_zarr("names", names).read().tolist() == ["a", "bc"]
    assert described_zarr("names", names).read().dtype.kind == "U"


def test_array_that_can_not_be_read_is_named(tmp_path):
    vector = zarr.create_array(str(tmp_path / "a.zarr"), data=np.arange(300.0))
    (chunk,) = Path(tmp_path, "a.zarr", "c").iterdir()
    chunk.write_bytes(b"damaged")
    with pytest.raises(DatasetError, match="can't be read") as caught:
        described_zarr("wavelength", vector).read()
    assert caught.value.member == "wavelength"
