"""Look inside feature maps and hyperspectral images in napari."""

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import read_stack, write_stack
from napari_ifealid.stack import FeatureStack

__all__ = ["DatasetError", "FeatureStack", "read_stack", "write_stack"]
