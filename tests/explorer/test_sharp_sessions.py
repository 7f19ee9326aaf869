"""Sessions whose maps are on the pixels of the image."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from napari.layers import Layer

from explorer_actions import CLOSE, expected_map
from napari_ifealid import read_stack, write_stack
from napari_ifealid.engines import EngineChoice, EngineUnavailableError
from napari_ifealid.explorer import Explorer, ReferenceMode
from napari_ifealid.explorer.map_request import SimilarityRequest
from napari_ifealid.explorer.schedulers import ImmediateScheduler
from napari_ifealid.explorer.session_capture import captured_session
from napari_ifealid.explorer.session_restore import restore_session
from napari_ifealid.explorer.sharpener import SharpenerState
from napari_ifealid.explorer.sources import MAP_NAME, SHARP_NAME
from napari_ifealid.formats.weights_place import weights_path
from napari_ifealid.grid import whole_region
from napari_ifealid.layers import layer_data
from napari_ifealid.measures import COSINE, MEASURES, SPECTRAL_ANGLE, Background, UsedFeatures
from napari_ifealid.preprocessing import step_named
from napari_ifealid.sharpening import SharpGpuEngine, weights_of, write_weights
from napari_ifealid.sharpness import Sharpness
from patient_scheduler import PatientScheduler

pytestmark = pytest.mark.sharp_by_itself

DIVERGENCE = next(one for one in MEASURES if one.name == "information divergence")


@pytest.fixture
def explorer(viewer, features) -> Explorer:
    explorer = Explorer(viewer, ImmediateScheduler())
    yield explorer
    explorer.close()


def hover(explorer, place) -> None:
    explorer.cursor.move_to(place)


def dense(session) -> np.ndarray:
    """Return W as a matrix."""
    weights = session._running.pixels.compared.weights
    return weights.rows(slice(None)).toarray()


def upsampled(session) -> np.ndarray:
    stack = session.stack
    real = stack.real_values(stack.values).reshape(-1, stack.feature_count)
    return (dense(session) @ real).reshape(*session.grid.shape, -1)


def expected(session, *pixels, measure=SPECTRAL_ANGLE) -> np.ndarray:
    vectors, stack = upsampled(session), session.stack
    real = stack.real_values(stack.values).reshape(-1, stack.feature_count)
    background = Background.of(real if measure.features is None else measure.features.taken(real))
    maps = [measure.values(vectors, vectors[pixel], background) for pixel in pixels]
    return np.max(maps, axis=0)


def test_maps_of_a_coarse_stack_are_sharp_by_themselves(explorer):
    session = explorer.session
    assert session.is_sharp
    assert session.sharp.building is SharpenerState.READY
    assert session.grid.shape == (24, 20)
    hover(explorer, (11.0, 7.0))
    assert explorer.pixel == (11, 7)
    assert session.map_layer.name == SHARP_NAME
    np.testing.assert_allclose(session.map_layer.data, expected(session, (11, 7)), atol=CLOSE)


def test_map_lies_on_the_image(explorer, viewer):
    hover(explorer, (11.0, 7.0))
    overlay = next(layer for layer in viewer.layers if layer.name.endswith("overlay"))
    for corner in ((0.0, 0.0), (23.0, 19.0)):
        np.testing.assert_allclose(
            explorer.map_layer.data_to_world(corner), overlay.data_to_world(corner)
        )


def test_blocks_are_one_choice_away(explorer, stack):
    hover(explorer, (11.0, 7.0))
    explorer.state.sharp = False
    assert not explorer.session.is_sharp
    assert explorer.pixel == (2, 1)
    assert explorer.map_layer.name == MAP_NAME
    np.testing.assert_allclose(explorer.map_layer.data, expected_map(stack, (2, 1)), atol=CLOSE)
    explorer.state.sharp = True
    assert explorer.pixel == (11, 7)
    assert explorer.map_layer.data.shape == (24, 20)


def test_every_measure_of_dot_products_is_sharp_and_others_are_blocks(explorer, stack):
    hover(explorer, (11.0, 7.0))
    session = explorer.session
    for measure in (*MEASURES, *MEASURES[::-1]):
        explorer.state.measure = measure
        if measure is DIVERGENCE:
            assert not session.is_sharp
            assert "dot products" in session.sharp.why_not
            np.testing.assert_allclose(
                session.map_layer.data, expected_map(stack, (2, 1), measure=measure), atol=CLOSE
            )
        else:
            assert session.is_sharp
            assert session.sharp.why_not == ""
            np.testing.assert_allclose(
                session.map_layer.data,
                expected(session, (11, 7), measure=measure),
                atol=CLOSE,
                rtol=CLOSE,
            )


def test_pins_are_pixels_of_the_image(explorer):
    explorer.toggle_pin((3.0, 4.0))
    explorer.toggle_pin((20.0, 15.0))
    explorer.state.reference = ReferenceMode.BEST
    session = explorer.session
    np.testing.assert_allclose(
        session.map_layer.data, expected(session, (3, 4), (20, 15)), atol=CLOSE
    )


def test_vectors_are_up_sampled(explorer):
    hover(explorer, (11.0, 7.0))
    np.testing.assert_allclose(explorer.vector((11, 7)), upsampled(explorer.session)[11, 7])


def test_window_is_the_mean_of_pixels_of_the_image(explorer):
    hover(explorer, (11.0, 7.0))
    explorer.state.window = 3
    mean = upsampled(explorer.session)[10:13, 6:9].reshape(9, -1).mean(axis=0)
    values = SPECTRAL_ANGLE.definition(upsampled(explorer.session), mean)
    np.testing.assert_allclose(explorer.map_layer.data, values, atol=CLOSE)


def test_features_that_are_left_out_count_for_nothing(explorer, features):
    hover(explorer, (11.0, 7.0))
    used = UsedFeatures(tuple(number > 2 for number in range(9)))
    explorer.feature_use.choose(features, used)
    session = explorer.session
    measure = SPECTRAL_ANGLE.over(used)
    np.testing.assert_allclose(
        session.map_layer.data, expected(session, (11, 7), measure=measure), atol=CLOSE
    )


def test_single_features_are_up_sampled(explorer):
    explorer.state.feature = 3
    values = upsampled(explorer.session)[..., 3]
    np.testing.assert_allclose(explorer.map_layer.data, values, rtol=1e-6)
    assert explorer.map_layer.name == "feature 3"


def test_preprocessed_vectors_are_up_sampled(explorer):
    hover(explorer, (11.0, 7.0))
    explorer.state.preprocessing = step_named("unit sum")
    session = explorer.session
    assert session.is_sharp
    assert session.stack is not session.original
    np.testing.assert_allclose(session.map_layer.data, expected(session, (11, 7)), atol=CLOSE)


def test_another_sharpness_gives_another_map(explorer):
    hover(explorer, (11.0, 7.0))
    before = explorer.map_layer.data.copy()
    explorer.state.sharpness = Sharpness(colour=0.3)
    session = explorer.session
    np.testing.assert_allclose(session.map_layer.data, expected(session, (11, 7)), atol=CLOSE)
    assert not np.allclose(session.map_layer.data, before)


def test_map_moves_along_with_the_features(explorer, features):
    hover(explorer, (11.0, 7.0))
    features.translate = np.add(features.translate, (0.0, 2.0, 1.0))
    assert explorer.pixel == (9, 6)
    session = explorer.session
    np.testing.assert_allclose(session.map_layer.data, expected(session, (9, 6)), atol=CLOSE)
    np.testing.assert_allclose(session.map_layer.data_to_world((0, 0)), (2.0, 1.0))


def test_what_is_shown_says_that_it_is_sharp(explorer):
    hover(explorer, (11.0, 7.0))
    assert explorer.session.title_of(COSINE).endswith(", sharp")
    explorer.state.sharp = False
    assert "sharp" not in explorer.session.title_of(COSINE)


def test_blocks_are_shown_until_the_weights_are_built(viewer, features, stack):
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    scheduler.run_one()
    while explorer.stack is None:
        scheduler.run_one()
    session = explorer.session
    assert session.sharp.building is SharpenerState.BUILDING
    assert not session.is_sharp
    assert not session.is_idle
    explorer.cursor.move_to((11.0, 7.0))
    scheduler.run_events()
    scheduler.background.pop()()  # the map; the weights are still being built
    np.testing.assert_allclose(session.map_layer.data, expected_map(stack, (2, 1)), atol=CLOSE)
    scheduler.run()
    assert session.is_sharp
    np.testing.assert_allclose(session.map_layer.data, expected(session, (11, 7)), atol=CLOSE)
    explorer.close()


@pytest.mark.parametrize("setting", ["engine", "preprocessing"])
def test_pixel_of_the_image_is_none_of_a_stack_that_is_opened_again(explorer, setting):
    hover(explorer, (20.0, 17.0))  # further down than the stack has pixels
    told = []
    explorer.stack_changed.connect(lambda: told.append(explorer.session.has_no_data))
    value = EngineChoice.CPU if setting == "engine" else step_named("unit sum")
    setattr(explorer.state, setting, value)
    assert told
    assert not any(told)
    assert explorer.session.is_sharp
    assert explorer.session.is_exact


def test_sharp_map_is_not_shown_on_the_pixels_of_a_stack_that_is_opened_again(viewer, features):
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    scheduler.run()
    session, moves = explorer.session, []
    assert session.is_sharp
    explorer.moved.connect(lambda: moves.append(session.grid.shape))
    explorer.state.engine = EngineChoice.CPU
    assert not session.is_sharp
    assert session.shown is None
    assert session.map_layer.data.shape == session.grid.shape == (6, 5)
    assert moves == [(6, 5)]
    scheduler.run()
    assert session.is_sharp
    assert session.is_exact
    explorer.close()


def test_what_is_being_built_can_be_cancelled_and_tried_again(viewer, features, stack):
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    while explorer.stack is None:
        scheduler.run_one()
    steps = next(one for one in scheduler.background if "Sharpening" in str(one.description))
    steps.cancelled_by_user()
    scheduler.run()
    session = explorer.session
    assert session.sharp.building is SharpenerState.FAILED
    assert not session.is_sharp
    hover(explorer, (11.0, 7.0))
    scheduler.run()
    np.testing.assert_allclose(session.map_layer.data, expected_map(stack, (2, 1)), atol=CLOSE)
    explorer.state.sharp = False
    explorer.state.sharp = True
    scheduler.run()
    assert session.is_sharp
    explorer.close()


def test_map_begun_before_the_pixels_changed_is_never_shown(viewer, features):
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    scheduler.run()
    explorer.cursor.move_to((11.0, 7.0))
    explorer.state.sharp = False  # before the map is made
    shapes = []

    def note() -> None:
        shown = explorer.session.shown
        if shown is not None:
            region = whole_region(explorer.session.grid.shape)
            shapes.append(shown.request.region == region)

    explorer.map_changed.connect(note)
    for sharp in (True, False, True):
        explorer.state.sharp = sharp
        scheduler.run_events()
        explorer.cursor.move_to((3.0, 4.0))
        scheduler.run()
    assert shapes
    assert all(shapes)
    assert isinstance(explorer.session.shown.request, SimilarityRequest)
    explorer.close()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"overlay": None}, "no original image"),
        ({"values": np.ones((2, 6, 5, 9), np.uint8)}, "two spatial axes"),
        ({"overlay": np.zeros((6, 5, 3), np.uint8)}, "as fine as"),
    ],
)
def test_stack_that_can_have_no_sharp_maps_says_why(viewer, add_stack, stack, change, reason):
    add_stack(viewer, replace(stack, **change))
    explorer = Explorer(viewer, ImmediateScheduler())
    explorer.state.sharp = True
    assert not explorer.session.is_sharp
    assert reason in explorer.session.sharp.why_not
    explorer.close()


def test_what_was_built_leaves_the_memory_with_its_session(explorer, viewer, features):
    hover(explorer, (11.0, 7.0))
    weights = weakref.ref(explorer.session._running.pixels.compared.weights)
    viewer.layers.remove(features)
    gc.collect()
    assert weights() is None


def test_pixel_of_the_image_without_data_is_no_reference(viewer, add_stack, stack):
    values = stack.values.astype(np.float32)
    values[2, 1] = np.nan
    add_stack(viewer, replace(stack, values=values))
    explorer = Explorer(viewer, ImmediateScheduler())
    hover(explorer, (9.0, 6.0))  # in the pixel without data
    session = explorer.session
    assert session.is_sharp
    assert session.has_no_data
    assert session.map_layer is None or np.isnan(session.map_layer.data).all()
    hover(explorer, (20.0, 15.0))
    image = session.map_layer.data
    assert np.isnan(image[8:12, 4:8]).all()
    assert np.isfinite(np.delete(image.ravel(), np.flatnonzero(np.isnan(image.ravel())))).all()
    assert np.isnan(image).sum() == 16
    explorer.close()


def learned(viewer, tmp_path, stack, columns) -> Explorer:
    """Return an explorer of a stack beside which lie weights of one tap, the same everywhere."""
    path = tmp_path / "small.zip"
    write_stack(path, stack)
    pixels = np.broadcast_to(np.asarray(columns)[..., np.newaxis], (24, 20, 1))
    shares = np.ones(pixels.shape, np.float32)
    write_weights(weights_path(path), weights_of(pixels, shares, 30))
    for layer in layer_data(read_stack(path)):
        viewer.add_layer(Layer.create(*layer))
    return Explorer(viewer, ImmediateScheduler())


def test_weights_of_an_up_sampler_are_used_where_they_lie_beside_the_stack(viewer, tmp_path, stack):
    columns = np.arange(24 * 20).reshape(24, 20) % 30
    explorer = learned(viewer, tmp_path, stack, columns)
    hover(explorer, (11.0, 7.0))
    session = explorer.session
    assert session.sharp.learned_from.name == "small.zip.weights.npz"
    real = stack.real_values(stack.values).reshape(30, 9)
    values = SPECTRAL_ANGLE.definition(real[columns], real[columns[11, 7]])
    np.testing.assert_allclose(session.map_layer.data, values, atol=CLOSE)
    explorer.close()


def test_weights_that_do_not_fit_are_an_error_and_blocks_are_shown(viewer, tmp_path, stack):
    other = replace(stack, values=stack.values[:5])
    path = tmp_path / "small.zip"
    pixels = np.zeros((24, 20, 1), np.intp)
    write_weights(weights_path(path), weights_of(pixels, np.ones(pixels.shape, np.float32), 30))
    write_stack(path, other)
    for layer in layer_data(read_stack(path)):
        viewer.add_layer(Layer.create(*layer))
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    errors = []
    explorer._errors.report = errors.append
    scheduler.run()
    assert "weights of 30 pixels" in str(errors[0])
    assert not explorer.session.is_sharp
    hover(explorer, (11.0, 7.0))
    scheduler.run()
    assert explorer.map_layer.data.shape == (5, 5)
    explorer.close()


def test_gpu_makes_sharp_maps_where_it_is_chosen(explorer):
    hover(explorer, (11.0, 7.0))
    explorer.state.engine = EngineChoice.GPU
    hover(explorer, (3.0, 4.0))
    session = explorer.session
    assert session.is_sharp
    assert session.map_layer.data.shape == (24, 20)
    np.testing.assert_allclose(session.map_layer.data, expected(session, (3, 4)), atol=CLOSE)
    texts = []
    session.engine_changed.connect(texts.append)
    session.tell()
    assert texts[0].startswith("GPU")


def test_cpu_takes_over_where_the_gpu_fails(explorer, monkeypatch):
    explorer.state.engine = EngineChoice.GPU
    session = explorer.session

    def fail(*_) -> None:
        raise EngineUnavailableError("lost")

    warnings = []
    monkeypatch.setattr("napari_ifealid.explorer.session.show_warning", warnings.append)
    monkeypatch.setattr(SharpGpuEngine, "values", fail)
    hover(explorer, (3.0, 4.0))
    assert "the GPU failed: lost" in warnings[0]
    np.testing.assert_allclose(session.map_layer.data, expected(session, (3, 4)), atol=CLOSE)


def test_session_file_keeps_how_sharp_maps_are(viewer, tmp_path, stack):
    path = tmp_path / "small.zip"
    write_stack(path, stack)
    for layer in layer_data(read_stack(path)):
        viewer.add_layer(Layer.create(*layer))
    explorer = Explorer(viewer, ImmediateScheduler())
    explorer.state.sharpness = Sharpness(colour=0.2)
    hover(explorer, (11.0, 7.0))
    image = explorer.map_layer.data.copy()
    saved = captured_session(explorer, viewer)
    assert saved.sharpness == Sharpness(colour=0.2)
    explorer.state.sharp = False
    assert captured_session(explorer, viewer).sharpness is None
    explorer.state.sharpness = Sharpness()
    hover(explorer, (3.0, 3.0))
    restore_session(explorer, viewer, saved, [read_stack(path)])
    assert explorer.pixel == (11, 7)
    np.testing.assert_array_equal(explorer.map_layer.data, image)
    explorer.close()


def test_another_sharpness_is_shown_around_the_cursor_first(viewer, features, monkeypatch):
    monkeypatch.setattr("napari_ifealid.sharpening.building._WINDOW", 6)
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    scheduler.run()
    hover(explorer, (11.0, 7.0))
    scheduler.run()
    session = explorer.session
    whole = session.map_layer.data.copy()
    explorer.state.sharpness = Sharpness(colour=0.3)
    np.testing.assert_array_equal(session.map_layer.data, whole)  # until there is another one
    work = scheduler.background.pop()
    steps = work.steps()
    work.step(next(steps))
    assert session.is_sharp
    while scheduler.events or scheduler.background:
        (scheduler.events or scheduler.background).pop(0)()
    window = session.map_layer.data.copy()
    seen = np.zeros(window.shape, bool)
    seen[8:14, 4:10] = True
    np.testing.assert_array_equal(np.isfinite(window), seen)
    assert not session.is_exact
    assert not session.is_idle
    assert not session.has_no_data
    for item in steps:
        work.step(item)
    work.done()
    scheduler.run()
    assert session.is_exact
    assert session.is_idle
    np.testing.assert_allclose(session.map_layer.data, expected(session, (11, 7)), atol=CLOSE)
    np.testing.assert_allclose(session.map_layer.data[seen], window[seen], atol=1e-6)
    explorer.close()


def test_window_is_shown_before_the_next_sharpness_is_built(viewer, features):
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    scheduler.run()
    hover(explorer, (11.0, 7.0))
    scheduler.run()
    for colour in (0.1, 0.2, 0.3):
        explorer.state.sharpness = Sharpness(colour=colour)
    (first,) = scheduler.background
    assert first.steps.sharpness.colour == 0.1
    scheduler.background.clear()
    first.step(next(first.steps()))
    assert first.is_cancelled
    following = next(one for one in scheduler.background if "Sharpening" in str(one.description))
    assert following.steps.sharpness.colour == 0.3
    scheduler.run()
    session = explorer.session
    assert session.is_exact
    np.testing.assert_allclose(session.map_layer.data, expected(session, (11, 7)), atol=CLOSE)
    explorer.close()


def test_whole_image_is_sharpened_at_once_where_pins_are_compared_with(viewer, features):
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    scheduler.run()
    explorer.toggle_pin((3.0, 4.0))
    explorer.state.reference = ReferenceMode.MEAN
    scheduler.run()
    explorer.state.sharpness = Sharpness(colour=0.3)
    work = scheduler.background[-1]
    assert work.steps.focus is None
    scheduler.run()
    session = explorer.session
    np.testing.assert_allclose(session.map_layer.data, expected(session, (3, 4)), atol=CLOSE)
    explorer.close()
