"""What the tests of networks share: small random ones, and images for them."""

from __future__ import annotations

from collections.abc import Callable
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps the tests from asking the Hugging Face hub."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.fixture(scope="session")
def photo() -> Callable[[int, int], NDArray[np.uint8]]:
    """Gives a random RGB image of a height and a width."""

    def of(height: int, width: int) -> NDArray[np.uint8]:
        return np.random.default_rng(height * width).integers(0, 256, (height, width, 3), np.uint8)

    return of


@pytest.fixture(scope="session")
def save_backbone() -> Callable[[str, Path], Path]:
    """Saves a small random network of a kind in a folder, with a classifier's head."""

    def save(kind: str, folder: Path) -> Path:
        torch = pytest.importorskip("torch", reason="PyTorch is not installed")
        from transformers import (
            AutoModelForImageClassification,
            ConvNextConfig,
            Dinov2Config,
            Dinov2WithRegistersConfig,
            ResNetConfig,
            SwinConfig,
        )

        vit: dict[str, Any] = {
            "hidden_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "patch_size": 14,
            "image_size": 56,
        }
        configuration: Any = {
            "resnet": lambda: ResNetConfig(
                embedding_size=8, hidden_sizes=[8, 16, 16], depths=[1, 2, 1], layer_type="basic"
            ),
            "convnext": lambda: ConvNextConfig(
                num_stages=3, hidden_sizes=[8, 12, 16], depths=[1, 1, 1]
            ),
            "swin": lambda: SwinConfig(
                embed_dim=8, depths=[2, 2, 1], num_heads=[2, 2, 2], window_size=4, image_size=64
            ),
            "dinov2": lambda: Dinov2Config(**vit),
            "dinov2 with registers": lambda: Dinov2WithRegistersConfig(**vit),
        }[kind]()
        module = AutoModelForImageClassification.from_config(configuration)
        torch.manual_seed(3)
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.normal_(std=0.3)
            for name, buffer in module.named_buffers():
                if "running" in name:
                    buffer.uniform_(0.5, 1.5)
        module.save_pretrained(folder)
        return folder

    return save


@pytest.fixture(scope="session")
def backbone_folder(
    save_backbone: Callable[[str, Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Gives the folder of a small random network of a kind, which no test changes."""
    made: dict[str, Path] = {}

    def folder(kind: str) -> Path:
        if kind not in made:
            made[kind] = save_backbone(kind, tmp_path_factory.mktemp("backbone"))
        return made[kind]

    return folder


@pytest.fixture(scope="session")
def peaked() -> Callable[[Any], Any]:
    """Gives each convolution of a module positive weights that are largest in their middle."""

    def with_weights(module: Any) -> Any:
        torch = pytest.importorskip("torch", reason="PyTorch is not installed")

        for convolution in module.modules():
            if isinstance(convolution, torch.nn.Conv2d):
                rows, columns = (
                    torch.tensor([comb(size - 1, k) / 2 ** (size - 1) for k in range(size)])
                    for size in convolution.kernel_size
                )
                weights = torch.outer(rows, columns) / convolution.weight.shape[1]
                convolution.weight = torch.nn.Parameter(
                    weights.expand_as(convolution.weight).clone()
                )
                convolution.bias = None
        return module.eval()

    return with_weights
