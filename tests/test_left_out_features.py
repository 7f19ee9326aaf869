from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.bands import Bands
from napari_ifealid.left_out_features import (
    left_out_ranges,
    left_out_text,
    named_features,
    of_water_vapour,
    parsed_text,
    used_flags,
    used_where,
    used_without,
    why_left_out,
)
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.stack import FeatureStack

NANOMETRES = [f"{400 + 50 * number} nm" for number in range(11)]  # 400 to 900
FALLING = NANOMETRES[::-1]


def left_out(text: str, labels) -> list[int]:
    return np.flatnonzero(~parsed_text(text, labels)).tolist()


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        ("", NANOMETRES, []),
        ("  ,; ", NANOMETRES, []),
        ("450–550 nm", NANOMETRES, [1, 2, 3]),
        ("440 - 560", NANOMETRES, [1, 2, 3]),
        ("450nm to 550nm, 900", NANOMETRES, [1, 2, 3, 10]),
        ("550..450\n700 nm", NANOMETRES, [1, 2, 3, 6]),
        ("0.45–0.55 µm", NANOMETRES, [1, 2, 3]),
        ("0.45 microns–550 nm", NANOMETRES, [1, 2, 3]),
        ("4500 Å", NANOMETRES, [1]),
        ("450–550 nm", FALLING, [7, 8, 9]),
        ("2–4, 7", range(9), [2, 3, 4, 7]),
        ("2–4", ["eye", "ear", "nose", "hair", "paw", "tail"], [2, 3, 4]),
        ("-2–-1, 1.5", [-2.0, -1.0, 0.0, 1.5], [0, 1, 3]),
        ("-2--1", [-2.0, -1.0, 0.0, 1.5], [0, 1]),
        ("1000–1100 cm-1", ["1000 cm-1", "1100 cm-1", "1200 cm-1"], [0, 1]),
    ],
)
def test_text_names_what_is_left_out(text, labels, expected):
    assert left_out(text, labels) == expected


@pytest.mark.parametrize(
    ("text", "labels", "message"),
    [
        ("blue", NANOMETRES, "“blue” is no range; write such as “400–450 nm”, and commas between"),
        ("450–550–600", NANOMETRES, "“450–550–600” is no range"),
        ("450-", range(9), "“450-” is no range; write such as “0–1”"),
        ("760 nm", NANOMETRES, "no feature lies at 760; the nearest is 750 nm"),
        ("401–402", NANOMETRES, "no feature lies between 401 and 402; they go from 400 to 900 nm"),
        ("9", range(9), "no feature lies at 9; the nearest is 8"),
        ("450–550 s", NANOMETRES, "the unit s in “450–550 s” is another one: .* in nm"),
        ("3 nm", range(9), "the unit nm in “3 nm” is another one: the features have no unit"),
        ("400–900", NANOMETRES, "at least one feature must stay in use"),
    ],
)
def test_text_that_is_wrong_is_refused_in_plain_words(text, labels, message):
    with pytest.raises(ValueError, match=message):
        parsed_text(text, labels)


@pytest.mark.parametrize(
    ("numbers", "labels", "text"),
    [
        ([], NANOMETRES, ""),
        ([1, 2, 3, 10], NANOMETRES, "450–550 nm, 900 nm"),
        ([0, 1], FALLING, "850–900 nm"),
        ([0, 4, 5], range(9), "0, 4–5"),
        ([0, 4, 5], ["eye", "ear", "nose", "hair", "paw", "tail"], "0, 4–5"),
        ([0, 2], ["1 u, v", "2 u, v", "3 u, v"], "1, 3"),
    ],
)
def test_what_is_left_out_is_told_in_ranges_of_the_labels(numbers, labels, text):
    flags = np.ones(len(labels), bool)
    flags[numbers] = False
    assert left_out_text(flags, labels) == text


@given(st.data())
def test_text_and_flags_stand_for_the_same(data):
    numbers = data.draw(
        st.lists(
            st.decimals(-(10**6), 10**6, places=3).map(float), min_size=2, max_size=30, unique=True
        )
    )
    unit = data.draw(st.sampled_from(["", " nm", " µm", " cm-1", " °C"]))
    labels = [f"{number!r}{unit}" for number in numbers]
    size = len(labels)
    flags = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    flags[0] = True
    np.testing.assert_array_equal(parsed_text(left_out_text(flags, labels), labels), flags)


def test_ranges_and_used_features_stand_for_the_same():
    used = UsedFeatures((False, True, False, False, True))
    assert left_out_ranges(used) == ((0, 0), (2, 3))
    assert used_without(((0, 0), (2, 3)), 5) == used
    assert left_out_ranges(None) == ()
    assert used_without((), 5) is None
    assert used_where(used_flags(used, 5)) == used
    assert used_where(used_flags(None, 5)) is None
    with pytest.raises(ValueError, match="at least one feature"):
        used_without(((0, 4),), 5)


def test_all_features_can_be_named():
    assert named_features("900–400", NANOMETRES).all()


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (
            [f"{number} nm" for number in (1300, 1350, 1400, 1450, 1700, 1800, 1950)],
            [1, 2, 3, 5, 6],
        ),
        ([f"{number} µm" for number in (1.3, 1.35, 1.46, 1.8, 1.951)], [1, 3]),
    ],
)
def test_water_vapour_is_found_in_any_unit_of_length(labels, expected):
    assert np.flatnonzero(of_water_vapour(labels)).tolist() == expected


@pytest.mark.parametrize("labels", [NANOMETRES, range(2000), ["1400 s", "1 s"], ["a", "b"]])
def test_labels_without_a_unit_or_without_water_vapour_offer_none(labels):
    assert of_water_vapour(labels) is None


def test_reasons_are_the_file_or_a_choice():
    good = (False, True, True, False, True)
    labels = NANOMETRES[:5]
    stack = FeatureStack(
        values=np.ones((2, 2, 5)), name="a", feature_labels=labels, bands=Bands(is_good=good)
    )
    assert why_left_out(None, stack) == ""
    assert why_left_out(UsedFeatures(good), stack) == (
        "Left out: 400 nm, 550 nm (bad bands of the file)"
    )
    assert why_left_out(UsedFeatures((True, False, False, False, True)), stack) == (
        "Left out: 550 nm (bad bands of the file); 450–500 nm (chosen)"
    )
