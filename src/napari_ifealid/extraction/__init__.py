"""From an image to a feature stack."""

from napari_ifealid.extraction.filters import filter_features

__all__ = ["filter_features"]
