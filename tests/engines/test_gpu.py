from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from OpenGL import GL
from qtpy.QtGui import QOpenGLContext
from vispy.gloo.context import get_current_canvas

from napari_ifealid.engines import EngineUnavailableError, gpu
from napari_ifealid.engines.gl_context import OffscreenContext
from napari_ifealid.engines.gpu import GpuEngine
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.engines.similarity_visual import MOST_REFERENCES, SimilarityVisual
from napari_ifealid.grid import Region, whole_region
from napari_ifealid.measures import COSINE, EUCLIDEAN, SPECTRAL_ANGLE, UsedFeatures
from napari_ifealid.query import Query
from napari_ifealid.stack import FeatureStack

pytestmark = pytest.mark.usefixtures("qapp")

VALUES = np.random.default_rng(0).integers(0, 256, (30, 40, 10), np.uint8)
STACK = FeatureStack(values=VALUES, name="x")
REGION = whole_region(STACK.spatial_shape)
QUERY = Query.to(VALUES[3, 4])
EXPECTED = SPECTRAL_ANGLE.definition(VALUES, VALUES[3, 4])


def map_of(engine: GpuEngine, query: Query = QUERY, region: Region = REGION) -> np.ndarray:
    ((_, values),) = engine.parts(query, region)
    return values


def textures_in(context: OffscreenContext) -> int:
    """Return how many textures a context holds; a driver counts their names from 1."""
    with context.current():
        return sum(bool(GL.glIsTexture(name)) for name in range(1, 200))


def texture_bytes_in(context: OffscreenContext) -> int:
    """Return the bytes of the textures in a context, which have four channels each."""
    total = 0
    with context.current():
        for name in filter(GL.glIsTexture, range(1, 200)):
            GL.glBindTexture(GL.GL_TEXTURE_2D, name)
            width, height, bits = (
                int(GL.glGetTexLevelParameteriv(GL.GL_TEXTURE_2D, 0, key))
                for key in (GL.GL_TEXTURE_WIDTH, GL.GL_TEXTURE_HEIGHT, GL.GL_TEXTURE_RED_SIZE)
            )
            total += width * height * bits // 2
    return total


@pytest.fixture
def contexts(monkeypatch) -> list[OffscreenContext]:
    """Collect the contexts that engines make."""
    made = []

    class Recorded(OffscreenContext):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    monkeypatch.setattr(gpu, "OffscreenContext", Recorded)
    return made


@pytest.mark.parametrize("max_side", [4, 5, 16, 64, 2048])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_map_does_not_depend_on_the_number_of_blocks(running_gpu, max_side, dtype):
    with running_gpu(FeatureStack(values=VALUES.astype(dtype), name="x"), max_side) as engine:
        similarity = map_of(engine)
    np.testing.assert_allclose(similarity, EXPECTED, atol=1e-5)


@pytest.mark.parametrize("features", [4 * 2048, 4 * 2048 - 1])
def test_as_many_features_as_a_texture_is_wide(running_gpu, features):
    values = np.random.default_rng(0).normal(size=(2, 3, features)).astype(np.float32)
    with running_gpu(FeatureStack(values=values, name="x"), 2048) as engine:
        similarity = map_of(engine, Query.to(values[0, 1]), whole_region((2, 3)))
    np.testing.assert_allclose(
        similarity, SPECTRAL_ANGLE.definition(values, values[0, 1]), atol=5e-5
    )


@pytest.mark.parametrize("max_side", [1, 2, 3])
def test_more_features_than_a_texture_is_wide_are_unavailable(max_side):
    with pytest.raises(EngineUnavailableError, match="10 features"):
        GpuEngine(PixelVectors.of(STACK), max_side)


def test_upload_ends_with_all_pixels_there():
    engine = GpuEngine(PixelVectors.of(STACK), 16)
    shares = list(engine.upload())
    engine.close()
    assert shares == sorted(shares)
    assert len(set(shares)) > 10
    assert (shares[0], shares[-1]) == (0, 1)


def test_memory_is_asked_for_before_the_upload(contexts):
    engine = GpuEngine(PixelVectors.of(STACK), 16)
    steps = engine.upload()
    while next(steps) == 0:
        held = texture_bytes_in(contexts[0])
    engine.close()
    assert held == engine.memory


def test_gpu_without_enough_memory_is_unavailable(monkeypatch):
    engine = GpuEngine(PixelVectors.of(STACK), 2048)
    with monkeypatch.context() as patch:
        patch.setattr("vispy.gloo.gl.glGetError", lambda: 0x0505)
        with pytest.raises(EngineUnavailableError, match="0x0505"):
            next(engine.upload())
    engine.close()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64, np.float64])
@pytest.mark.parametrize("max_side", [16, 2048])
def test_memory_is_that_of_the_textures_uploaded(contexts, running_gpu, dtype, max_side):
    with running_gpu(FeatureStack(values=VALUES.astype(dtype), name="x"), max_side) as engine:
        assert engine.memory == texture_bytes_in(contexts[0])


def test_close_gives_all_textures_up(contexts):
    engine = GpuEngine(PixelVectors.of(STACK), 16)
    list(engine.upload())
    map_of(engine)
    held = textures_in(contexts[0])
    engine.close()
    assert held > 10
    assert textures_in(contexts[0]) == 0


def test_close_amid_an_upload_gives_all_textures_up(contexts):
    engine = GpuEngine(PixelVectors.of(STACK), 16)
    steps = engine.upload()
    while next(steps) == 0:
        pass
    held = textures_in(contexts[0])
    engine.close()
    assert held > 10
    assert textures_in(contexts[0]) == 0


def test_textures_of_features_used_before_are_given_up_where_maps_are_made(contexts, running_gpu):
    uses = [UsedFeatures(tuple(number != left_out for number in range(10))) for left_out in (2, 5)]
    measures = [SPECTRAL_ANGLE.over(used) for used in uses]
    with running_gpu(STACK, 2048) as engine:
        map_of(engine, Query.to(VALUES[3, 4], measure=measures[0]))
        before = textures_in(contexts[-1])
        with ThreadPoolExecutor() as thread:
            thread.submit(lambda: list(engine.preparation_steps(measures[1]))).result()
        similarity = map_of(engine, Query.to(VALUES[3, 4], measure=measures[1]))
        after = textures_in(contexts[-1])
    expected = SPECTRAL_ANGLE.definition(uses[1].taken(VALUES), uses[1].taken(VALUES[3, 4]))
    np.testing.assert_allclose(similarity, expected, atol=1e-5)
    assert after == before


def test_another_engine_starts_after_one_was_closed(running_gpu):
    for _ in range(3):
        with running_gpu(STACK) as engine:
            np.testing.assert_allclose(map_of(engine), EXPECTED, atol=1e-5)


def test_closing_one_engine_leaves_another_at_work(running_gpu):
    with running_gpu(STACK) as lasting:
        with running_gpu(FeatureStack(values=255 - VALUES, name="y")) as engine:
            map_of(engine)
        np.testing.assert_allclose(map_of(lasting), EXPECTED, atol=1e-5)


def test_context_that_was_current_stays_current_at_the_start(make_foreign_current, running_gpu):
    foreign = make_foreign_current()
    with running_gpu(STACK):
        assert QOpenGLContext.currentContext() == foreign


def test_context_that_was_current_stays_current_after_a_map(make_foreign_current, running_gpu):
    with running_gpu(STACK) as engine:
        foreign = make_foreign_current()
        map_of(engine)
        assert QOpenGLContext.currentContext() == foreign


def test_context_that_was_current_stays_current_at_the_end(make_foreign_current, running_gpu):
    with running_gpu(STACK):
        foreign = make_foreign_current()
    assert QOpenGLContext.currentContext() == foreign


def test_canvas_that_was_current_stays_current(running_gpu):
    before = get_current_canvas()
    with running_gpu(STACK) as engine:
        map_of(engine)
    assert get_current_canvas() is before


def test_engine_of_a_lost_context_is_unavailable(running_gpu, monkeypatch):
    with running_gpu(STACK) as engine:
        with monkeypatch.context() as patch:
            patch.setattr(QOpenGLContext, "makeCurrent", lambda *_: False)
            with pytest.raises(EngineUnavailableError, match="OpenGL context"):
                map_of(engine)
        np.testing.assert_allclose(map_of(engine), EXPECTED, atol=1e-5)


def blank_textures_in(context: OffscreenContext) -> None:
    """Fill all textures with zeros behind the engine's back, as a lost context does."""
    with context.current():
        for name in filter(GL.glIsTexture, range(1, 200)):
            GL.glBindTexture(GL.GL_TEXTURE_2D, name)
            width, height = (
                int(GL.glGetTexLevelParameteriv(GL.GL_TEXTURE_2D, 0, key))
                for key in (GL.GL_TEXTURE_WIDTH, GL.GL_TEXTURE_HEIGHT)
            )
            zeros = np.zeros((height, width, 4), np.float32)
            GL.glTexSubImage2D(
                GL.GL_TEXTURE_2D, 0, 0, 0, width, height, GL.GL_RGBA, GL.GL_FLOAT, zeros
            )


@pytest.mark.parametrize("measure", [SPECTRAL_ANGLE, COSINE], ids=lambda measure: measure.name)
@pytest.mark.parametrize(
    "region", [REGION, (slice(7, 9), slice(0, 40)), (slice(7, 9), slice(3, 30))]
)
def test_no_map_is_shown_once_the_textures_are_blank(contexts, running_gpu, measure, region):
    query = Query.to(VALUES[3, 4], measure=measure)
    with running_gpu(STACK) as engine:
        map_of(engine, query, region)
        blank_textures_in(contexts[0])
        with pytest.raises(EngineUnavailableError, match="its map is off by"):
            map_of(engine, query, region)


@pytest.mark.parametrize("value", [0.0, 0.9, np.nan, np.inf])
def test_no_map_is_shown_that_a_driver_draws_wrongly(running_gpu, monkeypatch, value):
    def nonsense(viewport, **_) -> np.ndarray:
        return np.full((viewport[3], viewport[2], 4), value, np.float32)

    with running_gpu(STACK) as engine:
        monkeypatch.setattr("vispy.gloo.read_pixels", nonsense)
        with pytest.raises(EngineUnavailableError, match="its map is off by"):
            map_of(engine)


def test_no_map_is_shown_that_is_wrong_in_a_part_only(running_gpu, monkeypatch):
    read_pixels = gpu.gloo.read_pixels

    def half(*arguments, **keywords) -> np.ndarray:
        fragments = read_pixels(*arguments, **keywords).copy()
        fragments[: len(fragments) // 2] = 0
        return fragments

    with running_gpu(STACK) as engine:
        monkeypatch.setattr("vispy.gloo.read_pixels", half)
        with pytest.raises(EngineUnavailableError, match="its map is off by"):
            map_of(engine)


def test_test_of_an_engine_that_works_passes(running_gpu):
    values = VALUES.astype(float)
    values[0, :5], values[1, :5] = 0, np.nan
    with running_gpu(FeatureStack(values=values, name="x")) as engine:
        engine.test()


def test_test_of_an_engine_with_blank_textures_fails(contexts, running_gpu):
    with running_gpu(STACK) as engine:
        blank_textures_in(contexts[0])
        with pytest.raises(EngineUnavailableError, match="its map is off by"):
            engine.test()


def test_map_of_zeros_is_not_taken_for_a_failure(running_gpu):
    values = np.zeros((6, 7, 4), np.uint8)
    values[..., 0] = 1
    with running_gpu(FeatureStack(values=values, name="x")) as engine:
        unlike = map_of(engine, Query.to(np.array([0, 1, 0, 0])), whole_region((6, 7)))
    np.testing.assert_array_equal(unlike, 0)


def test_closing_twice_is_closing_once(contexts):
    engine = GpuEngine(PixelVectors.of(STACK), 16)
    list(engine.upload())
    map_of(engine)
    engine.close()
    engine.close()
    assert textures_in(contexts[0]) == 0


def test_engine_of_a_lost_context_can_be_closed(monkeypatch):
    engine = GpuEngine(PixelVectors.of(STACK), 16)
    list(engine.upload())
    with monkeypatch.context() as patch:
        patch.setattr(QOpenGLContext, "makeCurrent", lambda *_: False)
        engine.close()


@pytest.fixture
def drawn(monkeypatch) -> list[int]:
    """Collect how many references each block was drawn for."""
    sizes = []
    draw = SimilarityVisual.draw

    def counted(visual: SimilarityVisual) -> None:
        sizes.append(visual._references.shape[0])
        draw(visual)

    monkeypatch.setattr(SimilarityVisual, "draw", counted)
    return sizes


@pytest.mark.parametrize("count", range(1, MOST_REFERENCES + 1))
def test_several_references_are_drawn_in_one_pass(running_gpu, drawn, count):
    query = Query.to(*VALUES[:count, 4])
    with running_gpu(STACK) as engine:
        values = map_of(engine, query)
    assert len(drawn) == 1
    expected = np.max([SPECTRAL_ANGLE.definition(VALUES, one) for one in query.vectors], axis=0)
    np.testing.assert_allclose(values, expected, atol=1e-5)


@pytest.mark.parametrize("measure", [SPECTRAL_ANGLE, COSINE], ids=lambda measure: measure.name)
@pytest.mark.parametrize(("count", "passes"), [(9, 2), (16, 2), (19, 3)])
def test_more_references_than_a_pass_has_take_several(running_gpu, drawn, measure, count, passes):
    query = Query.to(*VALUES[:count, 4], np.zeros(10), measure=measure)
    with running_gpu(STACK) as engine:
        values = map_of(engine, query)
    assert len(drawn) == passes
    expected = np.max([measure.definition(VALUES, one) for one in query.vectors], axis=0)
    np.testing.assert_allclose(values, expected, atol=5e-5)


def test_few_shaders_are_compiled(monkeypatch, running_gpu):
    made = []

    class Counted(SimilarityVisual):
        def __init__(self, *arguments) -> None:
            made.append(arguments[1:])
            super().__init__(*arguments)

    monkeypatch.setattr(gpu, "SimilarityVisual", Counted)
    with running_gpu(STACK) as engine:
        for count in (*range(1, 12), 3, 1):
            for measure in (SPECTRAL_ANGLE, COSINE):
                map_of(engine, Query.to(*VALUES[:count, 4], measure=measure))
    assert sorted(size for *_, size in made) == [1, 1, 2, 2, 4, 4, 8, 8]


@pytest.mark.parametrize("max_side", [8, 16, 2048])
def test_only_blocks_that_have_pixels_of_a_region_are_drawn(running_gpu, drawn, max_side):
    pixels = PixelVectors.of(STACK)
    layout = gpu.BlockLayout.of(pixels.pixel_count, pixels.feature_count, max_side)
    region = (slice(3, 4), slice(0, 40))
    blocks = [b for b in layout.blocks if b.start < 4 * 40 and b.stop > 3 * 40]
    with running_gpu(STACK, max_side) as engine:
        np.testing.assert_allclose(map_of(engine, QUERY, region), EXPECTED[3:4], atol=1e-5)
    assert len(drawn) == len(blocks)


@pytest.mark.filterwarnings("error")
def test_distances_in_a_stack_of_zeros_are_those_of_the_definition(running_gpu):
    stack = FeatureStack(values=np.zeros((3, 4, 2), np.float32), name="zeros")
    one, zero = (Query.to(np.array([0.0, x]), measure=EUCLIDEAN) for x in (1.0, 0.0))
    whole = (slice(0, 3), slice(0, 4))
    with running_gpu(stack) as engine:
        np.testing.assert_allclose(map_of(engine, one, whole), 0.0, atol=1e-6)
        np.testing.assert_array_equal(map_of(engine, zero, whole), 1.0)


def test_query_without_a_direction_needs_no_drawing(running_gpu, drawn):
    with running_gpu(STACK) as engine:
        assert np.isnan(map_of(engine, Query.to(np.full(10, np.nan)))).all()
        np.testing.assert_array_equal(map_of(engine, Query.to(np.zeros(10))), 0)
    assert drawn == []


def test_memory_stays_the_same_while_maps_are_made(running_gpu):
    with running_gpu(STACK) as engine:
        before = engine.memory
        map_of(engine, Query.to(*VALUES[:5, 4]), (slice(1, 3), slice(2, 9)))
        assert engine.memory == before
