from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.layers import Image

from napari_ifealid.explorer.feature_axis import axis_name, known_axis, proposed_axis


@pytest.mark.parametrize("name", ["c", "C", "channel", "Bands", "feature"])
@pytest.mark.parametrize("axis", [0, 1, 2, 3])
def test_axis_of_a_name_for_features_is_known(name, axis):
    labels = ["t", "z", "y", "x"]
    labels[axis] = name
    assert known_axis(Image(np.zeros((2, 3, 4, 5)), axis_labels=labels)) == axis


def test_axis_of_other_names_is_not_known():
    assert known_axis(Image(np.zeros((3, 4, 5)))) is None
    assert known_axis(Image(np.zeros((3, 4, 5)), axis_labels=("z", "y", "x"))) is None


def test_colours_of_a_photo_are_its_features():
    assert known_axis(Image(np.zeros((4, 5, 3)), rgb=True)) == -1


@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((64, 200, 300), 0),  # c, y, x
        ((200, 300, 64), 2),  # y, x, c
        ((200, 64, 300), 1),  # lines, bands, samples
        ((30, 3, 200, 300), 1),  # z or t, c, y, x
        ((3, 30, 200, 300), 0),  # c, z, y, x
        ((20, 200, 300, 16), 3),  # t, y, x, c
        ((5, 5, 200, 300), 1),  # of equally short ones the last
        ((1, 12, 200, 300), 1),  # a single slice is none
        ((64, 28, 28), 0),  # more features than pixels along a side
        ((28, 28, 64), 2),
        ((28, 64, 28), 1),
        ((1, 1, 28, 28), 1),
    ],
)
def test_plausible_axis_is_proposed(shape, axis):
    assert proposed_axis(shape) == axis


@given(st.lists(st.integers(1, 400), min_size=3, max_size=6))
def test_proposal_is_an_axis_that_there_is(shape):
    assert 0 <= proposed_axis(shape) < len(shape)


def test_axis_is_called_by_its_label_and_its_length():
    image = Image(np.zeros((3, 4, 5)), axis_labels=("c", "y", "x"))
    assert [axis_name(image, axis) for axis in range(3)] == ["c, 3 long", "y, 4 long", "x, 5 long"]


def test_axis_without_a_label_is_called_by_its_number():
    image = Image(np.zeros((3, 4, 5)))
    assert [axis_name(image, axis) for axis in range(3)] == [
        "axis 0, 3 long",
        "axis 1, 4 long",
        "axis 2, 5 long",
    ]
