"""Layers that lie above the maps, which are made anew for each stack."""

from __future__ import annotations

from napari.components import ViewerModel
from napari.layers import Layer

from napari_ifealid.explorer.sources import BACKDROP_KEY, MAP_KEY


def show_above_maps(viewer: ViewerModel, layer: Layer | None) -> None:
    """Move a layer to the top if a map, or the image under one, lies above it."""
    layers = list(viewer.layers)
    if layer is None or layer not in layers or not layer.visible:
        return
    index = layers.index(layer)
    if any({MAP_KEY, BACKDROP_KEY} & above.metadata.keys() for above in layers[index + 1 :]):
        viewer.layers.move(index, len(layers))
