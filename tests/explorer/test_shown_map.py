from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.explorer import ExplorerState, FeatureRequest, SimilarityRequest
from napari_ifealid.explorer.map_place import MapPlace, place_of_stack
from napari_ifealid.explorer.schedulers import ImmediateScheduler
from napari_ifealid.explorer.shown_map import ShownMap, remove_layer
from napari_ifealid.explorer.sources import MAP_NAME
from napari_ifealid.grid import whole_region
from napari_ifealid.query import Query

REGION = whole_region((6, 5))
REQUEST = SimilarityRequest(Query.to(np.ones(9)), REGION)
VALUES = np.linspace(0, 1, 30, dtype=np.float32).reshape(6, 5)


@pytest.fixture
def places(features) -> list[MapPlace]:
    """Where maps lie: the last one counts."""
    return [place_of_stack(features, 0)]


@pytest.fixture
def shown(viewer, features, places) -> ShownMap:
    scheduler = ImmediateScheduler()
    return ShownMap(viewer, features, lambda: places[-1], ExplorerState(), scheduler)


def test_layer_is_made_with_the_first_map(viewer, shown):
    assert shown.layer is None
    assert shown.values is None
    shown.show((6, 5), MAP_NAME, REQUEST, VALUES, None)
    assert shown.layer in viewer.layers
    assert shown.layer.name.startswith(MAP_NAME)
    assert (shown.shown.request, shown.shown.error) == (REQUEST, None)
    np.testing.assert_array_equal(shown.values, VALUES)
    assert shown.shown_values.base is not None


def test_values_beyond_what_was_asked_for_are_not_known(shown):
    shown.show((6, 5), MAP_NAME, REQUEST, VALUES, None)
    row = (slice(2, 3), slice(0, 5))
    shown.show((6, 5), MAP_NAME, SimilarityRequest(REQUEST.query, row), VALUES[2:3] / 2, 0.1)
    assert np.isnan(shown.values[[0, 1, 3, 4, 5]]).all()
    np.testing.assert_array_equal(shown.shown_values, VALUES[2:3] / 2)


def test_layer_has_the_name_of_what_is_shown(shown):
    shown.show((6, 5), "feature 3", FeatureRequest(range(3, 4), REGION), VALUES, None)
    assert shown.layer.name == "feature 3"


def test_blank_layer_shows_nothing(shown):
    shown.blank()
    shown.show((6, 5), MAP_NAME, REQUEST, VALUES, None)
    shown.blank()
    assert shown.shown is None
    assert shown.values is None
    assert np.isnan(shown.layer.data).all()


def test_layer_that_is_hidden_is_made_so_and_does_not_change_the_selection(viewer, shown):
    viewer.layers.selection = {viewer.layers[0]}
    shown.set_visible(False)
    shown.show((6, 5), MAP_NAME, REQUEST, VALUES, None)
    assert not shown.layer.visible
    assert viewer.layers.selection == {viewer.layers[0]}


def test_only_the_users_clicks_on_the_eye_are_told(shown):
    clicks = []
    shown.eye_clicked.connect(clicks.append)
    shown.show((6, 5), MAP_NAME, REQUEST, VALUES, None)
    shown.set_visible(False)
    shown.set_visible(True)
    assert clicks == []
    shown.layer.visible = False
    assert clicks == [False]


def test_layer_goes_along_with_the_features(shown, places, features):
    shown.place()
    shown.show((6, 5), MAP_NAME, REQUEST, VALUES, None)
    features.translate = (0.0, 7.0, 3.0)
    places.append(place_of_stack(features, 0))
    shown.place()
    np.testing.assert_array_equal(shown.layer.translate, (7.0, 3.0))


@pytest.mark.parametrize("keeps_map", [True, False])
def test_layer_is_left_to_the_user_or_removed(viewer, shown, keeps_map):
    shown.show((6, 5), MAP_NAME, REQUEST, VALUES, None)
    layer = shown.layer
    shown.close(keeps_map=keeps_map)
    assert (layer in viewer.layers) == keeps_map
    assert shown.layer is None
    remove_layer(viewer, layer)
    remove_layer(viewer, layer)
    assert layer not in viewer.layers


def test_layer_takes_the_shape_of_another_grid(shown, places):
    shown.show((6, 5), MAP_NAME, REQUEST, VALUES, None)
    layer = shown.layer
    whole = MapPlace((12, 10), (12, 10), {"scale": (0.5, 0.5), "translate": (0.0, 0.0)})
    places.append(whole)
    request = SimilarityRequest(REQUEST.query, whole_region((12, 10)))
    values = np.linspace(0, 1, 120, dtype=np.float32).reshape(12, 10)
    shown.show((12, 10), "sharp similarity", request, values, None)
    assert shown.layer is layer
    np.testing.assert_array_equal(shown.values, values)
    np.testing.assert_array_equal(layer.scale, (0.5, 0.5))
    places.append(places[0])
    shown.show((6, 5), MAP_NAME, REQUEST, VALUES, None)
    np.testing.assert_array_equal(shown.values, VALUES)


def test_place_is_not_looked_up_for_each_map(viewer, features):
    asked = []

    def place() -> MapPlace:
        asked.append(1)
        return place_of_stack(features, 0)

    shown = ShownMap(viewer, features, place, ExplorerState(), ImmediateScheduler())
    for _ in range(3):
        shown.show((6, 5), MAP_NAME, REQUEST, VALUES, None)
    assert asked == [1]
