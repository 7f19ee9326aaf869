"""Look inside feature maps and hyperspectral images in napari."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import read_stack, write_stack
from napari_ifealid.stack import FeatureStack

if TYPE_CHECKING:
    from napari_ifealid.extraction import extract_features
    from napari_ifealid.results import threshold_regions
    from napari_ifealid.session_files import read_session
    from napari_ifealid.similarity import similarity_map
    from napari_ifealid.widgets.open_session import open_session

__all__ = [
    "DatasetError",
    "FeatureStack",
    "extract_features",
    "open_session",
    "read_session",
    "read_stack",
    "similarity_map",
    "threshold_regions",
    "write_stack",
]

# torch takes seconds to import, and may be missing; the others need much that a reader does not
_LAZY = {
    "extract_features": "napari_ifealid.extraction",
    "open_session": "napari_ifealid.widgets.open_session",
    "read_session": "napari_ifealid.session_files",
    "similarity_map": "napari_ifealid.similarity",
    "threshold_regions": "napari_ifealid.results",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
