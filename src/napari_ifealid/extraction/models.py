"""The models that features are extracted with, by name."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from napari_ifealid.errors import DatasetError
from napari_ifealid.extraction.extractor import Extractor
from napari_ifealid.extraction.filters import FilterExtractor
from napari_ifealid.extraction.hub import must_be_here

FILTERS = "filters"

MODELS = {
    FILTERS: "Averages, edges and curvatures at several scales. No network, nothing to download",
    "facebook/dinov2-small": "DINOv2: a vision transformer that learnt without labels and finds "
    "parts and materials. Patches of 14 pixels",
    "facebook/convnext-tiny-224": "ConvNeXt: convolutions, from edges to objects",
    "microsoft/swin-tiny-patch4-window7-224": "Swin: a transformer, from edges to objects",
    "microsoft/resnet-101": "ResNet-101: what the examples of IFeaLiD were made with",
    "microsoft/resnet-18": "ResNet-18: small and fast",
}
"""Recommended models, and a line about each."""


def load_extractor(model: str, **options: Any) -> Extractor:
    """Return the extractor of a name.

    Parameters
    ----------
    model : str
        "filters", the name of a backbone on the Hugging Face hub, or a folder with one.
    **options
        Of `backbone`: `device`, `half`, `most_pixels` and `overlap`.

    Raises
    ------
    DatasetError
        If there is no such model, if the hub does not answer, or if torch or transformers are not
        installed.
    """
    if model == FILTERS:
        return FilterExtractor()
    check_installed("torch", "transformers")
    is_here = must_be_here(model)
    from napari_ifealid.extraction.backbones import backbone  # takes seconds

    return backbone(model, is_here=is_here, **options)


def model_layers(model: str) -> tuple[str, ...]:
    """Return the names of a model's layers, without its weights.

    Raises
    ------
    DatasetError
        If there is no such model, if the hub does not answer, or if torch or transformers are not
        installed.
    """
    if model == FILTERS:
        return FilterExtractor().layers
    check_installed("torch", "transformers")
    is_here = must_be_here(model)
    from napari_ifealid.extraction.backbones import backbone_stages

    return backbone_stages(model, is_here=is_here)


def check_installed(*packages: str) -> None:
    """Raise unless the packages are installed that networks need.

    Raises
    ------
    DatasetError
        With the command that installs them.
    """
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise DatasetError(
            f"no {' and no '.join(missing)}",
            expected="the packages that networks run with, torch and transformers",
            remedy='Install them: pip install "napari-ifealid[backbones]"',
        )
