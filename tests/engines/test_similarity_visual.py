from __future__ import annotations

import numpy as np
import pytest
from vispy import gloo

from napari_ifealid.engines.gl_context import OffscreenContext
from napari_ifealid.engines.similarity_visual import SimilarityVisual
from napari_ifealid.engines.texture_blocks import BlockLayout
from napari_ifealid.metrics import spectral_angle_similarity

pytestmark = pytest.mark.usefixtures("qapp")

LAYOUT = BlockLayout(pixel_count=24, feature_count=6, width=3, height=2)
IN_GROUPS = BlockLayout(pixel_count=24, feature_count=6, width=4, height=2)
RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(24, 6)).astype(np.float32)
REFERENCES = RNG.normal(size=(2, 6))


def texture(data: np.ndarray) -> gloo.Texture2D:
    return gloo.Texture2D(data, interpolation="nearest", internalformat="rgba32f")


def inverse_lengths(vectors: np.ndarray) -> np.ndarray:
    return (1 / np.linalg.norm(vectors, axis=-1)).astype(np.float32)


def draw(layout, vectors, lengths, references) -> list[np.ndarray]:
    """Return the similarities that one visual draws for each reference in turn."""
    drawn = []
    viewport = (0, 0, layout.width, layout.height)
    context = OffscreenContext()
    with context.current():
        visual = SimilarityVisual(layout)
        features = np.zeros((layout.capacity, layout.feature_count), np.float32)
        features[: len(vectors)] = vectors
        visual.set_block(
            texture(layout.pack_vectors(features)), texture(layout.pack_scalars(lengths))
        )
        target = texture(np.zeros((layout.height, layout.width, 4), np.float32))
        with gloo.FrameBuffer(target):
            gloo.set_viewport(*viewport)
            for reference in references:
                unit = (reference / np.linalg.norm(reference)).astype(np.float32)
                visual.set_reference(texture(layout.pack_reference(unit)))
                visual.draw()
                picture = gloo.read_pixels(viewport, alpha=True, out_type="float")
                drawn.append(layout.unpack_scalars(picture[::-1], len(vectors)))
    return drawn


@pytest.mark.parametrize("layout", [LAYOUT, IN_GROUPS], ids=["single", "in groups"])
def test_every_pixel_is_drawn_in_its_place(layout):
    (similarity,) = draw(layout, VECTORS, inverse_lengths(VECTORS), REFERENCES[:1])
    expected = spectral_angle_similarity(VECTORS, REFERENCES[0])
    np.testing.assert_allclose(similarity, expected, atol=1e-6)


def test_the_reference_set_last_is_drawn():
    _, similarity = draw(LAYOUT, VECTORS, inverse_lengths(VECTORS), REFERENCES)
    expected = spectral_angle_similarity(VECTORS, REFERENCES[1])
    np.testing.assert_allclose(similarity, expected, atol=1e-6)


def test_pixels_without_a_length_are_zero():
    lengths = inverse_lengths(VECTORS)
    lengths[::5] = 0
    (similarity,) = draw(LAYOUT, VECTORS, lengths, REFERENCES[:1])
    np.testing.assert_array_equal(similarity[::5], 0)
    assert similarity.any()


@pytest.mark.parametrize("features", [1, 2, 3, 4, 5, 8, 9, 12, 13, 15, 16, 17, 30, 32, 35])
def test_any_number_of_features(features):
    layout = BlockLayout(pixel_count=20, feature_count=features, width=3, height=2)
    vectors = np.random.default_rng(features).random((20, features)).astype(np.float32)
    (similarity,) = draw(layout, vectors, inverse_lengths(vectors), vectors[:1])
    expected = spectral_angle_similarity(vectors, vectors[0])
    np.testing.assert_allclose(similarity, expected, atol=1e-6)
