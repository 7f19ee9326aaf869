from __future__ import annotations

import doctest
from contextlib import closing
from dataclasses import replace

import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from overview_stacks import as_lazy, random_stack, vectors_of

import napari_ifealid
from napari_ifealid import DatasetError
from napari_ifealid.overview import Aspect, PrincipalComponents, components
from napari_ifealid.overview.components import component_steps, principal_components
from napari_ifealid.stack import FeatureStack

ASPECTS = pytest.mark.parametrize("aspect", Aspect)


def assert_is_definition(made: PrincipalComponents, stack: FeatureStack, aspect: Aspect) -> None:
    """Compare with the singular value decomposition of all vectors less their mean."""
    vectors = vectors_of(stack, aspect)
    centred = vectors - vectors.mean(axis=0)
    _, singular, axes = np.linalg.svd(centred, full_matrices=False)
    variances = singular**2 / len(vectors)
    np.testing.assert_allclose(made.variances, variances[:3], rtol=1e-7)
    np.testing.assert_allclose(made.explained, variances[:3] / variances.sum(), rtol=1e-7)
    signs = np.sign(np.einsum("kc,kc->k", made.axes, axes[:3]))
    np.testing.assert_allclose(made.axes, signs[:, None] * axes[:3], atol=1e-6)
    projections = centred @ (signs[:, None] * axes[:3]).T
    found = made.projections.reshape(-1, 3)
    np.testing.assert_allclose(found, projections, atol=1e-6 * np.abs(projections).max())


@ASPECTS
@pytest.mark.parametrize("dtype", ["u1", "i2", "f4", "f8"])
def test_components_are_those_of_the_singular_value_decomposition(aspect, dtype, small_parts):
    stack = random_stack((20, 15, 8), dtype)
    assert_is_definition(principal_components(stack, aspect=aspect), stack, aspect)


@ASPECTS
def test_components_of_real_stacks_are_those_of_the_definition(real_stack, aspect):
    assert_is_definition(principal_components(real_stack, aspect=aspect), real_stack, aspect)


@ASPECTS
def test_lazy_stack_has_the_same_components(aspect, small_parts):
    stack = random_stack((20, 15, 8))
    one, other = (principal_components(each, aspect=aspect) for each in (stack, as_lazy(stack)))
    np.testing.assert_allclose(other.axes, one.axes, atol=1e-9)
    np.testing.assert_allclose(other.projections, one.projections, atol=1e-5)


@given(
    block=st.integers(40, 3000),
    chunks=st.tuples(*[st.integers(3, 12)] * 3),
    aspect=st.sampled_from(Aspect),
    is_lazy=st.booleans(),
)
@settings(max_examples=15)
def test_blocks_of_any_size_give_the_same_components(block, chunks, aspect, is_lazy):
    stack = random_stack((12, 10, 6))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("napari_ifealid.overview.aspect._PART_VALUES", block)
        patch.setattr("napari_ifealid.lazy_arrays.BLOCK_BYTES", 8 * block)
        made = principal_components(as_lazy(stack, chunks) if is_lazy else stack, aspect=aspect)
    assert_is_definition(made, stack, aspect)


@ASPECTS
def test_components_are_the_same_each_time(aspect, small_parts):
    stack = as_lazy(random_stack((20, 15, 8)))
    one, other = (principal_components(stack, aspect=aspect) for _ in range(2))
    np.testing.assert_array_equal(one.projections, other.projections)


@ASPECTS
def test_largest_loading_is_positive(aspect):
    axes = principal_components(random_stack((20, 15, 8)), aspect=aspect).axes
    assert (axes[np.arange(3), np.abs(axes).argmax(axis=1)] > 0).all()


@pytest.mark.parametrize("spoilt", [np.nan, np.inf, -np.inf])
@ASPECTS
def test_pixels_that_are_not_finite_change_nothing_for_the_others(aspect, spoilt, small_parts):
    stack = random_stack((20, 15, 8))
    values = stack.values.copy()
    values[4, 5, 6] = spoilt
    made = principal_components(replace(stack, values=values), aspect=aspect)
    assert np.argwhere(~np.isfinite(made.projections).all(axis=-1)).tolist() == [[4, 5]]
    kept = np.delete(stack.values.reshape(-1, 8), 4 * 15 + 5, axis=0)
    alone = principal_components(FeatureStack(values=kept[None], name="x"), aspect=aspect)
    np.testing.assert_allclose(made.axes, alone.axes, atol=1e-9)


def test_zero_vectors_have_no_direction():
    values = random_stack((6, 5, 4)).values
    values[2, 3] = 0.0
    stack = FeatureStack(values=values, name="x")
    directions = principal_components(stack)
    assert np.argwhere(np.isnan(directions.projections[..., 0])).tolist() == [[2, 3]]
    assert np.isfinite(principal_components(stack, aspect="values").projections).all()


@pytest.mark.parametrize("count", [1, 2])
@ASPECTS
def test_fewer_features_have_fewer_components(aspect, count):
    made = principal_components(random_stack((6, 5, count)), aspect=aspect)
    assert made.projections.shape == (6, 5, count)
    assert made.axes.shape == (count, count)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6 / 3])
@ASPECTS
def test_nothing_varies_in_a_constant_stack(aspect, value):
    values = np.full((30, 40, 5), value) * np.arange(1, 6)
    made = principal_components(FeatureStack(values=values, name="x"), aspect=aspect)
    assert made.variances.tolist() == [0.0, 0.0, 0.0]
    assert made.explained.tolist() == [0.0, 0.0, 0.0]


def test_small_variation_beside_a_large_mean_is_found():
    rng = np.random.default_rng(0)
    values = 1e6 + rng.normal(size=(40, 30, 1)) * [1.0, -1.0, 0.0, 0.0]
    made = principal_components(FeatureStack(values=values, name="x"), aspect="values")
    np.testing.assert_allclose(np.abs(made.axes[0]), [0.5**0.5, 0.5**0.5, 0.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(made.explained, [1.0, 0.0, 0.0], atol=1e-9)


def test_nothing_is_known_of_a_stack_without_finite_pixels():
    made = principal_components(FeatureStack(values=np.full((3, 4, 5), np.nan), name="x"))
    assert np.isnan(made.projections).all()
    assert made.explained.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("is_lazy", [False, True])
def test_progress_rises_to_one_and_the_result_comes_last(is_lazy, small_parts):
    stack = random_stack((20, 15, 8))
    *shares, result = component_steps(as_lazy(stack) if is_lazy else stack, Aspect.VALUES)
    assert len(shares) > 4
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert isinstance(result, PrincipalComponents)


def test_steps_can_be_ended(small_parts):
    with closing(component_steps(random_stack((20, 15, 8)), Aspect.VALUES)) as steps:
        assert 0.0 < next(steps) < 0.5


def test_features_that_memory_is_too_short_for_are_refused(free_memory):
    with free_memory(1000), pytest.raises(DatasetError, match="memory"):
        principal_components(random_stack((3, 4, 20)))


def test_values_that_cannot_be_read_are_a_dataset_error():
    def broken(block):
        raise OSError("the disk is gone")

    values = da.ones((6, 5, 4), chunks=(3, 5, 4)).map_blocks(broken, dtype=float, meta=np.empty(0))
    with pytest.raises(DatasetError, match="the disk is gone"):
        principal_components(FeatureStack(values=values, name="x"))


def test_unknown_aspect_is_refused():
    with pytest.raises(ValueError, match="colours"):
        principal_components(random_stack((3, 4, 5)), aspect="colours")


def test_function_is_offered_by_the_package():
    assert napari_ifealid.principal_components is principal_components


def test_example_in_the_documentation_is_right():
    result = doctest.testmod(components)
    assert result.attempted > 0
    assert result.failed == 0
