from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sharp_cases import any_weights, explicit, summing

from napari_ifealid.engines.compiler import has_numba
from napari_ifealid.sharpening.compiled_sums import COMPILED_SUMS, STORED, CompiledSums

needs_numba = pytest.mark.skipif(not has_numba(), reason="numba is not installed")


def compiled() -> CompiledSums:
    with summing("compiled"):
        sums = COMPILED_SUMS.ready
    assert sums is not None
    return sums


def random_rows(dtype: str, pixels: int, features: int) -> np.ndarray:
    """Return rows of numbers over all the type's range, that can't be written to."""
    rng = np.random.default_rng(3)
    if dtype.startswith("float"):
        stored = rng.normal(size=(pixels, features)).astype(dtype)
    else:
        limits = np.iinfo(dtype)
        stored = rng.integers(limits.min, limits.max, (pixels, features), dtype, endpoint=True)
    stored.flags.writeable = False  # as a memory-mapped one
    return stored


@needs_numba
@given(weights=any_weights(), count=st.integers(1, 4), step=st.integers(1, 3))
def test_weighted_sums_are_those_of_the_matrix(weights, count, step):
    rng = np.random.default_rng(2)
    numbers, offsets = rng.normal(size=(count, weights.stack_pixels)), rng.normal(size=count)
    expected = (explicit(weights) @ numbers.T + offsets).max(axis=1)
    expected = expected.reshape(weights.image_shape)[::step, ::step]
    sums = np.empty(expected.shape)
    compiled().weighted(weights.columns, weights.values, numbers, offsets, sums, 0, 0, step)
    np.testing.assert_allclose(sums, expected, rtol=0, atol=1e-13)


@needs_numba
@given(weights=any_weights(), features=st.integers(1, 40), data=st.data())
def test_lengths_are_those_of_the_upsampled_vectors(weights, features, data):
    columns, values = (
        entries.reshape(-1, weights.taps) for entries in (weights.columns, weights.values)
    )
    first = data.draw(st.integers(0, len(columns) - 1))
    stop = data.draw(st.integers(first + 1, len(columns)))
    near = weights.reach(slice(first, stop))
    vectors = np.random.default_rng(4).normal(size=(near.stop - near.start, features))
    lengths = np.full(len(columns), -7.0)
    part = slice(first, stop)
    compiled().lengths(columns[part], values[part], vectors, near.start, lengths[part])
    expected = np.linalg.norm(explicit(weights)[part, near] @ vectors, axis=1)
    np.testing.assert_allclose(lengths[part], expected, rtol=1e-12, atol=1e-15)
    assert (np.delete(lengths, np.arange(first, stop)) == -7.0).all()


@needs_numba
@pytest.mark.parametrize("dtype", STORED)
@given(pixels=st.integers(1, 300), features=st.integers(1, 70), data=st.data())
def test_products_are_those_of_double_precision(dtype, pixels, features, data):
    stored = random_rows(dtype, pixels, features)
    vector = np.random.default_rng(5).normal(size=features)
    first = data.draw(st.integers(0, pixels - 1))
    stop = data.draw(st.integers(first + 1, pixels))
    products = np.full(pixels, -7.0)
    compiled().multiplied(stored, vector, products[first:stop], first)
    rows = stored[first:stop].astype(float)
    sizes = np.abs(rows) @ np.abs(vector) + 1e-300
    assert (np.abs(products[first:stop] - rows @ vector) <= 1e-13 * sizes).all()
    assert (np.delete(products, np.arange(first, stop)) == -7.0).all()
