from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from napari_ifealid.errors import DatasetError
from napari_ifealid.extraction import Attention, extract_features, upsample
from napari_ifealid.sharpening import SharpPixels, weights_of
from napari_ifealid.stack import FeatureStack, Placement

PATCH = Placement((4.0, 4.0), (1.5, 1.5))


@pytest.fixture
def patches(photo) -> FeatureStack:
    """Features of patches of 4 pixels, of an image that is no multiple of them."""
    values = np.random.default_rng(0).normal(size=(5, 7, 6)).astype(np.float32)
    labels = list("abcdef")
    return FeatureStack(
        values=values, name="a", overlay=photo(18, 27), placement=PATCH, feature_labels=labels
    )


class Bilinear(torch.nn.Module):
    """Up-samples to the image's size, by a factor that training changes."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor(1.0))
        self.dropout = torch.nn.Dropout(0.9)

    def forward(self, image: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        size = image.shape[-2:]
        return self.dropout(interpolate(features, size=size, mode="bilinear") * self.factor)


def nearest(image: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
    return interpolate(features, size=image.shape[-2:], mode="nearest")


def doubled(image: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
    return interpolate(features, scale_factor=2, mode="nearest")


def dense(image: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
    """Return the weights of bilinear interpolation: what it makes of each pixel alone."""
    count = features.shape[-2] * features.shape[-1]
    alone = torch.eye(count).reshape(1, count, *features.shape[-2:])
    return interpolate(alone, size=image.shape[-2:], mode="bilinear").permute(0, 2, 3, 1)


def sparse(image: torch.Tensor, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    weights, indices = torch.topk(dense(image, features), 4, dim=-1)
    return indices, weights


def test_image_and_features_cover_the_same_area(patches):
    seen = []

    def record(image: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        seen.extend([image, features])
        assert not torch.is_grad_enabled()
        return features

    upsample(patches, record)
    image, features = seen
    assert (image.dtype, features.dtype) == (torch.float32, torch.float32)
    padded = np.pad(patches.overlay, [(0, 2), (0, 1), (0, 0)], mode="edge")
    np.testing.assert_allclose(image[0].permute(1, 2, 0).numpy() * 255, padded, atol=1e-4)
    np.testing.assert_array_equal(features[0].permute(1, 2, 0).numpy(), patches.values)


def test_real_values_are_up_sampled_of_stored_ones(patches):
    stored = replace(patches, values=np.full((5, 7, 6), 3, np.uint8), value_range=(0.0, 85.0))
    np.testing.assert_array_equal(upsample(stored, nearest).values, 1.0)


# Features


def test_features_of_the_images_size_are_those_of_its_pixels(patches):
    result = upsample(patches, nearest)
    assert result.values.shape == (18, 27, 6)
    assert result.placement == Placement((1.0, 1.0), (0.0, 0.0))
    rows, columns = np.arange(18) // 4, np.arange(27) // 4
    np.testing.assert_array_equal(result.values, patches.values[np.ix_(rows, columns)])
    assert result.values.flags.c_contiguous
    assert (result.name, result.overlay is patches.overlay) == ("a, up-sampled", True)
    assert result.feature_labels == patches.feature_labels


def test_features_of_another_size_cover_the_area_of_the_map(patches):
    result = upsample(patches, doubled)
    assert result.values.shape == (10, 14, 6)
    assert result.placement == Placement((2.0, 2.0), (0.5, 0.5))
    np.testing.assert_array_equal(result.values[::2, ::2], patches.values)


def test_pixels_that_the_map_does_not_reach_have_no_features(patches):
    inner = replace(patches, placement=Placement((2.0, 2.0), (4.5, 6.5)))
    result = upsample(inner, nearest)
    assert result.values.shape == (10, 14, 6)
    assert result.placement == Placement((1.0, 1.0), (4.0, 6.0))


def test_module_runs_in_evaluation_mode_and_is_as_before_afterwards(patches):
    module = Bilinear()
    result = upsample(patches, module, device=torch.device("cpu"))
    features = torch.from_numpy(patches.values).permute(2, 0, 1)[None]
    expected = interpolate(features, size=(20, 28), mode="bilinear")[0].permute(1, 2, 0)
    np.testing.assert_allclose(result.values, expected.numpy()[:18, :27], rtol=0, atol=1e-6)
    assert module.training
    assert module.dropout.training


@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_features_keep_their_type(patches, kind):
    result = upsample(replace(patches, values=patches.values.astype(kind)), nearest)
    assert result.values.dtype == kind


@pytest.mark.parametrize("upsampler", [nearest, dense])
def test_output_may_have_gradients(patches, upsampler):
    result = upsample(patches, lambda *tensors: upsampler(*tensors).requires_grad_())
    assert isinstance(result, FeatureStack | Attention)


def test_features_of_a_network_are_up_sampled(photo):
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 5, kernel_size=8, stride=8))
    (stack,) = extract_features(network, photo(60, 44), ["0"])
    assert upsample(stack, Bilinear()).values.shape == (60, 44, 5)


# Attention


@pytest.mark.parametrize("attend", [dense, sparse])
def test_attention_stands_for_the_features_that_it_makes(patches, attend):
    attention = upsample(patches, attend)
    assert isinstance(attention, Attention)
    assert attention.kept == pytest.approx(1.0)
    weights = weights_of(attention.pixels, attention.shares, patches.pixel_count)
    assert weights.image_shape == (18, 27)
    sharp = SharpPixels(patches, weights)
    expected = upsample(patches, Bilinear()).values
    for pixel in [(0, 0), (17, 26), (9, 13), (3, 20)]:
        np.testing.assert_allclose(sharp.vector(pixel), expected[pixel], rtol=0, atol=1e-3)


def test_taps_are_limited_to_the_largest_weights(patches):
    attention = upsample(patches, dense, taps=2)
    assert attention.shares.shape == (18, 27, 2)
    assert attention.kept < 1
    np.testing.assert_allclose(attention.shares.sum(-1), 1, rtol=1e-6)


def test_pixels_that_the_map_does_not_reach_attend_to_nothing(patches):
    inner = replace(patches, placement=Placement((2.0, 2.0), (4.5, 6.5)))
    shares = upsample(inner, dense).shares
    assert shares.shape[:2] == (18, 27)
    expected = np.zeros((18, 27), bool)
    expected[4:14, 6:20] = True
    np.testing.assert_array_equal(shares.any(-1), expected)


# What is wrong


@pytest.mark.parametrize(
    ("output", "found"),
    [
        (None, "an object of type NoneType, by the up-sampler"),
        (np.ones((1, 6, 18, 27)), "an object of type ndarray, by the up-sampler"),
        (torch.ones(6, 20, 28), "a tensor of shape (6, 20, 28) and type torch.float32"),
        (torch.ones(1, 5, 20, 28), "a tensor of shape (1, 5, 20, 28)"),
        (torch.ones(2, 6, 20, 28), "a tensor of shape (2, 6, 20, 28)"),
        (torch.ones(1, 6, 0, 28), "a tensor of shape (1, 6, 0, 28)"),
        (torch.ones(1, 6, 20, 28).int(), "a tensor of shape (1, 6, 20, 28) and type torch.int32"),
        (torch.ones(1, 18, 27, 35), "a tensor of shape (1, 18, 27, 35)"),
        (torch.full((1, 6, 20, 28), torch.nan), "NaN or infinity in the up-sampled features"),
        (torch.full((1, 20, 28, 35), -1.0), "a negative attention weight, -1"),
        ([torch.ones(1, 20, 28, 2)] * 2, "attention weights that are (a tensor of shape"),
    ],
)
def test_output_of_another_kind_is_told_with_the_stack(patches, output, found):
    with pytest.raises(DatasetError) as caught:
        upsample(patches, lambda image, features: output)
    assert caught.value.found.startswith(found)
    assert caught.value.file == "a"


def test_shapes_that_are_taken_are_told(patches):
    with pytest.raises(DatasetError) as caught:
        upsample(patches, lambda image, features: None)
    for shape in ("(1, 6, height, width)", "(1, 20, 28, 35)", "(1, 20, 28, K)"):
        assert shape in caught.value.expected


def test_float16_features_that_overflow_are_told(patches):
    half = replace(patches, values=patches.values.astype(np.float16))
    with pytest.raises(DatasetError, match="finite numbers of the type float16"):
        upsample(half, lambda image, features: nearest(image, features) * 1e6)


def test_upsampler_that_fails_is_told_with_the_shapes(patches):
    def failing(image: torch.Tensor, features: torch.Tensor) -> None:
        raise RuntimeError("sizes differ\nby 2")

    with pytest.raises(DatasetError) as caught:
        upsample(patches, failing)
    assert caught.value.found == (
        "an up-sampler that fails (RuntimeError: sizes differ) on an image of shape "
        "(1, 3, 20, 28) and features of shape (1, 6, 5, 7)"
    )


@pytest.mark.parametrize("values", [np.ones((5, 7, 6)), np.ones((2, 5, 7, 6))])
def test_stack_without_an_image_is_refused(values):
    with pytest.raises(DatasetError, match="no original image"):
        upsample(FeatureStack(values=values, name="a"), nearest)
