from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.explorer import ColourRange, ExplorerState
from napari_ifealid.explorer.map_layer import MapLayer
from napari_ifealid.explorer.map_place import MapPlace
from napari_ifealid.explorer.sources import MAP_KEY
from napari_ifealid.grid import whole_region
from napari_ifealid.measures import COSINE, SPECTRAL_ANGLE

SHAPE = (4, 5)
WHOLE = whole_region(SHAPE)
PLACE = MapPlace(SHAPE, SHAPE, {"scale": (2, 2), "translate": (1, 1)})
UPPER, LOWER = ((slice(rows.start, rows.stop), slice(0, 5)) for rows in (range(2), range(2, 4)))


@pytest.fixture
def state() -> ExplorerState:
    return ExplorerState()


@pytest.fixture
def values() -> np.ndarray:
    return np.linspace(0.1, 1.0, 20, dtype=np.float32).reshape(SHAPE)


@pytest.fixture
def make(viewer, state):
    def make(**changes) -> MapLayer:
        options = {
            "place": PLACE,
            "source_name": "cat",
            "later": lambda function: function(),
        }
        return MapLayer(viewer, state, **options | changes)

    return make


@pytest.fixture
def map_(make) -> MapLayer:
    return make()


def transparent(map_: MapLayer) -> np.ndarray:
    """Return which pixels are drawn with no opacity."""
    low, high = map_.layer.contrast_limits
    shares = np.clip((map_.layer.data.astype(np.float64) - low) / (high - low), 0, 1)
    return map_.layer.colormap.map(shares.ravel())[:, 3].reshape(map_.layer.data.shape) == 0


def test_layer_tells_what_it_is_a_map_of_and_shows_nothing_at_first(viewer, map_):
    assert viewer.layers[-1] is map_.layer
    assert map_.layer.metadata[MAP_KEY] == "cat"
    assert np.isnan(map_.layer.data).all()


def test_values_are_shown_as_they_are(map_, state, values):
    state.threshold = 0.5
    map_.show(values, WHOLE, "a", SPECTRAL_ANGLE)
    np.testing.assert_array_equal(map_.layer.data, values)
    np.testing.assert_array_equal(transparent(map_), values < 0.5)


@pytest.mark.parametrize("colour_range", list(ColourRange))
@pytest.mark.parametrize("base", [0.0, 0.1, 1.0])
def test_threshold_hides_exactly_what_is_below_it(map_, state, values, colour_range, base):
    state.colour_range, state.base, state.own_limits = colour_range, base, (0.3, 0.6)
    map_.show(values, WHOLE, "a", SPECTRAL_ANGLE)
    for threshold in (*values.ravel()[3::4].tolist(), 0.333, 1.0):
        state.threshold = threshold
        shown = values >= np.float32(threshold)
        assert not transparent(map_)[shown].any() or base == 0.0
        assert transparent(map_)[~shown].all()


def test_gamma_moves_no_pixel_over_the_threshold(map_, state, values):
    state.base, state.threshold = 0.1, 0.5
    map_.show(values, WHOLE, "a", SPECTRAL_ANGLE)
    map_.layer.gamma = 0.5
    hidden = transparent_with_gamma(map_)
    np.testing.assert_array_equal(
        hidden[np.abs(values - 0.5) > 0.02], (values < 0.5)[np.abs(values - 0.5) > 0.02]
    )


def transparent_with_gamma(map_: MapLayer) -> np.ndarray:
    low, high = map_.layer.contrast_limits
    shares = np.clip((map_.layer.data.astype(np.float64) - low) / (high - low), 0, 1)
    levels = map_.layer.colormap.map((shares**map_.layer.gamma).ravel())
    return levels[:, 3].reshape(map_.layer.data.shape) == 0


def test_part_is_shown_beside_what_is_there_of_the_same_map(map_, values):
    map_.show(values[:2], UPPER, "a", SPECTRAL_ANGLE)
    assert np.isnan(map_.layer.data[2:]).all()
    map_.show(values[2:], LOWER, "a", SPECTRAL_ANGLE)
    np.testing.assert_array_equal(map_.layer.data, values)


def test_nothing_is_left_of_another_map(map_, values):
    map_.show(values, WHOLE, "a", SPECTRAL_ANGLE)
    map_.show(values[:2], UPPER, "b", SPECTRAL_ANGLE)
    np.testing.assert_array_equal(map_.layer.data[:2], values[:2])
    assert np.isnan(map_.layer.data[2:]).all()


def test_blank_map_shows_nothing(map_, values):
    map_.show(values, WHOLE, "a", SPECTRAL_ANGLE)
    map_.blank()
    assert np.isnan(map_.layer.data).all()


def test_axis_of_length_one_stands_for_the_features(make, values):
    map_ = make(place=MapPlace((4, 1, 5), SHAPE, {"scale": (1, 3, 1)}))
    map_.show(values, WHOLE, "a", SPECTRAL_ANGLE)
    np.testing.assert_array_equal(map_.layer.data[:, 0], values)


def test_limits_are_those_of_the_measure_or_of_the_map(map_, state, values):
    state.colour_range = ColourRange.ALL
    map_.show(values, WHOLE, "a", SPECTRAL_ANGLE)
    assert map_.layer.contrast_limits == [0.0, 1.0]
    state.threshold = -1.0
    map_.show(-values, WHOLE, "b", COSINE)
    assert map_.layer.contrast_limits == [-1.0, 1.0]
    state.colour_range = ColourRange.EACH_MAP
    np.testing.assert_allclose(map_.layer.contrast_limits, (-1.0, -0.1), atol=1e-6)


def test_limits_that_the_user_sets_stay(map_, state, values):
    map_.show(values, WHOLE, "a", SPECTRAL_ANGLE)
    map_.layer.contrast_limits = (0.25, 0.75)
    assert state.colour_range is ColourRange.MINE
    assert state.own_limits == (0.25, 0.75)
    map_.show(values / 2, WHOLE, "b", SPECTRAL_ANGLE)
    assert map_.layer.contrast_limits == [0.25, 0.75]
    map_.show(values * 300, WHOLE, 3, None, "feature 3")
    map_.show(values, WHOLE, "a", SPECTRAL_ANGLE)
    assert map_.layer.contrast_limits == [0.25, 0.75]
    state.threshold = 0.51
    np.testing.assert_allclose(map_.layer.contrast_limits, (0.25, 0.75), atol=0.005)
    assert state.own_limits == (0.25, 0.75)
    state.threshold = 0.0
    np.testing.assert_allclose(map_.layer.contrast_limits, (0.25, 0.75), atol=0.002)
    state.colour_range = ColourRange.ALL
    assert map_.layer.contrast_limits != [0.25, 0.75]


def test_own_changes_are_not_taken_for_the_user_s(map_, state, values):
    map_.show(values, WHOLE, "a", SPECTRAL_ANGLE)
    map_.show(values * 300, WHOLE, 3, None, "feature 3")
    state.threshold = 0.5
    map_.show(-values, WHOLE, "b", COSINE)
    assert state.colour_range is ColourRange.EACH_MAP


def test_percentiles_leave_out_the_ends(map_, state):
    values = np.linspace(0, 1, 20, dtype=np.float32).reshape(4, 5)
    state.colour_range = ColourRange.PERCENTILES
    map_.show(values, WHOLE, "a", SPECTRAL_ANGLE)
    np.testing.assert_allclose(map_.layer.contrast_limits, (0.01, 0.99), atol=1e-6)


def test_feature_has_its_own_limits_and_name_and_no_threshold(map_, state, values):
    state.threshold = 0.5
    map_.show(values * 300, WHOLE, 3, None, "feature 3")
    np.testing.assert_allclose(map_.layer.contrast_limits, (30, 300), rtol=1e-6)
    assert map_.layer.name == "feature 3"
    assert (map_.layer.colormap.colors[:, 3] > 0).all()
    map_.show(values, WHOLE, "a", SPECTRAL_ANGLE)
    assert map_.layer.name == "similarity"
    assert transparent(map_).any()


def test_name_given_by_the_user_stays(map_, values):
    map_.layer.name = "mine"
    map_.show(values, WHOLE, 3, None, "feature 3")
    assert map_.layer.name == "mine"


def test_state_and_layer_follow_each_other(map_, state):
    state.opacity, state.colormap = 0.3, "viridis"
    assert map_.layer.opacity == 0.3
    assert map_.layer.colormap.name.startswith("viridis")
    map_.layer.opacity, map_.layer.colormap = 0.7, "magma"
    assert (state.opacity, state.colormap) == (0.7, "magma")
    assert map_.layer.colormap.name.startswith("magma ramp")


def test_layer_that_is_kept_is_left_alone(map_, state, values):
    map_.show(values, WHOLE, 3, None, "feature 3")
    map_.close(is_kept=True)
    state.opacity, state.colormap, state.threshold = 0.3, "viridis", 0.9
    assert map_.layer.opacity == 1.0
    assert map_.layer.colormap.name.startswith("IFeaLiD fire")
    assert map_.layer.name == "similarity"


def test_kept_layer_keeps_its_colours_whatever_the_next_one_has(make, values):
    kept = make()
    kept.show(values, WHOLE, "a", SPECTRAL_ANGLE)
    kept.layer.name = "mine"
    kept.close(is_kept=True)
    colours = kept.layer.colormap.colors.copy()
    later_state = ExplorerState(base=0.6, threshold=0.8)
    later = make()
    later._state = later_state
    later.show(values, WHOLE, "a", SPECTRAL_ANGLE)
    np.testing.assert_array_equal(kept.layer.colormap.colors, colours)
    assert kept.layer.colormap.name != later.layer.colormap.name


def test_layer_lies_where_it_is_told(map_):
    map_.move_to(MapPlace(SHAPE, SHAPE, {"scale": (3, 3), "translate": (5, 6)}))
    np.testing.assert_array_equal(map_.layer.data_to_world((1, 1)), (8, 9))
