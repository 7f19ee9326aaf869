"""Features of a finer grid, by an up-sampler of the user's own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError, first_line
from napari_ifealid.extraction.attention import (
    TAPS,
    Attention,
    dense_attention,
    described,
    is_dense,
    sparse_attention,
)
from napari_ifealid.extraction.map_area import MapArea, finer_placement
from napari_ifealid.extraction.torch_modules import running
from napari_ifealid.stack import FeatureStack, Placement

Upsampler = Callable[[torch.Tensor, torch.Tensor], Any]


def upsample(
    stack: FeatureStack,
    upsampler: Upsampler,
    *,
    taps: int = TAPS,
    device: torch.device | None = None,
) -> FeatureStack | Attention:
    """Run an up-sampler on the features of an image.

    It is called as `upsampler(image, features)`, without gradients, for the whole image at once:

    - `image` is a tensor of shape (1, 3, H, W), the colours from 0 to 1;
    - `features` is a float32 tensor of shape (1, C, h, w), the real values.

    Both cover the same area: where the map of features reaches beyond the original image, since
    the network has padded it, the image given is padded as well, with copies of its edge pixels.
    What is made of the padding is cut off again. Where the area of the map ends within a pixel
    of the image, it is rounded to whole pixels.

    It returns one of these:

    - features of shape (1, C, H', W') over this area;
    - attention weights for each pixel of the image given, of shape (1, H, W, h·w), where the pixels
      of the map are numbered row by row. A tensor that may be either is taken for weights;
    - the same for some pixels of the map only: a tuple (indices, weights), both of shape
      (1, H, W, K).

    Weights are finite and not negative; all zero where a pixel has no features.

    Parameters
    ----------
    stack : FeatureStack
        Of an image, with the image as the overlay.
    upsampler : callable
        A torch module is put into evaluation mode meanwhile.
    taps : int, optional
        How many attention weights of each pixel are kept, the largest. They are divided by their
        sum.
    device : torch.device, optional
        Where a module runs; where it is unless given. Other callables get tensors on the CPU.

    Returns
    -------
    FeatureStack or Attention
        A stack of the up-sampled features, of the type of the given ones: of pixels of the image
        if they are as many. Or the weights, with which `stack` stands for up-sampled features; they
        are those of the image's own pixels.

    Raises
    ------
    DatasetError
        If the stack has no image, if the up-sampler fails, or if it returns something else.
    """
    try:
        return _upsampled(stack, upsampler, taps, device)
    except DatasetError as error:
        raise error.inside(stack.name) from error.__cause__


def _upsampled(
    stack: FeatureStack, upsampler: Upsampler, taps: int, device: torch.device | None
) -> FeatureStack | Attention:
    if stack.overlay is None or len(stack.spatial_shape) != 2:
        raise DatasetError(
            "no original image to up-sample the features with",
            expected="features of an image, with two spatial axes and an overlay",
            remedy="Extract the features of an image first.",
        )
    area = MapArea.of(stack)
    output = _output(stack, area, upsampler, device)
    if is_dense(output, area.shape, stack.pixel_count):
        return _on_image(dense_attention(output, taps), area)
    if isinstance(output, tuple | list):
        return _on_image(sparse_attention(output, area.shape, stack.pixel_count, taps), area)
    return _finer(stack, area, _checked_features(output, stack, area))


def _output(
    stack: FeatureStack, area: MapArea, upsampler: Upsampler, device: torch.device | None
) -> Any:
    assert stack.overlay is not None
    image = _tensor(area.cut_out(stack.overlay).astype(np.float32) / np.float32(255))
    features = _tensor(stack.real_values(stack.values).astype(np.float32))
    try:
        with torch.no_grad(), _ready(upsampler, device) as where:
            return upsampler(image.to(where), features.to(where))
    except Exception as error:  # whatever the user's code may raise
        raise DatasetError(
            f"an up-sampler that fails ({type(error).__name__}: {first_line(error)}) on an image "
            f"of shape {tuple(image.shape)} and features of shape {tuple(features.shape)}",
            expected="one that takes images and features of any height and width",
            remedy="Change its code, choose other stages, or make the image smaller if memory is "
            "short.",
        ) from error


def _tensor(values: NDArray[np.float32]) -> torch.Tensor:
    """Return values of shape (h, w, C) as a tensor of shape (1, C, h, w)."""
    return torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))[np.newaxis]


def _ready(
    upsampler: Upsampler, device: torch.device | None
) -> AbstractContextManager[torch.device]:
    """Return a context in which an up-sampler can be called, with the device of its tensors."""
    if isinstance(upsampler, torch.nn.Module):
        return running(upsampler, device)
    return nullcontext(torch.device("cpu"))


def _checked_features(output: Any, stack: FeatureStack, area: MapArea) -> torch.Tensor:
    count = stack.feature_count
    if (
        isinstance(output, torch.Tensor)
        and output.is_floating_point()
        and output.ndim == 4
        and output.shape[:2] == (1, count)
        and min(output.shape) > 0
    ):
        return output
    height, width = area.shape
    raise DatasetError(
        f"{described(output)}, by the up-sampler",
        expected=f"floats, either features of shape (1, {count}, height, width), or attention "
        f"weights of shape (1, {height}, {width}, {stack.pixel_count}), or a tuple (indices, "
        f"weights), both of shape (1, {height}, {width}, K)",
        remedy="Change what the up-sampler returns.",
    )


def _finer(stack: FeatureStack, area: MapArea, features: torch.Tensor) -> FeatureStack:
    """Return a stack of up-sampled features, of pixels of the image if they are as many."""
    values = features[0].permute(1, 2, 0)
    shape = int(values.shape[0]), int(values.shape[1])
    placement = finer_placement(stack, shape)
    if shape == area.shape:
        values = values[area.on_image]
        rows, columns = area.in_image
        placement = Placement((1.0, 1.0), (float(rows.start), float(columns.start)))
    kind = np.float16 if stack.values.dtype == np.float16 else np.float32
    with np.errstate(over="ignore"):  # told below
        array = values.detach().float().cpu().numpy().astype(kind, copy=False)
    if not np.isfinite(array).all():
        raise DatasetError(
            "NaN or infinity in the up-sampled features",
            expected=f"finite numbers of the type {np.dtype(kind)}",
            remedy="Change what the up-sampler returns, or its weights.",
        )
    return FeatureStack(
        values=np.ascontiguousarray(array),
        name=f"{stack.name}, up-sampled",
        overlay=stack.overlay,
        placement=placement,
        feature_labels=stack.feature_labels,
        bands=stack.bands,
        pixel_size=stack.pixel_size,
        georeference=stack.georeference,
    )


def _on_image(attention: Attention, area: MapArea) -> Attention:
    """Return the attention of the image's own pixels; none where the map does not reach."""
    taps = attention.shares.shape[2]
    pixels = np.zeros((*area.image_shape, taps), np.int64)
    shares = np.zeros((*area.image_shape, taps), np.float32)
    pixels[area.in_image] = attention.pixels[area.on_image]
    shares[area.in_image] = attention.shares[area.on_image]
    return replace(attention, pixels=pixels, shares=shares)
