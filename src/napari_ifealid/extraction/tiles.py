"""A large image in overlapping tiles."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from math import ceil, isqrt


@dataclass(frozen=True)
class Tile:
    """A part of an image that is worked on at once.

    Parameters
    ----------
    seen : (slice, slice)
        What goes in, along y and x.
    kept : (slice, slice)
        The part of it whose results are used, away from its inner edges, in pixels of the image.
        The kept parts of all tiles cover the image once.
    """

    seen: tuple[slice, slice]
    kept: tuple[slice, slice]


def tiles(height: int, width: int, *, multiple: int, overlap: int, most_pixels: int) -> list[Tile]:
    """Cut an image into overlapping tiles.

    Parameters
    ----------
    height, width : int
        Multiples of `multiple`.
    multiple : int
        All edges are multiples of it.
    overlap : int
        Pixels that neighbouring tiles have in common, rounded up to two multiples.
    most_pixels : int
        Of a tile. It has at least one multiple beside the overlap, whatever this says.

    Returns
    -------
    list of Tile
        Row by row; a single one if the image has no more than `most_pixels`.
    """
    if height * width <= most_pixels:
        whole = slice(0, height), slice(0, width)
        return [Tile(whole, whole)]
    margin = ceil(overlap / 2 / multiple) * multiple
    side = max(isqrt(most_pixels) // multiple * multiple, 2 * margin + multiple)
    rows, columns = (_spans(length, side, margin, multiple) for length in (height, width))
    return [
        Tile((seen_y, seen_x), (kept_y, kept_x))
        for (seen_y, kept_y), (seen_x, kept_x) in product(rows, columns)
    ]


def _spans(length: int, side: int, margin: int, multiple: int) -> list[tuple[slice, slice]]:
    """Return the input and output ranges of tiles along an axis, of about the same length."""
    count = 1 if length <= side else ceil(length / (side - 2 * margin))
    units = length // multiple
    edges = [units * number // count * multiple for number in range(count + 1)]
    return [
        (slice(max(0, start - margin), min(length, stop + margin)), slice(start, stop))
        for start, stop in pairwise(edges)
    ]
