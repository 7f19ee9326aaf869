from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import numpy as np
import pytest
from OpenGL import GL
from qtpy.QtGui import QOffscreenSurface, QOpenGLContext

from napari_ifealid import read_stack
from napari_ifealid._sample_data import chelsea
from napari_ifealid.engines import EngineUnavailableError, classes_of, find_renderer
from napari_ifealid.engines.gl_context import OffscreenContext
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.grid import whole_region
from napari_ifealid.layers import STACK_KEY
from napari_ifealid.measures import (
    COSINE,
    EUCLIDEAN,
    MEASURES,
    PEARSON,
    SPECTRAL_ANGLE,
    Background,
    Divergence,
    UsedFeatures,
)
from napari_ifealid.query import Query, Rule
from napari_ifealid.sharpening import (
    SharpEngine,
    SharpGpuEngine,
    SharpPixels,
    sharp_canvas,
    weight_steps,
)
from napari_ifealid.sharpening.sharp_visual import SharpVisual
from napari_ifealid.sharpness import Sharpness
from napari_ifealid.stack import FeatureStack

COARSE, FACTOR, FEATURES = (7, 9), 6, 12
IMAGE = COARSE[0] * FACTOR, COARSE[1] * FACTOR
WHOLE = whole_region(IMAGE)
REFERENCE = 20, 31
OF_PRODUCTS = [one for one in MEASURES if not isinstance(one.kernel, Divergence)]

with_each_measure = pytest.mark.parametrize("measure", OF_PRODUCTS, ids=lambda one: one.name)

Running = Callable[..., AbstractContextManager[tuple[SharpEngine, SharpGpuEngine]]]


def stack_of(values: np.ndarray) -> FeatureStack:
    """Return a stack with an image of few colours, whose outlines cross its pixels."""
    rng = np.random.default_rng(1)
    small = rng.integers(0, 255, (IMAGE[0] // 4 + 1, IMAGE[1] // 4 + 1, 3)).astype(np.uint8)
    image = small.repeat(4, axis=0).repeat(4, axis=1)[: IMAGE[0], : IMAGE[1]]
    return FeatureStack(values=values, name="sharp", overlay=image)


def some_values(dtype: type = np.uint8) -> np.ndarray:
    values = np.random.default_rng(0).integers(0, 256, (*COARSE, FEATURES))
    return values.astype(dtype)


def alike_values() -> np.ndarray:
    """Return vectors whose similarity exceeds 0.999 throughout."""
    rng = np.random.default_rng(0)
    lengths = rng.uniform(0.1, 10.0, (*COARSE, 1))
    directions = rng.random(FEATURES) + 1e-4 * rng.normal(size=(*COARSE, FEATURES))
    return lengths * directions


def sharp_pixels(stack: FeatureStack, pixels: PixelVectors, taps: int = 9) -> SharpPixels:
    *_, weights = weight_steps(pixels, Sharpness(taps=taps))
    return SharpPixels(stack, weights)


@pytest.fixture(scope="module")
def running(qapp) -> Running:
    """Runs the CPU's engine and the GPU's on a stack: `with running(stack) as (cpu, gpu)`."""
    if find_renderer() is None:
        pytest.skip("there is no OpenGL here")

    @contextmanager
    def run(stack: FeatureStack, max_side: int = 2048, taps: int = 9) -> Iterator:
        pixels = PixelVectors.of(stack)
        cpu = SharpEngine(sharp_pixels(stack, pixels, taps), pixels)
        gpu = SharpGpuEngine(cpu, max_side)
        list(gpu.upload())
        yield cpu, gpu
        gpu.close()

    return run


@pytest.fixture
def contexts(monkeypatch) -> list[OffscreenContext]:
    """Collect the contexts that engines make."""
    made = []

    class Recorded(OffscreenContext):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    monkeypatch.setattr(sharp_canvas, "OffscreenContext", Recorded)
    return made


def textures_in(context: OffscreenContext) -> int:
    """Return how many textures a context holds; a driver counts their names from 1."""
    with context.current():
        return sum(bool(GL.glIsTexture(name)) for name in range(1, 200))


def vector_at(stack: FeatureStack, cpu: SharpEngine, pixel: tuple[int, int]) -> np.ndarray:
    return SharpPixels(stack, cpu.weights).vector(pixel)


def assert_same(drawn: np.ndarray, expected: np.ndarray, atol: float = 2e-6) -> None:
    """Compare values, those beyond 1 by their share."""
    np.testing.assert_array_equal(np.isnan(drawn), np.isnan(expected))
    np.testing.assert_allclose(drawn, expected, atol=atol, rtol=atol)


@with_each_measure
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_map_is_that_of_the_cpu(running, measure, dtype):
    stack = stack_of(some_values(dtype))
    with running(stack) as (cpu, gpu):
        query = Query.to(vector_at(stack, cpu, REFERENCE), measure=measure)
        drawn = gpu.values(query, WHOLE)
        assert_same(drawn, cpu.values(query, WHOLE))
    assert drawn[REFERENCE] == measure.limits[1]


@with_each_measure
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_near_the_largest_keep_their_digits(running, measure, dtype):
    stack = stack_of(alike_values().astype(dtype))
    with running(stack) as (cpu, gpu):
        query = Query.to(vector_at(stack, cpu, REFERENCE), measure=measure)
        drawn = gpu.values(query, WHOLE)
        assert_same(drawn, cpu.values(query, WHOLE), atol=5e-6)
    assert drawn[REFERENCE] == measure.limits[1]


def test_angles_smaller_than_float32_has_digits_for_are_told_apart(running):
    values = np.ones((*COARSE, FEATURES)) + 1e-5 * np.random.default_rng(0).normal(
        size=(*COARSE, FEATURES)
    )
    stack = stack_of(values)
    with running(stack) as (cpu, gpu):
        query = Query.to(vector_at(stack, cpu, REFERENCE))
        drawn, expected = gpu.values(query, WHOLE), cpu.values(query, WHOLE)
    assert len(np.unique(expected)) > 50
    np.testing.assert_allclose(1 - drawn, 1 - expected, atol=3e-7)


@with_each_measure
def test_pixels_without_a_vector_have_no_value(running, measure):
    values = some_values(np.float32)
    values[2, 3, 4] = np.nan
    values[5, 5] = np.inf
    stack = stack_of(values)
    with running(stack) as (cpu, gpu):
        query = Query.to(vector_at(stack, cpu, REFERENCE), measure=measure)
        drawn = gpu.values(query, WHOLE)
        assert_same(drawn, cpu.values(query, WHOLE))
    assert 0 < np.isnan(drawn).sum() < drawn.size


@with_each_measure
@pytest.mark.parametrize(
    "region",
    [
        (slice(7, 9), slice(3, 30)),
        (slice(0, 1), slice(0, IMAGE[1])),
        (slice(11, 40), slice(53, 54)),
        (slice(5, 42), slice(0, 54)),
    ],
)
@pytest.mark.parametrize("step", [1, 3, 8])
def test_region_is_cut_out_of_the_map(running, measure, region, step):
    stack = stack_of(some_values())
    with running(stack, max_side=60) as (cpu, gpu):
        query = Query.to(vector_at(stack, cpu, REFERENCE), measure=measure)
        whole = cpu.values(query, WHOLE)
        rows, columns = (slice(part.start, part.stop, step) for part in region)
        assert_same(gpu.values(query, region, step), whole[rows, columns])


@pytest.mark.parametrize("max_side", [54, 55, 64, 100, 2048])
@pytest.mark.parametrize("taps", [1, 4, 9, 25])
def test_map_does_not_depend_on_the_number_of_blocks(running, max_side, taps):
    stack = stack_of(some_values())
    with running(stack, max_side, taps) as (cpu, gpu):
        query = Query.to(vector_at(stack, cpu, REFERENCE))
        assert_same(gpu.values(query, WHOLE), cpu.values(query, WHOLE))


@with_each_measure
@pytest.mark.parametrize("count", [2, 3, 8, 9, 20])
def test_best_of_several_references(running, measure, count):
    stack = stack_of(some_values())
    with running(stack) as (cpu, gpu):
        vectors = [vector_at(stack, cpu, (2 * number, number)) for number in range(count)]
        query = Query.to(*vectors, measure=measure)
        assert_same(gpu.values(query, WHOLE), cpu.values(query, WHOLE))


@with_each_measure
def test_several_references_on_a_stack_that_fills_a_texture(running, measure):
    stack = stack_of(some_values())
    with running(stack, max_side=54) as (cpu, gpu):
        vectors = [vector_at(stack, cpu, (number, number)) for number in range(10)]
        query = Query.to(*vectors, measure=measure)
        assert_same(gpu.values(query, WHOLE), cpu.values(query, WHOLE))


@with_each_measure
@pytest.mark.parametrize("rule", Rule)
def test_each_rule(running, measure, rule):
    stack = stack_of(some_values())
    with running(stack) as (cpu, gpu):
        like = [vector_at(stack, cpu, pixel) for pixel in (REFERENCE, (3, 4))]
        unlike = [vector_at(stack, cpu, (30, 12))] if rule is Rule.DIFFERENCE else []
        query = Query.to(*like, unlike=unlike, rule=rule, measure=measure)
        assert_same(gpu.values(query, WHOLE), cpu.values(query, WHOLE))


@with_each_measure
def test_features_that_are_not_used_count_for_nothing(running, measure):
    used = UsedFeatures(tuple(number % 3 != 1 for number in range(FEATURES)))
    stack = stack_of(some_values(np.float32))
    with running(stack) as (cpu, gpu):
        vector = vector_at(stack, cpu, REFERENCE)
        for one in (measure.over(used), measure, measure.over(used)):
            query = Query.to(vector, measure=one)
            drawn = gpu.values(query, WHOLE)
            assert_same(drawn, cpu.values(query, WHOLE))
            assert drawn[REFERENCE] == measure.limits[1]


@with_each_measure
def test_zero_vectors(running, measure):
    values = some_values()
    values[:3, :4] = 0
    stack = stack_of(values)
    with running(stack) as (cpu, gpu):
        vector, zero = vector_at(stack, cpu, REFERENCE), np.zeros(FEATURES)
        for vectors in ([vector], [zero], [vector, zero], [-vector, zero]):
            query = Query.to(*vectors, measure=measure)
            assert_same(gpu.values(query, WHOLE), cpu.values(query, WHOLE))


@with_each_measure
@pytest.mark.parametrize("size", [1e-30, 1e-10, 1e10, 1e30])
def test_values_of_any_size(running, measure, size):
    stack = stack_of(some_values(np.float64) * size)
    with running(stack) as (cpu, gpu):
        query = Query.to(vector_at(stack, cpu, REFERENCE), measure=measure)
        assert_same(gpu.values(query, WHOLE), cpu.values(query, WHOLE))


@pytest.mark.parametrize("measure", [SPECTRAL_ANGLE, EUCLIDEAN], ids=lambda one: one.name)
def test_dim_pixels_keep_their_digits_beside_bright_ones(running, measure):
    values = alike_values()
    values[:4] *= 1e-3
    stack = stack_of(values)
    with running(stack) as (cpu, gpu):
        query = Query.to(vector_at(stack, cpu, (5, 5)), measure=measure)
        assert_same(gpu.values(query, WHOLE), cpu.values(query, WHOLE), atol=2e-5)


@with_each_measure
def test_stack_without_a_spread(running, measure):
    stack = stack_of(np.ones((*COARSE, FEATURES)))
    with running(stack) as (cpu, gpu):
        for vector in (np.ones(FEATURES), np.arange(FEATURES)):
            query = Query.to(vector, measure=measure)
            assert_same(gpu.values(query, WHOLE), cpu.values(query, WHOLE))


def test_reference_that_is_not_finite_is_similar_to_nothing(running):
    with running(stack_of(some_values())) as (_, gpu):
        drawn = gpu.values(Query.to(np.full(FEATURES, np.nan)), WHOLE)
    assert np.isnan(drawn).all()


def test_one_measure_after_the_other(running):
    stack = stack_of(some_values())
    with running(stack) as (cpu, gpu):
        vector = vector_at(stack, cpu, REFERENCE)
        for measure in (*OF_PRODUCTS, *reversed(OF_PRODUCTS)):
            query = Query.to(vector, measure=measure)
            assert_same(gpu.values(query, WHOLE), cpu.values(query, WHOLE))


def test_parts_are_one_map_of_the_region(running):
    stack = stack_of(some_values())
    region = (slice(3, 20), slice(5, 50))
    with running(stack) as (cpu, gpu):
        query = Query.to(vector_at(stack, cpu, REFERENCE))
        ((place, values),) = gpu.parts(query, region)
        assert gpu.part_count(region) == 1
        np.testing.assert_array_equal(values, gpu.values(query, region))
    assert place == region


def test_classes_and_features_are_those_of_the_cpu(running):
    stack = stack_of(some_values())
    with running(stack) as (cpu, gpu):
        query = Query.to(*(vector_at(stack, cpu, (number, 5)) for number in range(3)))
        ours, theirs = (classes_of(engine, query, WHOLE) for engine in (gpu, cpu))
        np.testing.assert_array_equal(ours.numbers, theirs.numbers)
        ((_, mine),), ((_, other),) = (
            list(engine.feature_parts(range(2, 5), WHOLE)) for engine in (gpu, cpu)
        )
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda one: one.name)
def test_what_the_cpu_refuses_is_refused(running, measure):
    with running(stack_of(some_values())) as (cpu, gpu):
        assert gpu.refusal(measure) == cpu.refusal(measure)


@with_each_measure
def test_engine_prepared_in_another_thread_draws_at_once(running, measure):
    stack = stack_of(some_values())
    with running(stack) as (cpu, gpu):
        assert not gpu.is_prepared(measure)
        with ThreadPoolExecutor() as thread:
            steps = thread.submit(lambda: list(gpu.preparation_steps(measure))).result()
        assert len(steps) == gpu.preparation_step_count(measure)
        assert gpu.is_prepared(measure)
        query = Query.to(vector_at(stack, cpu, REFERENCE), measure=measure)
        assert_same(gpu.values(query, WHOLE), cpu.values(query, WHOLE))


def test_upload_ends_with_all_rows_there(qapp, monkeypatch):
    monkeypatch.setattr(sharp_canvas, "_SLICE", 60)
    stack = stack_of(some_values())
    pixels = PixelVectors.of(stack)
    engine = SharpGpuEngine(SharpEngine(sharp_pixels(stack, pixels), pixels), 60)
    shares = list(engine.upload())
    engine.close()
    assert shares == sorted(shares)
    assert len(set(shares)) > 10
    assert (shares[0], shares[-1]) == (0, 1)


def test_image_wider_than_a_texture_is_unavailable(qapp):
    stack = stack_of(some_values())
    pixels = PixelVectors.of(stack)
    cpu = SharpEngine(sharp_pixels(stack, pixels), pixels)
    with pytest.raises(EngineUnavailableError, match="54 pixels do not fit a texture of 53"):
        SharpGpuEngine(cpu, 53)


def test_gpu_without_enough_memory_is_unavailable(qapp, monkeypatch):
    stack = stack_of(some_values())
    pixels = PixelVectors.of(stack)
    engine = SharpGpuEngine(SharpEngine(sharp_pixels(stack, pixels), pixels), 2048)
    with monkeypatch.context() as patch:
        patch.setattr("vispy.gloo.gl.glGetError", lambda: 0x0505)
        with pytest.raises(EngineUnavailableError, match="0x0505 while loading the weights"):
            next(engine.upload())
    engine.close()


@pytest.mark.parametrize("measure", [SPECTRAL_ANGLE, EUCLIDEAN], ids=lambda one: one.name)
@pytest.mark.parametrize("value", [0.0, 0.9, np.nan, np.inf])
def test_no_map_is_shown_that_a_driver_draws_wrongly(running, monkeypatch, measure, value):
    def nonsense(viewport, **_) -> np.ndarray:
        return np.full((viewport[3], viewport[2], 4), value, np.float32)

    stack = stack_of(some_values())
    with running(stack) as (cpu, gpu):
        query = Query.to(vector_at(stack, cpu, REFERENCE), measure=measure)
        monkeypatch.setattr("vispy.gloo.read_pixels", nonsense)
        with pytest.raises(EngineUnavailableError, match="its map is off by"):
            gpu.values(query, WHOLE)


@pytest.mark.parametrize("region", [WHOLE, (slice(7, 9), slice(3, 30))])
def test_no_map_is_shown_once_the_textures_are_blank(running, contexts, region):
    stack = stack_of(some_values())
    with running(stack) as (cpu, gpu):
        query = Query.to(vector_at(stack, cpu, REFERENCE))
        gpu.values(query, region)
        with contexts[0].current():
            for taps, terms in gpu._canvas._textures:
                for one in (taps, terms):
                    one.set_data(np.zeros(one.shape, np.float32))
        with pytest.raises(EngineUnavailableError, match="its map is off by"):
            gpu.values(query, region)


def test_engine_of_a_lost_context_is_unavailable(running, monkeypatch):
    stack = stack_of(some_values())
    with running(stack) as (cpu, gpu):
        query = Query.to(vector_at(stack, cpu, REFERENCE))
        with monkeypatch.context() as patch:
            patch.setattr(QOpenGLContext, "makeCurrent", lambda *_: False)
            with pytest.raises(EngineUnavailableError, match="OpenGL context"):
                gpu.values(query, WHOLE)
        assert_same(gpu.values(query, WHOLE), cpu.values(query, WHOLE))


def test_close_gives_all_textures_up(running, contexts):
    stack = stack_of(some_values())
    with running(stack, max_side=60) as (cpu, gpu):
        gpu.values(Query.to(vector_at(stack, cpu, REFERENCE)), WHOLE)
        held = textures_in(contexts[0])
        gpu.close()
        assert held > 5
        assert textures_in(contexts[0]) == 0


def test_context_that_was_current_stays_current(running):
    surface, foreign = QOffscreenSurface(), QOpenGLContext()
    surface.create()
    assert foreign.create()
    stack = stack_of(some_values())
    with running(stack) as (cpu, gpu):
        assert foreign.makeCurrent(surface)
        gpu.values(Query.to(vector_at(stack, cpu, REFERENCE)), WHOLE)
        assert QOpenGLContext.currentContext() == foreign
    assert QOpenGLContext.currentContext() == foreign
    foreign.doneCurrent()


def test_memory_is_that_of_the_textures_and_of_the_weights(running):
    with running(stack_of(some_values())) as (cpu, gpu):
        assert gpu.memory == cpu.memory + 4 * 16 * IMAGE[0] * IMAGE[1]


@pytest.mark.parametrize(("count", "passes"), [(1, 1), (8, 1), (9, 2), (20, 3)])
def test_up_to_eight_references_are_drawn_in_one_pass(running, monkeypatch, count, passes):
    drawn = []
    draw = SharpVisual.draw
    monkeypatch.setattr(SharpVisual, "draw", lambda visual: (drawn.append(visual), draw(visual)))
    stack = stack_of(some_values())
    with running(stack) as (cpu, gpu):
        gpu.values(Query.to(*(vector_at(stack, cpu, (n, n)) for n in range(count))), WHOLE)
    assert len(drawn) == passes


@pytest.mark.parametrize("name", ["C1", "C3"])
def test_maps_of_real_stacks_are_those_of_explicit_upsampling(running, shared_data, name):
    stack = read_stack(shared_data / f"000000015746.jpg.{name}.npz.8.zip")
    assert_maps_are_those_of_explicit_upsampling(running, stack)


@pytest.mark.parametrize("layer", range(3))
def test_maps_of_the_sample_are_those_of_explicit_upsampling(running, layer):
    metadata = [data[1]["metadata"] for data in chelsea() if data[0].ndim == 3]
    stacks = [one[STACK_KEY] for one in metadata if STACK_KEY in one]
    distinct = list({id(stack): stack for stack in stacks}.values())
    assert_maps_are_those_of_explicit_upsampling(running, distinct[layer])


def assert_maps_are_those_of_explicit_upsampling(running: Running, stack: FeatureStack) -> None:
    """Compare 200 pixels of an image with the definition of measures, in float64."""
    real = stack.real_values(stack.values.reshape(-1, stack.feature_count))
    background = Background.of(real)
    with running(stack, max_side=8192) as (cpu, gpu):
        weights = cpu.weights
        rng = np.random.default_rng(0)
        numbers = rng.choice(np.flatnonzero(~weights.is_void.ravel()), 200, replace=False)
        vectors = weights.rows(numbers) @ real
        for measure in (SPECTRAL_ANGLE, COSINE, PEARSON, EUCLIDEAN):
            for reference in vectors[:3]:
                query = Query.to(reference, measure=measure)
                expected = measure.values(vectors, reference, background)
                for engine in (cpu, gpu):
                    values = engine.values(query, whole_region(weights.image_shape))
                    np.testing.assert_allclose(values.ravel()[numbers], expected, atol=5e-5)
