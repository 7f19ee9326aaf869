from __future__ import annotations

import numpy as np

from napari_ifealid.explorer.palette import PALETTE
from napari_ifealid.explorer.pixel_reference import PixelReference
from napari_ifealid.explorer.reference_colours import reference_colours
from napari_ifealid.explorer.region_reference import RegionReference
from napari_ifealid.query import Reference


def test_references_keep_their_colours_and_others_get_those_that_are_left():
    references = [
        Reference(np.ones(3)),
        PixelReference((0, 0), colour=PALETTE[0]),
        RegionReference(np.array([1]), colour="#123456"),
        Reference(np.ones(3)),
    ]
    assert reference_colours(references) == [PALETTE[1], PALETTE[0], "#123456", PALETTE[2]]


def test_colours_are_used_again_when_there_are_no_others():
    colours = reference_colours([Reference(np.ones(3))] * (len(PALETTE) + 1))
    assert colours == [*PALETTE, PALETTE[0]]
