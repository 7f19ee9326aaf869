from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from real_arrays import NO_STACKS, REAL

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.npy_header import (
    PIECE_LENGTH,
    ArrayHeader,
    check_some_finite,
    read_header,
)

CUBE = np.arange(60, dtype=np.float32).reshape(3, 4, 5)


def npy(array: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, **options)
    return stream.getvalue()


def header_of(content: bytes) -> ArrayHeader:
    return read_header(io.BytesIO(content))


@given(
    shape=array_shapes(min_dims=0, max_dims=5, min_side=0),
    dtype=st.sampled_from(REAL),
    order=st.sampled_from("CF"),
)
def test_header_tells_shape_type_order_and_where_the_values_begin(shape, dtype, order):
    array = np.ones(shape, dtype, order)
    content = npy(array)
    header = header_of(content)
    assert header.stand_in.shape == shape
    assert header.stand_in.dtype == dtype
    assert content[header.values_start :] == array.tobytes("A")
    assert header.file_size == len(content)
    if not array.flags.c_contiguous:
        assert header.is_fortran


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_of_the_format_is_read(version):
    header = header_of(npy(CUBE, version=version))
    assert (header.stand_in.shape, header.stand_in.dtype) == (CUBE.shape, CUBE.dtype)


def test_header_in_words_is_shape_and_type():
    assert str(header_of(npy(CUBE))) == "(3, 4, 5) float32"


def test_values_that_are_told_of_take_no_memory():
    stream = io.BytesIO()
    shape = (2**20, 2**20, 2**10)
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "<f8", "fortran_order": False, "shape": shape}
    )
    assert header_of(stream.getvalue()).stand_in.strides == (0, 0, 0)


@pytest.mark.parametrize("length", [0, 4, 7, 50, 100])
def test_truncated_header_is_an_error(length):
    with pytest.raises(DatasetError, match=r"no NumPy array.*numpy\.save"):
        header_of(npy(CUBE)[:length])


@pytest.mark.parametrize("damage", [b"(", b'"', b"{", b"\x00", b"\n x"])
def test_damaged_header_is_an_error_of_one_line(damage):
    content = npy(CUBE)
    at = content.index(b"'fortran_order'")
    with pytest.raises(DatasetError, match="no NumPy array") as caught:
        header_of(content[:at] + damage + content[at + len(damage) :])
    assert "\n" not in str(caught.value)


@given(st.integers(0, 127), st.binary(min_size=1, max_size=3))
def test_damaged_header_raises_no_other_errors(at, damage):
    content = npy(CUBE)
    with suppress(DatasetError):
        header_of(content[:at] + damage + content[at + len(damage) :])


@pytest.mark.parametrize("shape", [(-1, 4, 5), (2**62, 2**62, 2**62), (1,) * 100])
def test_impossible_shape_is_an_error(shape):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "<f4", "fortran_order": False, "shape": shape}
    )
    with pytest.raises(DatasetError, match="no NumPy array"):
        header_of(stream.getvalue())


def test_file_that_is_too_short_for_its_shape_is_incomplete():
    content = npy(CUBE)
    header = header_of(content)
    header.check_complete(len(content))
    with pytest.raises(DatasetError, match=r"367 bytes; expected 368 bytes.*\(3, 4, 5\)"):
        header.check_complete(len(content) - 1)


@pytest.mark.parametrize(
    ("array", "is_stack"),
    [(CUBE, True), *((array, False) for array, found in NO_STACKS if "finite" not in found)],
)
def test_header_tells_whether_an_array_can_be_a_feature_stack(array, is_stack):
    assert header_of(npy(array)).is_stack == is_stack


# Finite values


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_array_without_a_finite_value_is_an_error(value, dtype):
    with pytest.raises(DatasetError, match="no finite value"):
        check_some_finite(np.full((3, 4, 5), value, dtype))


@given(st.integers(0, 3 * PIECE_LENGTH), st.sampled_from("CF"))
def test_single_finite_value_is_found_wherever_it_is(at, order):
    values = np.full(3 * PIECE_LENGTH + 1, np.nan, np.float16)
    values[at] = 0
    check_some_finite(values.reshape(-1, 1, 1).astype(values.dtype, order=order))


def test_looking_for_a_finite_value_stops_at_the_first(monkeypatch):
    looked_at = []
    isfinite = np.isfinite
    monkeypatch.setattr(
        np, "isfinite", lambda piece: looked_at.append(piece.size) or isfinite(piece)
    )
    array = np.ones((100, 100, 100))
    array[0] = np.nan
    check_some_finite(array)
    assert 0 < sum(looked_at) < array.size / 4


def test_integers_are_not_looked_at(monkeypatch):
    monkeypatch.setattr(np, "isfinite", lambda _: pytest.fail("looked at"))
    check_some_finite(np.ones((3, 4, 5), int))


@pytest.mark.parametrize("version", [b"\0\0", b"\1\1", b"\4\0", b"\xff\0"])
def test_version_that_numpy_has_not_written_is_refused(version):
    content = npy(CUBE, version=(2, 0))
    with pytest.raises(DatasetError, match="version"):
        header_of(content[:6] + version + content[8:])


def test_type_that_is_an_array_itself_is_refused():
    """Its shape would be taken for that of the array: values of another shape."""
    stream = io.BytesIO()
    told = {"descr": ("<f4", (2, 2)), "fortran_order": False, "shape": (3, 2, 2)}
    np.lib.format.write_array_header_1_0(stream, told)
    with pytest.raises(DatasetError, match="a type with a shape of its own"):
        header_of(stream.getvalue() + bytes(4 * 48))


def test_no_more_is_read_than_a_header_has():
    """A damaged length of 4 GB takes no memory."""
    content = npy(CUBE, version=(2, 0))
    stream = io.BytesIO(content[:8] + b"\xff\xff\xff\xff" + content[12:])
    asked = []

    class Watched:
        tell = stream.tell

        def read(self, count: int) -> bytes:
            asked.append(count)
            return stream.read(count)

    with pytest.raises(DatasetError, match="a header of 4,294,967,295 bytes"):
        read_header(Watched())
    assert max(asked) < 100_000
