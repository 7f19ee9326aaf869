from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.overview_layers import Overview, add_overview
from napari_ifealid.explorer.sources import BACKDROP_KEY, OVERVIEW_KEY, has_features

SHAPE = (6, 5)


@pytest.fixture
def explorer(viewer, features) -> Explorer:
    return Explorer(viewer)


def picture(shape: tuple[int, ...] = SHAPE, level: int = 7) -> Overview:
    return Overview("components", np.full((*shape, 4), level, np.uint8), "")


def segmented(shape: tuple[int, ...] = SHAPE, name: str = "2 segments") -> Overview:
    return Overview(name, np.ones(shape, np.int32), "")


def names(viewer: ViewerModel) -> list[str]:
    return [layer.name for layer in viewer.layers if OVERVIEW_KEY in layer.metadata]


def test_picture_and_segments_lie_in_the_place_of_the_map(viewer, explorer):
    session = explorer.session
    image = add_overview(viewer, session, session.stack, picture(), "components")
    labels = add_overview(viewer, session, session.stack, segmented(), "segments")
    assert isinstance(image, Image)
    assert image.rgb
    assert isinstance(labels, Labels)
    for layer in (image, labels):
        for corner in [(0, 0), (5, 4)]:
            np.testing.assert_allclose(
                layer.data_to_world(corner), explorer.map_layer.data_to_world(corner)
            )
    assert names(viewer) == ["small: components", "small: 2 segments"]


@pytest.mark.parametrize("is_picture_first", [True, False])
def test_they_lie_above_the_image_and_under_the_map(viewer, explorer, is_picture_first):
    made = [("components", picture()), ("segments", segmented())]
    for request, overview in made if is_picture_first else reversed(made):
        add_overview(viewer, explorer.session, explorer.session.stack, overview, request)
    backdrop = next(layer for layer in viewer.layers if BACKDROP_KEY in layer.metadata)
    order = [layer.name for layer in viewer.layers]
    assert order[order.index(backdrop.name) :] == [
        backdrop.name,
        "small: components",
        "small: 2 segments",
        "similarity",
    ]


def test_selection_and_explored_stack_stay(viewer, explorer):
    selected, layer = set(viewer.layers.selection), explorer.state.layer
    new = add_overview(viewer, explorer.session, explorer.session.stack, picture(), "components")
    assert set(viewer.layers.selection) == selected
    assert explorer.state.layer is layer
    assert not has_features(new)


def test_same_overview_replaces_the_one_that_was_left_as_it_was(viewer, explorer):
    first = add_overview(viewer, explorer.session, explorer.session.stack, picture(), "components")
    viewer.add_image(np.zeros((4, 4)), name="mine")
    index = viewer.layers.index(first)
    second = add_overview(viewer, explorer.session, explorer.session.stack, picture(), "components")
    assert first not in viewer.layers
    assert viewer.layers.index(second) == index
    assert names(viewer) == ["small: components"]


def test_renamed_or_painted_overview_is_the_users(viewer, explorer):
    first = add_overview(viewer, explorer.session, explorer.session.stack, segmented(), "segments")
    first.data[2, 2] = 7
    second = add_overview(viewer, explorer.session, explorer.session.stack, segmented(), "segments")
    second.name = "my tissue"
    add_overview(viewer, explorer.session, explorer.session.stack, segmented(), "segments")
    assert sorted(names(viewer)) == ["my tissue", "small: 2 segments", "small: 2 segments [2]"]
    assert first.data[2, 2] == 7


def test_overviews_of_other_requests_and_stacks_stay(viewer, explorer, add_stack, stack):
    session = explorer.session
    add_overview(viewer, session, session.stack, segmented(), "2")
    add_overview(viewer, session, session.stack, segmented(name="3 segments"), "3")
    add_stack(viewer, stack)
    assert explorer.session is not session
    add_overview(viewer, explorer.session, explorer.session.stack, segmented(), "2")
    assert names(viewer) == ["small: 2 segments", "small: 3 segments", "small: 2 segments [2]"]


def test_overview_of_features_between_other_axes_has_the_axes_of_the_map(viewer):
    values = np.random.default_rng(0).random((4, 3, 6, 5))
    viewer.add_image(values, axis_labels=("z", "c", "y", "x"))
    session = Explorer(viewer).session
    image = add_overview(viewer, session, session.stack, picture((4, 6, 5)), "components")
    labels = add_overview(viewer, session, session.stack, segmented((4, 6, 5)), "segments")
    assert image.data.shape == (4, 1, 6, 5, 4)
    assert labels.data.shape == session.map_layer.data.shape == (4, 1, 6, 5)
    np.testing.assert_allclose(labels.extent.world, session.map_layer.extent.world)


def test_photo_has_no_other_image_because_of_its_overview(viewer):
    photo = viewer.add_image(np.random.default_rng(0).random((6, 5, 3)), rgb=True)
    explorer = Explorer(viewer)
    add_overview(viewer, explorer.session, explorer.session.stack, picture(), "components")
    explorer.state.layer = None
    explorer.state.layer = photo
    assert not any(BACKDROP_KEY in layer.metadata for layer in viewer.layers)
