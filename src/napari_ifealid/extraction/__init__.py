"""From an image to feature stacks."""

from __future__ import annotations

from importlib import import_module
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
from napari_ifealid.extraction.upsampler_loading import load_upsampler

if TYPE_CHECKING:
    from napari_ifealid.extraction.attention import Attention
    from napari_ifealid.extraction.torch_modules import extract_features
    from napari_ifealid.extraction.upsampling import upsample

__all__ = [
    "FILTERS",
    "MODELS",
    "Attention",
    "ExtractionWarning",
    "Extractor",
    "extract_features",
    "filter_features",
    "load_extractor",
    "load_upsampler",
    "model_layers",
    "upsample",
]

_NEED_TORCH = {
    "Attention": "attention",
    "extract_features": "torch_modules",
    "upsample": "upsampling",
}
"""Names that are imported once they are used, and their modules."""


def __getattr__(name: str) -> Any:
    if name in _NEED_TORCH:  # which takes seconds to import, and may be missing
        check_installed("torch")
        return getattr(import_module(f"{__name__}.{_NEED_TORCH[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
