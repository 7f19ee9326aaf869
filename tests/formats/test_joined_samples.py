from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.formats.joined_samples import OneChannel

VALUES = np.arange(120).reshape(2, 3, 4, 5)
ALL = slice(None)


@pytest.mark.parametrize("axis", [0, 1, 3])
@pytest.mark.parametrize("index", [(ALL, ALL, ALL), (1, ALL, slice(1, 3)), (0, 1, 2)])
def test_channel_is_an_array_without_their_axis(axis, index):
    expected = np.take(VALUES, 1, axis)
    channel = OneChannel(VALUES, axis, 1)
    assert (channel.shape, channel.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(channel[index], expected[index])
