from __future__ import annotations

import numpy as np
import pytest
from vispy import gloo

from napari_ifealid.engines.gl_context import OffscreenContext
from napari_ifealid.engines.pixel_vectors import unit_rows
from napari_ifealid.engines.similarity_visual import (
    MOST_REFERENCES,
    SimilarityVisual,
    texture,
    visual_size,
)
from napari_ifealid.engines.texture_blocks import BlockLayout
from napari_ifealid.measures import COSINE, SPECTRAL_ANGLE, UsedFeatures

pytestmark = pytest.mark.usefixtures("qapp")

LAYOUT = BlockLayout(pixel_count=24, feature_count=6, width=3, height=2)
IN_GROUPS = BlockLayout(pixel_count=24, feature_count=6, width=4, height=2)
RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(24, 6)).astype(np.float32)
REFERENCES = RNG.normal(size=(8, 6))

with_each_measure = pytest.mark.parametrize(
    "measure", [SPECTRAL_ANGLE, COSINE], ids=lambda measure: measure.name
)


def inverse_lengths(vectors: np.ndarray) -> np.ndarray:
    return (1 / np.linalg.norm(vectors, axis=-1)).astype(np.float32)


def best(vectors, references, measure=SPECTRAL_ANGLE) -> np.ndarray:
    """Return what is expected: the largest value for any of the references."""
    return np.max([measure.definition(vectors, one) for one in references], axis=0)


def draw(
    layout, vectors, lengths, asked, *, measure=SPECTRAL_ANGLE, size=1, has_zero=False, used=None
) -> list[np.ndarray]:
    """Return the values that one visual draws for each group of references in turn."""
    drawn = []
    viewport = (0, 0, layout.width, layout.height)
    context = OffscreenContext()
    with context.current():
        visual = SimilarityVisual(layout, used, measure.kernel.shader, False, size)
        features = np.zeros((layout.capacity, layout.feature_count), np.float32)
        features[: len(vectors)] = vectors
        visual.set_block(
            texture(layout.pack_vectors(features), "rgba32f"),
            texture(layout.pack_scalars(lengths), "rgba32f"),
        )
        target = texture(np.zeros((layout.height, layout.width, 4), np.float32), "rgba32f")
        with gloo.FrameBuffer(target):
            gloo.set_viewport(*viewport)
            for references in asked:
                visual.set_references(unit_rows(references), has_zero=has_zero)
                visual.draw()
                picture = gloo.read_pixels(viewport, alpha=True, out_type="float")
                rows, pixels = slice(0, layout.height), slice(0, len(vectors))
                drawn.append(layout.unpack_scalars(picture[::-1], rows, pixels))
    return drawn


@with_each_measure
@pytest.mark.parametrize("layout", [LAYOUT, IN_GROUPS], ids=["single", "in groups"])
def test_every_pixel_is_drawn_in_its_place(layout, measure):
    lengths = inverse_lengths(VECTORS)
    (values,) = draw(layout, VECTORS, lengths, [REFERENCES[:1]], measure=measure)
    np.testing.assert_allclose(values, best(VECTORS, REFERENCES[:1], measure), atol=1e-6)


def test_the_references_set_last_are_drawn():
    lengths = inverse_lengths(VECTORS)
    asked = [REFERENCES[:1], REFERENCES[1:2]]
    _, values = draw(LAYOUT, VECTORS, lengths, asked)
    np.testing.assert_allclose(values, best(VECTORS, REFERENCES[1:2]), atol=1e-6)


@with_each_measure
@pytest.mark.parametrize("count", range(1, MOST_REFERENCES + 1))
def test_the_best_of_several_references_is_drawn(measure, count):
    lengths, size = inverse_lengths(VECTORS), visual_size(count)
    (values,) = draw(IN_GROUPS, VECTORS, lengths, [REFERENCES[:count]], measure=measure, size=size)
    np.testing.assert_allclose(values, best(VECTORS, REFERENCES[:count], measure), atol=1e-6)


def test_fewer_references_than_before_leave_none_behind():
    lengths = inverse_lengths(VECTORS)
    asked = [REFERENCES, REFERENCES[:3]]
    _, values = draw(LAYOUT, VECTORS, lengths, asked, size=8)
    np.testing.assert_allclose(values, best(VECTORS, REFERENCES[:3]), atol=1e-6)


def test_no_value_is_below_a_right_angle_where_there_is_a_zero_reference():
    lengths = inverse_lengths(VECTORS)
    (values,) = draw(LAYOUT, VECTORS, lengths, [REFERENCES[:1]], measure=COSINE, has_zero=True)
    expected = best(VECTORS, REFERENCES[:1], COSINE)
    assert expected.min() < -0.1
    np.testing.assert_allclose(values, np.maximum(expected, 0), atol=1e-6)


@with_each_measure
def test_pixels_without_a_length_are_zero(measure):
    lengths = inverse_lengths(VECTORS)
    lengths[::5] = 0
    (values,) = draw(LAYOUT, VECTORS, lengths, [REFERENCES[:1]], measure=measure)
    np.testing.assert_array_equal(values[::5], 0)
    assert values.any()


@pytest.mark.parametrize("features", [1, 2, 3, 4, 5, 8, 9, 12, 13, 15, 16, 17, 30, 32, 35])
def test_any_number_of_features(features):
    layout = BlockLayout(pixel_count=20, feature_count=features, width=3, height=2)
    vectors = np.random.default_rng(features).random((20, features)).astype(np.float32)
    asked = [vectors[:1], vectors[1:3]]
    for values, references in zip(
        draw(layout, vectors, inverse_lengths(vectors), asked, size=2), asked, strict=True
    ):
        np.testing.assert_allclose(values, best(vectors, references), atol=1e-6)


@pytest.mark.parametrize("features", [2, 5, 8, 9, 13])
def test_features_that_are_not_used_count_for_nothing(features):
    layout = BlockLayout(pixel_count=20, feature_count=features, width=3, height=2)
    vectors = np.random.default_rng(features).random((20, features)).astype(np.float32)
    used = UsedFeatures(tuple(number % 4 != 1 for number in range(features)))
    taken = used.taken(vectors)
    asked = [taken[:1], taken[1:3]]
    drawn = draw(layout, vectors, inverse_lengths(taken), asked, size=2, used=used)
    for values, references in zip(drawn, asked, strict=True):
        np.testing.assert_allclose(values, best(taken, references), atol=1e-6)


@pytest.mark.parametrize(
    ("count", "size"), [(1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (8, 8), (9, 8), (100, 8)]
)
def test_few_sizes_of_visuals_draw_any_number_of_references(count, size):
    assert visual_size(count) == size
