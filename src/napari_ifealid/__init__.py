"""Look inside feature maps and hyperspectral images in napari."""

from typing import TYPE_CHECKING, Any

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import read_stack, write_stack
from napari_ifealid.stack import FeatureStack

if TYPE_CHECKING:
    from napari_ifealid.extraction import extract_features

__all__ = ["DatasetError", "FeatureStack", "extract_features", "read_stack", "write_stack"]


def __getattr__(name: str) -> Any:
    if name == "extract_features":  # torch takes seconds to import, and may be missing
        from napari_ifealid.extraction import extract_features

        return extract_features
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
