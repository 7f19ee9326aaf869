"""The samples that come with the plugin."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from skimage.data import astronaut as astronaut_image

from napari_ifealid._background import awaited
from napari_ifealid.extraction import filter_features
from napari_ifealid.formats import read_stack
from napari_ifealid.layers import START_KEY, LayerData, layer_data, layers_of
from napari_ifealid.stack import FeatureStack

_FOLDER = Path(__file__).parent / "samples"
_EYE, _SUIT = (127.0, 191.0), (330.0, 150.0)  # y, x of what is worth a look


def chelsea() -> list[LayerData]:
    """Return three layers of a network that looks at a cat, over one picture of it.

    The last is the latest layer of the network: the one to begin with.
    """
    texture, *others = map(_chelsea, ("texture", "parts", "objects"))
    overlay, *features = layers_of([texture, *(_with_overlay(stack, texture) for stack in others)])
    picture, about_picture, kind = overlay
    return _starting_at(
        _EYE, [(picture, about_picture | {"name": "Chelsea overlay"}, kind), *features]
    )


def chelsea_texture() -> list[LayerData]:
    """Return an early layer of the network as napari layers."""
    return _starting_at(_EYE, layer_data(_chelsea("texture")))


def chelsea_parts() -> list[LayerData]:
    """Return a layer in the middle of the network as napari layers."""
    return _starting_at(_EYE, layer_data(_chelsea("parts")))


def chelsea_objects() -> list[LayerData]:
    """Return a late layer of the network as napari layers."""
    return _starting_at(_EYE, layer_data(_chelsea("objects")))


def astronaut() -> list[LayerData]:
    """Return the filter features of scikit-image's astronaut as napari layers."""
    layers = layer_data(filter_features(astronaut_image(), name="Astronaut"))
    return _starting_at(_SUIT, layers)


def _chelsea(layer: str) -> FeatureStack:
    path = _FOLDER / f"chelsea_{layer}.zip"
    return awaited(lambda track: read_stack(path, track=track), "Opening Chelsea")


def _with_overlay(stack: FeatureStack, other: FeatureStack) -> FeatureStack:
    return replace(stack, overlay=other.overlay).read_from(stack.source)


def _starting_at(place: tuple[float, float], layers: list[LayerData]) -> list[LayerData]:
    """Return layers that are compared with a place first."""
    return [
        (data, about | {"metadata": about["metadata"] | {START_KEY: place}}, kind)
        for data, about, kind in layers
    ]
