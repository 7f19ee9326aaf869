"""Along which axis of an image layer its features lie."""

from __future__ import annotations

from collections.abc import Sequence

from napari.layers import Image

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


def proposed_axis(shape: Sequence[int]) -> int:
    """Return the axis that most likely holds the features.

    Of three axes two of which are equally long, height and width of a square, it is the other one,
    else the shortest. Of more it is the last one if that is shorter than both before it, which are
    then height and width; else the shortest of those before the last two; of equally short ones
    the last. An axis of length 1 is chosen only where there is no other.

    Parameters
    ----------
    shape : sequence of int
        Of the layer's data, three axes or more.
    """
    if len(shape) == 3:
        odd = [axis for axis, length in enumerate(shape) if list(shape).count(length) == 1]
        return odd[0] if len(odd) == 1 else _shortest(shape, range(3))
    if shape[-1] < min(shape[-3:-1]):
        return len(shape) - 1
    return _shortest(shape, range(len(shape) - 2))


def _shortest(shape: Sequence[int], axes: Sequence[int]) -> int:
    """Return the last of the shortest axes, but for those of a single element."""
    return min(reversed(axes), key=lambda axis: (shape[axis] == 1, shape[axis]))


def axis_name(layer: Image, axis: int) -> str:
    """Return an axis as the user knows it: by its label and its length."""
    label = str(layer.axis_labels[axis])
    is_named = label.strip("-").lstrip("0123456789") and label != f"axis {axis - layer.ndim}"
    length = int(layer.level_shapes[0][axis])
    return f"{label if is_named else f'axis {axis}'}, {length} long"
