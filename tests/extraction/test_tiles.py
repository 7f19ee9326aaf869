from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.extraction.tiles import Tile, tiles

sizes = st.integers(1, 60)
multiples = st.integers(1, 16)
overlaps = st.integers(0, 100)
budgets = st.integers(1, 5000)


def area(tile: Tile) -> int:
    rows, columns = tile.seen
    return (rows.stop - rows.start) * (columns.stop - columns.start)


def test_a_small_image_is_one_tile():
    whole = slice(0, 30), slice(0, 40)
    assert tiles(30, 40, multiple=10, overlap=20, most_pixels=1200) == [Tile(whole, whole)]


@given(sizes, sizes, multiples, overlaps, budgets)
def test_kept_parts_cover_the_image_once(rows, columns, multiple, overlap, most_pixels):
    height, width = rows * multiple, columns * multiple
    count = np.zeros((height, width), int)
    for tile in tiles(height, width, multiple=multiple, overlap=overlap, most_pixels=most_pixels):
        count[tile.kept] += 1
    assert (count == 1).all()


@given(sizes, sizes, multiples, overlaps, budgets)
def test_inner_edges_are_half_the_overlap_away_from_what_is_kept(
    rows, columns, multiple, overlap, most_pixels
):
    lengths = rows * multiple, columns * multiple
    for tile in tiles(*lengths, multiple=multiple, overlap=overlap, most_pixels=most_pixels):
        for seen, kept, length in zip(tile.seen, tile.kept, lengths, strict=True):
            assert seen.start == 0 or kept.start - seen.start >= overlap / 2
            assert seen.stop == length or seen.stop - kept.stop >= overlap / 2
            assert 0 <= seen.start <= kept.start < kept.stop <= seen.stop <= length


@given(sizes, sizes, multiples, overlaps, budgets)
def test_all_edges_are_multiples(rows, columns, multiple, overlap, most_pixels):
    for tile in tiles(
        rows * multiple,
        columns * multiple,
        multiple=multiple,
        overlap=overlap,
        most_pixels=most_pixels,
    ):
        edges = [edge for part in (*tile.seen, *tile.kept) for edge in (part.start, part.stop)]
        assert all(edge % multiple == 0 for edge in edges)


@given(sizes, sizes, multiples, overlaps, budgets)
def test_tiles_are_no_larger_than_told_unless_the_overlap_alone_is(
    rows, columns, multiple, overlap, most_pixels
):
    least = 2 * -(-overlap // (2 * multiple)) * multiple + multiple
    for tile in tiles(
        rows * multiple,
        columns * multiple,
        multiple=multiple,
        overlap=overlap,
        most_pixels=most_pixels,
    ):
        assert area(tile) <= max(most_pixels, least**2)


def test_tiles_are_of_about_the_same_size():
    areas = {area(tile) for tile in tiles(100, 100, multiple=1, overlap=0, most_pixels=90 * 90)}
    assert areas == {2500}
