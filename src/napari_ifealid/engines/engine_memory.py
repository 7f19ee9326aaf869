"""How much memory the engines need for a stack."""

from __future__ import annotations

import numpy as np

from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.engines.texture_blocks import BlockLayout, texel_dtype
from napari_ifealid.stack import FeatureStack

USUAL_TEXTURE_SIDE = 16_384
"""Longest side of a texture, in texels, that graphics cards have at least nowadays."""


def cpu_memory(stack: FeatureStack) -> int:
    """Return the bytes that a stack takes in main memory, with all that the CPU engine adds.

    Of a lazy stack, what it takes if it is loaded.
    """
    is_flat_as_it_is = stack.is_lazy or (
        stack.values.flags.c_contiguous or np.moveaxis(stack.values, -1, 0).flags.c_contiguous
    )
    copies = 1 if is_flat_as_it_is else 2
    pixel = np.zeros((1, 1, 1), stack.values.dtype)  # it adds as much whatever the features are
    beside = CpuEngine(PixelVectors.of(FeatureStack(values=pixel, name=stack.name))).memory
    return copies * stack.values.nbytes + stack.pixel_count * beside


def gpu_memory(stack: FeatureStack, max_texture_side: int = USUAL_TEXTURE_SIDE) -> int:
    """Return the bytes that a stack takes on the GPU.

    Parameters
    ----------
    stack : FeatureStack
    max_texture_side : int, optional
        Texels along a side of a texture.

    Raises
    ------
    EngineUnavailableError
        If a pixel has more features than a texture can hold.
    """
    is_shifted = stack.value_range is not None and stack.value_range[0] != 0.0
    dtype = texel_dtype(stack.values.dtype, is_scaled=is_shifted)
    layout = BlockLayout.of(stack.pixel_count, stack.feature_count, max_texture_side)
    return layout.texture_bytes(dtype)
