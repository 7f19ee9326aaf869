from __future__ import annotations

import numpy as np
import pytest
from OpenGL import GL
from qtpy.QtGui import QOpenGLContext
from vispy.gloo.context import get_current_canvas

from napari_ifealid.engines import EngineUnavailableError, gpu
from napari_ifealid.engines.gl_context import OffscreenContext
from napari_ifealid.engines.gpu import GpuEngine
from napari_ifealid.engines.pixels import PixelVectors
from napari_ifealid.metrics import spectral_angle_similarity
from napari_ifealid.stack import FeatureStack

pytestmark = pytest.mark.usefixtures("qapp")

VALUES = np.random.default_rng(0).integers(0, 256, (30, 40, 10), np.uint8)
STACK = FeatureStack(values=VALUES, name="x")
EXPECTED = spectral_angle_similarity(VALUES, VALUES[3, 4])


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
        similarity = engine.similarity_map(VALUES[3, 4])
    np.testing.assert_allclose(similarity, EXPECTED, atol=1e-5)


@pytest.mark.parametrize("features", [4 * 2048, 4 * 2048 - 1])
def test_as_many_features_as_a_texture_is_wide(running_gpu, features):
    values = np.random.default_rng(0).normal(size=(2, 3, features)).astype(np.float32)
    with running_gpu(FeatureStack(values=values, name="x"), 2048) as engine:
        similarity = engine.similarity_map(values[0, 1])
    np.testing.assert_allclose(
        similarity, spectral_angle_similarity(values, values[0, 1]), atol=5e-5
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
        patch.setattr(gpu.gl, "glGetError", lambda: 0x0505)
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
    engine.similarity_map(VALUES[3, 4])
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


def test_another_engine_starts_after_one_was_closed(running_gpu):
    for _ in range(3):
        with running_gpu(STACK) as engine:
            np.testing.assert_allclose(engine.similarity_map(VALUES[3, 4]), EXPECTED, atol=1e-5)


def test_closing_one_engine_leaves_another_at_work(running_gpu):
    with running_gpu(STACK) as lasting:
        with running_gpu(FeatureStack(values=255 - VALUES, name="y")) as engine:
            engine.similarity_map(VALUES[3, 4])
        np.testing.assert_allclose(lasting.similarity_map(VALUES[3, 4]), EXPECTED, atol=1e-5)


def test_context_that_was_current_stays_current_at_the_start(make_foreign_current, running_gpu):
    foreign = make_foreign_current()
    with running_gpu(STACK):
        assert QOpenGLContext.currentContext() == foreign


def test_context_that_was_current_stays_current_after_a_map(make_foreign_current, running_gpu):
    with running_gpu(STACK) as engine:
        foreign = make_foreign_current()
        engine.similarity_map(VALUES[3, 4])
        assert QOpenGLContext.currentContext() == foreign


def test_context_that_was_current_stays_current_at_the_end(make_foreign_current, running_gpu):
    with running_gpu(STACK):
        foreign = make_foreign_current()
    assert QOpenGLContext.currentContext() == foreign


def test_canvas_that_was_current_stays_current(running_gpu):
    before = get_current_canvas()
    with running_gpu(STACK) as engine:
        engine.similarity_map(VALUES[3, 4])
    assert get_current_canvas() is before


def test_engine_of_a_lost_context_is_unavailable(running_gpu, monkeypatch):
    with running_gpu(STACK) as engine:
        with monkeypatch.context() as patch:
            patch.setattr(QOpenGLContext, "makeCurrent", lambda *_: False)
            with pytest.raises(EngineUnavailableError, match="OpenGL context"):
                engine.similarity_map(VALUES[3, 4])
        np.testing.assert_allclose(engine.similarity_map(VALUES[3, 4]), EXPECTED, atol=1e-5)
