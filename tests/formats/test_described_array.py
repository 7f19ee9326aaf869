from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.formats.described_array import (
    DescribedArray,
    as_texts,
    as_vector,
    is_vector,
    last_name,
)


def described(name: str, **attributes: object) -> DescribedArray:
    return DescribedArray(
        name=name, shape=(2,), dtype=np.dtype("f4"), read=lambda: np.ones(2), attributes=attributes
    )


def test_short_name_is_the_last_part_in_lower_case():
    assert described("a/b/Wavelengths").short_name == last_name("/Wavelengths") == "wavelengths"


@pytest.mark.parametrize(
    ("array", "unit"),
    [
        (described("wl", units="nm"), "nm"),
        (described("wl", Units="Micrometers"), "Micrometers"),
        (described("a/wavelength_nm"), "nm"),
        (described("wavelength_nm", units="um"), "um"),
        (described("wl"), ""),
        (described("wl", units=3), ""),
        (described("center_wavelength"), ""),
    ],
)
def test_unit_is_that_of_the_attribute_or_the_name(array, unit):
    assert array.unit == unit


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((4,), True),
        ((1, 4), True),
        ((4, 1, 1), True),
        ((2, 2), False),
        ((1, 1), False),
        ((), False),
    ],
)
def test_array_along_one_axis_is_a_vector(shape, expected):
    assert is_vector(shape) == expected


@pytest.mark.parametrize(("shape", "axis_name"), [((1, 4), "b"), ((4, 1), "a")])
def test_vector_has_the_axis_that_is_longer_than_one(shape, axis_name):
    array = DescribedArray(
        name="wl",
        shape=shape,
        dtype=np.dtype("f8"),
        read=lambda: np.arange(4.0).reshape(shape),
        axis_names=("a", "b"),
    )
    vector = as_vector(array)
    assert (vector.shape, vector.axis_names) == ((4,), (axis_name,))
    assert vector.read().tolist() == [0, 1, 2, 3]


def test_texts_of_any_kind_are_as_numpy_has_them():
    for stored in (np.array([b"a", b"bc"]), np.array([b"a", "bc"], object)):
        assert as_texts(stored).tolist() == ["a", "bc"]
        assert as_texts(stored).dtype.kind == "U"
    numbers = np.arange(3)
    assert as_texts(numbers) is numbers
