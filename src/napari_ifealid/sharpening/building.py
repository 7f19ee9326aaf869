"""Whether a stack can have sharp maps, and what they need, built step by step."""

from __future__ import annotations

from collections.abc import Generator
from math import prod

import numpy as np
import psutil

from napari_ifealid.engines.cores import core_count, on_all_cores
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.grid import Pixel
from napari_ifealid.memory import fits_memory
from napari_ifealid.sharpening.alignment import Alignment
from napari_ifealid.sharpening.joint_bilateral import JointBilateral
from napari_ifealid.sharpening.weights import Weights, weights_memory
from napari_ifealid.sharpness import Sharpness
from napari_ifealid.sizes import size_text
from napari_ifealid.stack import FeatureStack

WORTH_IT = 2.0
"""Pixels of the image along a pixel of the stack from which on maps are sharp unless chosen."""


_WINDOW, _WINDOW_ROWS = 128, 32  # pixels of the image; rows that stay in a core's cache
_LITTLE = 0.15  # of the free memory: more is taken where the user wants it only


def why_not_sharp(stack: FeatureStack, sharpness: Sharpness | None = None) -> str:
    """Return why a stack can have no sharp maps, in words for the user; empty if it can.

    Parameters
    ----------
    stack : FeatureStack
    sharpness : Sharpness, optional
    """
    if stack.overlay is None:
        return "no original image"
    if len(stack.spatial_shape) != 2:
        return "more than two spatial axes"
    if stack.is_lazy:
        return "the stack stays on disk"
    if Alignment.of(stack).coarseness <= 1.0:
        return "as fine as the image"
    needed = sharp_memory(stack, sharpness)
    if not fits_memory(needed):
        return f"weights of {size_text(needed)}, more than is free"
    return ""


def is_worth_it(stack: FeatureStack, sharpness: Sharpness | None = None) -> bool:
    """Return whether maps of a stack with an image are sharp unless the user chooses.

    They are where it is coarse, and the weights take little of the free memory.

    Parameters
    ----------
    stack : FeatureStack
    sharpness : Sharpness, optional
    """
    is_little = sharp_memory(stack, sharpness) <= _LITTLE * psutil.virtual_memory().available
    return is_little and Alignment.of(stack).coarseness >= WORTH_IT


def sharp_memory(stack: FeatureStack, sharpness: Sharpness | None = None) -> int:
    """Return how many bytes the weights of a stack with an image take.

    Parameters
    ----------
    stack : FeatureStack
    sharpness : Sharpness, optional
    """
    taps = (sharpness or Sharpness()).kept
    assert stack.overlay is not None
    return weights_memory(taps, prod(stack.overlay.shape[:2]), stack.pixel_count)


def weight_steps(pixels: PixelVectors, sharpness: Sharpness) -> Generator[Weights | None]:
    """Build the weights of a stack with an image on all cores, step by step.

    Parameters
    ----------
    pixels : PixelVectors
        Of the stack. Pixels that are not finite get no weight.
    sharpness : Sharpness

    Yields
    ------
    Weights or None
        None after each step but the last; then the weights.
    """
    builder = _builder(pixels, sharpness)
    weights = builder.empty()
    blocks = list(builder.blocks())
    count = core_count()
    for start in range(0, len(blocks), count):
        some = blocks[start : start + count]

        def fill(part: slice, some: list[slice] = some) -> None:
            for rows in some[part]:
                builder.fill(weights, rows)

        on_all_cores(fill, len(some), least=1)
        yield weights if start + count >= len(blocks) else None


def window_weights(pixels: PixelVectors, sharpness: Sharpness, middle: Pixel) -> Weights:
    """Build the weights of a window of the image alone, which takes a tenth of a second.

    Parameters
    ----------
    pixels, sharpness
        As for `weight_steps`.
    middle : (int, int)
        The pixel of the image that the window is around.

    Returns
    -------
    Weights
        Of the whole image; no other pixel has a vector.
    """
    builder = _builder(pixels, sharpness)
    weights = builder.empty()
    rows, columns = (
        range(max(x - _WINDOW // 2, 0), min(x + _WINDOW // 2, length))
        for x, length in zip(middle, weights.image_shape, strict=True)
    )
    for start in range(rows.start, rows.stop, _WINDOW_ROWS):
        part = slice(start, min(start + _WINDOW_ROWS, rows.stop))
        builder.fill(weights, part, slice(columns.start, columns.stop))
    return weights


def _builder(pixels: PixelVectors, sharpness: Sharpness) -> JointBilateral:
    stack = pixels.stack
    assert stack.overlay is not None
    is_known = ~pixels.is_invalid.reshape(stack.spatial_shape)
    return JointBilateral(stack.overlay, Alignment.of(stack), is_known, sharpness)


def weight_step_count(stack: FeatureStack) -> int:
    """Return how many steps `weight_steps` has."""
    assert stack.overlay is not None
    alignment = Alignment.of(stack)
    builder = JointBilateral(
        stack.overlay, alignment, np.ones(stack.spatial_shape, bool), Sharpness()
    )
    return -(-len(list(builder.blocks())) // core_count())
