"""What is hovered, pinned and selected → maps in napari layers."""

from napari_ifealid.explorer.explorer import AFTER_THE_MAP, Explorer
from napari_ifealid.explorer.gestures import CLEAR_KEY, FOLLOW_KEY, KEYS
from napari_ifealid.explorer.state import ExplorerState
from napari_ifealid.explorer.wanted import FeatureImage, Reference, SimilarityTo

__all__ = [
    "AFTER_THE_MAP",
    "CLEAR_KEY",
    "FOLLOW_KEY",
    "KEYS",
    "Explorer",
    "ExplorerState",
    "FeatureImage",
    "Reference",
    "SimilarityTo",
]
