"""The sample that comes with the plugin."""

from __future__ import annotations

from skimage.data import astronaut as astronaut_image

from napari_ifealid.extraction import filter_features
from napari_ifealid.layers import LayerData, layer_data


def astronaut() -> list[LayerData]:
    """Return the filter features of scikit-image's astronaut as napari layers."""
    return layer_data(filter_features(astronaut_image(), name="Astronaut"))
