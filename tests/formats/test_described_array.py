from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.formats.described_array import DescribedArray, as_texts, last_name


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


def test_texts_of_any_kind_are_as_numpy_has_them():
    for stored in (np.array([b"a", b"bc"]), np.array([b"a", "bc"], object)):
        assert as_texts(stored).tolist() == ["a", "bc"]
        assert as_texts(stored).dtype.kind == "U"
    numbers = np.arange(3)
    assert as_texts(numbers) is numbers
