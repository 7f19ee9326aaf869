"""Images whose channels have samples, such as red, green and blue: all samples are features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.formats.features_last import StoredArray
from napari_ifealid.formats.joined_bands import JoinedBands
from napari_ifealid.formats.tiff_images import TiffImage
from napari_ifealid.formats.tiff_layouts import TiffLayout

_COLOURS = ("red", "green", "blue", "alpha")


@dataclass(frozen=True, eq=False)
class OneChannel:
    """A channel of a stored array, as an array without that axis.

    Parameters
    ----------
    array : StoredArray
    axis : int
        Of the channels, 0 or greater.
    number : int
        Of the channel.
    """

    array: StoredArray
    axis: int
    number: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of its axes."""
        return _without(self.array.shape, self.axis)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of its values."""
        return self.array.dtype

    def __getitem__(self, index: tuple[Any, ...]) -> NDArray[Any]:
        """Read a part: a slice of step 1 or an int for each axis."""
        return self.array[(*index[: self.axis], self.number, *index[self.axis :])]


def with_joined_samples(image: TiffImage) -> TiffImage:
    """Return an image with the samples of all channels along one axis; others as they are.

    Parameters
    ----------
    image : TiffImage
    """
    layout = image.layout
    if not {"C", "S"} <= set(layout.axes):
        return image
    axis = layout.axes.index("C")
    count = layout.shape[axis]
    channels = tuple(OneChannel(image.array, axis, number) for number in range(count))
    joined_axis = layout.axes.replace("C", "").index("S")
    samples = channels[0].shape[joined_axis]
    array = JoinedBands(channels, joined_axis, tuple(range(count * samples)))
    labels = image.channels.labels
    if labels is not None:
        labels = tuple(f"{label} {name}" for label in labels for name in _names(layout, samples))
    return replace(
        image,
        layout=replace(layout, axes=layout.axes.replace("C", ""), shape=array.shape),
        array=array,
        pieces=None if image.pieces is None else _without(image.pieces, axis),
        channels=replace(image.channels, labels=labels, colours=None),
    )


def _names(layout: TiffLayout, samples: int) -> tuple[str | int, ...]:
    are_colours = not layout.is_grey and samples in (3, 4)
    return _COLOURS[:samples] if are_colours else tuple(range(1, samples + 1))


def _without(lengths: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return (*lengths[:axis], *lengths[axis + 1 :])
