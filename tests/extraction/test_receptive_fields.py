from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from napari_ifealid.extraction.receptive_fields import (
    Grid,
    ReceptiveFields,
    grid_of,
    spatial_axes,
)


def conv(kernel: int, stride: int = 1, **options) -> nn.Conv2d:
    return nn.Conv2d(1, 1, kernel, stride, bias=False, **options)


class Slices(nn.Module):
    """Every second pixel, from four starts, as more features."""

    def forward(self, x):
        parts = x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]
        return torch.cat(parts, dim=1).mean(dim=1, keepdim=True)


class Merging(nn.Module):
    """The same with the features last, as in Swin."""

    def forward(self, x):
        x = x.permute(0, 2, 3, 1)
        parts = x[:, ::2, ::2], x[:, 1::2, ::2], x[:, ::2, 1::2, :], x[:, 1::2, 1::2, :]
        return torch.stack(parts).mean(dim=0).permute(0, 3, 1, 2)


class Cut(nn.Module):
    """Without the first rows and the last column."""

    def forward(self, x):
        return x[:, :, 3:, :-1]


class Shortcut(nn.Module):
    def forward(self, x):
        return functional.pad(x, (1, 1, 1, 1))[..., 1:-1, 1:-1] + x


class Excitation(nn.Module):
    """Weighs the features by what is everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.weigh = conv(1)

    def forward(self, x):
        return x * self.weigh(x.detach().mean((2, 3), keepdim=True))


class Tokens(nn.Module):
    def forward(self, x):
        tokens = x.flatten(2).transpose(1, 2)
        tokens = torch.cat([torch.zeros(1, 1, 1), tokens], dim=1)
        return tokens[:, 1:].transpose(1, 2).reshape(x.shape)


NETWORKS = {
    "symmetric padding": [conv(7, 2, padding=3), conv(3, 2, padding=1), conv(3, padding=1)],
    "padding at the end, as in TensorFlow": [nn.ZeroPad2d((0, 1, 0, 1)), conv(3, 2)] * 3,
    "other padding along y and x": [nn.ZeroPad2d((2, 0, 0, 1)), conv(4, 3)],
    "no padding": [conv(5, 2), conv(3), conv(3, 2)],
    "patches": [conv(4, 4), conv(2, 2)],
    "same": [conv(4, padding="same", dilation=2), conv(3, padding="same")],
    "valid": [conv(3, 2, padding="valid")],
    "dilation": [conv(3, 2, padding=2, dilation=2), conv(3, dilation=3)],
    "reflection": [conv(3, 2, padding=1, padding_mode="reflect")],
    "sides of a kernel": [nn.Conv2d(1, 1, (1, 5), (2, 3), (0, 1), bias=False)],
    "options as lists": [nn.AvgPool2d([3, 2], [2, 1], [1, 0]), conv(3, 2)],
    "average pooling": [nn.AvgPool2d(2), nn.AvgPool2d(3, 2, 1)],
    "slices": [conv(3, padding=1), Slices(), conv(3, 2)],
    "merging": [conv(4, 4), Merging(), conv(1)],
    "cut": [conv(2, 2), Cut(), conv(3)],
    "shortcut": [conv(3, 2), Shortcut()],
    "excitation": [conv(3, 2), Excitation(), conv(3, 2)],
    "tokens": [conv(4, 4), Tokens(), conv(3)],
    "upsampling": [conv(8, 8), nn.Upsample(scale_factor=2, mode="bilinear")],
    "transposed": [conv(8, 8), nn.ConvTranspose2d(1, 1, 4, 2, 1, bias=False)],
    "adaptive pooling": [conv(4, 4), nn.AdaptiveAvgPool2d((8, 4))],
    "shuffling": [conv(2, 2), nn.PixelUnshuffle(2), nn.Conv2d(4, 1, 1, bias=False)],
}


WITHOUT_REMAINDER = Slices, Merging, nn.PixelUnshuffle, nn.AdaptiveAvgPool2d


def uniform(layers: list[nn.Module]) -> nn.Sequential:
    """Return the layers with weights of one."""
    network = nn.Sequential(*layers).requires_grad_(False)
    for weights in network.parameters():
        weights.fill_(1.0)
    return network


@pytest.mark.parametrize("layers", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("size", [(64, 96), (67, 90)])
def test_cells_are_centred_on_what_they_see(layers, size):
    if any(isinstance(layer, WITHOUT_REMAINDER) for layer in layers):
        size = 64, 96
    network = uniform(layers)
    image = torch.ones(1, 1, *size, requires_grad=True)
    with ReceptiveFields(image):
        output = network(image)
    grid = grid_of(output)
    assert grid.size == output.shape[-2:]
    y, x = output.shape[-2] // 2, output.shape[-1] // 2  # in the middle, away from the padding
    output[0, 0, y : y + 2, x : x + 2].sum().backward()  # all phases of an upsampling
    seen = image.grad[0, 0].double().numpy()
    weights = seen / seen.sum()
    centre = (np.arange(size[0]) @ weights).sum(), (weights @ np.arange(size[1])).sum()
    expected = [
        stride * (index + 0.5) + offset
        for stride, index, offset in zip(grid.stride, (y, x), grid.offset, strict=True)
    ]
    np.testing.assert_allclose(centre, expected, atol=1e-4)


@pytest.mark.parametrize(
    "pooling",
    [
        nn.MaxPool2d(3, 2, 1),
        nn.MaxPool2d([2, 3], padding=[0, 1], ceil_mode=True),
        nn.MaxPool2d(2, return_indices=True),
        nn.MaxPool2d(3, 1, dilation=2),
        nn.LPPool2d(2, 3, 2),
    ],
    ids=str,
)
def test_a_map_pooled_by_other_means_lies_where_the_average_does(pooling):
    image = torch.rand(1, 1, 32, 32)
    steps = {"kernel_size": pooling.kernel_size, "stride": pooling.stride}
    if getattr(pooling, "dilation", 1) == 2:
        steps["kernel_size"] = 5  # reaches as far
    averaging = nn.AvgPool2d(**steps, padding=getattr(pooling, "padding", 0))
    with ReceptiveFields(image):
        pooled, average = pooling(image), averaging(image)
    pooled = pooled[0] if isinstance(pooled, tuple) else pooled
    found, expected = grid_of(pooled), grid_of(average)
    assert (found.stride, found.offset) == (expected.stride, expected.offset)
    assert found.size == pooled.shape[-2:]


def test_indexing_by_numbers_leaves_the_grid():
    image = torch.rand(1, 3, 8, 8)
    with ReceptiveFields(image):
        indexed = [
            image[:, [2, 1, 0]],
            image[:, np.array([0, 2])],
            image[:, torch.tensor([0])],
            image[:, 0],
            image[image > 0.5],
            image[..., None],
        ]
    assert {grid_of(tensor) for tensor in indexed} == {grid_of(image)}


def test_what_is_not_made_of_the_image_has_no_grid():
    image = torch.rand(1, 3, 8, 8)
    with ReceptiveFields(image):
        other = torch.rand(1, 3, 8, 8) + 1
    assert grid_of(other) is None
    assert grid_of("text") is None


@pytest.mark.parametrize(
    ("layers", "strides"),
    [
        ([conv(3, 2), conv(3), nn.MaxPool2d(2)], {1, 2, 4}),
        ([conv(3, 3, padding=1), nn.Upsample(scale_factor=3), conv(3)], {1, 3}),
        ([Slices(), Slices()], {1, 2, 4}),
        ([nn.PixelUnshuffle(4), nn.Conv2d(16, 1, 1)], {1, 4}),
        ([conv(2, 2), nn.AdaptiveAvgPool2d(3), conv(1)], {1, 2}),
        ([conv(2, 2), nn.AvgPool2d(32)], {1, 2}),
        ([conv(2, 2), Excitation()], {1, 2}),
    ],
    ids=["convolutions", "upsampling", "slices", "shuffling", "bins", "global", "excitation"],
)
def test_strides_are_those_of_maps_made_in_steps(layers, strides):
    with ReceptiveFields(torch.rand(1, 1, 64, 64)) as fields:
        nn.Sequential(*layers)(fields.image)
    assert fields.strides == strides


GRID = Grid((4.0, 2.0), (1.5, 0.5), (6, 6))


def test_a_grid_subsampled_starts_at_a_cell_and_goes_on_in_steps():
    assert GRID.subsampled((1, 0), (2, 3), (3, 2)) == Grid((8.0, 6.0), (5.5, 0.5), (3, 2))


@given(st.tuples(st.integers(1, 30), st.integers(1, 30)))
def test_a_grid_resampled_covers_the_same_area(size):
    found = GRID.resampled(size)
    for axis in (0, 1):
        edges = [
            (
                grid.offset[axis] - grid.stride[axis] / 2,
                grid.offset[axis] + grid.stride[axis] * (grid.size[axis] - 0.5),
            )
            for grid in (GRID, found)
        ]
        assert edges[1] == pytest.approx(edges[0])


@pytest.mark.parametrize(
    ("shape", "axes"),
    [((1, 9, 6, 6), (2, 3)), ((1, 6, 6, 9), (1, 2)), ((1, 36, 9), None), ((1, 9, 6, 7), None)],
)
def test_spatial_axes_are_those_of_the_size_of_the_grid(shape, axes):
    assert spatial_axes(torch.zeros(shape), GRID) == axes


@pytest.mark.parametrize(
    ("order", "axes"),
    [
        (lambda x: x, (2, 3)),
        (lambda x: x.permute(0, 2, 3, 1), (1, 2)),
        (lambda x: torch.permute(x, dims=(0, -2, -1, 1)), (1, 2)),
        (lambda x: x.permute((0, 2, 3, 1)) * 2, (1, 2)),
        (lambda x: x.permute(0, 2, 3, 1).permute(0, 3, 1, 2), (2, 3)),
        (lambda x: x.flatten(2).transpose(1, 2).reshape(1, 4, 4, 4), (1, 2)),
        (lambda x: x.flatten(2).reshape(1, 4, 4, 4), (2, 3)),
    ],
)
def test_the_order_of_the_axes_is_followed_where_the_shape_leaves_it_open(order, axes):
    image = torch.rand(1, 4, 4, 4)
    with ReceptiveFields(image):
        output = order(image)
    assert spatial_axes(output, grid_of(output)) == axes
