from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.bands import Bands
from napari_ifealid.picture import PictureKind
from napari_ifealid.picture.channels import channels_of
from napari_ifealid.stack import FeatureStack


def stack_of(wavelengths, **more) -> FeatureStack:
    labels = [f"{wavelength} nm" for wavelength in wavelengths]
    values = np.ones((2, 3, len(labels)), np.float32)
    return FeatureStack(values=values, name="x", feature_labels=labels, **more)


@pytest.mark.parametrize(
    ("wavelengths", "is_possible"),
    [
        (range(460, 641, 45), True),
        (range(400, 2500, 10), True),
        ((460, 510, 560, 610, 660), True),
        (range(470, 700, 10), False),  # without blue
        (range(400, 640, 10), False),  # without red
        ((450, 500, 551, 600, 650), False),  # a gap
        (range(900, 1700, 10), False),
    ],
)
def test_true_colour_needs_bands_all_over_the_visible(wavelengths, is_possible):
    channels = channels_of(stack_of(wavelengths), PictureKind.TRUE_COLOUR)
    assert (channels is not None) is is_possible


def test_bands_need_not_rise_and_may_be_in_micrometres():
    rising = np.arange(400, 701, 20)
    stack = stack_of(rising)
    falling = FeatureStack(
        values=stack.values,
        name="x",
        feature_labels=[f"{number / 1000} µm" for number in rising[::-1]],
    )
    one = channels_of(stack, PictureKind.TRUE_COLOUR)
    other = channels_of(falling, PictureKind.TRUE_COLOUR)
    np.testing.assert_allclose(one.weights, other.weights[::-1])


def test_infrared_takes_the_nearest_bands():
    channels = channels_of(stack_of((490, 560, 665, 705, 842, 1610)), PictureKind.INFRARED)
    assert channels.features.tolist() == [1, 2, 4]
    assert channels.weights.tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
    assert channels_of(stack_of((490, 560, 665)), PictureKind.INFRARED) is None


def test_bad_bands_are_never_used():
    wavelengths = (440, 480, 520, 560, 600, 640, 660, 860)
    good = Bands(is_good=(True,) * 8, shown=(5, 3, 1), colours=("#ff0000",) * 8)
    bad = Bands(is_good=(True,) * 5 + (False,) * 3, shown=(5, 3, 1), colours=("#ff0000",) * 8)
    for kind in set(PictureKind) - {PictureKind.NONE}:
        assert channels_of(stack_of(wavelengths, bands=good), kind) is not None
        channels = channels_of(stack_of(wavelengths, bands=bad), kind)
        assert channels is None or channels.features.max() < 5
    assert channels_of(stack_of(wavelengths, bands=bad), PictureKind.PROPOSED) is None
    assert channels_of(stack_of(wavelengths, bands=bad), PictureKind.TRUE_COLOUR) is None
    assert channels_of(stack_of(wavelengths, bands=bad), PictureKind.MEAN).features.size == 5


def test_proposed_bands_are_red_green_and_blue_or_a_grey_one():
    three = channels_of(stack_of((1, 2, 3), bands=Bands(shown=(2, 0, 1))), PictureKind.PROPOSED)
    assert (three.weights.T @ [1, 2, 3]).tolist() == [3, 1, 2]
    single = channels_of(stack_of((1, 2, 3), bands=Bands(shown=(1,))), PictureKind.PROPOSED)
    assert single.colours.tolist() == [[1, 1, 1]]


def test_channels_have_their_own_colours():
    bands = Bands(colours=("#ff00ff", "#00ff00"))
    channels = channels_of(stack_of((450, 520), bands=bands), PictureKind.CHANNELS)
    assert channels.colours.tolist() == [[1, 0, 1], [0, 1, 0]]
