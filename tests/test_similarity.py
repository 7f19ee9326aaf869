from __future__ import annotations

import doctest
from dataclasses import replace
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import zarr

import napari_ifealid
from napari_ifealid import (
    DatasetError,
    FeatureStack,
    Sharpness,
    read_stack,
    sharp_map,
    similarity,
    similarity_map,
)
from napari_ifealid.engines import CpuEngine, PixelVectors
from napari_ifealid.measures import COSINE, SPECTRAL_ANGLE, spectral_angle_similarity
from napari_ifealid.query import Query, Rule
from napari_ifealid.sharpening import weight_steps


@pytest.fixture(params=["in memory", "lazy"])
def any_stack(request, stack) -> FeatureStack:
    """The small stack, also as a dask array of several blocks."""
    if request.param == "in memory":
        return stack
    return replace(stack, values=da.from_array(stack.values, chunks=(4, 3, 9)))


def definition(stack: FeatureStack, vector: np.ndarray) -> np.ndarray:
    return spectral_angle_similarity(np.asarray(stack.values), vector)


def test_map_of_a_pixel_is_that_of_the_definition(any_stack):
    made = similarity_map(any_stack, (3, 2))
    assert (made.dtype, made.shape) == (np.float32, any_stack.spatial_shape)
    assert made[3, 2] == 1.0
    np.testing.assert_allclose(
        made, definition(any_stack, any_stack.vector((3, 2))), atol=5e-4, rtol=0
    )


@pytest.mark.parametrize("kind", [list, np.array])
def test_map_of_a_vector_is_that_of_the_definition(any_stack, kind):
    vector = np.arange(9.0)
    made = similarity_map(any_stack, kind(vector))
    np.testing.assert_allclose(made, definition(any_stack, vector), atol=5e-4, rtol=0)


@pytest.mark.parametrize("kind", [list, tuple])
def test_best_of_a_pixel_and_a_vector_is_the_larger_map(any_stack, kind):
    both = similarity_map(any_stack, kind([(3, 2), np.arange(9.0)]))
    each = [similarity_map(any_stack, one) for one in ((3, 2), np.arange(9.0))]
    np.testing.assert_allclose(both, np.maximum(*each), atol=1e-5)


def test_rows_of_an_array_are_vectors(stack):
    vectors = np.stack([stack.vector((3, 2)), stack.vector((1, 1))])
    assert np.array_equal(similarity_map(stack, vectors), similarity_map(stack, [(3, 2), (1, 1)]))


@pytest.mark.parametrize("rule", [Rule.MEAN, "mean"])
def test_mean_of_references_is_compared_with(stack, rule):
    mean = (stack.vector((3, 2)) + stack.vector((1, 1))) / 2
    made = similarity_map(stack, [(3, 2), (1, 1)], rule=rule)
    assert np.array_equal(made, similarity_map(stack, mean))


@pytest.mark.parametrize("measure", [COSINE, "cosine"])
def test_measure_is_the_one_that_was_chosen(stack, measure):
    made = similarity_map(stack, (3, 2), measure=measure)
    expected = COSINE.definition(stack.values, stack.vector((3, 2)))
    np.testing.assert_allclose(made, expected, atol=5e-5)


def test_map_of_a_query_is_that_of_its_own_rule_and_measure(any_stack):
    like, unlike = (any_stack.vector(pixel) for pixel in ((3, 2), (1, 1)))
    made = similarity_map(any_stack, Query.to(like, unlike=[unlike], measure=COSINE))
    values = np.asarray(any_stack.values)
    expected = (COSINE.definition(values, like) - COSINE.definition(values, unlike)) / 2.0
    np.testing.assert_allclose(made, expected, atol=1e-4)
    with pytest.raises(ValueError, match="expected a vector of the stack's 9 features"):
        similarity_map(any_stack, Query.to(np.ones(8)))


def test_real_values_of_a_quantised_stack_are_compared():
    values = np.array([[[0, 255], [255, 0]]], np.uint8)
    stack = FeatureStack(values=values, name="signed", value_range=(-1.0, 1.0))
    made = similarity_map(stack, np.array([-1.0, 1.0]), measure="cosine")
    np.testing.assert_allclose(made, [[1.0, -1.0]], atol=1e-6)


def test_volume_is_compared_as_a_whole():
    values = np.random.default_rng(0).random((2, 3, 4, 5))
    made = similarity_map(FeatureStack(values=values, name="volume"), (1, 2, 3))
    assert made.shape == (2, 3, 4)
    assert np.unravel_index(made.argmax(), made.shape) == (1, 2, 3)


@pytest.mark.parametrize(
    "reference",
    [(6, 0), (-1, 0), (1, 2, 3), (1.5, 2.0), [1, 2], np.ones(8), 5.0, np.ones((2, 2, 9))],
)
def test_reference_that_does_not_fit_is_refused(any_stack, reference):
    with pytest.raises(ValueError, match=r"expected a (pixel|vector)"):
        similarity_map(any_stack, reference)


def test_no_reference_is_refused(stack):
    with pytest.raises(ValueError, match="expected one reference or more"):
        similarity_map(stack, [])


@pytest.mark.parametrize("arguments", [{"rule": "worst"}, {"measure": "colour"}])
def test_unknown_rule_or_measure_is_refused(stack, arguments):
    with pytest.raises(ValueError, match=r"worst|colour"):
        similarity_map(stack, (3, 2), **arguments)


def test_engine_is_closed(stack, monkeypatch):
    closed = []
    monkeypatch.setattr(CpuEngine, "close", lambda engine: closed.append(engine))
    similarity_map(stack, (3, 2))
    assert len(closed) == 1


def damaged(folder: Path) -> FeatureStack:
    """Return a stack of which a chunk has been cut off."""
    array = zarr.create_array(
        folder / "a.zarr", shape=(4, 4, 3), chunks=(2, 4, 3), dtype="f4", compressors=None
    )
    array[:] = 1.0
    stack = read_stack(folder / "a.zarr")
    assert stack.is_lazy
    (folder / "a.zarr" / "c" / "1" / "0" / "0").write_bytes(b"short")
    return stack


@pytest.mark.parametrize("pixel", [(0, 0), (3, 0)])
def test_values_that_cannot_be_read_are_a_dataset_error(tmp_path, pixel):
    with pytest.raises(DatasetError):
        similarity_map(damaged(tmp_path), pixel)


def test_both_functions_are_offered_by_the_package():
    assert napari_ifealid.similarity_map is similarity.similarity_map
    assert {"similarity_map", "threshold_regions"} <= set(napari_ifealid.__all__)


def test_examples_in_the_documentation_are_right():
    assert doctest.testmod(similarity).attempted > 0
    assert doctest.testmod(similarity).failed == 0


def test_sharp_map_is_that_of_up_sampled_vectors(stack):
    *_, weights = weight_steps(PixelVectors.of(stack), Sharpness(colour=0.2))
    real = stack.real_values(stack.values).reshape(30, 9)
    vectors = (weights.rows(slice(None)).toarray() @ real).reshape(24, 20, 9)
    values = sharp_map(stack, (7, 3), sharpness=Sharpness(colour=0.2))
    expected = SPECTRAL_ANGLE.definition(vectors, vectors[7, 3])
    np.testing.assert_allclose(values, expected, atol=5e-5)
    given = sharp_map(stack, [(7, 3), (20, 19)], measure="cosine", sharpness=Sharpness(colour=0.2))
    each = [COSINE.definition(vectors, vectors[pixel]) for pixel in ((7, 3), (20, 19))]
    np.testing.assert_allclose(given, np.max(each, axis=0), atol=5e-5)


@pytest.mark.parametrize(
    ("change", "options", "reason"),
    [
        ({"overlay": None}, {}, "no original image"),
        ({}, {"measure": "information divergence"}, "no function of dot products"),
    ],
)
def test_reason_why_there_is_no_sharp_map_is_told(stack, change, options, reason):
    with pytest.raises(ValueError, match=f"no sharp maps: .*{reason}"):
        sharp_map(replace(stack, **change), np.ones(9), **options)


def test_pixel_of_a_sharp_map_is_one_of_the_image(stack):
    with pytest.raises(ValueError, match=r"below \(24, 20\)"):
        sharp_map(stack, (24, 0))
