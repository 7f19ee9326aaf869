"""Look inside feature maps and hyperspectral images in napari."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_ifealid.errors import DatasetError
    from napari_ifealid.extraction import extract_features
    from napari_ifealid.formats import read_stack, write_stack
    from napari_ifealid.libraries import (
        Library,
        LibraryEntry,
        rank_entries,
        read_library,
        write_library,
    )
    from napari_ifealid.measures import MEASURES
    from napari_ifealid.overview import principal_components, segments
    from napari_ifealid.preprocessing import preprocess
    from napari_ifealid.query import Query, Reference, Rule
    from napari_ifealid.results import threshold_regions
    from napari_ifealid.session_files import read_session
    from napari_ifealid.sharpness import Sharpness
    from napari_ifealid.similarity import sharp_map, similarity_map
    from napari_ifealid.stack import FeatureStack
    from napari_ifealid.widgets.open_session import open_session

__all__ = [
    "MEASURES",
    "DatasetError",
    "FeatureStack",
    "Library",
    "LibraryEntry",
    "Query",
    "Reference",
    "Rule",
    "Sharpness",
    "extract_features",
    "open_session",
    "preprocess",
    "principal_components",
    "rank_entries",
    "read_library",
    "read_session",
    "read_stack",
    "segments",
    "sharp_map",
    "similarity_map",
    "threshold_regions",
    "write_library",
    "write_stack",
]

# imported when first used: torch takes seconds and may be missing, and no one needs all of them
_MODULES = {
    "DatasetError": "napari_ifealid.errors",
    "FeatureStack": "napari_ifealid.stack",
    "Library": "napari_ifealid.libraries",
    "LibraryEntry": "napari_ifealid.libraries",
    "MEASURES": "napari_ifealid.measures",
    "Query": "napari_ifealid.query",
    "Reference": "napari_ifealid.query",
    "Rule": "napari_ifealid.query",
    "Sharpness": "napari_ifealid.sharpness",
    "extract_features": "napari_ifealid.extraction",
    "open_session": "napari_ifealid.widgets.open_session",
    "preprocess": "napari_ifealid.preprocessing",
    "principal_components": "napari_ifealid.overview",
    "rank_entries": "napari_ifealid.libraries",
    "read_library": "napari_ifealid.libraries",
    "read_session": "napari_ifealid.session_files",
    "read_stack": "napari_ifealid.formats",
    "segments": "napari_ifealid.overview",
    "sharp_map": "napari_ifealid.similarity",
    "similarity_map": "napari_ifealid.similarity",
    "threshold_regions": "napari_ifealid.results",
    "write_library": "napari_ifealid.libraries",
    "write_stack": "napari_ifealid.formats",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
