from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.numeric_labels import (
    FeatureNumbers,
    are_mere_numbers,
    immutable_labels,
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


# Numbers of features


def test_numbers_of_features_are_those_from_0():
    numbers = FeatureNumbers(5)
    assert list(numbers) == [0, 1, 2, 3, 4]
    assert (numbers[0], numbers[-1], numbers[1:3]) == (0, 4, (1, 2))
    assert 4 in numbers
    assert 5 not in numbers
    with pytest.raises(IndexError):
        numbers[5]


def test_numbers_of_features_are_equal_to_a_tuple_of_them():
    numbers = FeatureNumbers(3)
    assert numbers == (0, 1, 2) == numbers == FeatureNumbers(3)
    assert hash(numbers) == hash((0, 1, 2))
    for other in ((0, 1), (0, 1, 2, 3), (0, 1, 3), ("0", "1", "2"), FeatureNumbers(4), "012", ()):
        assert numbers != other


def test_numbers_of_any_count_of_features_take_no_memory_and_no_time():
    numbers = FeatureNumbers(10**15)
    assert len(numbers) == 10**15
    assert are_mere_numbers(numbers)
    assert wavelengths_of(numbers) is None
    assert immutable_labels(numbers) is numbers
    assert numbers == FeatureNumbers(10**15)


def test_numbers_of_features_are_numeric_labels_without_a_unit():
    kept, lazy = numeric_labels((0, 1, 2)), numeric_labels(FeatureNumbers(3))
    np.testing.assert_array_equal(lazy.numbers, kept.numbers)
    assert lazy.unit == kept.unit
    assert numeric_labels(FeatureNumbers(0)) is numeric_labels(()) is None


def test_labels_are_kept_as_they_were():
    labels = ["a", 2.5]
    kept = immutable_labels(labels)
    labels.append("b")
    assert kept == ("a", 2.5)


def test_wavelengths_beyond_the_largest_float_are_none():
    assert wavelengths_of(["1 µm", "1e307 µm"]) is None
