"""The GPU engine beside a shader that works as the web application's, on the same driver."""

from __future__ import annotations

import numpy as np
import pytest
from vispy import gloo

from maps import map_of
from napari_ifealid.engines import find_renderer
from napari_ifealid.engines.gl_context import OffscreenContext
from napari_ifealid.engines.gpu import GpuEngine
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.engines.prepared_query import PreparedQuery
from napari_ifealid.engines.similarity_visual import SimilarityVisual, texture
from napari_ifealid.engines.texture_blocks import BlockLayout, pack_slices
from napari_ifealid.measures import SPECTRAL_ANGLE, spectral_angle_similarity
from napari_ifealid.query import Query
from web_application_shader import WebApplicationEngine, WebApplicationVisual

SHAPES = [(160, 106, 256), (40, 26, 1024), (256, 512, 256)]
LARGE = (256, 512, 256)
PIXEL = 7, 5


@pytest.fixture(scope="module")
def max_side(qapp) -> int:
    return find_renderer().max_texture_side


def run_draw(benchmark, context, visual, width, height) -> None:
    """Measure drawing to the end, without reading back."""
    with context.current():
        frame = gloo.FrameBuffer(texture((height, width, 4), "rgba32f"))
        with frame:
            gloo.set_viewport(0, 0, width, height)

            def draw() -> None:
                visual.draw()
                gloo.finish()

            benchmark(draw)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_map_of_the_web_application(benchmark, make_stack, max_side, shape):
    benchmark.group = f"GPU map {shape}"
    values = make_stack(shape).values
    engine = WebApplicationEngine(values, max_side)
    similarity = benchmark(engine.similarity_map, PIXEL)
    expected = spectral_angle_similarity(values, values[PIXEL])
    np.testing.assert_allclose(similarity, expected, atol=5e-4)  # the arc cosine's loss near 1


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_map_of_the_engine(benchmark, make_stack, max_side, shape):
    benchmark.group = f"GPU map {shape}"
    stack = make_stack(shape)
    engine = GpuEngine(PixelVectors.of(stack), max_side)
    list(engine.upload())
    similarity = benchmark(map_of, engine, stack, PIXEL)
    engine.close()
    expected = spectral_angle_similarity(stack.values, stack.values[PIXEL])
    np.testing.assert_allclose(similarity, expected, atol=5e-5)


def test_draw_of_the_web_application(benchmark, make_stack, max_side):
    benchmark.group = f"GPU draw {LARGE}"
    context = OffscreenContext()
    with context.current():
        visual = WebApplicationVisual(make_stack(LARGE).values, max_side)
        visual.set_reference(PIXEL)
    run_draw(benchmark, context, visual, LARGE[1], LARGE[0])


def test_draw_of_the_engine(benchmark, make_stack, max_side):
    benchmark.group = f"GPU draw {LARGE}"
    stack = make_stack(LARGE)
    pixels = PixelVectors.of(stack)
    layout = BlockLayout.of(pixels.pixel_count, pixels.feature_count, max_side)
    features = np.concatenate([piece.features for piece in pack_slices(pixels, layout)])
    lengths = layout.pack_scalars(pixels.inverse_lengths)
    units = PreparedQuery.of(Query.to(stack.vector(PIXEL)), SPECTRAL_ANGLE.kernel).units
    context = OffscreenContext()
    with context.current():
        visual = SimilarityVisual(layout, SPECTRAL_ANGLE.kernel.shader, False, 1)
        visual.set_block(texture(features, "rgba8"), texture(lengths, "rgba32f"))
        visual.set_references(units, has_zero=False)
    run_draw(benchmark, context, visual, layout.width, layout.height)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_upload(benchmark, make_stack, max_side, dtype):
    benchmark.group = f"GPU upload {LARGE}"
    pixels = PixelVectors.of(make_stack(LARGE, dtype))

    def upload() -> None:
        engine = GpuEngine(pixels, max_side)
        list(engine.upload())
        engine.close()

    benchmark(upload)
