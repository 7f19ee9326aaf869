from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel
from napari.layers import Labels

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.class_labels import ClassLabels
from napari_ifealid.explorer.named_labels import has_names, named_labels_table
from napari_ifealid.libraries import LibraryEntry


def named(data, names: dict[int, str], **arguments) -> Labels:
    table = pd.DataFrame({"index": list(names), "name": list(names.values())})
    return Labels(np.asarray(data), features=table, **arguments)


def test_each_label_has_its_name_and_its_area():
    layer = named(
        [[0, 3, 3], [7, 3, 0]], {0: "none", 3: "soil", 5: "trees"}, scale=(2, 0.5), units="m"
    )
    table = named_labels_table(layer)
    assert table["label"].tolist() == [0, 3, 5, 7]
    assert table["name"].tolist() == ["none", "soil", "trees", "label 7"]
    assert table["area_pixels"].tolist() == [2, 3, 0, 1]
    assert table["area_world"].tolist() == [2.0, 3.0, 0.0, 1.0]
    assert set(table["area_unit"]) == {"meter^2"}
    assert "mean_similarity" not in table  # the references may be others by now


def test_pixels_without_a_label_are_unclassified():
    table = named_labels_table(named([[0, 1]], {1: "soil"}))
    assert table["name"].tolist() == ["unclassified", "soil"]


def test_labels_without_names_have_none():
    assert not has_names(Labels(np.zeros((2, 2), int)))
    assert has_names(named([[0, 1]], {1: "soil"}))


def test_frozen_classes_are_named_as_in_the_file_and_never_by_html(qapp, add_stack, stack):
    viewer = ViewerModel()
    add_stack(viewer, stack)
    explorer = Explorer(viewer)
    name = "<b>soil</b>\x1b"
    explorer.library.add(LibraryEntry(np.arange(9.0), name), range(9))
    explorer.library.tick(0, True)
    classes = ClassLabels(viewer, explorer)
    classes.make()
    shown = classes.layer.features["name"].tolist()
    assert shown == ["unclassified", "<\u2060b>soil<\u2060/b>\x1b"]
    assert classes.layer.name == "classes: <\u2060b>soil<\u2060/b>\\x1b"
    assert named_labels_table(classes.layer)["name"].tolist() == ["unclassified", name]


@pytest.mark.parametrize("axis", [0, 1])
def test_frozen_classes_have_the_areas_that_they_had_before(qapp, axis):
    """In the slice that was shown, and without the axis that stands for the features."""
    viewer = ViewerModel()
    values = np.moveaxis(np.random.default_rng(0).random((3, 4, 6, 5)), 0, axis)
    labels = list("zyx")
    labels.insert(axis, "c")
    viewer.add_image(values, axis_labels=labels, scale=[2.0] * 4, units="um")
    explorer = Explorer(viewer)
    for pixel in [(0, 1, 1), (0, 3, 3)]:
        explorer.toggle_pin_at(pixel)
    number = labels.index("z")
    viewer.dims.set_point(number, 2)
    classes = ClassLabels(viewer, explorer)
    classes.make()
    explorer.state.threshold = 0.8
    above = classes.classes.above(0.8)
    expected = [int((above == label).sum()) for label in range(3)]
    classes.freeze()
    viewer.dims.set_point(number, 6)
    table = named_labels_table(classes.layer)
    assert sum(expected) == 30
    assert table["area_pixels"].tolist() == expected
    np.testing.assert_allclose(table["area_world"], [8.0 * count for count in expected])
    assert set(table["area_unit"]) == {"micrometer^3"}
    classes.layer.data = np.where(classes.layer.data > 0, classes.layer.data, 2)
    assert named_labels_table(classes.layer)["area_pixels"].sum() == 120
