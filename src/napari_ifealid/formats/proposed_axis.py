"""Which axis of an array most likely holds the features, where nothing tells."""

from __future__ import annotations

from collections.abc import Sequence


def proposed_axis(shape: Sequence[int]) -> int:
    """Return the axis that most likely holds the features.

    Of three axes two of which are equally long, height and width of a square, it is the other one,
    else the shortest. Of more it is the last one if that is shorter than both before it, which are
    then height and width; else the shortest of those before the last two; of equally short ones
    the last. An axis of length 1 is chosen only where there is no other.

    Parameters
    ----------
    shape : sequence of int
        Of the array, three axes or more.
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
