"""Attention weights: how much of each pixel of a map each pixel of its image is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError

TAPS = 9
"""Default number of weights that are kept of each pixel."""

_BLOCK = 1 << 24  # weights that are looked at at once
_TINY = float(np.finfo(np.float32).tiny)

_EXPECTED = "weights that are finite and not negative"
_MEND = "Let the up-sampler end with a softmax, or give the up-sampled features instead."


@dataclass(frozen=True, eq=False)
class Attention:
    """The pixels of a map that each pixel of its image is made of, those of the largest weights.

    Parameters
    ----------
    pixels : array of int64, shape (H, W, K)
        Numbers of pixels of the map, in C order.
    shares : array of float32, shape (H, W, K)
        Those of a pixel of the image add up to 1, or are all zero where it has no features.
    kept : float
        How much of all weights the K largest of each pixel are, on average.
    """

    pixels: NDArray[np.int64]
    shares: NDArray[np.float32]
    kept: float


def is_dense(output: Any, shape: tuple[int, int], map_pixels: int) -> bool:
    """Return whether a tensor can be the weights of all pixels of a map.

    Parameters
    ----------
    output : any
    shape : (int, int)
        Height and width of the image.
    map_pixels : int
        Number of pixels of the map.
    """
    return (
        isinstance(output, torch.Tensor)
        and bool(output.is_floating_point())
        and tuple(output.shape) == (1, *shape, map_pixels)
    )


def dense_attention(weights: torch.Tensor, taps: int = TAPS) -> Attention:
    """Return the largest weights of each pixel of an image, given those of all pixels of a map.

    Parameters
    ----------
    weights : tensor, shape (1, H, W, N)
    taps : int, optional
        How many are kept. They are divided by their sum.

    Raises
    ------
    DatasetError
        If a weight is negative or not finite.
    """
    return _largest(weights[0], None, taps)


def sparse_attention(
    output: tuple[Any, ...] | list[Any], shape: tuple[int, int], map_pixels: int, taps: int = TAPS
) -> Attention:
    """Return the largest weights of each pixel of an image, given those of some pixels of a map.

    Parameters
    ----------
    output : (tensor of int, tensor of float), both of shape (1, H, W, K)
        Numbers of pixels of the map in C order, and their weights.
    shape : (int, int)
        H and W, the size of the image.
    map_pixels : int
        Number of pixels of the map.
    taps : int, optional
        How many weights are kept. They are divided by their sum.

    Raises
    ------
    DatasetError
        If the tensors are of another kind or shape, if a number is none of a pixel of the map, or
        if a weight is negative or not finite.
    """
    indices, weights = _checked_pair(output, shape)
    low, high = int(indices.min()), int(indices.max())
    if low < 0 or high >= map_pixels:
        raise DatasetError(
            f"attention to pixel {low if low < 0 else high} of the features",
            expected=f"numbers from 0 to {map_pixels - 1}, as there are {map_pixels} pixels",
            remedy="Number the pixels row by row: row · width + column.",
        )
    return _largest(weights[0], indices[0], taps)


def _checked_pair(
    output: tuple[Any, ...] | list[Any], shape: tuple[int, int]
) -> tuple[torch.Tensor, torch.Tensor]:
    if len(output) == 2 and all(isinstance(one, torch.Tensor) for one in output):
        indices, weights = output
        is_sized = indices.ndim == 4 and indices.shape[:3] == (1, *shape) and indices.shape[3] > 0
        is_whole = not (indices.is_floating_point() or indices.is_complex())
        is_real = weights.is_floating_point() and weights.shape == indices.shape
        if is_sized and is_whole and is_real:
            return indices.to(weights.device, torch.int64), weights
    found = ", ".join(described(one) for one in output)
    raise DatasetError(
        f"attention weights that are ({found})",
        expected=f"(indices, weights): whole numbers and floats, both of shape "
        f"{(1, *shape, 'K')}, for each pixel of the image".replace("'", ""),
        remedy="Give weights for each pixel of the image that the up-sampler gets.",
    )


def described(output: Any) -> str:
    """Return what an up-sampler gave, in words."""
    if isinstance(output, torch.Tensor):
        return f"a tensor of shape {tuple(output.shape)} and type {output.dtype}"
    return f"an object of type {type(output).__name__}"


def _largest(weights: torch.Tensor, indices: torch.Tensor | None, taps: int) -> Attention:
    """Return the largest weights along the last axis, and which pixels of a map they are of.

    Parameters
    ----------
    weights : tensor, shape (H, W, N)
    indices : tensor of int, shape (H, W, N), optional
        Numbers of pixels of the map; the places of the weights unless given.
    taps : int
    """
    height, width, count = weights.shape
    kept = min(taps, count)
    pixels = np.empty((height, width, kept), np.int64)
    shares = np.empty((height, width, kept), np.float32)
    of_all: list[NDArray[np.float32]] = []
    for rows in _blocks(height, width * count):
        block = weights[rows].detach().float()
        _check_weights(block)
        block = block / block.amax(-1, keepdim=True).clamp_min(_TINY)  # sums of any are finite
        values, places = torch.topk(block, kept, dim=-1)
        if indices is not None:
            places = torch.gather(indices[rows], -1, places)
        is_void = values[..., :1] == 0
        all_of_them = block.sum(-1, keepdim=True).masked_fill(is_void, 1)
        part = values.sum(-1, keepdim=True)
        pixels[rows] = places.cpu().numpy()
        shares[rows] = (values / part.masked_fill(is_void, 1)).cpu().numpy()
        of_all.append((part / all_of_them)[~is_void].cpu().numpy())
    ratios = np.concatenate(of_all)
    return Attention(pixels, shares, float(ratios.mean(dtype=np.float64)) if ratios.size else 1.0)


def _blocks(height: int, row: int) -> Iterator[slice]:
    step = max(1, _BLOCK // row)
    for start in range(0, height, step):
        yield slice(start, min(start + step, height))


def _check_weights(weights: torch.Tensor) -> None:
    if not bool(torch.isfinite(weights).all()):
        raise DatasetError(
            "NaN or infinity in the attention weights", expected=_EXPECTED, remedy=_MEND
        )
    if bool((weights < 0).any()):
        raise DatasetError(
            f"a negative attention weight, {float(weights.min()):.3g}",
            expected=_EXPECTED,
            remedy=_MEND,
        )
