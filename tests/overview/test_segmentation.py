from __future__ import annotations

import doctest
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from overview_stacks import as_lazy, random_stack, vectors_of

import napari_ifealid
from napari_ifealid.overview import Aspect, Segments, segmentation
from napari_ifealid.overview.segmentation import segment_steps, segments
from napari_ifealid.stack import FeatureStack

ASPECTS = pytest.mark.parametrize("aspect", Aspect)


def assert_nearest(made: Segments, stack: FeatureStack) -> None:
    """Each pixel belongs to the centre of the smallest distance."""
    vectors = vectors_of(stack, made.aspect)
    distances = np.array([np.linalg.norm(vectors - one, axis=1) for one in made.centres])
    chosen = distances[made.labels.ravel() - 1, np.arange(len(vectors))]
    size = np.abs(vectors).max()
    np.testing.assert_allclose(chosen, distances.min(axis=0), atol=1e-9 * size)


@ASPECTS
@pytest.mark.parametrize("count", [2, 5, 20])
def test_each_pixel_belongs_to_the_nearest_centre(aspect, count, small_parts):
    stack = random_stack((20, 15, 8))
    made = segments(stack, count, aspect=aspect)
    assert made.labels.dtype == np.int32
    assert len(made.centres) == count
    assert_nearest(made, stack)


@ASPECTS
def test_each_pixel_of_real_stacks_belongs_to_the_nearest_centre(real_stack, aspect):
    assert_nearest(segments(real_stack, 8, aspect=aspect), real_stack)


@ASPECTS
def test_largest_segment_comes_first(aspect):
    made = segments(random_stack((20, 15, 8)), 6, aspect=aspect)
    assert made.sizes.tolist() == sorted(made.sizes.tolist(), reverse=True)
    assert made.sizes.sum() == 300
    assert np.unique(made.labels).tolist() == list(range(1, 7))


@given(
    block=st.integers(40, 3000),
    chunks=st.tuples(*[st.integers(3, 12)] * 3),
    aspect=st.sampled_from(Aspect),
    most=st.sampled_from([60, 100, 1000]),
)
@settings(max_examples=15)
def test_segments_are_the_same_however_a_stack_is_cut(block, chunks, aspect, most):
    stack = random_stack((12, 10, 6))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("napari_ifealid.overview.segmentation._SAMPLED_PIXELS", most)
        expected = segments(stack, 4, aspect=aspect)
        patch.setattr("napari_ifealid.overview.aspect._PART_VALUES", block)
        patch.setattr("napari_ifealid.lazy_arrays.BLOCK_BYTES", 8 * block)
        for one in (stack, as_lazy(stack, chunks)):
            made = segments(one, 4, aspect=aspect)
            np.testing.assert_array_equal(made.labels, expected.labels)
            np.testing.assert_array_equal(made.centres, expected.centres)


@ASPECTS
def test_pixels_that_are_left_out_have_no_segment(aspect):
    values = random_stack((20, 15, 8)).values
    values[3, 4, 5], values[6, 7, 0], values[0, 0] = np.nan, np.inf, 0.0
    made = segments(FeatureStack(values=values, name="x"), 3, aspect=aspect)
    out = [[3, 4], [6, 7]]
    out = [[0, 0], *out] if aspect is Aspect.DIRECTIONS else out
    assert np.argwhere(made.labels == 0).tolist() == out
    assert made.sizes.sum() == 300 - len(out)


@pytest.mark.parametrize("is_lazy", [False, True])
def test_few_pixels_that_have_a_direction_are_found_among_many(is_lazy, monkeypatch):
    monkeypatch.setattr("napari_ifealid.overview.segmentation._SAMPLED_PIXELS", 300)
    values = np.zeros((100, 90, 3))
    values[50, :20], values[51, :10] = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]
    stack = FeatureStack(values=values, name="x")
    made = segments(as_lazy(stack) if is_lazy else stack, 4)
    assert made.sizes.tolist() == [20, 10]
    assert (made.labels[50, :20] == 1).all()
    assert (made.labels[51, :10] == 2).all()


def test_there_are_no_more_segments_than_different_pixels():
    values = np.array([[1.0, 0], [2, 0], [0, 3]])[np.arange(30) % 3].reshape(5, 6, 2)
    stack = FeatureStack(values=values, name="x")
    assert segments(stack, 7).sizes.tolist() == [20, 10]
    assert segments(stack, 7, aspect="values").sizes.tolist() == [10, 10, 10]


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_stack_without_a_direction_has_no_segment(value):
    made = segments(FeatureStack(values=np.full((3, 4, 5), value), name="x"), 3)
    assert not made.labels.any()
    assert made.centres.shape == (0, 5)


def test_pixels_of_one_direction_are_one_segment():
    values = np.arange(1.0, 13.0).reshape(3, 4, 1) * [1.0, 2.0, 0.3]
    assert segments(FeatureStack(values=values, name="x"), 4).sizes.tolist() == [12]


def test_volume_is_segmented_as_a_whole(small_parts):
    stack = random_stack((3, 6, 5, 4))
    made = segments(stack, 3, aspect="values")
    assert made.labels.shape == (3, 6, 5)
    assert_nearest(made, stack)


def test_real_values_of_a_quantised_stack_count():
    stack = random_stack((12, 10, 6), "u1")
    signed = replace(stack, value_range=(-1.0, 1.0))
    assert_nearest(segments(signed, 4), signed)


@pytest.mark.parametrize("is_lazy", [False, True])
def test_progress_of_segments_rises_to_one_and_the_result_comes_last(is_lazy, small_parts):
    stack = random_stack((20, 15, 8))
    *shares, result = segment_steps(as_lazy(stack) if is_lazy else stack, 4, Aspect.VALUES)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert isinstance(result, Segments)


def test_steps_of_segments_can_be_ended(small_parts):
    with closing(segment_steps(random_stack((20, 15, 8)), 4, Aspect.VALUES)) as steps:
        assert 0.0 < next(steps) < 0.5


@pytest.mark.parametrize("count", [1, 0, 256])
def test_number_of_segments_is_limited(count):
    with pytest.raises(ValueError, match="expected a number from 2 to 255"):
        segments(random_stack((3, 4, 5)), count)


def test_segments_are_offered_by_the_package():
    assert napari_ifealid.segments is segments


def test_example_of_segments_in_the_documentation_is_right():
    result = doctest.testmod(segmentation)
    assert result.attempted > 0
    assert result.failed == 0
