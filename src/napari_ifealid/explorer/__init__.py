"""From the cursor, the pins and the chosen stack to maps in napari layers."""

from napari_ifealid.colour_limits import ColourRange
from napari_ifealid.explorer.asked import Asked, AskedKind
from napari_ifealid.explorer.explorer import Explorer
from napari_ifealid.explorer.gestures import CLEAR_KEY, FOLLOW_KEY, KEYS, LIBRARY_KEY, SIGN_KEY
from napari_ifealid.explorer.map_request import FeatureRequest, ReferenceMode, SimilarityRequest
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.shown_map import AFTER_THE_MAP
from napari_ifealid.explorer.state import ExplorerState

__all__ = [
    "AFTER_THE_MAP",
    "CLEAR_KEY",
    "FOLLOW_KEY",
    "KEYS",
    "LIBRARY_KEY",
    "SIGN_KEY",
    "Asked",
    "AskedKind",
    "ColourRange",
    "Explorer",
    "ExplorerState",
    "FeatureRequest",
    "ReferenceMode",
    "Session",
    "SimilarityRequest",
]
