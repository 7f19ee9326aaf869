from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.measures import UsedFeatures
from napari_ifealid.widgets.chart_unused import UnusedBack
from napari_ifealid.widgets.feature_places import FeaturePlaces

USED = UsedFeatures((False, True, True, False, False, True))


@pytest.mark.parametrize(
    ("places", "spans"),
    [
        (FeaturePlaces.in_order(np.arange(6)), ((-0.5, 0.5), (2.5, 4.5))),
        (FeaturePlaces.in_order(np.array([1, 2, 5, 0, 3, 4])), ((2.5, 5.5),)),
        (FeaturePlaces.at(np.array([60.0, 50, 40, 30, 20, 10])), ((15.0, 35.0), (55.0, 65.0))),
    ],
)
def test_band_is_behind_each_range_that_is_left_out(qapp, places, spans):
    back = UnusedBack()
    back.show_used(USED, places)
    assert back.spans == spans
    back.show_used(None, places)
    assert back.spans == ()
