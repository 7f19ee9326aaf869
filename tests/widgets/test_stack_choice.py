from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt

from napari_ifealid.explorer import ExplorerState
from napari_ifealid.widgets.stack_choice import StackChoice, distinct, short_names


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def state() -> ExplorerState:
    return ExplorerState()


@pytest.fixture
def choice(viewer, state) -> StackChoice:
    return StackChoice(viewer, state)


def cube(viewer, *shape: int, **options):
    return viewer.add_image(np.zeros(shape or (5, 20, 30)), **options)


def asks(choice: StackChoice) -> bool:
    return not choice.axis_row.isHidden()


def test_layer_and_state_follow_each_other(viewer, state, choice):
    layers = [cube(viewer, name=name) for name in ("a", "b")]
    choice.show()
    choice.layer.value = layers[1]
    assert state.layer is layers[1]
    state.layer = layers[0]
    assert choice.layer.value is layers[0]
    state.layer = None
    assert choice.layer.value is None


def test_each_choice_has_its_whole_name_as_a_tooltip(viewer, choice):
    names = ["Chelsea objects features", "Chelsea parts features"]
    for name in names:
        cube(viewer, name=name)
    choice.show()
    combo = choice.layer.native
    shown = [combo.itemData(n, Qt.ItemDataRole.ToolTipRole) for n in range(combo.count())]
    assert shown == ["", *names]


def test_layers_of_the_same_name_can_be_told_apart(viewer, state, choice):
    layers = [cube(viewer, name="a") for _ in range(3)]
    for layer in layers:
        layer.name = "a"
    for layer in layers:
        choice.show()
        choice.layer.value = layer
        assert state.layer is layer


def test_layer_without_a_name_can_be_chosen(viewer, state, choice):
    layer = cube(viewer, name="Image")
    state.layer = layer
    other = cube(viewer, name="b")
    choice.show()
    other.name = ""
    assert choice.layer.value is layer
    choice.layer.value = other
    assert state.layer is other


def test_chosen_layer_that_goes_leaves_no_choice_and_no_error(viewer, state, choice):
    layer = cube(viewer)
    state.layer = layer
    viewer.layers.remove(layer)
    choice.show()
    assert choice.layer.value is None
    assert state.layer is layer  # who explores it decides


@pytest.mark.parametrize("shape", [(5, 20, 30), (20, 30, 5), (6, 5, 20, 30), (6, 20, 30, 5)])
def test_axis_that_is_not_known_is_asked_for_with_a_proposal(viewer, state, choice, shape):
    state.layer = cube(viewer, *shape)
    assert asks(choice)
    assert choice.axis.value == shape.index(5)
    assert choice.axis.current_choice.endswith(", 5 long")
    assert not choice.compare.native.isHidden()
    assert state.feature_axis is None
    choice.compare.native.click()
    assert state.feature_axis == shape.index(5)
    assert asks(choice)
    assert choice.compare.native.isHidden()


def test_other_axis_is_taken_when_it_is_chosen(viewer, state, choice):
    state.layer = cube(viewer)
    choice.axis.value = 2
    assert state.feature_axis == 2


def test_axis_that_is_known_is_not_asked_for(viewer, state, choice):
    for layer in (
        cube(viewer, axis_labels=("y", "band", "x")),
        viewer.add_image(np.zeros((4, 5, 3), np.uint8), rgb=True),
    ):
        state.layer = layer
        assert not asks(choice)


def test_removed_photos_and_new_ones_break_nothing(viewer, state, choice):
    for _ in range(3):
        photo = viewer.add_image(np.zeros((4, 5, 3), np.uint8), rgb=True)
        state.layer = photo
        state.feature_axis = -1
        choice.show()
        viewer.layers.remove(photo)
        state.layer = None
        choice.show()
        assert choice.axis.choices == ()


def test_closed_choice_follows_no_names(viewer, state, choice):
    layer = cube(viewer, name="a")
    choice.show()
    choice.close()
    layer.name = "b"
    combo = choice.layer.native
    assert [combo.itemText(n) for n in range(combo.count())] == ["none", "a"]


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a", "a"], ["a", "a [1]", "a [2]"]),
        (["a", "a [1]", "a"], ["a", "a [1]", "a [2]"]),
        (["", ""], ["(no name)", "(no name) [1]"]),
    ],
)
def test_names_are_distinct_and_not_empty(names, shown):
    assert distinct(names) == shown


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["cube"], ["cube"]),
        (["cube features"], ["cube"]),
        (
            ["Chelsea overlay", "Chelsea parts features", "Chelsea objects features"],
            ["overlay · Chelsea", "parts · Chelsea", "objects · Chelsea"],
        ),
        (
            ["000000015746.jpg.C1.npz features", "000000015746.jpg.C2.npz features"],
            ["C1.npz · 000000015746.jpg", "C2.npz · 000000015746.jpg"],
        ),
        (
            [f"000000015746.jpg.{name}" for name in ("C1.npz features", "C1.npz overlay")],
            ["000000015746.jpg.C1.npz", "000000015746.jpg.C1.npz overlay"],
        ),
        (
            ["x.C1.npz overlay", "x.C1.npz features", "x.C3.npz features"],
            ["C1.npz overlay · x", "C1.npz · x", "C3.npz · x"],
        ),
        (["Chelsea", "Chelsea objects features"], ["Chelsea", "objects · Chelsea"]),
        (["features.npy features"], ["features.npy"]),
        (["a features", "a"], ["a", "a"]),
        (["", "x"], ["", "x"]),
    ],
)
def test_names_begin_with_what_tells_them_apart(names, shown):
    assert short_names(names) == shown
