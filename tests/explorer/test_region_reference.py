from __future__ import annotations

import numpy as np

from napari_ifealid.explorer.region_reference import RegionReference, window_around


def pixels(numbers, shape) -> list[tuple[int, ...]]:
    return list(zip(*(part.tolist() for part in np.unravel_index(numbers, shape)), strict=True))


def test_window_lies_around_its_pixel():
    expected = [(y, x) for y in (1, 2, 3) for x in (2, 3, 4)]
    assert pixels(window_around((2, 3), 3, (6, 7), (0, 1)), (6, 7)) == expected


def test_window_of_one_pixel_is_the_pixel():
    assert pixels(window_around((2, 3), 1, (6, 7), (0, 1)), (6, 7)) == [(2, 3)]


def test_window_is_clipped_at_the_border():
    assert pixels(window_around((0, 6), 3, (6, 7), (0, 1)), (6, 7)) == [
        (0, 5),
        (0, 6),
        (1, 5),
        (1, 6),
    ]


def test_window_lies_in_the_plane_that_is_displayed():
    numbers = window_around((2, 3, 4), 5, (5, 7, 9), (0, 2))
    assert {pixel[1] for pixel in pixels(numbers, (5, 7, 9))} == {3}
    assert len(numbers) == 5 * 5


def test_equal_pixels_have_equal_keys():
    one, same, other = (RegionReference(np.array(p)) for p in ([1, 2], [1, 2], [1, 3]))
    assert one.key == same.key != other.key


def test_middle_is_a_pixel_of_the_region():
    ring = RegionReference(np.array([0, 1, 2, 5, 7, 10, 11, 12]))
    assert ring.middle((5, 5)) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1), (2, 2)]
    assert RegionReference(np.array([6, 7, 8])).middle((5, 5)) == (1, 2)
