from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.layers import Points

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.cell import LAYERS, Cell, Mark, best_place
from napari_ifealid.explorer.sources import has_features
from napari_ifealid.stack import Placement


@pytest.fixture
def cell(viewer, features) -> Cell:
    explorer = Explorer(viewer)
    return Cell(viewer, explorer.session, explorer.pictures, in_colour=False, text_colour="white")


def points(layer: Points) -> list[list[float]]:
    return [list(layer.data_to_world(row)) for row in layer.data]


def test_cell_has_an_image_the_map_the_name_and_a_cross_hair(viewer, cell):
    image, shown, marks, cross = cell.layers
    assert len(cell.layers) == LAYERS
    assert image.rgb
    assert shown is cell.session.map_layer
    assert list(marks.features["text"]) == ["small"]
    ((row, column),) = points(marks)
    top, left = cell.session.grid.bounds[0]
    assert row < top
    assert column == left
    assert len(cross.data) == 0
    assert not any(has_features(layer) for layer in cell.own_layers)


def test_stack_without_an_image_and_a_map_has_as_many_layers(viewer, make_stack, add_stack):
    features = add_stack(viewer, make_stack("bare", image=None))
    add_stack(viewer, make_stack("other"))
    explorer = Explorer(viewer)
    session = explorer.link(features, 0)
    cell = Cell(viewer, session, explorer.pictures, in_colour=False, text_colour="white")
    assert [layer.visible for layer in cell.layers] == [False, False, True, True]


def test_cross_hair_and_star_lie_where_they_are_said_to(cell):
    cross = cell.layers[-1]
    for place, best in [((3.0, 4.0), None), ((5.0, 1.0), None), (None, (2.0, 2.0)), (None, None)]:
        cell.show_cross(place, best)
        assert points(cross) == [list(where) for where in (place, best) if where is not None]
    cell.show_cross((1.0, 2.0), (3.0, 4.0))
    assert points(cross) == [[1.0, 2.0], [3.0, 4.0]]
    assert [str(symbol) for symbol in cross.symbol] == ["cross", "star"]


def test_marks_have_their_colours_and_texts_beside_the_name(cell):
    marks = cell.layers[2]
    cell.show_marks("why not", [Mark((3.0, 4.0), "#ff0000"), Mark((5.0, 6.0), "#00ff00", "0.9")])
    assert list(marks.features["text"]) == ["small\nwhy not", "", "0.9"]
    assert points(marks)[1:] == [[3.0, 4.0], [5.0, 6.0]]
    np.testing.assert_allclose(marks.face_color[:, :3], [[0, 0, 0], [1, 0, 0], [0, 1, 0]])
    assert marks.face_color[0, 3] == 0
    assert cell.has_texts
    cell.show_marks("", [])
    assert list(marks.features["text"]) == ["small"]
    assert not cell.has_texts


def test_name_is_above_the_whole_picture_though_the_map_covers_only_a_part(
    viewer, make_stack, add_stack
):
    small = Placement(stride=(2.0, 2.0), offset=(8.0, 6.0))
    add_stack(viewer, replace(make_stack("part"), placement=small))
    explorer = Explorer(viewer)
    cell = Cell(viewer, explorer.session, explorer.pictures, in_colour=False, text_colour="white")
    top, left = cell.layers[0].extent.world[0]
    ((row, column),) = points(cell.layers[2])
    assert row < top < cell.session.grid.bounds[0][0]
    assert column == left


def test_cell_goes_and_leaves_the_map(viewer, cell):
    shown = cell.session.map_layer
    own = cell.own_layers
    assert cell.is_whole
    cell.close()
    assert not cell.is_whole
    assert shown in viewer.layers
    assert not any(layer in viewer.layers for layer in own)


def test_best_place_is_that_of_the_largest_value(cell):
    session = cell.session
    values = np.full((6, 5), np.nan, np.float32)
    assert best_place(session, values) is None
    values[1, 3], values[4, 2] = 0.5, 0.9
    assert session.grid.pixel_at(best_place(session, values)) == (4, 2)
