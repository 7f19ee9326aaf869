"""What is done to pixel vectors before they are compared."""

from napari_ifealid.preprocessing.steps import STEPS, Step, step_named
from napari_ifealid.preprocessing.transform import Transform, transform_of
from napari_ifealid.preprocessing.whole_stack import preprocess, preprocessed

__all__ = [
    "STEPS",
    "Step",
    "Transform",
    "preprocess",
    "preprocessed",
    "step_named",
    "transform_of",
]
