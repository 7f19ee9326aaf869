"""The map of a whole image, put together from those of its tiles."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.extraction.receptive_fields import Grid, Pair
from napari_ifealid.extraction.tiles import Tile
from napari_ifealid.memory import check_memory


def check_tile(layer: str, values: NDArray[Any], stride: Pair, size: Sequence[int]) -> None:
    """Raise unless the map of a tile can be a part of the map of the image.

    Parameters
    ----------
    layer : str
        That the map is of.
    values : array, shape (h, w, C)
    stride : (float, float)
        Of the layer.
    size : (int, int)
        Height and width of the tile.

    Raises
    ------
    DatasetError
        If the map is not as large as the tile divided by the stride.
    """
    height, width = size
    if values.shape[:2] != (height / stride[0], width / stride[1]):
        raise DatasetError(
            f"a map of {values.shape[1]} × {values.shape[0]} pixels for a tile of "
            f"{width} × {height}, by the layer {layer!r}",
            expected="a map of the tile's size divided by the stride",
            remedy="This network can't work in tiles: raise the most pixels of a tile, or make "
            "the image smaller.",
        )


def room_for(values: NDArray[Any], grid: Grid, size: Sequence[int]) -> NDArray[Any]:
    """Return an empty map of an image, of the kind of the map of one of its tiles.

    Parameters
    ----------
    values : array, shape (h, w, C)
        The map of the tile.
    grid : Grid
    size : (int, int)
        Height and width of the image.

    Raises
    ------
    DatasetError
        If memory is short.
    """
    height, width = size
    shape = (round(height / grid.stride[0]), round(width / grid.stride[1]), values.shape[2])
    check_memory(int(np.prod(shape)) * values.itemsize)
    return np.empty(shape, values.dtype)


def paste(mosaic: NDArray[Any], values: NDArray[Any], grid: Grid, tile: Tile) -> None:
    """Write what is kept of the map of a tile into the map of the image."""
    into, out_of = [], []
    for seen, kept, stride in zip(tile.seen, tile.kept, grid.stride, strict=True):
        into.append(slice(round(kept.start / stride), round(kept.stop / stride)))
        shift = round(seen.start / stride)
        out_of.append(slice(into[-1].start - shift, into[-1].stop - shift))
    mosaic[tuple(into)] = values[tuple(out_of)]


def on_the_image(size: tuple[int, int], grid: Grid) -> tuple[slice, slice]:
    """Return which cells of a map lie on the image at least in part; the others see padding."""
    y, x = (
        slice(max(1, min(ceil(length / stride), ceil((length - 0.5 - offset) / stride + 0.5))))
        for length, stride, offset in zip(size, grid.stride, grid.offset, strict=True)
    )
    return y, x
