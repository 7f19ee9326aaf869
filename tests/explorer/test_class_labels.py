from __future__ import annotations

import gc
from weakref import ref

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.class_labels import ClassLabels
from napari_ifealid.explorer.map_labels import MEASURE_KEY
from napari_ifealid.measures import COSINE, SPECTRAL_ANGLE, UsedFeatures
from napari_ifealid.preprocessing import step_named
from napari_ifealid.stack import FeatureStack
from patient_scheduler import PatientScheduler, Steps

PIXELS = [(1, 1), (3, 2), (4, 4)]


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def explorer(viewer, add_stack, stack) -> Explorer:
    add_stack(viewer, stack)
    explorer = Explorer(viewer)
    for pixel in PIXELS:
        explorer.toggle_pin_at(pixel)
    return explorer


@pytest.fixture
def classes(viewer, explorer) -> ClassLabels:
    return ClassLabels(viewer, explorer)


def expected(stack, pixels, threshold=0.0, measure=SPECTRAL_ANGLE) -> np.ndarray:
    values = stack.real_values(stack.values)
    maps = np.array([measure.definition(values, values[pixel]) for pixel in pixels])
    return np.where(maps.max(axis=0) >= threshold, maps.argmax(axis=0) + 1, 0)


def test_each_pixel_has_the_label_of_its_most_similar_pin(classes, stack):
    classes.make()
    np.testing.assert_array_equal(classes.layer.data, expected(stack, PIXELS))
    assert all(classes.layer.data[pixel] == n for n, pixel in enumerate(PIXELS, start=1))


def test_labels_follow_the_threshold(classes, explorer, stack):
    classes.make()
    explorer.state.threshold = 0.8
    numbers = expected(stack, PIXELS, 0.8)
    assert 0 in numbers
    np.testing.assert_array_equal(classes.layer.data, numbers)


def test_labels_follow_pins_and_their_signs(classes, explorer, stack, viewer):
    classes.make()
    explorer.toggle_pin_at((0, 3))
    np.testing.assert_array_equal(classes.layer.data, expected(stack, [*PIXELS, (0, 3)]))
    explorer.pins.set_sign(1, -1)
    left = [PIXELS[0], PIXELS[2], (0, 3)]
    np.testing.assert_array_equal(classes.layer.data, expected(stack, left))
    explorer.pins.clear()
    assert not classes.layer.data.any()
    assert classes.follows


def test_labels_follow_the_measure_and_the_window(classes, explorer, stack):
    classes.make()
    explorer.state.measure = COSINE
    np.testing.assert_array_equal(
        classes.layer.data, expected(stack, PIXELS, COSINE.limits[0], COSINE)
    )
    explorer.state.measure = SPECTRAL_ANGLE
    explorer.state.window = 3
    values = stack.real_values(stack.values)
    means = [
        values[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].mean(axis=(0, 1)) for y, x in PIXELS
    ]
    maps = [SPECTRAL_ANGLE.definition(values, mean) for mean in means]
    np.testing.assert_array_equal(classes.layer.data, np.argmax(maps, axis=0) + 1)


def test_labels_follow_regions(classes, explorer, stack, viewer):
    layer = viewer.add_shapes([[(4, 4), (4, 7), (11, 7), (11, 4)]], name="outlines")
    classes.make()
    explorer.regions.choose(layer)
    values = stack.real_values(stack.values)
    vectors = [*(values[pixel] for pixel in PIXELS), (values[1, 1] + values[2, 1]) / 2]
    maps = [SPECTRAL_ANGLE.definition(values, vector) for vector in vectors]
    np.testing.assert_array_equal(classes.layer.data, np.argmax(maps, axis=0) + 1)
    assert classes.names[-1] == "shape 1"


def test_labels_stay_while_the_mouse_moves(classes, explorer):
    classes.make()
    before = classes.classes
    explorer.show_pixel((5, 1))
    assert classes.classes is before


def test_labels_have_the_names_and_colours_of_the_references(classes, explorer):
    classes.make()
    layer = classes.layer
    names = ["unclassified", "pin 1, 1", "pin 3, 2", "pin 4, 4"]
    assert layer.features["index"].tolist() == [0, 1, 2, 3]
    assert layer.features["name"].tolist() == names
    assert layer.name == "classes: pin 1, 1, pin 3, 2, pin 4, 4"
    for number, pin in enumerate(explorer.pins.pins, start=1):
        levels = np.round(np.array(layer.get_color(number))[:3] * 255).astype(np.uint8)
        assert f"#{levels.tobytes().hex()}" == pin.colour
    explorer.pins.layer.face_color = ["#112233", "#445566", "#778899"]
    levels = np.round(np.array(layer.get_color(2))[:3] * 255).astype(np.uint8)
    assert levels.tolist() == [0x44, 0x55, 0x66]
    assert layer.get_color(0) is None or layer.get_color(0)[3] == 0


def test_name_that_the_user_has_given_stays(classes, explorer):
    classes.make()
    classes.layer.name = "mine"
    explorer.toggle_pin_at((0, 3))
    assert classes.layer.name == "mine"


def test_frozen_labels_follow_nothing(classes, explorer):
    classes.make()
    before = classes.layer.data.copy()
    classes.freeze()
    assert not classes.follows
    explorer.pins.clear()
    explorer.state.threshold = 0.99
    np.testing.assert_array_equal(classes.layer.data, before)
    assert classes.layer.features["name"].tolist()[1:] == ["pin 1, 1", "pin 3, 2", "pin 4, 4"]


def test_labels_of_another_stack_stay(classes, viewer, add_stack, stack):
    classes.make()
    layer, before = classes.layer, classes.layer.data.copy()
    add_stack(viewer, stack)
    assert not classes.follows
    np.testing.assert_array_equal(layer.data, before)


def test_labels_that_follow_are_no_regions_and_frozen_ones_may_be(classes, explorer):
    classes.make()
    assert classes.layer not in explorer.regions.candidates
    classes.freeze()
    assert classes.layer in explorer.regions.candidates


def test_labels_lie_where_the_map_lies_under_the_pins_and_choose_no_layer(
    classes, explorer, viewer
):
    before = set(viewer.layers.selection)
    classes.make()
    image = explorer.map_layer
    for corner in [(0, 0), (5, 4)]:
        np.testing.assert_allclose(classes.layer.data_to_world(corner), image.data_to_world(corner))
    order = [viewer.layers.index(one) for one in (image, classes.layer, explorer.pins.layer)]
    assert order == sorted(order)
    assert set(viewer.layers.selection) == before


def test_labels_go_along_with_a_stack_that_is_moved_until_they_are_frozen(classes, explorer):
    classes.make()
    layer, labels = explorer.session.layer, classes.layer
    layer.translate, layer.scale, layer.rotate = (0, 10, 20), (1, 2, 3), 30
    for corner in [(0, 0), (5, 4)]:
        at = explorer.map_layer.data_to_world(corner)
        np.testing.assert_allclose(labels.data_to_world(corner), at)
    classes.freeze()
    layer.translate = (0, 0, 0)
    np.testing.assert_allclose(labels.translate, (10, 20))


def test_labels_are_of_the_slice_that_is_shown_and_of_no_other(viewer):
    rng = np.random.default_rng(0)
    viewer.add_image(rng.random((3, 4, 6, 5)), axis_labels=("c", "z", "y", "x"))
    explorer = Explorer(viewer)
    for pixel in [(0, 1, 1), (0, 3, 3)]:
        explorer.toggle_pin_at(pixel)
    classes = ClassLabels(viewer, explorer)
    viewer.dims.set_point(1, 1)
    classes.make()
    assert classes.layer.data[1].all()
    viewer.dims.set_point(1, 2)
    assert classes.layer.data[2].all()
    assert not classes.layer.data[[0, 1, 3]].any()


def test_nothing_is_made_without_references(viewer, add_stack, stack):
    add_stack(viewer, stack)
    explorer = Explorer(viewer)
    classes = ClassLabels(viewer, explorer)
    assert not classes.can_be_made
    explorer.toggle_pin_at((1, 1))
    assert classes.can_be_made
    explorer.pins.set_sign(0, -1)
    assert not classes.can_be_made


def test_removed_labels_break_nothing_and_are_not_kept(classes, explorer, viewer):
    classes.make()
    layer = ref(classes.layer)
    viewer.layers.remove(classes.layer)
    assert classes.layer is None
    assert not classes.follows
    explorer.state.threshold = 0.5
    gc.collect()
    assert layer() is None
    classes.make()
    assert classes.layer in viewer.layers


def test_closed_labels_are_left_to_the_user(classes, explorer, viewer):
    classes.make()
    layer, before = classes.layer, classes.layer.data.copy()
    classes.close()
    explorer.pins.clear()
    assert layer in viewer.layers
    np.testing.assert_array_equal(layer.data, before)


@pytest.fixture
def lazy(viewer, monkeypatch):
    """Classes of a stack that is read in blocks, their explorer and its scheduler."""
    monkeypatch.setattr("napari_ifealid.lazy_arrays.BLOCK_BYTES", 1000)
    monkeypatch.setattr("napari_ifealid.explorer.classifier._FRAME", 0.0)  # as if they took long
    monkeypatch.setattr("napari_ifealid.explorer.sources.fits_memory", lambda _: False)
    values = da.from_array(np.random.default_rng(0).random((9, 12, 5)), chunks=(9, 2, 5))
    viewer.add_image(values, axis_labels=("c", "y", "x"), name="large", contrast_limits=(0, 1))
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    scheduler.run()
    for pixel in [(1, 1), (7, 2)]:
        explorer.toggle_pin_at(pixel)
    scheduler.run()
    return ClassLabels(viewer, explorer), explorer, scheduler


def classifying(scheduler: PatientScheduler) -> Steps:
    """Return the classification that has been begun."""
    while not (found := [one for one in scheduler.background if is_classifying(one)]):
        scheduler.run_one()
    return found[0]


def is_classifying(run) -> bool:
    return isinstance(run, Steps) and run.description == "Classifying large"


def test_cancelled_classes_leave_no_layer_that_claims_to_be_whole(lazy, viewer):
    classes, explorer, scheduler = lazy
    before = list(viewer.layers)
    classes.make()
    run = classifying(scheduler)
    assert run.total > 1
    run(2)
    assert not classes.layer.data.any()
    run.cancelled_by_user()
    assert list(viewer.layers) == before
    assert not classes.follows
    scheduler.run()
    explorer.show_pixel((3, 3))
    scheduler.run()
    assert list(viewer.layers) == before
    classes.make()
    scheduler.run()
    assert classes.layer.data.all()
    explorer.toggle_pin_at((9, 4))
    classifying(scheduler).cancelled_by_user()
    assert list(viewer.layers) == before


def test_labels_that_are_frozen_before_they_are_known_say_so(lazy, viewer):
    classes, _, scheduler = lazy
    classes.make()
    classifying(scheduler)
    classes.freeze()
    assert classes.layer.name == "classes (unfinished)"
    assert "name" not in classes.layer.features
    assert classes.frozen is None
    scheduler.run()
    assert not classes.layer.data.any()


@pytest.fixture
def slow(viewer, add_stack, stack):
    """Classes that are known, their explorer, and its scheduler, which has them made later."""
    add_stack(viewer, stack)
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    scheduler.run()
    for pixel in PIXELS:
        explorer.toggle_pin_at(pixel)
    classes = ClassLabels(viewer, explorer)
    classes.make()
    scheduler.run()
    return classes, explorer, scheduler


def described(layer) -> tuple:
    return layer.data.tolist(), layer.name, layer.features["name"].tolist(), dict(layer.metadata)


def test_classes_keep_the_names_of_those_that_they_are_of_until_others_are_known(slow):
    classes, explorer, scheduler = slow
    numbers, name, names, _ = described(classes.layer)
    explorer.state.measure = COSINE
    explorer.pins.set_sign(0, -1)
    assert described(classes.layer)[:3] == (numbers, name, names)
    assert classes.layer.metadata[MEASURE_KEY] == "spectral angle"
    classes.freeze()
    scheduler.run()
    assert described(classes.layer)[:3] == (numbers, name, names)
    assert classes.layer.metadata[MEASURE_KEY] == "spectral angle"


def test_classes_of_vectors_before_another_preprocessing_are_blank(slow):
    classes, explorer, scheduler = slow
    before = classes.layer.data.copy()
    explorer.state.preprocessing = step_named("first derivative")
    assert not classes.layer.data.any()
    scheduler.run()
    assert classes.layer.data.all()
    assert (classes.layer.data != before).any()
    assert classes.layer.metadata[MEASURE_KEY] == "spectral angle, first derivative"


def test_frozen_labels_are_those_selected_else_those_made_last(classes, viewer):
    assert classes.frozen is None
    classes.make()
    assert classes.frozen is None  # they follow
    first = classes.layer
    classes.freeze()
    assert classes.frozen is first
    classes.make()
    second = classes.layer
    assert classes.frozen is None
    viewer.layers.selection.active = second
    assert classes.frozen is None
    viewer.layers.selection.active = first
    assert classes.frozen is first
    classes.freeze()
    viewer.layers.selection.active = viewer.add_labels(np.zeros((6, 5), int))  # without names
    assert classes.frozen is second
    viewer.layers.remove(second)
    assert classes.frozen is None


def test_pin_without_data_is_no_class(viewer, add_stack):
    values = np.random.default_rng(0).random((6, 5, 9))
    values[1, 1] = np.nan
    add_stack(viewer, FeatureStack(values=values, name="gap"))
    explorer = Explorer(viewer)
    classes = ClassLabels(viewer, explorer)
    explorer.toggle_pin_at((1, 1))
    assert not classes.can_be_made
    explorer.toggle_pin_at((3, 2))
    classes.make()
    assert classes.names == ["unclassified", "pin 3, 2"]
    assert classes.layer.data[3, 2] == 1
    assert classes.layer.data[1, 1] == 0


def test_classes_are_those_of_the_features_in_use_and_say_so(classes, explorer):
    classes.make()
    explorer.feature_use.choose(explorer.session.layer, UsedFeatures((False,) * 4 + (True,) * 5))
    measure = SPECTRAL_ANGLE.over(explorer.session.features)
    values = explorer.stack.real_values(explorer.stack.values)
    maps = np.array([measure.values(values, values[pixel]) for pixel in PIXELS])
    np.testing.assert_array_equal(classes.layer.data, maps.argmax(axis=0) + 1)
    assert classes.layer.metadata[MEASURE_KEY] == "spectral angle, 5 of 9 features"
