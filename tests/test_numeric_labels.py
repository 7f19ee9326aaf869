from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.numeric_labels import (
    are_mere_numbers,
    label_of,
    numeric_labels,
    wavelengths_of,
)


@pytest.mark.parametrize(
    ("labels", "numbers", "unit"),
    [
        (range(3), [0, 1, 2], ""),
        ([450, 460.5], [450, 460.5], ""),
        (["450", "4.6e2"], [450, 460], ""),
        (["450 nm", " 450.5 nm"], [450, 450.5], "nm"),
        (["0.45 µm", ".46 µm"], [0.45, 0.46], "µm"),
        (["1200 cm-1", "-3 cm-1"], [1200, -3], "cm-1"),
        (["450nm", "460 nm"], [450, 460], "nm"),
    ],
)
def test_numbers_of_one_unit_are_numeric(labels, numbers, unit):
    numeric = numeric_labels(labels)
    np.testing.assert_array_equal(numeric.numbers, numbers)
    assert numeric.unit == unit


@pytest.mark.parametrize(
    "labels",
    [
        ["red", "green"],
        ["450 nm", "0.46 µm"],
        ["450 nm", 460.0],
        ["450 nm", "450 nm"],
        [1.0, 1.0],
        [1.0, float("nan")],
        [1.0, float("inf")],
        ["1 2", "1 3"],
        ["1e999", "1"],
        [],
    ],
)
def test_other_labels_are_not(labels):
    assert numeric_labels(labels) is None


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("450", 450),
        ("450.5", 450.5),
        ("450 nm", "450 nm"),
        ("nan", "nan"),
        ("", ""),
        (f"1{'0' * 310}", f"1{'0' * 310}"),
    ],
)
def test_text_of_a_number_is_that_number(text, label):
    assert label_of(text) == label


@pytest.mark.parametrize(
    ("labels", "expected"), [((0, 1, 2), True), ((1, 2), False), (("0", "1"), False), ((), True)]
)
def test_features_counted_from_zero_have_no_labels(labels, expected):
    assert are_mere_numbers(labels) is expected


@pytest.mark.parametrize("labels", [["450 nm", "1200 nm"], ["0.45 um", "1.2 um"]])
def test_wavelengths_come_in_nanometres(labels):
    np.testing.assert_allclose(wavelengths_of(labels), [450.0, 1200.0])


@pytest.mark.parametrize("labels", [["450", "460"], ["1200 cm-1", "9 cm-1"], ["red", "450 nm"]])
def test_labels_without_a_unit_of_length_are_no_wavelengths(labels):
    assert wavelengths_of(labels) is None


def test_wavelengths_beyond_the_largest_float_are_none():
    assert wavelengths_of(["1 µm", "1e307 µm"]) is None
