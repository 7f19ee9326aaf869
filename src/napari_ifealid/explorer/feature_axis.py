"""Along which axis of an image layer its features lie."""

from __future__ import annotations

from napari.layers import Image

from napari_ifealid.formats.proposed_axis import proposed_axis
from napari_ifealid.layers import STACK_KEY
from napari_ifealid.stack import FEATURE_AXIS_NAMES


def known_axis(layer: Image) -> int | None:
    """Return the feature axis of a layer, None where it has to be asked for.

    It is known of photos, whose colours are features, of stacks opened as such, and from the
    layer's axis labels.
    """
    if layer.rgb:
        return -1
    if STACK_KEY in layer.metadata:
        return None if layer.metadata[STACK_KEY].is_axis_guessed else 0
    names = [str(label).lower() for label in layer.axis_labels]
    return next((axis for axis, name in enumerate(names) if name in FEATURE_AXIS_NAMES), None)


def proposed_axis_of(layer: Image) -> int:
    """Return the axis of a layer to propose: the one that its reader took, if it had to guess."""
    return 0 if STACK_KEY in layer.metadata else proposed_axis(layer.level_shapes[0])


def axis_name(layer: Image, axis: int) -> str:
    """Return an axis as the user knows it: by its label and its length."""
    label = str(layer.axis_labels[axis])
    is_named = label.strip("-").lstrip("0123456789") and label != f"axis {axis - layer.ndim}"
    length = int(layer.level_shapes[0][axis])
    return f"{label if is_named else f'axis {axis}'}, {length} long"
