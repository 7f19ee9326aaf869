from __future__ import annotations

import numpy as np
import pytest

from explorer_actions import CLOSE, expected_map, hover
from napari_ifealid.explorer import Explorer, ReferenceMode
from napari_ifealid.stack import FeatureStack


@pytest.fixture
def stacks(make_stack) -> dict[str, FeatureStack]:
    """Three stacks over one image, as three layers of a network, and one that covers less of it."""
    return {
        "fine": make_stack("fine", shape=(24, 20, 4)),
        "middle": make_stack("middle", shape=(12, 10, 6)),
        "coarse": make_stack("coarse", shape=(6, 5, 9)),
        "part": make_stack("part", shape=(8, 8, 5), image=None),
    }


@pytest.fixture
def layers(viewer, add_stack, stacks):
    return {name: add_stack(viewer, stack) for name, stack in stacks.items()}


@pytest.fixture
def explorer(viewer, layers) -> Explorer:
    explorer = Explorer(viewer)
    explorer.state.layer = layers["fine"]
    return explorer


def pixels(explorer: Explorer) -> list[tuple[int, ...]]:
    return [pixel for pixel, _ in explorer.pinned]


def test_pins_stay_in_their_places_when_another_stack_is_explored(explorer, layers, stacks):
    for pixel in ((2, 2), (22, 17)):
        explorer.toggle_pin_at(pixel)
    explorer.state.reference = ReferenceMode.BEST
    places = [pin.place for pin in explorer.pins.pins]
    for name, expected in {
        "coarse": [(0, 0), (5, 4)],
        "middle": [(1, 1), (11, 8)],
        "fine": [(2, 2), (22, 17)],
    }.items():
        explorer.state.layer = layers[name]
        assert explorer.is_idle
        assert pixels(explorer) == expected
        assert [pin.place for pin in explorer.pins.pins] == places
        shown = expected_map(stacks[name], *expected)
        np.testing.assert_allclose(explorer.map_layer.data, shown, atol=CLOSE)


def test_pins_outside_of_a_stack_are_left_out_and_come_back(explorer, layers, stacks):
    for pixel in ((2, 2), (22, 17)):
        explorer.toggle_pin_at(pixel)
    explorer.state.reference = ReferenceMode.BEST
    explorer.state.layer = layers["part"]
    assert pixels(explorer) == [(2, 2)]
    assert len(explorer.pins.pins) == 2
    shown = expected_map(stacks["part"], (2, 2))
    np.testing.assert_allclose(explorer.map_layer.data, shown, atol=CLOSE)
    explorer.state.layer = layers["fine"]
    assert pixels(explorer) == [(2, 2), (22, 17)]


def test_held_reference_stays_in_its_place(viewer, explorer, layers, stacks):
    hover(viewer, layers["fine"], 0, 6, 17)
    explorer.state.follow = False
    for name, pixel in {"coarse": (1, 4), "middle": (3, 8), "fine": (6, 17)}.items():
        explorer.state.layer = layers[name]
        assert explorer.pixel == pixel
        assert not explorer.is_outside
        shown = expected_map(stacks[name], pixel)
        np.testing.assert_allclose(explorer.map_layer.data, shown, atol=CLOSE)


def test_held_reference_outside_of_a_stack_is_the_middle_until_it_is_inside(
    viewer, explorer, layers
):
    hover(viewer, layers["fine"], 0, 6, 17)
    explorer.state.follow = False
    explorer.state.layer = layers["part"]
    assert explorer.pixel == (4, 4)
    assert explorer.is_outside
    explorer.state.layer = layers["fine"]
    assert explorer.pixel == (6, 17)


def test_pins_are_kept_when_the_features_lie_along_another_axis(viewer):
    """But for their coordinate along it: there, they reach over all features."""
    viewer.add_image(np.random.default_rng(0).random((9, 10, 11)))
    explorer = Explorer(viewer)
    explorer.state.feature_axis = 0
    explorer.toggle_pin_at((3, 4))
    explorer.state.feature_axis = 2
    assert explorer.is_idle
    assert len(explorer.pins.pins) == 1
    explorer.state.feature_axis = 0
    assert [y for y, _ in pixels(explorer)] == [3]


def test_pins_are_kept_when_the_user_puts_smaller_data_into_the_layer(explorer, layers):
    for pixel in ((2, 2), (22, 17)):
        explorer.toggle_pin_at(pixel)
    explorer.state.reference = ReferenceMode.BEST
    layers["fine"].data = np.random.default_rng(0).random((4, 10, 20))
    assert explorer.is_idle
    assert pixels(explorer) == [(2, 2)]


def test_feature_that_another_stack_does_not_have_is_not_kept(explorer, layers, stacks):
    explorer.state.layer = layers["coarse"]
    explorer.state.feature = 8
    explorer.state.layer = layers["fine"]
    assert explorer.state.feature is None
    assert explorer.is_idle
    assert explorer.map_layer.name == "similarity"
    explorer.show_feature(8)
    assert explorer.is_idle


def test_pins_reach_over_the_axis_of_features_between_the_others(viewer):
    image = viewer.add_image(np.random.default_rng(0).random((9, 4, 10, 11)))
    explorer = Explorer(viewer)
    explorer.state.feature_axis = 1
    explorer.show_pixel((5, 3, 3))
    explorer.toggle_pin_at((5, 3, 4))
    layer = explorer.pins.layer
    for feature in range(4):
        place = image.data_to_world((5, feature, 3, 4))
        assert np.abs(layer.world_to_data(place) - layer.data[0]).max() <= 0.5
    assert pixels(explorer) == [(5, 3, 4)]
