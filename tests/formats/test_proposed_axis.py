from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.formats.proposed_axis import proposed_axis


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
