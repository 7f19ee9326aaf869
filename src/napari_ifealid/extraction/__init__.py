"""From an image to feature stacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_ifealid.extraction.extractor import ExtractionWarning, Extractor
from napari_ifealid.extraction.filters import filter_features
from napari_ifealid.extraction.models import (
    FILTERS,
    MODELS,
    check_installed,
    load_extractor,
    model_layers,
)

if TYPE_CHECKING:
    from napari_ifealid.extraction.torch_modules import extract_features

__all__ = [
    "FILTERS",
    "MODELS",
    "ExtractionWarning",
    "Extractor",
    "extract_features",
    "filter_features",
    "load_extractor",
    "model_layers",
]


def __getattr__(name: str) -> Any:
    if name == "extract_features":  # torch takes seconds to import, and may be missing
        check_installed("torch")
        from napari_ifealid.extraction.torch_modules import extract_features

        return extract_features
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
