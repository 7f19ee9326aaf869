from __future__ import annotations

from dataclasses import replace

from napari_ifealid.explorer.comparable_features import mismatch


def test_stacks_of_equal_features_are_comparable_whatever_their_size(make_stack):
    assert mismatch(make_stack("one"), make_stack("other", shape=(2, 3, 9))) == ""


def test_another_number_of_features_is_the_reason(make_stack):
    reason = mismatch(make_stack("one", shape=(6, 5, 7)), make_stack("other"))
    assert reason == "other features: 7, expected 9"


def test_the_first_label_that_differs_is_the_reason(make_stack):
    one = replace(make_stack("one"), feature_labels=[400 + 10 * n for n in range(9)])
    other = replace(one, feature_labels=[*range(400, 470, 10), 475, 480])
    assert mismatch(other, one) == "other features: 475, expected 470"
    assert mismatch(one, one) == ""
