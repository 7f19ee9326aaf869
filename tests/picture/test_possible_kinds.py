from __future__ import annotations

import numpy as np

from napari_ifealid.bands import Bands
from napari_ifealid.picture import PictureKind, default_kind, possible_kinds
from napari_ifealid.stack import FeatureStack


def stack_of(labels, **more) -> FeatureStack:
    values = np.ones((2, 3, len(labels)), np.float32)
    return FeatureStack(values=values, name="x", feature_labels=labels, **more)


def test_best_picture_that_is_possible_comes_first():
    visible = stack_of([f"{n} nm" for n in range(400, 900, 20)], bands=Bands(shown=(0, 1, 2)))
    assert possible_kinds(visible) == [
        PictureKind.TRUE_COLOUR,
        PictureKind.PROPOSED,
        PictureKind.INFRARED,
        PictureKind.MEAN,
        PictureKind.NONE,
    ]
    assert default_kind(visible) is PictureKind.TRUE_COLOUR
    assert default_kind(stack_of(["a", "b"], bands=Bands(shown=(1,)))) is PictureKind.PROPOSED
    coloured = stack_of(["a", "b"], bands=Bands(colours=("#ff0000", "#00ff00")))
    assert default_kind(coloured) is PictureKind.CHANNELS
    assert default_kind(stack_of(["1200 nm", "1300 nm"])) is PictureKind.MEAN


def test_features_that_are_no_bands_have_a_picture_only_where_it_is_chosen():
    plain = stack_of(range(4))
    assert possible_kinds(plain) == [PictureKind.MEAN, PictureKind.NONE]
    assert default_kind(plain) is PictureKind.NONE


def test_stack_of_bad_bands_has_no_picture():
    bad = stack_of(["500 nm", "600 nm"], bands=Bands(is_good=(False, False)))
    assert possible_kinds(bad) == [PictureKind.NONE]
    assert default_kind(bad) is PictureKind.NONE
