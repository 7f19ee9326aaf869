from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Shapes
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_ifealid.explorer import Explorer
from napari_ifealid.widgets.region_list import RegionList

BOXES = [
    np.array([(4, 4), (4, 7), (11, 7), (11, 4)], float),
    np.array([(12, 8), (12, 11), (23, 11), (23, 8)], float),
]


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def explorer(viewer, add_stack, stack) -> Explorer:
    add_stack(viewer, stack)
    return Explorer(viewer)


@pytest.fixture
def regions(explorer, qtbot) -> RegionList:
    widget = RegionList(explorer)
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def shapes(viewer, regions) -> Shapes:
    layer = viewer.add_shapes(BOXES, name="outlines")
    regions.layer.value = layer
    return layer


def texts(regions: RegionList) -> list[str]:
    return [regions.rows.item(row).text() for row in range(regions.rows.count())]


def test_offers_layers_of_shapes_and_labels(regions, viewer):
    assert regions.layer.choices == (None,)
    shapes, labels = viewer.add_shapes(BOXES), viewer.add_labels(np.zeros((3, 3), int))
    assert regions.layer.choices == (None, shapes, labels)
    assert regions.layer.value is None
    assert regions.layer.native.currentText() == "none"
    viewer.layers.remove(shapes)
    assert regions.layer.choices == (None, labels)


def test_lists_regions_with_the_number_of_their_pixels(regions, shapes, explorer):
    assert explorer.regions.layer is shapes
    assert texts(regions) == ["shape 1: 2 px", "shape 2: 3 px"]
    shapes.data = [BOXES[0] - 100, BOXES[1]]
    assert texts(regions) == ["shape 1: outside of this stack", "shape 2: 3 px"]


def test_says_how_many_pixels_are_left_out(viewer, qtbot):
    values = np.ones((4, 6, 5))
    values[:, 1, 1] = np.nan
    viewer.add_image(values, axis_labels=("c", "y", "x"))
    explorer = Explorer(viewer)
    explorer.regions.choose(viewer.add_labels(np.ones((6, 5), int)))
    regions = RegionList(explorer)
    qtbot.addWidget(regions)
    assert texts(regions) == ["label 1: 29 of 30 px, others not finite"]


def test_list_is_there_while_a_layer_is_chosen(regions, explorer, viewer, shapes):
    assert not regions.rows.isHidden()
    viewer.layers.remove(shapes)
    assert regions.layer.value is None
    assert regions.rows.isHidden()
    assert regions.sign.isHidden()


@pytest.mark.parametrize("by_key", [True, False])
def test_sign_of_the_chosen_region_changes(regions, shapes, explorer, by_key):
    assert not regions.sign.isEnabled()
    regions.rows.setCurrentRow(1)
    if by_key:
        QTest.keyClick(regions.rows, Qt.Key.Key_Minus)
    else:
        regions.sign.click()
    assert texts(regions) == ["shape 1: 2 px", "unlike shape 2: 3 px"]
    assert [one.sign for one in explorer.collected_in(explorer.session)] == [1, -1]


def test_new_makes_a_layer_and_chooses_it(regions, explorer, viewer):
    regions.new.click()
    assert regions.layer.value is explorer.regions.layer
    assert texts(regions) == ["Draw a shape, or paint a label"]


def test_says_that_further_regions_are_no_references(regions, viewer, monkeypatch):
    monkeypatch.setattr("napari_ifealid.explorer.drawn_regions.MOST", 2)
    regions.layer.value = viewer.add_labels(np.arange(24 * 20).reshape(24, 20))
    assert texts(regions)[:2] == ["label 42: 1 px", "label 46: 1 px"]
    assert texts(regions)[2] == "28 more regions are no references"


def test_stopped_list_follows_nothing(regions, shapes, viewer):
    regions.stop()
    shapes.data = BOXES[:1]
    assert len(texts(regions)) == 2
