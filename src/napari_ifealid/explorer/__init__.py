"""What is hovered, pinned and selected → maps in napari layers."""

from napari_ifealid.explorer.explorer import FOLLOW_KEY, Explorer
from napari_ifealid.explorer.state import ExplorerState

__all__ = ["FOLLOW_KEY", "Explorer", "ExplorerState"]
