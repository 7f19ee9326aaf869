from __future__ import annotations

import gc
from weakref import ref

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image, Labels

from napari_ifealid.explorer import Explorer, overview_maker
from napari_ifealid.explorer.overview_maker import (
    ComponentsRequest,
    OverviewMaker,
    SegmentsRequest,
)
from napari_ifealid.explorer.sources import OVERVIEW_KEY
from napari_ifealid.overview import Aspect, components_picture, principal_components, segments
from napari_ifealid.preprocessing import step_named
from napari_ifealid.stack import FeatureStack
from patient_scheduler import PatientScheduler

COMPONENTS = ComponentsRequest(Aspect.DIRECTIONS)
SEGMENTS = SegmentsRequest(4, Aspect.DIRECTIONS)


@pytest.fixture
def explorer(viewer, features) -> Explorer:
    return Explorer(viewer)


@pytest.fixture
def maker(viewer, explorer) -> OverviewMaker:
    return OverviewMaker(viewer, explorer)


@pytest.fixture
def scheduler() -> PatientScheduler:
    return PatientScheduler()


@pytest.fixture
def patient(viewer, explorer, scheduler) -> OverviewMaker:
    """A maker whose work is done when the test says so."""
    return OverviewMaker(viewer, explorer, scheduler)


def made(viewer) -> list:
    return [layer for layer in viewer.layers if OVERVIEW_KEY in layer.metadata]


def test_components_become_a_picture(maker, viewer, stack):
    maker.make(COMPONENTS)
    (layer,) = made(viewer)
    assert isinstance(layer, Image)
    assert layer.name == "small: components"
    expected = principal_components(stack)
    np.testing.assert_array_equal(layer.data, components_picture(expected))
    first, second, third = (f"{100 * share:.3g} %" for share in expected.explained)
    assert maker.summary == f"PC1–3: {first}, {second}, {third} of the variance"


def test_segments_become_labels(maker, viewer, stack):
    maker.make(SEGMENTS)
    (layer,) = made(viewer)
    assert isinstance(layer, Labels)
    assert layer.name == "small: 4 segments"
    found = segments(stack, 4)
    np.testing.assert_array_equal(layer.data, found.labels)
    assert maker.summary == (
        f"4 segments, from {100 * found.sizes[0] / 30:.3g} % to "
        f"{100 * found.sizes[-1] / 30:.3g} % of the pixels"
    )


def test_names_tell_what_counts(maker, viewer):
    maker.make(ComponentsRequest(Aspect.VALUES))
    maker.make(SegmentsRequest(2, Aspect.VALUES))
    assert [layer.name for layer in made(viewer)] == [
        "small: components by values",
        "small: 2 segments by values",
    ]


def test_fewer_segments_than_asked_for_are_told_of(viewer):
    viewer.add_image(np.ones((3, 6, 5)) * [[[1.0]], [[2.0]], [[3.0]]], axis_labels=("c", "y", "x"))
    maker = OverviewMaker(viewer, Explorer(viewer))
    maker.make(SEGMENTS)
    assert made(viewer)[0].name.endswith(": 1 segment")
    assert maker.summary.endswith("there are no more different ones")


def test_one_overview_is_made_at_a_time(patient, scheduler, viewer):
    patient.make(COMPONENTS)
    assert patient.is_running
    assert not patient.can_begin
    patient.make(SEGMENTS)
    scheduler.run()
    assert [layer.name for layer in made(viewer)] == ["small: components"]
    assert patient.can_begin


def test_progress_is_told(patient, scheduler):
    shares = []
    patient.changed.connect(lambda: shares.append((patient.is_running, patient.share)))
    patient.make(COMPONENTS)
    scheduler.run()
    assert shares == [(True, 0.0), (True, 0.5), (True, 1.0), (False, 0.0)]


def test_cancelled_overview_leaves_nothing(patient, scheduler, viewer):
    before = list(viewer.layers)
    patient.make(COMPONENTS)
    scheduler.background[0](1)  # one step, then the rest is still to come
    patient.cancel()
    assert scheduler.background[0].is_cancelled
    assert not patient.is_running
    scheduler.run()
    assert list(viewer.layers) == before
    assert patient.summary == ""
    patient.make(SEGMENTS)
    scheduler.run()
    assert [layer.name for layer in made(viewer)] == ["small: 4 segments"]


def test_overview_of_a_stack_that_is_no_longer_explored_is_not_made(
    patient, scheduler, viewer, explorer, add_stack, stack
):
    patient.make(COMPONENTS)
    (work,) = scheduler.background
    add_stack(viewer, stack)
    assert work.is_cancelled
    assert not patient.is_running


def test_overview_of_vectors_before_another_preprocessing_is_not_made(
    patient, scheduler, viewer, explorer
):
    patient.make(COMPONENTS)
    (work,) = scheduler.background
    explorer.state.preprocessing = step_named("first derivative")
    assert work.is_cancelled
    patient.make(COMPONENTS)
    scheduler.run()
    (layer,) = made(viewer)
    assert layer.name == f"{explorer.stack.name}: components"
    expected = components_picture(principal_components(explorer.stack))
    np.testing.assert_array_equal(layer.data, expected)
    assert patient.summary
    explorer.state.preprocessing = None
    assert patient.summary == ""


def test_overview_of_data_that_were_replaced_is_not_made(patient, scheduler, viewer, features):
    patient.make(COMPONENTS)
    (work,) = scheduler.background
    features.data = features.data[::-1].copy()
    assert work.is_cancelled
    patient.make(COMPONENTS)
    scheduler.run()
    (layer,) = made(viewer)
    values = np.moveaxis(features.data, 0, -1)
    expected = components_picture(principal_components(FeatureStack(values=values, name="x")))
    np.testing.assert_array_equal(layer.data, expected)


def test_layer_that_is_removed_meanwhile_has_no_overview(patient, scheduler, viewer, features):
    patient.make(COMPONENTS)
    viewer.layers.remove(features)
    scheduler.run()
    assert made(viewer) == []
    assert not patient.can_begin
    patient.make(COMPONENTS)
    assert not patient.is_running


def test_layer_that_is_moved_meanwhile_has_its_overview_where_it_is(
    patient, scheduler, viewer, features, explorer
):
    patient.make(COMPONENTS)
    features.translate = (0.0, 100.0, 200.0)
    scheduler.run()
    (layer,) = made(viewer)
    np.testing.assert_allclose(
        layer.data_to_world((2, 3)), explorer.map_layer.data_to_world((2, 3))
    )


def test_summary_is_that_of_the_explored_stack(maker, viewer, add_stack, stack):
    maker.make(COMPONENTS)
    assert maker.summary
    add_stack(viewer, stack)
    assert maker.summary == ""


def test_lazy_stack_has_the_overviews_of_its_values(viewer, stack, add_stack, free_memory):
    lazy = FeatureStack(values=da.from_array(stack.values, chunks=(4, 3, 9)), name="lazy")
    with free_memory(100):  # bytes: the stack stays a dask array
        add_stack(viewer, lazy)
        explorer = Explorer(viewer)
        assert explorer.stack.is_lazy
    maker = OverviewMaker(viewer, explorer)
    maker.make(COMPONENTS)
    np.testing.assert_array_equal(
        made(viewer)[0].data, components_picture(principal_components(stack))
    )


def test_values_that_cannot_be_read_are_told_of(viewer, add_stack, free_memory, monkeypatch):
    errors: list[str] = []
    monkeypatch.setattr(overview_maker, "show_error", errors.append)

    def broken(block):
        raise OSError("the disk is gone")

    values = da.ones((6, 5, 4), chunks=(3, 5, 4)).map_blocks(broken, dtype=float, meta=np.empty(0))
    scheduler = PatientScheduler()
    with free_memory(100):
        add_stack(viewer, FeatureStack(values=values, name="far"))
        explorer = Explorer(viewer, scheduler)
        scheduler.background.pop(0)()  # opened; nothing is asked of it
    maker = OverviewMaker(viewer, explorer)
    maker.make(COMPONENTS)
    assert len(errors) == 1
    assert "the disk is gone" in errors[0]
    assert maker.can_begin
    assert made(viewer) == []


def test_nothing_is_kept_of_what_was_made(maker, viewer, explorer, features):
    maker.make(COMPONENTS)
    layer = ref(made(viewer)[0])
    values = ref(layer().data)
    viewer.layers.remove(layer())
    gc.collect()
    assert layer() is values() is None


def test_closed_maker_ends_its_work_and_leaves_the_layers(patient, scheduler, viewer):
    patient.make(SEGMENTS)
    scheduler.run()
    patient.make(COMPONENTS)
    patient.close()
    assert scheduler.background[0].is_cancelled
    scheduler.run()
    assert [layer.name for layer in made(viewer)] == ["small: 4 segments"]
