from __future__ import annotations

import pytest

from napari_ifealid.extraction import FILTERS
from napari_ifealid.extraction.titles import extraction_title, features_title, model_title


@pytest.mark.parametrize(
    ("model", "title"),
    [
        ("microsoft/resnet-18", "ResNet-18"),
        ("facebook/dinov2-small", "DINOv2-small"),
        ("facebook/convnext-tiny-224", "ConvNeXt-tiny-224"),
        ("microsoft/swin-tiny-patch4-window7-224", "Swin-tiny-patch4-window7-224"),
        ("someone/my-network", "my-network"),
        ("/home/user/networks/resnet-of-mine", "ResNet-of-mine"),
        ("resnet", "ResNet"),
        ("/", "/"),
    ],
)
def test_model_is_called_by_its_name_alone_as_it_is_spelt(model, title):
    assert model_title(model) == title


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ("stage2", "stage 2"),
        ("stage12", "stage 12"),
        ("stem", "stem"),
        ("layer1.0.conv2", "layer1.0.conv2"),
        ("3", "3"),
    ],
)
def test_features_are_called_after_the_model_and_the_layer(layer, words):
    assert extraction_title("microsoft/resnet-18", layer) == f"ResNet-18 {words}"
    assert features_title("microsoft/resnet-18", layer) == f"ResNet-18 {words} features"


def test_filters_are_named_once():
    assert extraction_title(FILTERS, FILTERS) == "Filters"
    assert features_title(FILTERS, FILTERS) == "Filter features"
