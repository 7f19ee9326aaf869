from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_ifealid.errors import DatasetError
from napari_ifealid.extraction import attention
from napari_ifealid.extraction.attention import dense_attention, is_dense, sparse_attention

SHAPE, PIXELS = (5, 6), 12


@pytest.fixture
def weights() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(1, *SHAPE, PIXELS, generator=generator)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (torch.ones(1, 5, 6, 12), True),
        (torch.ones(1, 5, 6, 11), False),
        (torch.ones(1, 6, 5, 12), False),
        (torch.ones(1, 5, 6, 12, dtype=torch.int64), False),
        (np.ones((1, 5, 6, 12)), False),
    ],
)
def test_dense_weights_are_known_by_their_shape(output, expected):
    assert is_dense(output, SHAPE, PIXELS) is expected


@pytest.mark.parametrize("kind", [torch.float16, torch.float32, torch.float64, torch.bfloat16])
def test_largest_weights_are_kept_and_divided_by_their_sum(weights, kind):
    weights = weights.to(kind)
    result = dense_attention(weights, 4)
    dense = weights[0].double().numpy()
    np.testing.assert_array_equal(
        np.sort(np.take_along_axis(dense, result.pixels, -1), -1), np.sort(dense, -1)[..., -4:]
    )
    largest = np.take_along_axis(dense, result.pixels, -1)
    np.testing.assert_allclose(
        result.shares, largest / largest.sum(-1, keepdims=True), rtol=1e-5, atol=0
    )
    assert (result.pixels.dtype, result.shares.dtype) == (np.int64, np.float32)
    assert result.kept == pytest.approx((largest.sum(-1) / dense.sum(-1)).mean(), rel=1e-5)


def test_all_weights_are_kept_where_there_are_no_more(weights):
    result = dense_attention(weights, 50)
    assert result.shares.shape == (*SHAPE, PIXELS)
    assert result.kept == pytest.approx(1.0)


def test_weights_of_some_pixels_are_those_of_all_of_them(weights):
    values, places = torch.topk(weights, 6, dim=-1)
    order = torch.randperm(6, generator=torch.Generator().manual_seed(1))
    for kind in (torch.int32, torch.int64, torch.uint8):
        output = (places[..., order].to(kind), values[..., order])
        result = sparse_attention(output, SHAPE, PIXELS, 4)
        expected = dense_attention(weights, 4)
        np.testing.assert_array_equal(result.pixels, expected.pixels)
        np.testing.assert_allclose(result.shares, expected.shares, rtol=1e-6)
        assert result.kept > expected.kept  # of those that were given


def test_pixel_without_weights_has_no_shares(weights):
    weights[0, 1, 2] = 0
    result = dense_attention(weights, 4)
    np.testing.assert_array_equal(result.shares[1, 2], 0)
    assert result.shares.any(-1).sum() == 29
    assert 0 < result.kept < 1


@pytest.mark.parametrize("factor", [1e38, 1e-36])
def test_scale_of_weights_makes_no_difference(weights, factor):
    result = dense_attention(weights * factor, 4)
    expected = dense_attention(weights, 4)
    np.testing.assert_allclose(result.shares, expected.shares, rtol=1e-5)
    assert result.kept == pytest.approx(expected.kept, rel=1e-5)


def test_attention_to_nothing_at_all_keeps_all_of_it():
    assert dense_attention(torch.zeros(1, *SHAPE, PIXELS)).kept == 1.0


def test_blocks_make_no_difference(weights, monkeypatch):
    whole = dense_attention(weights, 4)
    monkeypatch.setattr(attention, "_BLOCK", 2 * 6 * 12)
    in_blocks = dense_attention(weights, 4)
    np.testing.assert_array_equal(in_blocks.pixels, whole.pixels)
    np.testing.assert_array_equal(in_blocks.shares, whole.shares)
    assert in_blocks.kept == pytest.approx(whole.kept)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (float("nan"), "NaN or infinity in the attention weights"),
        (float("inf"), "NaN or infinity in the attention weights"),
        (-0.5, "a negative attention weight, -0.5"),
    ],
)
def test_weights_that_are_none_are_refused(weights, value, found):
    weights[0, 3, 2, 1] = value
    with pytest.raises(DatasetError) as caught:
        dense_attention(weights)
    assert caught.value.found == found


INDICES = torch.zeros(1, *SHAPE, 2, dtype=torch.int64)
VALUES = torch.ones(1, *SHAPE, 2)


@pytest.mark.parametrize(
    "output",
    [
        (),
        (INDICES,),
        (INDICES, VALUES, VALUES),
        (INDICES, None),
        (VALUES, INDICES),
        (INDICES, INDICES),
        (INDICES, VALUES[..., :1]),
        (INDICES[..., :0], VALUES[..., :0]),
        (INDICES[0], VALUES[0]),
        (INDICES[:, :4], VALUES[:, :4]),
    ],
    ids=str.split("none one three type swapped whole taps empty batch shape"),
)
def test_pair_of_another_kind_is_refused(output):
    with pytest.raises(DatasetError) as caught:
        sparse_attention(output, SHAPE, PIXELS)
    assert caught.value.found.startswith("attention weights that are (")
    assert "both of shape (1, 5, 6, K)" in caught.value.expected


@pytest.mark.parametrize("pixel", [-1, 12])
def test_attention_to_a_pixel_that_is_not_there_is_refused(pixel):
    indices = INDICES.clone()
    indices[0, 1, 2, 1] = pixel
    with pytest.raises(DatasetError, match=f"attention to pixel {pixel} of the features; .* 11"):
        sparse_attention((indices, VALUES), SHAPE, PIXELS)
