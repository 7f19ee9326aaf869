"""Sharp maps: the exact similarity of up-sampled features, on the pixels of an image."""

from napari_ifealid.sharpening.alignment import Alignment
from napari_ifealid.sharpening.attention_weights import weights_of
from napari_ifealid.sharpening.building import (
    is_worth_it,
    sharp_memory,
    weight_step_count,
    weight_steps,
    why_not_sharp,
    window_weights,
)
from napari_ifealid.sharpening.joint_bilateral import JointBilateral
from napari_ifealid.sharpening.sharp_engine import SharpEngine, refusal_of
from napari_ifealid.sharpening.sharp_gpu_engine import SharpGpuEngine
from napari_ifealid.sharpening.sharp_pixels import SharpPixels
from napari_ifealid.sharpening.starting import plan_sharp, start_sharp_in_steps
from napari_ifealid.sharpening.weights import Weights
from napari_ifealid.sharpening.weights_file import (
    check_fit,
    read_weights,
    write_weights,
)

__all__ = [
    "Alignment",
    "JointBilateral",
    "SharpEngine",
    "SharpGpuEngine",
    "SharpPixels",
    "Weights",
    "check_fit",
    "is_worth_it",
    "plan_sharp",
    "read_weights",
    "refusal_of",
    "sharp_memory",
    "start_sharp_in_steps",
    "weight_step_count",
    "weight_steps",
    "weights_of",
    "why_not_sharp",
    "window_weights",
    "write_weights",
]
