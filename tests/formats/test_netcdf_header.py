from __future__ import annotations

import io

import numpy as np
import pytest
from scipy.io import netcdf_file

from napari_ifealid.formats.netcdf_header import ClassicVariable, classic_variables


def written(*, version: int = 1, records: tuple[str, ...] = ("a", "b"), dtype: str = "i2") -> bytes:
    stream = io.BytesIO()
    file = netcdf_file(stream, "w", version=version)
    for name, length in (("t", None), ("y", 3), ("x", 5)):
        file.createDimension(name, length)
    for number, name in enumerate(records):
        file.createVariable(name, dtype, ("t", "y", "x"))[:] = (
            np.arange(30).reshape(2, 3, 5) + number
        )
    fixed = file.createVariable("fixed", "f8", ("y", "x"))
    fixed[:] = np.arange(15).reshape(3, 5)
    fixed.units, fixed.valid_range = "nm", np.array([1, 2], np.int16)
    file.title = "odd"
    file.flush()
    return stream.getvalue()


def found(content: bytes) -> dict[str, ClassicVariable]:
    return classic_variables(io.BytesIO(content), len(content))


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("records", [("a",), ("a", "b"), ("a", "b", "c")])
@pytest.mark.parametrize("dtype", ["i2", "f4", "i1"])
def test_variables_are_found_where_scipy_writes_them(version, records, dtype):
    content = written(version=version, records=records, dtype=dtype)
    variables = found(content)
    assert sorted(variables) == sorted([*records, "fixed"])
    fixed = variables["fixed"]
    assert (fixed.dimensions, fixed.shape, fixed.record_step) == (("y", "x"), (3, 5), None)
    assert fixed.attributes["units"] == "nm"
    assert fixed.attributes["valid_range"].tolist() == [1, 2]
    values = np.frombuffer(content, fixed.stored, 15, fixed.place)
    np.testing.assert_array_equal(values, np.arange(15))
    for number, name in enumerate(records):
        one = variables[name]
        assert one.shape == (2, 3, 5)
        step = one.record_step or 15 * one.stored.itemsize
        for record in range(2):
            values = np.frombuffer(content, one.stored, 15, one.place + record * step)
            np.testing.assert_array_equal(values, np.arange(15) + 15 * record + number)


def test_records_of_an_unfinished_file_are_counted():
    content = bytearray(written())
    content[4:8] = b"\xff" * 4
    assert found(bytes(content))["a"].shape == (2, 3, 5)


def test_file_of_64_bit_sizes_is_read():
    def count(number: int) -> bytes:
        return number.to_bytes(8, "big")

    def kind(number: int) -> bytes:
        return number.to_bytes(4, "big")

    dimensions = kind(10) + count(1) + count(1) + b"x\0\0\0" + count(4)
    variable = count(1) + b"v\0\0\0" + count(1) + count(0) + kind(0) + count(0) + kind(7) + count(4)
    head = b"CDF\x05" + count(0) + dimensions + kind(0) + count(0) + kind(11) + count(1) + variable
    content = head + count(len(head) + 8) + bytes([1, 2, 3, 255])
    one = found(content)["v"]
    assert (one.shape, one.stored) == ((4,), np.dtype("u1"))
    assert content[one.place :] == bytes([1, 2, 3, 255])


def test_truncated_file_is_an_error_wherever_it_ends():
    content = written()
    for size in range(0, len(content), 5):
        with pytest.raises(ValueError, match=r"ends early|bytes|starts with"):
            found(content[:size])


@pytest.mark.parametrize("place", [4, 8, 12, 16])
def test_header_that_promises_too_much_is_an_error(place):
    content = bytearray(written())
    content[place : place + 4] = b"\x7f\xff\xff\xff"
    with pytest.raises(ValueError, match=r"parts|kind|bytes|ends early|dimensions"):
        found(bytes(content))
