from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.formats.ifealid_metadata import Metadata
from napari_ifealid.formats.web_application_faults import (
    angle_samples,
    padding_for_web,
    web_application_faults,
)
from napari_ifealid.stack import FeatureStack


def stack_of(values) -> FeatureStack:
    return FeatureStack(values=np.asarray(values), name="small")


def faults_of(values, precision: int = 8, padding: int = 0) -> list[str]:
    stack = stack_of(values)
    height, width, features = stack.values.shape
    metadata = Metadata(
        name="small",
        width=width,
        height=height,
        features=features + padding,
        precision=precision,
        overlay=False,
        value_range=(np.nanmin(stack.values).item(), np.nanmax(stack.values).item()),
        padding=padding,
    )
    return web_application_faults(stack, metadata)


UNSIGNED = np.random.default_rng(0).random((6, 5, 9))
UNSIGNED[0, 0, 0] = 0
RIGHT_ANGLE = np.ones((8, 8, 2))
RIGHT_ANGLE[:4, :, 0] = -1


# Padding


@pytest.mark.parametrize(("features", "padding"), [(1, 4), (6, 3), (7, 2), (8, 1), (9, 4)])
@pytest.mark.parametrize("precision", [16, 32])
def test_padding_up_to_the_next_count_that_works(features, padding, precision):
    assert padding_for_web(features, precision) == padding


@given(st.integers(1, 10_000), st.sampled_from([16, 32]))
def test_last_group_of_four_holds_nothing_but_padding(features, precision):
    padding = padding_for_web(features, precision)
    assert (features + padding) % 4 == 1
    assert 1 <= padding <= 4


@given(st.integers(1, 10_000))
def test_nothing_is_padded_at_8_bits(features):
    assert padding_for_web(features, 8) == 0


# Faults


def test_unsigned_features_look_the_same():
    assert faults_of(UNSIGNED) == []


@pytest.mark.parametrize("precision", [16, 32])
def test_lost_features_are_a_fault_without_padding_only(precision):
    (fault,) = faults_of(UNSIGNED, precision)
    assert fault.startswith(f"At {precision} bit the web application loses up to four")
    assert "pad_for_web=True" in fault
    assert faults_of(UNSIGNED, precision, padding=4) == []


def test_change_of_the_angles_is_told_in_figures():
    (fault,) = faults_of(RIGHT_ANGLE)
    assert "small has values from -1 to 1." in fault
    assert "between random pixels 0° to 45° instead of 0° to 90°" in fault
    assert "and 45° at most" in fault


def test_median_of_the_change_is_told():
    (fault,) = faults_of([[[-1.0, 1.0], [1.0, 1.0]]])
    assert "45° to 45° instead of 90° to 90°, a change of 45° in the median" in fault


def test_both_faults_are_told():
    assert len(faults_of(RIGHT_ANGLE, precision=16)) == 2


@pytest.mark.parametrize(("offset", "count"), [(0.0, 0), (1e-3, 0), (5.0, 1)])
def test_smallest_value_far_above_zero_is_a_fault(offset, count):
    assert len(faults_of(UNSIGNED + offset)) == count


@pytest.mark.parametrize(
    "values",
    [np.full((1, 1, 5), -2.0), np.full((3, 4, 5), -2.0), np.zeros((3, 4, 5))],
    ids=["one pixel", "negative constant", "all zero"],
)
def test_stack_without_angles_has_no_fault(values):
    assert faults_of(values) == []


# Angles


def test_angles_are_those_of_the_values_and_of_the_values_above_the_minimum():
    stack = stack_of([[[3.0, -4.0, 0.0], [0.0, 0.0, 2.0]]])
    real, shifted = angle_samples(stack, -4.0)
    np.testing.assert_allclose(real, 90.0)
    cosine = (7 * 4 + 0 * 4 + 4 * 6) / (np.hypot(7, 4) * np.sqrt(4**2 + 4**2 + 6**2))
    np.testing.assert_allclose(shifted, np.degrees(np.arccos(cosine)))


def test_quantised_values_have_their_real_angles():
    values = np.array([[[0, 204, 102], [102, 102, 204]]], np.uint8)
    stack = FeatureStack(values=values, name="small", value_range=(-102.0, 153.0))
    real, _ = angle_samples(stack, -102.0)
    np.testing.assert_allclose(real, 90.0)


def test_number_of_pairs_is_limited():
    real, shifted = angle_samples(stack_of(np.random.default_rng(0).random((200, 100, 3))), 0.0)
    assert real.shape == shifted.shape
    assert 900 < len(real) <= 1000


def test_same_pairs_are_taken_each_time():
    stack = stack_of(UNSIGNED)
    np.testing.assert_array_equal(angle_samples(stack, -1.0), angle_samples(stack, -1.0))


def test_zero_vectors_and_gaps_are_left_out():
    values = RIGHT_ANGLE.copy()
    values[0], values[-1] = 0, np.nan
    real, _ = angle_samples(stack_of(values), -1.0)
    np.testing.assert_array_equal(np.unique(real.round(3)), [0, 90])


def test_pixel_has_no_angle_with_itself():
    real, _ = angle_samples(stack_of([[[1.0, 0.0], [0.0, 1.0]]]), 0.0)
    assert 0 < len(real) < 1000
    np.testing.assert_array_equal(real, 90.0)
