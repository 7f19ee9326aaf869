from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.explorer import ExplorerState
from napari_ifealid.explorer.layer_choice import LayerChoice
from patient_scheduler import PatientScheduler


@pytest.fixture
def scheduler() -> PatientScheduler:
    return PatientScheduler()


@pytest.fixture
def state() -> ExplorerState:
    return ExplorerState()


@pytest.fixture
def choice(viewer, state, scheduler) -> LayerChoice:
    return LayerChoice(viewer, state, scheduler)


def test_stack_is_chosen_once_all_its_layers_are_there(
    viewer, choice, state, scheduler, add_stack, stack
):
    features = add_stack(viewer, stack)
    assert state.layer is None
    scheduler.run()
    assert state.layer is features


def test_first_of_several_stacks_is_chosen(viewer, choice, state, scheduler, add_stack, make_stack):
    first, _ = (add_stack(viewer, make_stack(name)) for name in "ab")
    scheduler.run()
    assert state.layer is first


def test_photo_is_chosen_only_while_nothing_is(viewer, choice, state, scheduler, add_stack, stack):
    photo = viewer.add_image(np.zeros((9, 8, 3)), rgb=True)
    scheduler.run()
    assert state.layer is photo
    features = add_stack(viewer, stack)
    viewer.add_image(np.zeros((9, 8, 3)), rgb=True)
    scheduler.run()
    assert state.layer is features


def test_layer_that_is_gone_by_then_is_not_chosen(viewer, choice, state, scheduler):
    viewer.add_image(np.zeros((9, 8, 3)), rgb=True)
    viewer.layers.clear()
    scheduler.run()
    assert state.layer is None


def test_nothing_is_chosen_after_the_end(viewer, choice, state, scheduler, add_stack, stack):
    add_stack(viewer, stack)
    choice.close()
    scheduler.run()
    assert state.layer is None


def test_axis_that_was_chosen_is_remembered_while_the_layer_has_it(viewer, choice):
    layer = viewer.add_image(np.zeros((9, 8, 7)))
    before = choice.axis_of(layer)
    choice.remember_axis(layer, 2)
    assert choice.axis_of(layer) == 2
    assert choice.axis_of(viewer.add_image(np.zeros((9, 8, 7)))) == before
    layer.data = np.zeros((9, 8))
    assert choice.axis_of(layer) != 2
