"""The original image under the map, in grey or in colour."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from napari.layers import Image, Layer
from numpy.typing import NDArray

from napari_ifealid.layers import STACK_KEY
from napari_ifealid.stack import FeatureStack

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # ITU-R BT.709


def show_overlay(layers: Iterable[Layer], stack: FeatureStack, *, in_colour: bool) -> None:
    """Show a stack's original image in colour or in grey, if it has one among the layers.

    Stacks of one image may share its layer, by sharing the array.
    """
    if stack.overlay is None:
        return
    for layer in layers:
        opened = layer.metadata.get(STACK_KEY)
        if isinstance(layer, Image) and layer.rgb and opened and opened.overlay is stack.overlay:
            layer.data = stack.overlay if in_colour else _grey(stack.overlay)


def _grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    luminance = (image @ _LUMINANCE + 0.5).astype(np.uint8)
    return np.repeat(luminance[..., np.newaxis], 3, axis=-1)
