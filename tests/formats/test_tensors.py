from __future__ import annotations

import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.tensors import Tensor, chosen_tensors, hold_features


def of(*shape: int, dtype: str = "float32") -> Tensor:
    return Tensor(shape, dtype)


@pytest.mark.parametrize(
    ("shape", "kept", "axis"),
    [
        ((64, 14, 15), (64, 14, 15), 0),
        ((1, 64, 14, 15), (64, 14, 15), 0),
        ((8, 64, 14, 15), (8, 64, 14, 15), 1),
        ((1, 64, 5, 14, 15), (64, 5, 14, 15), 0),
        ((2, 64, 5, 14, 15), (2, 64, 5, 14, 15), 1),
    ],
)
def test_channels_come_after_the_batch_which_is_left_out_if_it_is_of_one(shape, kept, axis):
    tensor = of(*shape)
    assert tensor.is_stack
    assert tensor.kept_shape == kept
    assert tensor.kept_axis(None) == axis


@pytest.mark.parametrize(("asked", "kept"), [(1, 0), (3, 2), (-1, 2), (-3, 0)])
def test_axis_that_is_asked_for_counts_the_batch(asked, kept):
    assert of(1, 64, 14, 15).kept_axis(asked) == kept


@pytest.mark.parametrize("asked", [0, 4, -4, -5])
def test_batch_of_one_and_axes_that_are_not_there_hold_no_features(asked):
    with pytest.raises(DatasetError, match=f"no axis {asked} "):
        of(1, 64, 14, 15).kept_axis(asked)


@pytest.mark.parametrize(
    "tensor",
    [of(3, 4), of(1, 197, 768), of(0, 3, 4), of(), of(3, 4, 5, dtype="complex64"), of(*(1,) * 99)],
)
def test_other_tensors_are_no_stacks(tensor):
    assert not tensor.is_stack


@pytest.mark.parametrize("shape", [(64, 3, 3, 3), (512, 512, 1, 1), (8, 4, 3, 3, 3), (64, 32, 5)])
def test_weights_of_convolutions_are_kernels(shape):
    assert of(*shape).is_kernel


@pytest.mark.parametrize("shape", [(1, 2048, 7, 7), (512, 7, 7), (64, 14, 15), (2, 64, 8, 8), (5,)])
def test_small_feature_maps_are_no_kernels(shape):
    assert not of(*shape).is_kernel


def test_file_of_nothing_but_weights_holds_no_features():
    weights = {"conv": of(64, 3, 3, 3), "linear": of(10, 64), "bias": of(10)}
    assert not hold_features(weights)
    assert not hold_features({})
    assert hold_features({**weights, "layer3": of(1, 64, 14, 15)})


def test_all_that_can_be_stacks_are_chosen_or_the_one_that_is_named():
    tensors = {"conv": of(64, 3, 3, 3), "layer3": of(1, 64, 14, 15), "bias": of(10)}
    assert chosen_tensors(tensors, None, "a.pt") == ["conv", "layer3"]
    assert chosen_tensors(tensors, "conv", "a.pt") == ["conv"]
    with pytest.raises(DatasetError, match=r"no feature stack called 'bias'.*bias \(10,\) float32"):
        chosen_tensors(tensors, "bias", "a.pt")
