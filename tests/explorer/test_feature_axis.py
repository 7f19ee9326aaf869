from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image

from napari_ifealid.explorer.feature_axis import axis_name, known_axis


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
