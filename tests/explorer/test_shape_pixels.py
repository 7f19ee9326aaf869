from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from skimage.draw import polygon
from skimage.measure import points_in_poly

from napari_ifealid.explorer.shape_pixels import pixels_of_shape

SHAPE = (12, 17)


def covered(kind, vertices, shape=SHAPE) -> set[tuple[int, ...]]:
    numbers = pixels_of_shape(kind, np.array(vertices, float), shape)
    assert (np.diff(numbers) > 0).all()
    return set(zip(*(part.tolist() for part in np.unravel_index(numbers, shape)), strict=True))


def box(top, left, bottom, right):
    return [(top, left), (top, right), (bottom, right), (bottom, left)]


def test_rectangle_holds_the_pixels_whose_centres_it_holds():
    expected = {(y, x) for y in (2, 3, 4) for x in (5, 6)}
    assert covered("rectangle", box(1.6, 4.7, 4.4, 6.2)) == expected


def test_border_belongs_to_the_shape():
    assert covered("rectangle", box(1, 2, 3, 4)) == {(y, x) for y in (1, 2, 3) for x in (2, 3, 4)}


@example([(0.0, 0.0), (2.0, 0.0), (2e-309, 3.0)])  # an edge that is nearly level
@given(st.lists(st.tuples(st.floats(-5, 20), st.floats(-5, 20)), min_size=3, max_size=9))
def test_polygon_holds_the_centres_within_it(vertices):
    corners = np.array(vertices)
    expected = set(zip(*(part.tolist() for part in polygon(*corners.T, shape=SHAPE)), strict=True))
    # centres within rounding errors of the border are on either side
    centres = np.argwhere(np.ones(SHAPE))
    near = {tuple(p) for p in centres.tolist() if distance_to(corners, np.array(p)) < 1e-6}
    if expected - near:
        assert covered("polygon", vertices) - near == expected - near


def distance_to(corners, point) -> float:
    starts, ends = corners, np.roll(corners, -1, axis=0)
    steps = ends - starts
    lengths = np.maximum((steps**2).sum(axis=1), 1e-300)
    shares = np.clip(((point - starts) * steps).sum(axis=1) / lengths, 0, 1)
    return float(np.linalg.norm(starts + shares[:, np.newaxis] * steps - point, axis=1).min())


def test_ellipse_is_that_within_its_corners():
    turn = np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]])
    corners = (np.array(box(-4, -7, 4, 7)) @ turn.T) + (6, 8)
    outline = np.array([(4 * np.sin(t), 7 * np.cos(t)) for t in np.linspace(0, 2 * np.pi, 5000)])
    centres = np.argwhere(np.ones(SHAPE))
    inside = centres[points_in_poly(centres, outline @ turn.T + (6, 8))]
    assert covered("ellipse", corners) == {tuple(pixel) for pixel in inside.tolist()}


@pytest.mark.parametrize("kind", ["rectangle", "polygon", "ellipse"])
@pytest.mark.parametrize(
    ("corners", "pixel"), [(box(3.1, 4.1, 3.3, 4.2), (3, 4)), (box(3.3, 4.3, 3.6, 4.9), (3, 5))]
)
def test_shape_smaller_than_a_pixel_is_the_pixel_that_it_lies_in(kind, corners, pixel):
    assert covered(kind, corners) == {pixel}


def test_narrow_shape_is_the_pixels_that_it_passes():
    assert covered("rectangle", box(3.1, 4.0, 3.4, 7.0)) == {(3, x) for x in (4, 5, 6, 7)}


@pytest.mark.parametrize("kind", ["line", "path"])
def test_line_is_the_pixels_that_it_passes(kind):
    assert covered(kind, [(2.0, 3.0), (2.2, 6.0)]) == {(2, 3), (2, 4), (2, 5), (2, 6)}
    assert covered(kind, [(5.0, 6.0), (3.0, 5.2)]) == {(5, 6), (4, 6), (4, 5), (3, 5)}


@given(st.lists(st.tuples(st.floats(0, 11), st.floats(0, 16)), min_size=2, max_size=4))
def test_path_passes_the_pixels_of_all_its_points(vertices):
    ends = np.array(vertices)
    shares = np.linspace(0, 1, 300)[:, np.newaxis]
    passed = covered("path", vertices)
    for start, end in pairwise(ends):
        places = start + shares * (end - start)
        is_clear = (np.abs(places + 0.5 - np.round(places + 0.5)) > 1e-6).all(axis=1)
        pixels = np.floor(places[is_clear] + 0.5).astype(int)
        assert {tuple(pixel) for pixel in pixels.tolist()} <= passed


@pytest.mark.parametrize("kind", ["rectangle", "ellipse", "line"])
def test_what_lies_outside_is_left_out(kind):
    assert covered(kind, box(-3, -3, 1, 1)) <= {(y, x) for y in (0, 1) for x in (0, 1)}
    assert covered(kind, box(-9, -9, -2, -2)) == set()
    assert covered(kind, box(20, 20, 30, 30)) == set()


def test_shape_without_a_place_covers_nothing():
    assert covered("polygon", box(np.nan, 0, 3, 3)) == set()
    assert covered("polygon", np.empty((0, 2))) == set()


@pytest.mark.parametrize("plane", [(0, 1), (0, 2), (1, 2)])
def test_shape_in_a_volume_lies_in_one_plane(plane):
    shape, other = (6, 7, 8), ({0, 1, 2} - set(plane)).pop()
    vertices = np.full((4, 3), 4.3)
    vertices[:, plane] = box(1, 2, 2, 4)
    expected = {(y, x) for y in (1, 2) for x in (2, 3, 4)}
    pixels = covered("rectangle", vertices, shape)
    assert {pixel[other] for pixel in pixels} == {4}
    assert {tuple(pixel[axis] for axis in plane) for pixel in pixels} == expected
    vertices[:, other] = 8.6
    assert covered("rectangle", vertices, shape) == set()
