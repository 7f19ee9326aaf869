from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.measures import UsedFeatures
from napari_ifealid.widgets.chart_band import Band
from napari_ifealid.widgets.chart_items import Window
from napari_ifealid.widgets.feature_places import FeaturePlaces

MEAN, DEVIATION = np.array([1.0, 2.0, 4.0, 3.0]), np.array([0.5, 0.0, 1.0, 2.0])


@pytest.fixture
def band(qapp) -> Band:
    return Band()


def window(pixels: float = 1000.0, count: int = 4, order=None) -> Window:
    places = FeaturePlaces.in_order(np.arange(count) if order is None else np.array(order))
    return Window.of(places, *places.ends, pixels)


def heights_at(band: Band, x: float) -> list[float]:
    """Return where the outline crosses a feature's middle, from below."""
    xs, ys = band.getData()
    pairs = zip(xs[:-1], xs[1:], ys[:-1], strict=True)
    return sorted({y for a, b, y in pairs if min(a, b) < x < max(a, b)})


def test_band_reaches_the_deviation_to_both_sides(band):
    band.draw(MEAN, DEVIATION, window())
    middles = window().places.centres
    for x, mean, deviation in zip(middles, MEAN, DEVIATION, strict=True):
        assert heights_at(band, x) == sorted({mean - deviation, mean + deviation})
    assert band.bounds == (0.5, 5.0)


def test_features_in_another_order_keep_their_bands(band):
    shown = window(order=[2, 0, 1, 3])
    band.draw(MEAN, DEVIATION, shown)
    assert heights_at(band, shown.places.centres[0]) == [3.0, 5.0]


def test_columns_of_several_features_have_the_envelope(band):
    mean = np.tile(MEAN, 100)
    band.draw(mean, np.tile(DEVIATION, 100), window(40.0, 400))
    assert np.nanmin(band.getData()[1]) == 0.5
    assert np.nanmax(band.getData()[1]) == 5.0


def test_unknown_values_leave_a_gap(band):
    band.draw(np.array([1.0, np.nan, 2.0, 3.0]), DEVIATION, window())
    assert heights_at(band, window().places.centres[1]) == []
    assert heights_at(band, window().places.centres[2]) == [1.0, 3.0]


def test_no_deviation_is_no_band(band):
    band.draw(MEAN, DEVIATION, window())
    band.draw(MEAN, None, window())
    assert band.bounds is None
    assert band.getData()[0] is None or len(band.getData()[0]) == 0


def test_nothing_known_is_no_band(band):
    nothing = np.full(4, np.nan)
    band.draw(nothing, nothing, window())
    assert band.bounds is None


def test_band_is_a_gap_where_features_are_not_used(band):
    places = FeaturePlaces.in_order(np.arange(4))
    used = UsedFeatures((True, True, False, True))
    band.draw(MEAN, DEVIATION, Window.of(places, *places.ends, 1000.0, used))
    assert heights_at(band, 2.0) == []
    assert heights_at(band, 1.0) == [2.0]
    assert band.bounds == (0.5, 5.0)
