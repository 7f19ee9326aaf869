from __future__ import annotations

from types import SimpleNamespace

import dask.array
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from psygnal import EmitLoopError

from explorer_actions import CLOSE, expected_map, hover
from napari_ifealid.engines import EngineChoice
from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.engines.gpu import GpuEngine
from napari_ifealid.explorer import ColourRange, Explorer, ReferenceMode, map_maker
from napari_ifealid.explorer.sources import BACKDROP_KEY, MAP_KEY
from napari_ifealid.formats import read_stack
from napari_ifealid.measures import SPECTRAL_ANGLE, spectral_angle_similarity
from napari_ifealid.stack import FeatureStack
from patient_scheduler import PatientScheduler


@pytest.fixture
def evaluations(monkeypatch) -> list[np.ndarray]:
    """The references that the CPU engine was asked for."""
    references: list[np.ndarray] = []
    original = CpuEngine.parts

    def counted(self, query, region):
        references.append(query.vectors)
        return original(self, query, region)

    monkeypatch.setattr(CpuEngine, "parts", counted)
    return references


def backdrop(viewer: ViewerModel) -> Image | None:
    """Return the plugin's own layer with the original image."""
    found = [layer for layer in viewer.layers if BACKDROP_KEY in layer.metadata]
    assert len(found) <= 1
    return found[0] if found else None


def opacities(layer: Image) -> np.ndarray:
    """Return with which opacity each pixel of a layer is drawn."""
    low, high = layer.contrast_limits
    shares = np.clip((layer.data.astype(np.float64) - low) / (high - low), 0.0, 1.0)
    return layer.colormap.map(shares.ravel())[:, 3].reshape(layer.data.shape)


def failing(error: Exception):
    """Return a method that fails."""

    def fail(*_):
        raise error

    return fail


def counted_closings(monkeypatch) -> list[GpuEngine]:
    """Return the list that engines on the GPU are entered into when they are closed."""
    closed: list[GpuEngine] = []
    close = GpuEngine.close
    monkeypatch.setattr(GpuEngine, "close", lambda engine: (closed.append(engine), close(engine)))
    return closed


def test_first_map_is_that_of_the_middle_pixel(viewer, features, stack):
    explorer = Explorer(viewer)
    assert explorer.pixel == (3, 2)
    np.testing.assert_allclose(explorer.map_layer.data, expected_map(stack, (3, 2)), atol=CLOSE)


def test_map_layer_lies_on_the_features_and_is_on_top(viewer, features):
    layer = Explorer(viewer).map_layer
    np.testing.assert_array_equal(layer.scale, features.scale[1:])
    np.testing.assert_array_equal(layer.translate, features.translate[1:])
    assert viewer.layers[-1] is layer
    assert viewer.layers.selection.active is layer
    assert layer.blending == "translucent"


def test_map_follows_the_cursor(viewer, features, stack):
    explorer = Explorer(viewer)
    hover(viewer, explorer.map_layer, 1, 4)
    np.testing.assert_allclose(explorer.map_layer.data, expected_map(stack, (1, 4)), atol=CLOSE)
    assert explorer.map_layer.data[1, 4] == 1.0


def test_status_bar_shows_the_similarity_of_the_map_just_made(viewer, features):
    explorer = Explorer(viewer)
    layer = explorer.map_layer
    viewer.mouse_over_canvas = True
    viewer.cursor.position = (0, *layer.data_to_world((1, 4)))
    assert viewer.status["value"] == format(layer.data[1, 4], ".3g")
    hover(viewer, layer, 1, 4)
    assert viewer.status["value"] == "1"


def test_leaving_the_picture_keeps_the_map(viewer, features):
    explorer = Explorer(viewer)
    hover(viewer, explorer.map_layer, 1, 4)
    for outside in [(-0.51, 0), (0, -0.51), (5.5, 0), (0, 4.5), (1e9, 1e9)]:
        hover(viewer, explorer.map_layer, *outside)
        assert explorer.pixel == (1, 4)


def test_edges_of_the_picture_belong_to_the_outer_pixels(viewer, features):
    explorer = Explorer(viewer)
    hover(viewer, explorer.map_layer, -0.5, -0.5)
    assert explorer.pixel == (0, 0)
    hover(viewer, explorer.map_layer, 5.49, 4.49)
    assert explorer.pixel == (5, 4)


def test_one_evaluation_for_each_new_pixel(viewer, features, evaluations):
    explorer = Explorer(viewer)
    evaluations.clear()
    for x in (0.0, 0.1, 0.4, 1.0, 1.2, 1.4):
        hover(viewer, explorer.map_layer, 1, x)
    assert len(evaluations) == 2


def test_no_evaluation_for_a_pixel_that_was_left_already(viewer, features, evaluations, stack):
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    scheduler.run()
    evaluations.clear()
    for x in range(5):
        hover(viewer, explorer.map_layer, 4, x)
    scheduler.run()
    assert len(evaluations) == 1
    np.testing.assert_array_equal(evaluations[0], [stack.vector((4, 4))])
    assert explorer.is_idle


def test_newest_pixel_wins_while_a_map_is_made_in_the_background(
    viewer, features, evaluations, monkeypatch
):
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    scheduler.run()
    monkeypatch.setattr(map_maker, "_FRAME", 0.0)  # as if maps took long
    evaluations.clear()
    hover(viewer, explorer.map_layer, 0, 1)
    scheduler.run_one()  # the map is begun
    hover(viewer, explorer.map_layer, 0, 2)
    hover(viewer, explorer.map_layer, 0, 3)
    scheduler.run()
    assert len(evaluations) == 2
    assert explorer.map_layer.data[0, 3] == 1.0


def test_follow_off_holds_the_reference(viewer, features):
    explorer = Explorer(viewer)
    explorer.state.follow = False
    hover(viewer, explorer.map_layer, 1, 4)
    assert explorer.pixel == (3, 2)


def test_colour_limits_are_those_of_the_map(viewer, features):
    explorer = Explorer(viewer)
    data = explorer.map_layer.data
    limits = explorer.map_layer.contrast_limits
    np.testing.assert_allclose(limits, (data.min(), data.max()), atol=1 / 512)
    explorer.state.colour_range = ColourRange.ALL
    assert explorer.map_layer.contrast_limits == [0.0, 1.0]


def test_constant_map_is_not_blank(viewer, add_stack):
    values = np.ones((3, 4, 5), np.float32)
    add_stack(viewer, FeatureStack(values=values, name="constant"))
    layer = Explorer(viewer).map_layer
    assert (layer.data == 1.0).all()
    assert layer.contrast_limits == [0.0, 1.0]


def test_threshold_hides_pixels_by_the_colormap_and_keeps_their_values(viewer, features, stack):
    explorer = Explorer(viewer)
    complete = explorer.map_layer.data.copy()
    explorer.state.threshold = float(np.median(complete))
    layer = explorer.map_layer
    np.testing.assert_array_equal(layer.data, complete)
    np.testing.assert_array_equal(opacities(layer) == 0.0, complete < explorer.state.threshold)
    explorer.state.threshold = 0.0
    assert (opacities(layer) > 0.0).all()


@pytest.mark.parametrize("colour_range", [ColourRange.EACH_MAP, ColourRange.ALL])
def test_threshold_holds_for_the_next_map(viewer, features, colour_range):
    explorer = Explorer(viewer)
    explorer.state.colour_range = colour_range
    explorer.state.threshold = 0.7
    for pixel in [(1, 1), (4, 3), (0, 2)]:
        hover(viewer, features, 0, *pixel)
        layer = explorer.map_layer
        np.testing.assert_array_equal(opacities(layer) == 0.0, layer.data < 0.7)
        assert np.isfinite(layer.data).all()


def test_pixels_that_are_not_finite_are_transparent_and_break_nothing(viewer, add_stack):
    values = np.random.default_rng(0).random((4, 5, 3)).astype(np.float32)
    values[0, 0, 1], values[3, 4, 0] = np.nan, np.inf
    add_stack(viewer, FeatureStack(values=values, name="holes"))
    explorer = Explorer(viewer)
    assert np.isnan(explorer.map_layer.data[[0, 3], [0, 4]]).all()
    assert np.isnan(explorer.map_layer.data).sum() == 2
    hover(viewer, explorer.map_layer, 0, 0)
    assert np.isnan(explorer.map_layer.data).all()
    hover(viewer, explorer.map_layer, 1, 1)
    assert explorer.map_layer.data[1, 1] == 1.0


def test_base_opacity_is_low_over_an_overlay_and_full_without(viewer, features, add_stack):
    explorer = Explorer(viewer)
    assert explorer.state.base == 0.1
    plain = FeatureStack(values=np.ones((3, 4, 5), np.uint8), name="plain")
    explorer.state.layer = add_stack(viewer, plain)
    assert explorer.state.base == 1.0


def test_image_under_the_map_is_grey_until_colour_is_asked_for(viewer, features, stack):
    explorer = Explorer(viewer)
    image = backdrop(viewer)
    assert (image.data[..., 0] == image.data[..., 2]).all()
    explorer.state.overlay_in_colour = True
    np.testing.assert_array_equal(image.data, stack.overlay)


def test_opened_image_is_never_written_and_shown_again_afterwards(viewer, features, stack):
    opened = viewer.layers["small overlay"]
    before = opened.data.copy()
    explorer = Explorer(viewer)
    assert opened.data is stack.overlay
    assert not opened.visible
    explorer.close()
    assert opened.visible
    assert backdrop(viewer) is None
    np.testing.assert_array_equal(opened.data, before)


def test_image_of_the_explored_stack_is_shown_and_no_other(viewer, add_stack, make_stack):
    stacks = {name: make_stack(name) for name in ("lower", "upper")}
    layers = {name: add_stack(viewer, stack) for name, stack in stacks.items()}
    explorer = Explorer(viewer)
    explorer.state.overlay_in_colour = True
    for name in ("lower", "upper", "lower"):
        explorer.state.layer = layers[name]
        shown = [layer for layer in viewer.layers if layer.visible]
        assert shown == [backdrop(viewer), explorer.map_layer]
        np.testing.assert_array_equal(shown[0].data, stacks[name].overlay)


def test_image_stays_grey_when_another_stack_of_it_is_chosen(viewer, add_stack, make_stack):
    layers = [add_stack(viewer, make_stack(name)) for name in ("one", "two", "three")]
    explorer = Explorer(viewer)
    for layer in layers:
        explorer.state.layer = layer
        pixels = backdrop(viewer).data
        assert (pixels[..., 0] == pixels[..., 2]).all()


def test_rgb_photo_is_a_stack_of_three_features(viewer):
    photo = np.random.default_rng(0).integers(0, 256, (8, 9, 3)).astype(np.uint8)
    viewer.add_image(photo, name="photo", scale=(2, 2), rgb=True)
    explorer = Explorer(viewer)
    np.testing.assert_allclose(
        explorer.map_layer.data,
        spectral_angle_similarity(photo, photo[4, 4]),
        atol=CLOSE,
    )
    np.testing.assert_array_equal(explorer.map_layer.scale, (2, 2))
    assert explorer.state.base == 0.1


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_any_axis_of_an_image_can_be_the_features(viewer, axis):
    cube = np.random.default_rng(0).random((4, 5, 6)).astype(np.float32)
    image = viewer.add_image(cube, name="cube", scale=(2, 3, 4), translate=(5, 6, 7))
    viewer.dims.order = (axis, *(other for other in range(3) if other != axis))
    explorer = Explorer(viewer)
    explorer.state.feature_axis = axis
    vectors = np.moveaxis(cube, axis, -1)
    middle = tuple(n // 2 for n in vectors.shape[:2])
    explorer.show_pixel(middle)
    layer = explorer.map_layer
    expected = spectral_angle_similarity(vectors, vectors[middle])
    np.testing.assert_allclose(layer.data.reshape(expected.shape), expected, atol=CLOSE)
    places = [np.insert(np.array([1, 2]), axis, feature) for feature in range(cube.shape[axis])]
    for place in places:  # the map lies there whichever feature the slider is at
        world = image.data_to_world(place)[3 - layer.ndim :]
        pixel = np.round(layer.world_to_data(world)).astype(int)
        assert layer.data[tuple(pixel)] == layer.data.reshape(expected.shape)[1, 2]


@pytest.mark.parametrize("shape", [(5, 4, 30, 20), (4, 30, 20), (30, 20, 5, 4)])
def test_axis_that_is_not_known_is_asked_for_and_nothing_shown_meanwhile(viewer, shape):
    viewer.add_image(np.random.default_rng(0).random(shape))
    explorer = Explorer(viewer)
    assert explorer.state.layer is viewer.layers[0]
    assert explorer.state.feature_axis is None
    assert explorer.map_layer is None
    assert explorer.is_idle
    hover(viewer, viewer.layers[0], *(2,) * len(shape))
    assert len(viewer.layers) == 1


def test_axis_that_was_told_is_remembered(viewer, features):
    cube = viewer.add_image(np.random.default_rng(0).random((5, 6, 30)))
    explorer = Explorer(viewer)
    explorer.state.layer = cube
    explorer.state.feature_axis = 2
    explorer.state.layer = features
    explorer.state.layer = cube
    assert explorer.state.feature_axis == 2
    assert explorer.map_layer is not None


@pytest.mark.parametrize("axis", [0, 1, 2, 3])
def test_map_of_a_series_has_the_axes_of_the_layer(viewer, axis):
    data = np.random.default_rng(0).random((4, 3, 9, 8)).astype(np.float32)
    image = viewer.add_image(data, name="series")
    viewer.dims.order = (axis, *(other for other in range(4) if other != axis))
    explorer = Explorer(viewer)
    explorer.state.feature_axis = axis
    lengths = list(data.shape)
    lengths[axis] = 1
    assert explorer.map_layer.data.shape == tuple(lengths if axis else lengths[1:])
    assert viewer.dims.ndim == 4
    explorer.show_pixel((2, 1, 3))
    vectors = np.moveaxis(data, axis, -1)
    shown = explorer.map_layer.data.reshape(vectors.shape[:-1])
    known = np.isfinite(shown)
    expected = spectral_angle_similarity(vectors, vectors[2, 1, 3])
    np.testing.assert_allclose(shown[known], expected[known], atol=CLOSE)
    assert known.sum() == np.prod(vectors.shape[1:3])  # the slice that is shown
    assert image.data is data


def test_feature_axis_is_known_from_the_axis_labels(viewer):
    viewer.add_image(np.ones((4, 5, 6)), axis_labels=("y", "x", "band"))
    assert Explorer(viewer).state.feature_axis == 2


@pytest.fixture
def volume(viewer, add_stack) -> FeatureStack:
    values = np.random.default_rng(0).random((3, 4, 5, 7)).astype(np.float32)
    stack = FeatureStack(values=values, name="volume")
    add_stack(viewer, stack)
    return stack


def test_slice_that_is_shown_is_compared(viewer, volume):
    explorer = Explorer(viewer)
    hover(viewer, explorer.map_layer, viewer.dims.point[1], 3, 4)
    z = explorer.pixel[0]
    expected = expected_map(volume, (z, 3, 4))
    np.testing.assert_allclose(explorer.map_layer.data[z], expected[z], atol=CLOSE)


def test_reference_goes_along_with_the_sliders(viewer, volume):
    explorer = Explorer(viewer)
    viewer.dims.set_point(1, 0)
    hover(viewer, explorer.map_layer, 0, 3, 4)
    viewer.dims.set_point(1, 2)
    assert explorer.pixel == (2, 3, 4)
    expected = expected_map(volume, (2, 3, 4))
    np.testing.assert_allclose(explorer.map_layer.data[2], expected[2], atol=CLOSE)


def test_held_reference_stays_in_its_slice(viewer, volume):
    explorer = Explorer(viewer)
    viewer.dims.set_point(1, 0)
    hover(viewer, explorer.map_layer, 0, 3, 4)
    explorer.state.follow = False
    viewer.dims.set_point(1, 2)
    assert explorer.pixel == (0, 3, 4)
    expected = expected_map(volume, (0, 3, 4))
    np.testing.assert_allclose(explorer.map_layer.data[2], expected[2], atol=CLOSE)


def test_all_slices_are_compared_in_three_dimensions(viewer, volume):
    explorer = Explorer(viewer)
    explorer.show_pixel((1, 2, 3))
    viewer.dims.ndisplay = 3
    expected = expected_map(volume, (1, 2, 3))
    np.testing.assert_allclose(explorer.map_layer.data, expected, atol=CLOSE)


def test_slices_of_other_references_are_not_left_in_the_map(viewer, volume):
    explorer = Explorer(viewer)
    viewer.dims.set_point(1, 0)
    hover(viewer, explorer.map_layer, 0, 1, 1)
    viewer.dims.set_point(1, 2)
    assert np.isnan(explorer.map_layer.data[0]).all()
    assert np.isfinite(explorer.map_layer.data[2]).all()


def test_stack_opened_later_is_explored(viewer, features, add_stack):
    explorer = Explorer(viewer)
    other = add_stack(viewer, FeatureStack(values=np.ones((3, 4, 5), np.uint8), name="other"))
    assert explorer.state.layer is other
    assert explorer.map_layer.data.shape == (3, 4)
    assert [layer.name for layer in viewer.layers].count("similarity") == 1


def test_photo_opened_later_does_not_take_over(viewer, features):
    explorer = Explorer(viewer)
    viewer.add_image(np.zeros((5, 5, 3), np.uint8))
    assert explorer.state.layer is features


def test_removing_the_stack_removes_the_map(viewer, features):
    explorer = Explorer(viewer)
    similarity = explorer.map_layer
    viewer.layers.remove(features)
    assert explorer.state.layer is None
    assert similarity not in viewer.layers
    hover(viewer, similarity, 1, 1)


def test_removing_the_map_stops_the_explorer(viewer, features):
    explorer = Explorer(viewer)
    similarity = explorer.map_layer
    viewer.layers.remove(similarity)
    assert explorer.state.layer is None
    hover(viewer, similarity, 1, 1)
    assert [layer.name for layer in viewer.layers] == ["small overlay", "small features"]
    explorer.state.layer = features
    assert explorer.map_layer in viewer.layers


def test_renamed_layers_still_work(viewer, features, stack):
    explorer = Explorer(viewer)
    features.name = "renamed"
    explorer.map_layer.name = "heat"
    hover(viewer, explorer.map_layer, 1, 4)
    assert explorer.map_layer.data[1, 4] == 1.0


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
    layer = explorer.map_layer
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
        explorer.map_layer.data,
        spectral_angle_similarity(vectors, vectors[3, 2]),
        atol=CLOSE,
    )


def test_layer_larger_than_memory_is_compared_block_by_block(viewer, monkeypatch):
    values = np.random.default_rng(0).random((64, 30, 20))
    lazy = dask.array.from_array(values, chunks=10)
    layer = viewer.add_image(lazy, name="huge", axis_labels=("feature", "y", "x"))
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=2**18))
    texts: list[str] = []
    explorer = Explorer(viewer)
    explorer.engine_changed.connect(texts.append)
    explorer.state.engine = EngineChoice.GPU
    assert texts[-1] == "CPU, block by block: the stack stays on disk, 307 kB"
    hover(viewer, layer, 0, 2, 4)
    vectors = np.moveaxis(values, 0, -1)
    np.testing.assert_allclose(
        explorer.map_layer.data,
        spectral_angle_similarity(vectors, vectors[2, 4]),
        atol=CLOSE,
    )
    np.testing.assert_array_equal(explorer.vector((2, 4)), vectors[2, 4])


def test_file_larger_than_memory_is_compared_block_by_block(
    viewer, add_stack, monkeypatch, tmp_path
):
    values = np.random.default_rng(0).random((64, 30, 20))
    np.save(tmp_path / "cube.npy", values)
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=2**18))
    add_stack(viewer, read_stack(tmp_path / "cube.npy"))
    explorer = Explorer(viewer)
    assert explorer.stack.is_lazy
    np.testing.assert_allclose(
        explorer.map_layer.data, spectral_angle_similarity(values, values[32, 15]), atol=CLOSE
    )


def test_dask_layer_that_fits_the_memory_is_read(viewer):
    values = np.random.default_rng(0).random((9, 30, 20))
    lazy = dask.array.from_array(values, chunks=10)
    viewer.add_image(lazy, name="small", axis_labels=("feature", "y", "x"))
    assert isinstance(Explorer(viewer).stack.values, np.ndarray)


def test_engine_can_be_chosen(viewer, features, stack):
    texts: list[str] = []
    explorer = Explorer(viewer)
    explorer.engine_changed.connect(texts.append)
    before = explorer.map_layer
    explorer.state.engine = EngineChoice.GPU
    assert texts[-1].startswith("GPU: ")
    np.testing.assert_allclose(before.data, expected_map(stack, (3, 2)), atol=CLOSE)
    explorer.state.engine = EngineChoice.CPU
    assert texts[-1] == "CPU: as chosen"
    assert explorer.map_layer is before


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
    assert texts[:2] == ["GPU: 0% loaded", "GPU: 100% loaded"]


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
    monkeypatch.setattr("napari_ifealid.explorer.session.show_warning", warnings.append)
    closed = counted_closings(monkeypatch)
    explorer = Explorer(viewer)
    explorer.state.engine = EngineChoice.GPU
    monkeypatch.setattr(GpuEngine, "parts", failing(RuntimeError("context lost")))
    hover(viewer, features, 0, 1, 4)
    hover(viewer, features, 0, 1, 3)
    assert len(warnings) == 1
    assert "context lost" in warnings[0]
    assert len(closed) == 1
    np.testing.assert_allclose(explorer.map_layer.data, expected_map(stack, (1, 3)), atol=CLOSE)


def test_error_on_the_cpu_is_raised_and_leaves_a_blank_and_rest(viewer, features, monkeypatch):
    explorer = Explorer(viewer)
    monkeypatch.setattr(CpuEngine, "parts", failing(MemoryError("full")))
    with pytest.raises(EmitLoopError, match="full"):
        hover(viewer, features, 0, 1, 4)
    assert explorer.is_idle
    assert np.isnan(explorer.map_layer.data).all()
    hover(viewer, features, 0, 1, 3)  # its like is reported once
    monkeypatch.undo()
    hover(viewer, features, 0, 1, 2)
    assert explorer.map_layer.data[1, 2] == 1.0


def test_closed_explorer_leaves_the_viewer_as_it_found_it(viewer, features):
    callbacks = list(viewer.mouse_move_callbacks)
    explorer = Explorer(viewer)
    similarity = explorer.map_layer
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
    assert explorer.map_layer is None


def test_explorer_opened_again_takes_over_the_map(viewer, features):
    Explorer(viewer).close()
    explorer = Explorer(viewer)
    assert [layer for layer in viewer.layers if MAP_KEY in layer.metadata] == [explorer.map_layer]
    assert explorer.map_layer in viewer.layers


def test_two_viewers_do_not_disturb_each_other(viewer, features, stack, add_stack):
    first = Explorer(viewer)
    other_viewer = ViewerModel()
    add_stack(other_viewer, stack)
    second = Explorer(other_viewer)
    first.state.base = 0.5
    second.state.base = 0.2
    hover(viewer, first.map_layer, 0, 1)
    hover(other_viewer, second.map_layer, 5, 4)
    assert first.map_layer.data[0, 1] == 1.0
    assert second.map_layer.data[5, 4] == 1.0
    assert first.map_layer.colormap.colors[0, 3] == pytest.approx(0.5)
    assert second.map_layer.colormap.colors[0, 3] == pytest.approx(0.2)


def test_single_feature_is_shown_by_name_and_stretched(viewer, features, stack):
    explorer = Explorer(viewer)
    explorer.state.feature = 4
    layer = explorer.map_layer
    np.testing.assert_array_equal(layer.data, stack.values[..., 4])
    assert layer.name == "feature 4"
    assert layer.contrast_limits == [stack.values[..., 4].min(), stack.values[..., 4].max()]


def test_similarity_comes_back_after_a_single_feature(viewer, features, stack):
    explorer = Explorer(viewer)
    explorer.state.threshold = 0.8
    before = explorer.map_layer.data.copy()
    explorer.state.feature = 4
    assert not np.isnan(explorer.map_layer.data).any()
    explorer.state.feature = None
    np.testing.assert_array_equal(explorer.map_layer.data, before)
    assert explorer.map_layer.name == "similarity"
    np.testing.assert_allclose(explorer.map_layer.contrast_limits_range, (0.0, 1.0), atol=0.01)


def test_feature_is_called_by_its_label(viewer, add_stack):
    values = np.random.default_rng(0).random((3, 4, 2)).astype(np.float32)
    labels = ("520 nm", "610 nm")
    add_stack(viewer, FeatureStack(values=values, name="spectral", feature_labels=labels))
    explorer = Explorer(viewer)
    explorer.state.feature = 1
    assert explorer.map_layer.name == "feature 610 nm"


def test_name_given_by_the_user_is_kept(viewer, features):
    explorer = Explorer(viewer)
    explorer.map_layer.name = "mine"
    explorer.state.feature = 4
    assert explorer.map_layer.name == "mine"


def test_hovered_feature_is_shown_for_a_while(viewer, features, stack):
    explorer = Explorer(viewer)
    explorer.state.feature = 4
    explorer.show_feature(2)
    np.testing.assert_array_equal(explorer.map_layer.data, stack.values[..., 2])
    explorer.show_feature(None)
    np.testing.assert_array_equal(explorer.map_layer.data, stack.values[..., 4])


def test_feature_that_is_chosen_while_another_is_hovered_is_shown(viewer, features, stack):
    explorer = Explorer(viewer)
    explorer.show_feature(2)
    explorer.state.feature = 4  # by napari's slider and its keys, say
    np.testing.assert_array_equal(explorer.map_layer.data, stack.values[..., 4])
    explorer.show_feature(3)
    np.testing.assert_array_equal(explorer.map_layer.data, stack.values[..., 3])


def test_mean_of_selected_features_is_shown_for_a_while(viewer, features, stack):
    explorer = Explorer(viewer)
    explorer.state.feature = 4
    explorer.show_features(slice(2, 6))
    mean = stack.values[..., 2:6].mean(axis=-1)
    np.testing.assert_allclose(explorer.map_layer.data, mean, rtol=1e-6)
    assert explorer.map_layer.name == "mean of features 2 to 5"
    explorer.show_feature(1)
    np.testing.assert_array_equal(explorer.map_layer.data, stack.values[..., 1])
    explorer.show_feature(None)
    np.testing.assert_allclose(explorer.map_layer.data, mean, rtol=1e-6)
    explorer.show_features(None)
    np.testing.assert_array_equal(explorer.map_layer.data, stack.values[..., 4])


def test_selected_features_end_with_their_stack(viewer, features, add_stack, stack):
    explorer = Explorer(viewer)
    explorer.show_features(slice(2, 6))
    add_stack(viewer, FeatureStack(values=stack.values, name="other"))
    assert explorer.map_layer.name == "similarity"


def test_single_feature_and_naparis_slider_stay_the_same(viewer, features):
    explorer = Explorer(viewer)
    explorer.state.feature = 4
    assert viewer.dims.current_step[0] == 4
    viewer.dims.set_current_step(0, 7)
    assert explorer.state.feature == 7
    assert explorer.map_layer.name == "feature 7"


def test_naparis_slider_shows_a_single_feature(viewer, features, stack):
    explorer = Explorer(viewer)
    viewer.dims.set_current_step(0, 7)
    assert explorer.state.feature == 7
    np.testing.assert_array_equal(explorer.map_layer.data, stack.values[..., 7])


def test_map_of_the_pins_stays_while_hovering(viewer, features, stack):
    explorer = Explorer(viewer)
    explorer.toggle_pin_at((1, 2))
    explorer.toggle_pin_at((5, 4))
    explorer.state.reference = ReferenceMode.BEST
    layer = explorer.map_layer
    assert layer.data[1, 2] == layer.data[5, 4] == 1.0
    before = layer.data.copy()
    hover(viewer, layer, 3, 3)
    np.testing.assert_array_equal(layer.data, before)
    assert explorer.pixel == (3, 3)


def test_map_follows_pins_that_are_moved(viewer, features, stack):
    explorer = Explorer(viewer)
    explorer.toggle_pin_at((1, 2))
    explorer.state.reference = ReferenceMode.MEAN
    viewer.layers["references"].data = [features.data_to_world((0, 4, 4))[1:]]
    np.testing.assert_allclose(explorer.map_layer.data, expected_map(stack, (4, 4)), atol=CLOSE)


def test_difference_is_like_the_ones_and_unlike_the_others(viewer, features, stack):
    explorer = Explorer(viewer)
    for pixel in [(1, 2), (5, 4), (3, 3)]:
        explorer.toggle_pin_at(pixel)
    explorer.pins.set_sign(2, -1)
    explorer.state.reference = ReferenceMode.BEST
    best = expected_map(stack, (1, 2), (5, 4))
    np.testing.assert_allclose(explorer.map_layer.data, best, atol=CLOSE)
    explorer.state.reference = ReferenceMode.DIFFERENCE
    difference = 0.5 + (best - expected_map(stack, (3, 3))) / 2
    np.testing.assert_allclose(explorer.map_layer.data, difference, atol=CLOSE)


def test_window_around_the_cursor_is_compared_with(viewer, features, stack):
    explorer = Explorer(viewer)
    explorer.state.window = 3
    values = stack.real_values(stack.values)
    for pixel, around in [((3, 2), np.s_[2:5, 1:4]), ((0, 4), np.s_[0:2, 3:5])]:
        explorer.show_pixel(pixel)
        mean = values[around].reshape(-1, values.shape[-1]).mean(axis=0)
        expected = SPECTRAL_ANGLE.definition(values, mean)
        np.testing.assert_allclose(explorer.map_layer.data, expected, atol=CLOSE)
    explorer.toggle_pin_at((3, 2))
    explorer.state.reference = ReferenceMode.BEST
    mean = values[2:5, 1:4].reshape(-1, values.shape[-1]).mean(axis=0)
    expected = SPECTRAL_ANGLE.definition(values, mean)
    np.testing.assert_allclose(explorer.map_layer.data, expected, atol=CLOSE)


def test_window_of_a_lazy_stack_is_read_in_the_background(viewer, add_stack, free_memory):
    stored = np.random.default_rng(0).random((6, 5, 3))
    scheduler = PatientScheduler()
    with free_memory(1):
        add_stack(viewer, FeatureStack(values=dask.array.from_array(stored, chunks=2), name="it"))
        explorer = Explorer(viewer, scheduler)
        scheduler.run()
    assert explorer.stack.is_lazy
    explorer.state.window = 3
    explorer.show_pixel((1, 1))
    scheduler.run_events()
    assert explorer.session.is_behind
    scheduler.run()
    assert not explorer.session.is_behind
    expected = SPECTRAL_ANGLE.definition(stored, stored[:3, :3].reshape(-1, 3).mean(axis=0))
    np.testing.assert_allclose(explorer.map_layer.data, expected, atol=CLOSE)


def test_without_pins_the_cursor_is_compared_with(viewer, features, stack):
    explorer = Explorer(viewer)
    explorer.state.reference = ReferenceMode.BEST
    hover(viewer, explorer.map_layer, 2, 2)
    assert explorer.map_layer.data[2, 2] == 1.0


def test_map_stays_active_when_pins_are_added(viewer, features):
    explorer = Explorer(viewer)
    explorer.toggle_pin_at((1, 2))
    assert viewer.layers.selection.active == explorer.map_layer
