from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.extraction.mosaic import check_tile, on_the_image, paste, room_for
from napari_ifealid.extraction.receptive_fields import Grid
from napari_ifealid.extraction.tiles import tiles

GRID = Grid((4.0, 2.0), (1.5, 0.5), (8, 12))
SIZE = (32, 24)


def test_tiles_make_up_the_map_of_the_image():
    whole = np.random.default_rng(0).random((8, 12, 3)).astype(np.float16)
    mosaic = room_for(whole[:2], GRID, SIZE)
    assert (mosaic.shape, mosaic.dtype) == (whole.shape, whole.dtype)
    plan = tiles(*SIZE, multiple=4, overlap=4, most_pixels=256)
    assert len(plan) > 1
    for tile in plan:
        y, x = tile.seen
        values = whole[y.start // 4 : y.stop // 4, x.start // 2 : x.stop // 2]
        check_tile("a", values, GRID.stride, (y.stop - y.start, x.stop - x.start))
        paste(mosaic, values, GRID, tile)
    np.testing.assert_array_equal(mosaic, whole)


def test_map_that_cannot_be_a_part_is_refused_with_its_layer():
    with pytest.raises(DatasetError, match=r"a map of 7 × 8 pixels for a tile of 12 × 32, .*'a'"):
        check_tile("a", np.zeros((8, 7, 3)), GRID.stride, (32, 12))


@pytest.mark.parametrize(("length", "cells"), [(32, 8), (30, 8), (28, 7), (1, 1)])
def test_cells_that_see_padding_only_are_cut_off(length, cells):
    y, _ = on_the_image((length, 24), GRID)
    assert y == slice(cells)
