"""Models and their layers in words, for the names of what is extracted with them."""

from __future__ import annotations

import re
from pathlib import PurePath

from napari_ifealid.extraction.models import FILTERS

_FAMILIES = {
    "beit": "BEiT",
    "convnext": "ConvNeXt",
    "convnextv2": "ConvNeXtV2",
    "dinov2": "DINOv2",
    "dinov3": "DINOv3",
    FILTERS: "Filters",
    "focalnet": "FocalNet",
    "hiera": "Hiera",
    "pvt": "PVT",
    "resnet": "ResNet",
    "swin": "Swin",
    "swinv2": "SwinV2",
    "vit": "ViT",
}


def model_title(model: str) -> str:
    """Return the name of a model without its owner or folder, as its authors spell it.

    Examples
    --------
    >>> model_title("microsoft/resnet-18")
    'ResNet-18'
    """
    name = PurePath(model).name or model
    family, hyphen, rest = name.partition("-")
    return f"{_FAMILIES.get(family.lower(), family)}{hyphen}{rest}"


def extraction_title(model: str, layer: str) -> str:
    """Return a model and one of its layers in words.

    Examples
    --------
    >>> extraction_title("microsoft/resnet-18", "stage2")
    'ResNet-18 stage 2'
    """
    if model == layer == FILTERS:
        return "Filters"
    words = re.sub(r"^([a-z]+)([0-9]+)$", r"\1 \2", layer)
    return f"{model_title(model)} {words}"


def features_title(model: str, layer: str) -> str:
    """Return what the features of a layer are called.

    Examples
    --------
    >>> features_title("microsoft/resnet-18", "stage2")
    'ResNet-18 stage 2 features'
    """
    if model == layer == FILTERS:
        return "Filter features"
    return f"{extraction_title(model, layer)} features"
