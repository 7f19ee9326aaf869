"""What an extraction came from, and which layer of an earlier one a repetition replaces."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from itertools import count

import numpy as np
from napari.components import LayerList
from napari.layers import Image, Layer

from napari_ifealid.explorer.extraction_layers import Picture
from napari_ifealid.extraction.titles import features_title
from napari_ifealid.layers import STACK_KEY, LayerData

ORIGIN_KEY = "feature_extraction"
"""Where the metadata of a features layer hold its `ExtractionOrigin`."""


@dataclass(frozen=True)
class ExtractionOrigin:
    """What features were extracted from, and how.

    Parameters
    ----------
    image : hashable
        Unique identifier of the image layer.
    planes : tuple of (int, int)
        First and last slice along each leading axis.
    limits : (float, float)
        The values that are shown black and white.
    model, stage : str
    """

    image: Hashable
    planes: tuple[tuple[int, int], ...]
    limits: tuple[float, float]
    model: str
    stage: str


@dataclass(frozen=True)
class _Mark:
    origin: ExtractionOrigin
    name: str


def origin_of(layer: Image, picture: Picture, model: str, stage: str) -> ExtractionOrigin:
    """Return what features of a picture of a layer come from."""
    planes = tuple((plane.start, plane.stop - 1) for plane in picture.planes)
    low, high = map(float, picture.limits)
    return ExtractionOrigin(layer.unique_id, planes, (low, high), model, stage)


def mark(features: Layer, origin: ExtractionOrigin) -> None:
    """Note in a layer where its features come from, and what it is called."""
    features.metadata[ORIGIN_KEY] = _Mark(origin, features.name)


def earlier_layer(layers: Iterable[Layer], origin: ExtractionOrigin) -> Layer | None:
    """Return the layer of the same features that the user has left as it was; None without one.

    Parameters
    ----------
    layers : iterable of napari layers
    origin : ExtractionOrigin
        A layer that was renamed, or whose data are others now, is the user's.
    """
    return next((layer for layer in layers if _is_unchanged(layer, origin)), None)


def free_name(name: str, layers: Iterable[Layer]) -> str:
    """Return a name that no layer has: numbered from 2, as in "features [2]", if it is taken."""
    taken = {layer.name for layer in layers}
    numbered = (f"{name} [{number}]" for number in count(2))
    return name if name not in taken else next(new for new in numbered if new not in taken)


def add_extraction(layers: LayerList, features: LayerData, origin: ExtractionOrigin) -> Layer:
    """Add a layer of features, in place of that of an earlier extraction that was the same.

    Parameters
    ----------
    layers : napari LayerList
    features : LayerData
    origin : ExtractionOrigin

    Returns
    -------
    napari layer
        The new one.
    """
    earlier = earlier_layer(layers, origin)
    index = len(layers) if earlier is None else layers.index(earlier)
    if earlier is not None:
        layers.remove(earlier)
    new = Layer.create(*features)
    new.name = free_name(features_title(origin.model, origin.stage), layers)
    mark(new, origin)
    layers.insert(index, new)
    return new


def _is_unchanged(layer: Layer, origin: ExtractionOrigin) -> bool:
    noted, stack = layer.metadata.get(ORIGIN_KEY), layer.metadata.get(STACK_KEY)
    return (
        isinstance(noted, _Mark)
        and noted == _Mark(origin, layer.name)
        and stack is not None
        and np.may_share_memory(layer.data, stack.values)
    )
