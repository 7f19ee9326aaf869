from __future__ import annotations

from types import SimpleNamespace

import dask.array
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_ifealid.engines import CpuEngine, EngineChoice
from napari_ifealid.explorer import Explorer, Reference, map_maker
from napari_ifealid.explorer.sources import SIMILARITY_KEY
from napari_ifealid.formats import read_stack
from napari_ifealid.metrics import spectral_angle_similarity
from napari_ifealid.stack import FeatureStack
from patient_scheduler import PatientScheduler


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def features(viewer, add_stack, stack) -> Image:
    return add_stack(viewer, stack)


@pytest.fixture
def evaluations(monkeypatch) -> list[np.ndarray]:
    """The references that the CPU engine was asked for."""
    references: list[np.ndarray] = []
    original = CpuEngine.similarity_map

    def counted(self, reference):
        references.append(reference)
        return original(self, reference)

    monkeypatch.setattr(CpuEngine, "similarity_map", counted)
    return references


def hover(viewer: ViewerModel, layer: Image, *pixel: float) -> None:
    """Move the cursor as napari tells it: a world position with all of the viewer's axes."""
    world = (0.0,) * (viewer.dims.ndim - layer.ndim) + tuple(layer.data_to_world(pixel))
    for callback in viewer.mouse_move_callbacks:
        callback(viewer, SimpleNamespace(position=world))


def expected_map(stack: FeatureStack, *pixel: int) -> np.ndarray:
    return spectral_angle_similarity(stack.real_values(stack.values), stack.vector(pixel))


def test_first_map_is_that_of_the_middle_pixel(viewer, features, stack):
    explorer = Explorer(viewer)
    assert explorer.pixel == (3, 2)
    np.testing.assert_allclose(explorer.similarity_layer.data, expected_map(stack, 3, 2), atol=5e-5)


def test_similarity_layer_lies_on_the_features_and_is_on_top(viewer, features):
    layer = Explorer(viewer).similarity_layer
    np.testing.assert_array_equal(layer.scale, features.scale[1:])
    np.testing.assert_array_equal(layer.translate, features.translate[1:])
    assert viewer.layers[-1] is layer
    assert viewer.layers.selection.active is layer
    assert layer.blending == "translucent"
    assert layer.colorbar.visible


def test_map_follows_the_cursor(viewer, features, stack):
    explorer = Explorer(viewer)
    hover(viewer, explorer.similarity_layer, 1, 4)
    np.testing.assert_allclose(explorer.similarity_layer.data, expected_map(stack, 1, 4), atol=5e-5)
    assert explorer.similarity_layer.data[1, 4] == 1.0


def test_status_bar_shows_the_similarity_of_the_map_just_made(viewer, features):
    explorer = Explorer(viewer)
    layer = explorer.similarity_layer
    viewer.mouse_over_canvas = True
    viewer.cursor.position = (0, *layer.data_to_world((1, 4)))
    assert viewer.status["value"] == format(layer.data[1, 4], ".3g")
    hover(viewer, layer, 1, 4)
    assert viewer.status["value"] == "1"


def test_leaving_the_picture_keeps_the_map(viewer, features):
    explorer = Explorer(viewer)
    hover(viewer, explorer.similarity_layer, 1, 4)
    for outside in [(-0.51, 0), (0, -0.51), (5.5, 0), (0, 4.5), (1e9, 1e9)]:
        hover(viewer, explorer.similarity_layer, *outside)
        assert explorer.pixel == (1, 4)


def test_edges_of_the_picture_belong_to_the_outer_pixels(viewer, features):
    explorer = Explorer(viewer)
    hover(viewer, explorer.similarity_layer, -0.5, -0.5)
    assert explorer.pixel == (0, 0)
    hover(viewer, explorer.similarity_layer, 5.49, 4.49)
    assert explorer.pixel == (5, 4)


def test_one_evaluation_for_each_new_pixel(viewer, features, evaluations):
    explorer = Explorer(viewer)
    evaluations.clear()
    for x in (0.0, 0.1, 0.4, 1.0, 1.2, 1.4):
        hover(viewer, explorer.similarity_layer, 1, x)
    assert len(evaluations) == 2


def test_no_evaluation_for_a_pixel_that_was_left_already(viewer, features, evaluations, stack):
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    scheduler.run()
    evaluations.clear()
    for x in range(5):
        hover(viewer, explorer.similarity_layer, 4, x)
    scheduler.run()
    assert len(evaluations) == 1
    np.testing.assert_array_equal(evaluations[0], stack.vector((4, 4)))
    assert explorer.is_idle


def test_newest_pixel_wins_while_a_map_is_made_in_the_background(
    viewer, features, evaluations, monkeypatch
):
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    scheduler.run()
    monkeypatch.setattr(map_maker, "_FRAME", 0.0)  # as if maps took long
    evaluations.clear()
    hover(viewer, explorer.similarity_layer, 0, 1)
    scheduler.run_one()  # the map is begun
    hover(viewer, explorer.similarity_layer, 0, 2)
    hover(viewer, explorer.similarity_layer, 0, 3)
    scheduler.run()
    assert len(evaluations) == 2
    assert explorer.similarity_layer.data[0, 3] == 1.0


def test_follow_off_holds_the_reference(viewer, features):
    explorer = Explorer(viewer)
    explorer.state.follow = False
    hover(viewer, explorer.similarity_layer, 1, 4)
    assert explorer.pixel == (3, 2)


def test_colour_limits_are_those_of_the_map(viewer, features):
    explorer = Explorer(viewer)
    data = explorer.similarity_layer.data
    limits = explorer.similarity_layer.contrast_limits
    np.testing.assert_allclose(limits, (data.min(), data.max()), atol=1 / 512)
    explorer.state.stretch = False
    assert explorer.similarity_layer.contrast_limits == [0.0, 1.0]


def test_constant_map_is_not_blank(viewer, add_stack):
    values = np.ones((3, 4, 5), np.float32)
    add_stack(viewer, FeatureStack(values=values, name="constant"))
    layer = Explorer(viewer).similarity_layer
    assert (layer.data == 1.0).all()
    assert layer.contrast_limits == [0.0, 1.0]


def test_pixels_under_the_threshold_are_nan_and_come_back(viewer, features, stack):
    explorer = Explorer(viewer)
    complete = explorer.similarity_layer.data.copy()
    explorer.state.threshold = float(np.median(complete))
    shown = explorer.similarity_layer.data
    np.testing.assert_array_equal(np.isnan(shown), complete < explorer.state.threshold)
    explorer.state.threshold = 0.0
    np.testing.assert_array_equal(explorer.similarity_layer.data, complete)


def test_threshold_holds_for_the_next_map(viewer, features):
    explorer = Explorer(viewer)
    explorer.state.threshold = 0.9
    hover(viewer, explorer.similarity_layer, 1, 1)
    assert np.nanmin(explorer.similarity_layer.data) >= 0.9


def test_pixels_that_are_not_finite_are_transparent_and_break_nothing(viewer, add_stack):
    values = np.random.default_rng(0).random((4, 5, 3)).astype(np.float32)
    values[0, 0, 1], values[3, 4, 0] = np.nan, np.inf
    add_stack(viewer, FeatureStack(values=values, name="holes"))
    explorer = Explorer(viewer)
    assert np.isnan(explorer.similarity_layer.data[[0, 3], [0, 4]]).all()
    assert np.isnan(explorer.similarity_layer.data).sum() == 2
    hover(viewer, explorer.similarity_layer, 0, 0)
    assert np.isnan(explorer.similarity_layer.data).all()
    hover(viewer, explorer.similarity_layer, 1, 1)
    assert explorer.similarity_layer.data[1, 1] == 1.0


def test_base_opacity_is_low_over_an_overlay_and_full_without(viewer, features, add_stack):
    explorer = Explorer(viewer)
    assert explorer.state.base == 0.1
    plain = FeatureStack(values=np.ones((3, 4, 5), np.uint8), name="plain")
    explorer.state.layer = add_stack(viewer, plain)
    assert explorer.state.base == 1.0


def test_overlay_is_grey_until_colour_is_asked_for(viewer, features, stack):
    explorer = Explorer(viewer)
    overlay = viewer.layers["small overlay"]
    assert (overlay.data[..., 0] == overlay.data[..., 2]).all()
    explorer.state.overlay_in_colour = True
    np.testing.assert_array_equal(overlay.data, stack.overlay)


def test_overlay_has_its_colours_again_when_the_explorer_closes(viewer, features, stack):
    Explorer(viewer).close()
    np.testing.assert_array_equal(viewer.layers["small overlay"].data, stack.overlay)


def test_rgb_photo_is_a_stack_of_three_features(viewer):
    photo = np.random.default_rng(0).integers(0, 256, (8, 9, 3)).astype(np.uint8)
    viewer.add_image(photo, name="photo", scale=(2, 2), rgb=True)
    explorer = Explorer(viewer)
    np.testing.assert_allclose(
        explorer.similarity_layer.data,
        spectral_angle_similarity(photo, photo[4, 4]),
        atol=5e-5,
    )
    np.testing.assert_array_equal(explorer.similarity_layer.scale, (2, 2))
    assert explorer.state.base == 0.1


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_any_axis_of_an_image_can_be_the_features(viewer, axis):
    cube = np.random.default_rng(0).random((4, 5, 6)).astype(np.float32)
    viewer.add_image(cube, name="cube", scale=(2, 3, 4), translate=(5, 6, 7))
    explorer = Explorer(viewer)
    explorer.state.feature_axis = axis
    vectors = np.moveaxis(cube, axis, -1)
    middle = tuple(n // 2 for n in vectors.shape[:2])
    explorer.show_pixel(middle)
    layer = explorer.similarity_layer
    np.testing.assert_allclose(
        layer.data, spectral_angle_similarity(vectors, vectors[middle]), atol=5e-5
    )
    np.testing.assert_array_equal(layer.scale, np.delete((2, 3, 4), axis))
    np.testing.assert_array_equal(layer.translate, np.delete((5, 6, 7), axis))


def test_feature_axis_is_known_from_the_axis_labels(viewer):
    viewer.add_image(np.ones((4, 5, 6)), axis_labels=("y", "x", "band"))
    assert Explorer(viewer).state.feature_axis == 2


def test_stack_with_more_than_two_spatial_axes(viewer, add_stack):
    values = np.random.default_rng(0).random((3, 4, 5, 7)).astype(np.float32)
    stack = FeatureStack(values=values, name="volume")
    add_stack(viewer, stack)
    explorer = Explorer(viewer)
    assert explorer.pixel == (1, 2, 2)
    hover(viewer, explorer.similarity_layer, 2, 3, 4)
    np.testing.assert_allclose(
        explorer.similarity_layer.data, expected_map(stack, 2, 3, 4), atol=5e-5
    )


def test_stack_opened_later_is_explored(viewer, features, add_stack):
    explorer = Explorer(viewer)
    other = add_stack(viewer, FeatureStack(values=np.ones((3, 4, 5), np.uint8), name="other"))
    assert explorer.state.layer is other
    assert explorer.similarity_layer.data.shape == (3, 4)
    assert [layer.name for layer in viewer.layers].count("similarity") == 1


def test_photo_opened_later_does_not_take_over(viewer, features):
    explorer = Explorer(viewer)
    viewer.add_image(np.zeros((5, 5, 3), np.uint8))
    assert explorer.state.layer is features


def test_removing_the_stack_removes_the_map(viewer, features):
    explorer = Explorer(viewer)
    similarity = explorer.similarity_layer
    viewer.layers.remove(features)
    assert explorer.state.layer is None
    assert similarity not in viewer.layers
    hover(viewer, similarity, 1, 1)


def test_removing_the_map_stops_the_explorer(viewer, features):
    explorer = Explorer(viewer)
    similarity = explorer.similarity_layer
    viewer.layers.remove(similarity)
    assert explorer.state.layer is None
    hover(viewer, similarity, 1, 1)
    assert [layer.name for layer in viewer.layers] == ["small overlay", "small features"]
    explorer.state.layer = features
    assert explorer.similarity_layer in viewer.layers


def test_renamed_layers_still_work(viewer, features, stack):
    explorer = Explorer(viewer)
    features.name = "renamed"
    explorer.similarity_layer.name = "heat"
    hover(viewer, explorer.similarity_layer, 1, 4)
    assert explorer.similarity_layer.data[1, 4] == 1.0


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("scale", (1, 2, 3)),
        ("translate", (0, 10, -5)),
        ("rotate", np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])),
    ],
    ids=["rescaled", "moved", "rotated"],
)
def test_map_follows_features_that_are_moved(viewer, features, attribute, value):
    explorer = Explorer(viewer)
    setattr(features, attribute, value)
    layer = explorer.similarity_layer
    for pixel in [(0, 0), (5, 0), (2, 4)]:
        np.testing.assert_allclose(
            layer.data_to_world(pixel), features.data_to_world((0, *pixel))[1:], atol=1e-9
        )
    hover(viewer, layer, 2, 4)
    assert explorer.pixel == (2, 4)


def test_data_replaced_by_the_user_are_compared(viewer, features):
    explorer = Explorer(viewer)
    new = np.random.default_rng(3).random((9, 6, 5)).astype(np.float32)
    features.data = new
    vectors = np.moveaxis(new, 0, -1)
    np.testing.assert_allclose(
        explorer.similarity_layer.data,
        spectral_angle_similarity(vectors, vectors[3, 2]),
        atol=5e-5,
    )


def test_layer_larger_than_memory_is_compared_block_by_block(viewer, monkeypatch):
    values = np.random.default_rng(0).random((64, 30, 20))
    layer = viewer.add_image(dask.array.from_array(values, chunks=10), name="huge")
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=2**18))
    texts: list[str] = []
    explorer = Explorer(viewer)
    explorer.engine_changed.connect(texts.append)
    explorer.state.engine = EngineChoice.GPU
    assert texts[-1] == "CPU, block by block: the stack stays on disk, 0.0 GiB"
    hover(viewer, layer, 0, 2, 4)
    vectors = np.moveaxis(values, 0, -1)
    np.testing.assert_allclose(
        explorer.similarity_layer.data,
        spectral_angle_similarity(vectors, vectors[2, 4]),
        atol=5e-5,
    )
    np.testing.assert_array_equal(explorer.vector((2, 4)), vectors[2, 4])


def test_memory_mapped_stack_larger_than_memory_is_compared_block_by_block(
    viewer, add_stack, monkeypatch, tmp_path
):
    values = np.random.default_rng(0).random((64, 30, 20))
    np.save(tmp_path / "cube.npy", values)
    add_stack(viewer, read_stack(tmp_path / "cube.npy"))
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=2**18))
    explorer = Explorer(viewer)
    assert explorer.stack.is_on_disk
    np.testing.assert_allclose(
        explorer.similarity_layer.data,
        spectral_angle_similarity(values, values[32, 15]),
        atol=5e-5,
    )


def test_dask_layer_that_fits_the_memory_is_read(viewer):
    values = np.random.default_rng(0).random((9, 30, 20))
    viewer.add_image(dask.array.from_array(values, chunks=10), name="small")
    assert isinstance(Explorer(viewer).stack.values, np.ndarray)


def test_engine_can_be_chosen(viewer, features, stack):
    texts: list[str] = []
    explorer = Explorer(viewer)
    explorer.engine_changed.connect(texts.append)
    before = explorer.similarity_layer
    explorer.state.engine = EngineChoice.GPU
    assert texts[-1].startswith("GPU: ")
    np.testing.assert_allclose(before.data, expected_map(stack, 3, 2), atol=5e-5)
    explorer.state.engine = EngineChoice.CPU
    assert texts[-1] == "CPU: as chosen"
    assert explorer.similarity_layer is before


def test_window_handles_events_while_features_go_to_the_gpu(viewer, features):
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    scheduler.run()
    texts: list[str] = []
    explorer.engine_changed.connect(texts.append)
    explorer.state.engine = EngineChoice.GPU
    turns = 0
    while not explorer.is_idle:
        scheduler.run_one()
        turns += 1
    assert turns > 3
    assert texts[1:3] == ["GPU: 0% loaded", "GPU: 100% loaded"]


def test_upload_to_the_gpu_ends_when_another_engine_is_chosen(viewer, features, monkeypatch):
    closed = []
    close = "napari_ifealid.engines.gpu.GpuEngine.close"
    monkeypatch.setattr(close, lambda engine: closed.append(engine))
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    explorer.state.engine = EngineChoice.GPU
    texts: list[str] = []
    explorer.engine_changed.connect(texts.append)
    while not texts:
        scheduler.run_one()
    explorer.state.engine = EngineChoice.CPU
    scheduler.run()
    assert len(closed) == 1
    assert texts[-1] == "CPU: as chosen"
    assert explorer.is_idle


def test_failure_of_the_gpu_falls_back_to_the_cpu_and_says_so_once(
    viewer, features, stack, monkeypatch
):
    warnings: list[str] = []
    monkeypatch.setattr("napari_ifealid.explorer.explorer.show_warning", warnings.append)
    explorer = Explorer(viewer)
    explorer.state.engine = EngineChoice.GPU
    monkeypatch.setattr(
        "napari_ifealid.engines.gpu.GpuEngine.similarity_map",
        lambda *_: (_ for _ in ()).throw(RuntimeError("context lost")),
    )
    hover(viewer, explorer.similarity_layer, 1, 4)
    hover(viewer, explorer.similarity_layer, 1, 3)
    assert len(warnings) == 1
    assert "context lost" in warnings[0]
    np.testing.assert_allclose(explorer.similarity_layer.data, expected_map(stack, 1, 3), atol=5e-5)


def test_error_on_the_cpu_is_raised_and_not_tried_for_ever(viewer, features, monkeypatch):
    explorer = Explorer(viewer)
    monkeypatch.setattr(
        CpuEngine, "similarity_map", lambda *_: (_ for _ in ()).throw(MemoryError("full"))
    )
    with pytest.raises(MemoryError, match="full"):
        hover(viewer, explorer.similarity_layer, 1, 4)


def test_closed_explorer_leaves_the_viewer_as_it_found_it(viewer, features):
    callbacks = list(viewer.mouse_move_callbacks)
    explorer = Explorer(viewer)
    similarity = explorer.similarity_layer
    explorer.close()
    explorer.close()
    assert list(viewer.mouse_move_callbacks) == callbacks
    assert similarity in viewer.layers
    before = similarity.data.copy()
    hover(viewer, similarity, 0, 0)
    np.testing.assert_array_equal(similarity.data, before)


def test_closed_explorer_leaves_a_layer_alone_that_was_opened_just_before(viewer, add_stack, stack):
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    add_stack(viewer, stack)
    explorer.close()
    scheduler.run()
    assert explorer.state.layer is None
    assert explorer.similarity_layer is None


def test_explorer_opened_again_takes_over_the_map(viewer, features):
    Explorer(viewer).close()
    explorer = Explorer(viewer)
    assert [layer for layer in viewer.layers if SIMILARITY_KEY in layer.metadata] == [
        explorer.similarity_layer
    ]
    assert explorer.similarity_layer in viewer.layers


def test_two_viewers_do_not_disturb_each_other(viewer, features, stack, add_stack):
    first = Explorer(viewer)
    other_viewer = ViewerModel()
    add_stack(other_viewer, stack)
    second = Explorer(other_viewer)
    first.state.base = 0.5
    second.state.base = 0.2
    hover(viewer, first.similarity_layer, 0, 1)
    hover(other_viewer, second.similarity_layer, 5, 4)
    assert first.similarity_layer.data[0, 1] == 1.0
    assert second.similarity_layer.data[5, 4] == 1.0
    assert first.similarity_layer.colormap.colors[0, 3] == pytest.approx(0.5)
    assert second.similarity_layer.colormap.colors[0, 3] == pytest.approx(0.2)


def test_single_feature_is_shown_by_name_and_stretched(viewer, features, stack):
    explorer = Explorer(viewer)
    explorer.state.feature = 4
    layer = explorer.similarity_layer
    np.testing.assert_array_equal(layer.data, stack.values[..., 4])
    assert layer.name == "feature 4"
    assert layer.contrast_limits == [stack.values[..., 4].min(), stack.values[..., 4].max()]


def test_similarity_comes_back_after_a_single_feature(viewer, features, stack):
    explorer = Explorer(viewer)
    explorer.state.threshold = 0.8
    before = explorer.similarity_layer.data.copy()
    explorer.state.feature = 4
    assert not np.isnan(explorer.similarity_layer.data).any()
    explorer.state.feature = None
    np.testing.assert_array_equal(explorer.similarity_layer.data, before)
    assert explorer.similarity_layer.name == "similarity"
    assert explorer.similarity_layer.contrast_limits_range == [0.0, 1.0]


def test_feature_is_called_by_its_label(viewer, add_stack):
    values = np.random.default_rng(0).random((3, 4, 2)).astype(np.float32)
    labels = ("520 nm", "610 nm")
    add_stack(viewer, FeatureStack(values=values, name="spectral", feature_labels=labels))
    explorer = Explorer(viewer)
    explorer.state.feature = 1
    assert explorer.similarity_layer.name == "feature 610 nm"


def test_name_given_by_the_user_is_kept(viewer, features):
    explorer = Explorer(viewer)
    explorer.similarity_layer.name = "mine"
    explorer.state.feature = 4
    assert explorer.similarity_layer.name == "mine"


def test_hovered_feature_is_shown_for_a_while(viewer, features, stack):
    explorer = Explorer(viewer)
    explorer.state.feature = 4
    explorer.show_feature(2)
    np.testing.assert_array_equal(explorer.similarity_layer.data, stack.values[..., 2])
    explorer.show_feature(None)
    np.testing.assert_array_equal(explorer.similarity_layer.data, stack.values[..., 4])


def test_single_feature_and_naparis_slider_stay_the_same(viewer, features):
    explorer = Explorer(viewer)
    explorer.state.feature = 4
    assert viewer.dims.current_step[0] == 4
    viewer.dims.set_current_step(0, 7)
    assert explorer.state.feature == 7
    assert explorer.similarity_layer.name == "feature 7"


def test_naparis_slider_leaves_a_similarity_alone(viewer, features):
    explorer = Explorer(viewer)
    viewer.dims.set_current_step(0, 7)
    assert explorer.state.feature is None


def test_map_of_the_pins_stays_while_hovering(viewer, features, stack):
    explorer = Explorer(viewer)
    explorer.pins.toggle((1, 2))
    explorer.pins.toggle((5, 4))
    explorer.state.reference = Reference.BEST
    layer = explorer.similarity_layer
    assert layer.data[1, 2] == layer.data[5, 4] == 1.0
    before = layer.data.copy()
    hover(viewer, layer, 3, 3)
    np.testing.assert_array_equal(layer.data, before)
    assert explorer.pixel == (3, 3)


def test_map_follows_pins_that_are_moved(viewer, features, stack):
    explorer = Explorer(viewer)
    explorer.pins.toggle((1, 2))
    explorer.state.reference = Reference.MEAN
    viewer.layers["references"].data = np.array([[4.0, 4.0]])
    np.testing.assert_allclose(explorer.similarity_layer.data, expected_map(stack, 4, 4), atol=5e-5)


def test_without_pins_the_cursor_is_compared_with(viewer, features, stack):
    explorer = Explorer(viewer)
    explorer.state.reference = Reference.BEST
    hover(viewer, explorer.similarity_layer, 2, 2)
    assert explorer.similarity_layer.data[2, 2] == 1.0


def test_map_stays_active_when_pins_are_added(viewer, features):
    explorer = Explorer(viewer)
    explorer.pins.toggle((1, 2))
    assert viewer.layers.selection.active == explorer.similarity_layer
