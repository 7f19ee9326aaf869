from __future__ import annotations

from napari_ifealid.colour_limits import ColourRange
from napari_ifealid.explorer.state import ExplorerState
from napari_ifealid.measures import COSINE


def test_threshold_and_limits_are_those_of_another_measure():
    state = ExplorerState(threshold=0.7, own_limits=(0.2, 0.5), colour_range=ColourRange.MINE)
    state.measure = COSINE
    state.adapt_to_measure()
    assert state.threshold == COSINE.limits[0]
    assert state.own_limits == COSINE.limits
    assert state.colour_range is ColourRange.EACH_MAP
    assert state.scale in COSINE.scales
