from __future__ import annotations

from dataclasses import replace

import pytest
from napari.components import ViewerModel

from explorer_actions import hover
from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.place_search import PlaceSearch
from napari_ifealid.explorer.schedulers import ImmediateScheduler
from napari_ifealid.widgets.place_list import PlaceList


@pytest.fixture
def layer(viewer, add_stack, stack):
    return add_stack(viewer, replace(stack, name="Cat"))


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def places(viewer, layer, qtbot) -> PlaceList:
    explorer = Explorer(viewer)
    places = PlaceList(explorer, PlaceSearch(viewer, explorer, ImmediateScheduler()))
    places.explorer = explorer
    qtbot.addWidget(places)
    yield places
    places.stop()


def texts(places) -> list[str]:
    return [places.rows.item(row).text() for row in range(places.rows.count())]


def test_places_are_listed_with_value_pixel_and_stack_below_the_reference(places, viewer, layer):
    hover(viewer, layer, 0, 3, 2)
    assert texts(places) == ["Nothing found yet: “Find”"]
    places.count.value = 3
    places.find_button.click()
    assert len(texts(places)) == 3
    assert texts(places)[0].startswith("1.000  3, 2")
    assert texts(places)[0].endswith("  Cat")
    assert places.rows.item(0).toolTip().endswith(layer.name)
    assert places.text.text().startswith("Like pixel 3, 2")


def test_distance_suits_the_picture_at_first(places):
    assert places.distance.value == pytest.approx(24 * 0.05, abs=0.05)


def test_list_of_another_reference_is_cleared_and_says_so(places, viewer, layer):
    places.find_button.click()
    hover(viewer, layer, 0, 1, 1)
    assert texts(places) == ["The reference is another one: find again"]
    assert places.text.text() == " "


def test_click_goes_to_the_place_and_holds_the_reference(places, viewer, layer):
    hover(viewer, layer, 0, 3, 2)
    places.find_button.click()
    shown = texts(places)
    places.rows.itemClicked.emit(places.rows.item(1))
    assert not places.explorer.state.follow
    assert texts(places) == shown
    assert places.rows.currentRow() in (0, 1)


def test_without_a_stack_there_is_nothing_to_find(places, viewer):
    viewer.layers.clear()
    assert not places.find_button.isEnabled()
