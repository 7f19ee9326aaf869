"""Which layers show features of the same image, so that a place means the same in all of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from hashlib import blake2b
from math import ceil, prod, sqrt
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from napari.layers import Image
from numpy.typing import NDArray

from napari_ifealid.explorer.sources import full_data, layer_shape
from napari_ifealid.layers import STACK_KEY
from napari_ifealid.stack import FeatureStack

_HASHED = 1 << 20  # pixels at most; a few milliseconds

_known_photos: WeakKeyDictionary[Image, tuple[ref[NDArray[Any]], Hashable]] = WeakKeyDictionary()
_known: WeakKeyDictionary[FeatureStack, Hashable] = WeakKeyDictionary()


def is_same_image(one: Image, other: Image) -> bool:
    """Return whether two layers show features of one image.

    Their original images are equal; where one of them has none, they were opened from one file or
    sample.

    Parameters
    ----------
    one, other : napari Image layer
    """
    if one is other:
        return True
    images = _image_key(one), _image_key(other)
    if None not in images:
        return images[0] == images[1]
    origins = _origin(one), _origin(other)
    return origins[0] is not None and origins[0] == origins[1]


def may_be_same_image(one: Image, other: Image) -> bool:
    """Return whether nothing is known of the images of two layers but that they are equally large.

    So it is of arrays that a script has added.
    """
    is_unknown = not any(_image_key(layer) or _origin(layer) for layer in (one, other))
    return is_unknown and _size(one) == _size(other)


def grouped_by_image(layers: Sequence[Image]) -> list[list[Image]]:
    """Return the layers of each image, in the order in which they are given."""
    groups: list[list[Image]] = []
    for layer in layers:
        fitting = (group for group in groups if any(is_same_image(layer, one) for one in group))
        group = next(fitting, None)
        if group is None:
            groups.append([layer])
        else:
            group.append(layer)
    return groups


def _image_key(layer: Image) -> Hashable | None:
    """Return a key of a layer's original image; None if it has none."""
    if layer.rgb:
        return _photo_key(layer)
    stack = layer.metadata.get(STACK_KEY)
    if not isinstance(stack, FeatureStack) or stack.overlay is None:
        return None
    if stack not in _known:
        _known[stack] = _hash(stack.overlay)
    return _known[stack]


def _photo_key(layer: Image) -> Hashable | None:
    data = full_data(layer)
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8:
        return None
    known = _known_photos.get(layer)
    if known is None or known[0]() is not data:  # the user may put other data into the layer
        known = ref(data), _hash(data)
        _known_photos[layer] = known
    return known[1]


def _hash(image: NDArray[Any]) -> Hashable:
    """Return the shape and a hash of the pixels, of a large image of every few of them alone."""
    step = ceil(sqrt(max(prod(image.shape[:2]) / _HASHED, 1.0)))
    pixels = np.ascontiguousarray(image[::step, ::step, ..., :3])
    return image.shape[:-1], blake2b(pixels.tobytes(), digest_size=16).digest()


def _origin(layer: Image) -> Hashable | None:
    """Return the file or the sample that a layer was opened from."""
    path: str | None = layer.source.path
    sample: tuple[str, str] | None = layer.source.sample
    return path or sample


def _size(layer: Image) -> tuple[float, ...]:
    """Return the lengths in the world along the last two axes."""
    ends = np.zeros((2, layer.ndim))
    ends[1] = layer_shape(layer)[: layer.ndim]
    low, high = (np.asarray(layer.data_to_world(end))[-2:] for end in ends)
    return tuple(np.round(np.abs(high - low), 6).tolist())
