"""Tensors of neural networks as feature stacks: their axes, and which of them are weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from napari_ifealid.formats.format import no_stacks, no_such_axis
from napari_ifealid.formats.location import Location

_REAL = (
    *("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
    *("float16", "bfloat16", "float32", "float64"),
)
_FEWEST_AXES, _MOST_AXES = 3, 32  # NumPy 1 has no more
_LARGEST_KERNEL = 7  # pixels along each side
_REMEDY = "Save feature maps of shape (batch, channels, height, width), or choose another tensor."


@dataclass(frozen=True)
class Tensor:
    """What is known of a tensor before its values are read.

    Parameters
    ----------
    shape : tuple of int
        (batch, channels, ...) or (channels, height, width).
    dtype : str
        As PyTorch calls it, such as "bfloat16".
    """

    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        return f"{self.shape} {self.dtype}"

    @property
    def is_batch_of_one(self) -> bool:
        """Whether the first axis is a batch of one image, which a stack leaves out."""
        return self.shape[:1] == (1,)

    @property
    def kept_shape(self) -> tuple[int, ...]:
        """The shape without a batch of one."""
        return self.shape[int(self.is_batch_of_one) :]

    @property
    def is_stack(self) -> bool:
        """Whether it can be a feature stack."""
        has_axes = _FEWEST_AXES <= len(self.kept_shape) <= _MOST_AXES
        return has_axes and prod(self.shape) > 0 and self.dtype in _REAL

    @property
    def is_kernel(self) -> bool:
        """Whether it looks like the weights of a convolution, (out, in, ...), not like features."""
        if self.is_batch_of_one or len(self.shape) < _FEWEST_AXES:
            return False
        *_, channels, last = self.shape
        if len(self.shape) == _FEWEST_AXES:  # in one dimension; a small feature map is square
            return last <= _LARGEST_KERNEL and channels != last
        return max(self.shape[2:]) <= _LARGEST_KERNEL

    def kept_axis(self, feature_axis: int | None) -> int:
        """Return along which axis of `kept_shape` the features lie.

        Parameters
        ----------
        feature_axis : int or None
            The axis of `shape` that is asked for. None: the channels, which come after the batch.

        Raises
        ------
        DatasetError
            If there is no such axis.
        """
        count, left_out = len(self.shape), int(self.is_batch_of_one)
        if feature_axis is None:
            return 0 if left_out or count == _FEWEST_AXES else 1
        if not -count <= feature_axis < count or feature_axis % count < left_out:
            raise no_such_axis(feature_axis, self.shape)
        return feature_axis % count - left_out


def hold_features(tensors: Mapping[str, Tensor]) -> bool:
    """Return whether some of the tensors of a file are feature maps, not weights of a network."""
    return any(tensor.is_stack and not tensor.is_kernel for tensor in tensors.values())


def chosen_tensors(
    tensors: Mapping[str, Tensor], array: str | None, location: Location
) -> Sequence[str]:
    """Return the names of the tensors that are read.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Of the file.
    array : str or None
        The only one that is asked for; None: each that can be a feature stack.
    location : path

    Raises
    ------
    DatasetError
        If there is none.
    """
    names = [name for name, tensor in tensors.items() if tensor.is_stack and array in (None, name)]
    if not names:
        listed = {name: str(tensor) for name, tensor in tensors.items()}
        raise no_stacks(location, listed, array, _REMEDY)
    return names
