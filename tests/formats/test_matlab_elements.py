from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from napari_ifealid.formats.matlab_elements import HEADER_SIZE, is_version_4, variables_in

CUBE = np.random.default_rng(2).random((3, 4, 5))


def saved(*, packed: bool = False, **arrays: object) -> bytes:
    stream = io.BytesIO()
    savemat(stream, arrays, do_compression=packed)
    return stream.getvalue()


def found(content: bytes) -> dict[str, tuple[str, tuple[int, ...]]]:
    variables = variables_in(io.BytesIO(content), len(content))
    return {one.name: (one.kind, one.shape) for one in variables}


@pytest.mark.parametrize("packed", [True, False])
def test_variables_are_found_with_their_classes_and_shapes(packed):
    content = saved(
        packed=packed,
        cube=CUBE,
        a_name_of_more_than_eight_letters=np.ones((2, 3), np.uint16),
        small=np.uint8([[1, 2, 3]]),
        is_true=np.ones((2, 2), bool),
        text="abc",
        info={"a": 1},
        cells=np.array([1, "a"], object),
        imaginary=np.ones((2, 2)) * 1j,
    )
    assert found(content) == {
        "cube": ("double", (3, 4, 5)),
        "a_name_of_more_than_eight_letters": ("uint16", (2, 3)),
        "small": ("uint8", (1, 3)),
        "is_true": ("uint8", (2, 2)),
        "text": ("char", (1, 3)),
        "info": ("struct", (1, 1)),
        "cells": ("cell", (1, 2)),
        "imaginary": ("complex double", (2, 2)),
    }


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 3), (1, 1)])
def test_values_are_where_the_variable_says(dtype, shape):
    values = (np.arange(np.prod(shape)).reshape(shape) + 1).astype(dtype)
    content = saved(values=values)
    (variable,) = variables_in(io.BytesIO(content), len(content))
    read = np.frombuffer(content, variable.stored, values.size, variable.place)
    np.testing.assert_array_equal(read.reshape(shape, order="F"), values)
    packed = saved(packed=True, other=CUBE, values=values)
    _, variable = variables_in(io.BytesIO(packed), len(packed))
    np.testing.assert_array_equal(variable.unpacked(io.BytesIO(packed)), values)


def test_values_may_be_stored_in_a_smaller_type_than_their_class():
    content = saved(values=np.arange(60.0).reshape(3, 4, 5))
    place = content.index(np.arange(60.0).reshape(3, 4, 5).tobytes("F")) - 8
    small = np.arange(60, dtype="u1").reshape(3, 4, 5).tobytes("F") + bytes(4)
    body = content[128 + 8 : place] + np.array([2, 60], "<u4").tobytes() + small
    content = content[:128] + np.array([14, len(body)], "<u4").tobytes() + body
    np.testing.assert_array_equal(loadmat(io.BytesIO(content))["values"].ravel("F")[5], small[5])
    (variable,) = variables_in(io.BytesIO(content), len(content))
    assert (variable.kind, variable.stored) == ("double", np.dtype("u1"))
    assert content[variable.place : variable.place + 60] == small[:60]


@pytest.mark.parametrize("packed", [True, False])
def test_truncated_file_is_an_error_wherever_it_ends(packed):
    content = saved(packed=packed, cube=CUBE)
    for size in (size for size in range(0, len(content), 7) if size != HEADER_SIZE):
        with pytest.raises((ValueError, zlib.error)):
            found(content[:size])
    assert not found(content[:HEADER_SIZE])


def test_damage_that_only_the_checksum_tells_is_an_error():
    content = bytearray(saved(packed=True, cube=CUBE))
    content[-2] ^= 1
    (variable,) = variables_in(io.BytesIO(bytes(content)), len(content))
    with pytest.raises((ValueError, zlib.error)):
        variable.unpacked(io.BytesIO(bytes(content)))


def test_shape_without_room_for_its_values_is_an_error():
    content = saved(cube=CUBE)
    huge = content.replace(np.int32([3, 4, 5]).tobytes(), np.int32([2000] * 3).tobytes())
    with pytest.raises(ValueError, match=r"no room for the shape \(2000, 2000, 2000\)"):
        found(huge)


@pytest.mark.parametrize("values", [np.ones((3, 4)), np.ones((3, 4), ">i2"), 1j, "text"])
def test_matrix_of_version_4_is_known_by_its_start(values):
    stream = io.BytesIO()
    savemat(stream, {"a": values}, format="4")
    assert is_version_4(stream.getvalue()[:HEADER_SIZE])
    assert is_version_4(np.array([1000, 3, 4, 0, 2], ">i4").tobytes() + b"a\0" + bytes(96))


@pytest.mark.parametrize("content", [b"", bytes(128), b"something else" * 20, saved(cube=CUBE)])
def test_other_files_are_not_of_version_4(content):
    assert not is_version_4(content[:HEADER_SIZE])
