"""Pictures and segments of a whole stack as napari layers, in the place of its map."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer
from numpy.typing import NDArray

from napari_ifealid.explorer.repeated_extraction import free_name
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.sources import OVERVIEW_KEY, map_axes, map_placement
from napari_ifealid.plain_text import shown_name
from napari_ifealid.stack import FeatureStack

_OPACITY = 0.7  # of segments: the image shines through


@dataclass(frozen=True, eq=False)
class Overview:
    """An overview of a stack.

    Parameters
    ----------
    name : str
        What it is: "components" or "8 segments".
    values : array of uint8, shape (..., 4), or array of int32, shape (...)
        The colours of a picture, or labels.
    summary : str
        What there is to say about it, for the user.
    """

    name: str
    values: NDArray[np.uint8] | NDArray[np.int32]
    summary: str

    @property
    def is_picture(self) -> bool:
        """Whether it is a picture, and no labels."""
        return self.values.dtype == np.uint8


@dataclass(frozen=True)
class OverviewOrigin:
    """What an overview was made of, and how.

    Parameters
    ----------
    layer : hashable
        Unique identifier of the features layer.
    axis : int
        The one along which its features lie.
    request : hashable
        What was asked for.
    """

    layer: Hashable
    axis: int
    request: Hashable


@dataclass(frozen=True)
class _Mark:
    origin: OverviewOrigin
    name: str


def add_overview(
    viewer: ViewerModel,
    session: Session,
    stack: FeatureStack,
    overview: Overview,
    request: Hashable,
) -> Layer:
    """Add an overview above the image and under the map.

    It replaces that of the same request, if the user has left this as it was: neither renamed nor
    painted in. The layer is the user's from now on.

    Parameters
    ----------
    viewer : napari viewer
    session : Session
        In the place of whose map it lies.
    stack : FeatureStack
        Of that session.
    overview : Overview
        Of that stack.
    request : hashable
        What was asked for.
    """
    layers = viewer.layers
    origin = OverviewOrigin(session.layer.unique_id, session.axis, request)
    new = _layer(session, stack, overview)
    selected = set(layers.selection)
    earlier = next((layer for layer in layers if _is_unchanged(layer, origin, new)), None)
    if earlier is None:
        index = _index_under_map(layers, session.map_layer, new)
    else:
        index = layers.index(earlier)
        layers.remove(earlier)
        selected.discard(earlier)
    new.name = free_name(shown_name(f"{stack.name}: {overview.name}"), layers)
    new.metadata[OVERVIEW_KEY] = _Mark(origin, new.name)
    layers.insert(index, new)
    layers.selection = selected
    return new


def _layer(session: Session, stack: FeatureStack, overview: Overview) -> Layer:
    values: NDArray[Any] = overview.values
    placement = map_placement(session.layer, session.axis)
    is_squashed = len(map_axes(session.layer, session.axis)) > len(stack.spatial_shape)
    if is_squashed:
        values = np.expand_dims(values, session.axis)
    # made here, since what a plugin's viewer makes comes in a slow wrapper
    if overview.is_picture:
        return Image(values, rgb=True, multiscale=False, **placement)
    return Labels(values, multiscale=False, opacity=_OPACITY, **placement)


def _index_under_map(layers: Sequence[Layer], image: Image | None, new: Layer) -> int:
    """Return the index right under a map; for a picture, also under the segments that lie there."""
    index = layers.index(image) if image is not None and image in layers else len(layers)
    while isinstance(new, Image) and index and _is_segments(layers[index - 1]):
        index -= 1
    return index


def _is_segments(layer: Any) -> bool:
    return isinstance(layer, Labels) and OVERVIEW_KEY in layer.metadata


def _is_unchanged(layer: Layer, origin: OverviewOrigin, new: Layer) -> bool:
    return bool(
        layer.metadata.get(OVERVIEW_KEY) == _Mark(origin, layer.name)
        and np.array_equal(layer.data, new.data)
    )
