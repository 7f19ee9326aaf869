from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.picture.channels import Channels
from napari_ifealid.picture.stretch import coloured


def channels(colours, *, are_light=False) -> Channels:
    count = len(colours)
    return Channels(
        features=np.arange(count),
        weights=np.eye(count),
        colours=np.array(colours, float),
        are_light=are_light,
    )


@pytest.mark.parametrize("are_light", [False, True])
def test_stretch_is_monotone_and_uses_all_levels(are_light):
    values = np.linspace(-3, 5, 600, dtype=np.float32).reshape(20, 30, 1).repeat(3, axis=-1)
    levels = coloured(values, channels(np.eye(3), are_light=are_light))[..., 1].ravel().astype(int)
    assert (np.diff(levels) >= 0).all()
    assert (levels[0], levels[-1]) == (0, 255)


def test_channels_are_stretched_each_and_light_jointly():
    values = np.random.default_rng(0).random((40, 50, 3), np.float32) * np.float32([1, 10, 0.1])
    each = coloured(values.copy(), channels(np.eye(3)))[..., :3].mean(axis=(0, 1))
    jointly = coloured(values, channels(np.eye(3), are_light=True))[..., :3].mean(axis=(0, 1))
    np.testing.assert_allclose(each, 127.5, atol=4)
    assert jointly[1] > 2 * jointly[0] > 4 * jointly[2]


def test_colours_of_channels_are_added():
    values = np.zeros((2, 2, 2), np.float32)
    values[0, :, 0] = values[:, 0, 1] = 1
    picture = coloured(values, channels([(1, 0, 0), (1, 1, 0)]))
    expected = [[(255, 255, 0, 255), (255, 0, 0, 255)], [(255, 255, 0, 255), (0, 0, 0, 255)]]
    np.testing.assert_array_equal(picture, expected)


def test_missing_values_are_black_transparent_and_of_no_weight():
    values = np.arange(200, dtype=np.float32).reshape(10, 20, 1)
    with_holes = values.copy()
    with_holes[0, 0], with_holes[-1, -1] = np.nan, np.inf
    picture = coloured(with_holes, channels([(1, 1, 1)]))
    assert picture[0, 0].tolist() == picture[-1, -1].tolist() == [0, 0, 0, 0]
    assert (np.delete(picture[..., 3].ravel(), [0, 199]) == 255).all()
    assert picture[..., 0].max() == 255
    nothing = coloured(np.full((2, 3, 1), np.nan, np.float32), channels([(1, 1, 1)]))
    assert not nothing.any()


def test_few_values_that_differ_are_seen():
    values = np.zeros((20, 20, 1), np.float32)
    values[3, 3] = 5
    picture = coloured(values, channels([(1, 1, 1)]))
    assert (picture[3, 3, 0], picture[0, 0, 0]) == (255, 0)
