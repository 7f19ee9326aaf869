from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.libraries import (
    Match,
    MatchKind,
    Mismatch,
    features_in_words,
    match_features,
    sure_match,
)

NANOMETRES = [f"{number} nm" for number in (450, 460, 470.5)]


@pytest.mark.parametrize(
    ("library", "stack", "order"),
    [
        (["red", "green", "blue"], ["blue", "red", "green"], [2, 0, 1]),
        (["red", "green", "blue"], ["blue", "red"], [2, 0]),
        (["a", "a"], ["a", "a"], [0, 1]),
        (NANOMETRES, ["0.4705 µm", "0.45 µm", "0.46 µm"], [2, 0, 1]),
        (NANOMETRES, [460.0, 450.0], [1, 0]),
        (["0.450001 µm", "0.46 µm"], ["450 nm"], [0]),
        ([450.0, 460.0], ["450", "460"], [0, 1]),
    ],
)
def test_equal_labels_match_in_any_order(library, stack, order):
    match = match_features(library, stack)
    assert match.kind is MatchKind.LABEL
    assert match.question == ""
    vector = np.arange(len(library)) * 10.0
    np.testing.assert_array_equal(match.apply(vector), vector[order])


def test_features_without_labels_match_by_position():
    match = match_features(range(3), range(3))
    assert match.kind is MatchKind.POSITION
    assert match.question == ""
    np.testing.assert_array_equal(match.apply([[1, 2, 3]]), [[1, 2, 3]])


@pytest.mark.parametrize("labels", [(range(3), NANOMETRES), (NANOMETRES, range(3))])
def test_labels_on_one_side_match_by_position_if_the_user_agrees(labels):
    match = match_features(*labels)
    assert match.kind is MatchKind.POSITION
    assert match.question.endswith(": compare by position?")


@given(
    st.lists(st.integers(400, 900), min_size=2, max_size=20, unique=True),
    st.lists(st.integers(0, 97), min_size=1, max_size=20, unique=True),
    st.integers(0, 9),
)
def test_other_wavelengths_are_interpolated_like_numpy_does(known, shares, seed):
    low, high = min(known), max(known)
    wanted = [low + (high - low) * share / 97 for share in shares]
    vectors = np.random.default_rng(seed).normal(size=(3, len(known)))
    match = match_features([f"{number / 1000} µm" for number in known], [f"{x} nm" for x in wanted])
    order = np.argsort(known)
    expected = [np.interp(wanted, np.array(known)[order], vector[order]) for vector in vectors]
    if isinstance(match, Mismatch):
        assert "too near" in match.reason  # two wanted ones are almost one
        return
    np.testing.assert_allclose(match.apply(vectors), expected, atol=0.02)
    if match.kind is MatchKind.RESAMPLED:
        np.testing.assert_allclose(match.apply(vectors), expected, atol=1e-9)
        assert match.question.endswith(": compare after linear resampling?")


def test_resampling_leaves_values_that_are_not_finite_where_they_are():
    match = match_features([450.0, 460.0, 470.0], [450.0, 455.0, 465.0])
    vectors = [[np.nan, 1, 2], [1, np.nan, 2], [np.inf, 1, 2], [1, 2, np.nan]]
    expected = [[np.nan, np.nan, 1.5], [1, np.nan, np.nan], [np.inf, np.inf, 1.5], [1, 1.5, np.nan]]
    np.testing.assert_array_equal(match.apply(vectors), expected)


def test_assumed_unit_is_told_in_the_question():
    match = match_features(["0.45 µm", "0.47 µm"], [455.0])
    assert "(the stack's numbers taken as nm)" in match.question


def test_wavelengths_beyond_the_library_are_refused_and_the_others_named():
    match = match_features(["0.46 µm", "0.5 µm"], ["450 nm", "460 nm", "480 nm"])
    assert isinstance(match, Mismatch)
    assert match.covered.tolist() == [1, 2]
    assert match.reason == (
        "The library has 2 features from 0.46 to 0.5 µm, the stack 3 from 450 to 480 nm: "
        "1 lie beyond the library"
    )


@pytest.mark.parametrize(
    ("library", "stack", "reason"),
    [
        (range(3), range(4), "3 features without labels, the stack 4 without labels"),
        (["red", "green"], ["red", "blue"], "“blue” of the stack is not in the library"),
        (["red", "red"], ["red"], "several have the same label"),
        (["1 eV", "2 eV"], NANOMETRES, "the units differ"),
        (["0.3 µm", "0.4 µm"], NANOMETRES, "they have none in common"),
        ([450.0, 500.0], [450.0001, 450.0002], "too near to be told apart"),
        ([], NANOMETRES, "0 features without labels"),
    ],
)
def test_other_features_give_the_reason(library, stack, reason):
    match = match_features(library, stack)
    assert isinstance(match, Mismatch)
    assert reason in match.reason
    assert match.covered.size == 0


def test_one_wavelength_is_matched_only_with_itself():
    assert isinstance(match_features(["450 nm"], ["450 nm"]), Match)
    assert isinstance(match_features(["450 nm"], ["451 nm"]), Mismatch)


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (range(2), "2 features without labels"),
        (["red", "green"], "2 features (red … green)"),
        (["0.46 um"], "1 feature from 0.46 to 0.46 µm"),
        ([450.5, 440.0], "2 features from 440 to 450.5"),
    ],
)
def test_features_are_told_by_number_and_ends(labels, text):
    assert features_in_words(labels) == text


def test_match_is_sure_where_nothing_is_asked():
    wavelengths = ("450 nm", "550 nm")
    assert sure_match(wavelengths[::-1], wavelengths).apply([1, 2]).tolist() == [2, 1]
    assert sure_match((0, 1), wavelengths) is None  # by position?
    assert sure_match(("440 nm", "560 nm"), wavelengths) is None  # resampled?
    assert sure_match(("x", "y"), wavelengths) is None
