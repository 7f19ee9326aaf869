from __future__ import annotations

import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from real_arrays import REAL, real_arrays

from napari_ifealid import FeatureStack
from napari_ifealid.formats import array_blocks, restored
from napari_ifealid.formats.array_blocks import plain_labels, real_block, real_dtype, write_npy_to
from napari_ifealid.formats.blocks import block_lengths, blocks
from napari_ifealid.tracking import untracked

QUANTISED = FeatureStack(
    values=np.random.default_rng(5).integers(0, 256, (7, 6, 9)).astype(np.uint8),
    name="a",
    precision=8,
    value_range=(-2, 5.5),
)


@pytest.mark.parametrize("real", [None, np.dtype("f8"), np.dtype("i2")])
def test_blocks_together_are_the_real_values(real):
    stack = FeatureStack(
        values=QUANTISED.values, name="a", value_range=(-100, 155), real_dtype=real
    )
    whole = restored(stack)
    assert real_dtype(stack) == whole.dtype
    for block in blocks(stack.values.shape, block_lengths(stack.values.shape, range(3), 20)):
        part = real_block(stack, block)
        assert part.dtype == whole.dtype
        np.testing.assert_array_equal(part, whole[block])


@given(real_arrays(REAL))
def test_values_that_are_the_real_ones_stay_as_they_are(values):
    stack = FeatureStack(values=values, name="a")
    block = (slice(0, 2), slice(0, 1), slice(None))
    np.testing.assert_array_equal(real_block(stack, block), values[block])
    assert real_dtype(stack) == values.dtype


def written(stack: FeatureStack) -> bytes:
    stream = io.BytesIO()
    write_npy_to(stream, stack, untracked)
    return stream.getvalue()


@given(
    array_shapes(min_dims=3, max_dims=5),
    st.sampled_from(REAL),
    st.sampled_from("CF"),
    st.integers(1, 100),
)
def test_blocks_of_any_size_give_the_file_that_numpy_writes(shape, dtype, order, most):
    values = np.random.default_rng(1).integers(0, 100, shape).astype(dtype, order=order)
    expected = io.BytesIO()
    np.save(expected, np.ascontiguousarray(values))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(array_blocks, "MOST_VALUES", most)
        assert written(FeatureStack(values=values, name="a")) == expected.getvalue()


def test_real_values_of_a_quantised_stack_are_written():
    np.testing.assert_array_equal(
        np.load(io.BytesIO(written(QUANTISED))), restored(QUANTISED).astype(np.float32)
    )


def test_labels_are_what_json_knows():
    labels = [400, np.float32(410.5), np.int64(7), "NIR"]
    stack = FeatureStack(values=np.ones((1, 1, 4)), name="a", feature_labels=labels)
    assert json.loads(json.dumps(plain_labels(stack))) == [400, 410.5, 7, "NIR"]
