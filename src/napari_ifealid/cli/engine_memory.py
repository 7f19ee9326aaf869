"""How much memory the engines need for a stack."""

from __future__ import annotations

import numpy as np

from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.engines.engine import EngineUnavailableError
from napari_ifealid.engines.pixels import PixelVectors
from napari_ifealid.engines.texture_blocks import BlockLayout, texel_dtype
from napari_ifealid.stack import FeatureStack

TEXTURE_SIDE = 16384
"""Longest side of a texture, in texels, that graphics cards have at least nowadays."""


def cpu_memory(stack: FeatureStack) -> int:
    """Return the bytes that a stack takes in main memory, with all that the CPU engine adds.

    Of a stack on disk, what it takes if it is loaded.
    """
    is_flat_as_it_is = stack.is_on_disk or (
        stack.values.flags.c_contiguous or np.moveaxis(stack.values, -1, 0).flags.c_contiguous
    )
    copies = 1 if is_flat_as_it_is else 2
    return copies * stack.values.nbytes + stack.pixel_count * CpuEngine(_one_pixel(stack)).memory


def gpu_memory(stack: FeatureStack) -> int | None:
    """Return the bytes that a stack takes on the GPU; None if a pixel fits no texture."""
    dtype = texel_dtype(stack.values.dtype, is_scaled=_one_pixel(stack).is_scaled)
    try:
        layout = BlockLayout.of(stack.pixel_count, stack.feature_count, TEXTURE_SIDE)
    except EngineUnavailableError:
        return None
    return layout.texture_bytes(dtype)


def _one_pixel(stack: FeatureStack) -> PixelVectors:
    values = np.zeros((1, 1, stack.feature_count), stack.values.dtype)
    return PixelVectors.of(
        FeatureStack(values=values, name=stack.name, value_range=stack.value_range)
    )
