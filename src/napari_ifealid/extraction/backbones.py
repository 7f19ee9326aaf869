"""Hugging Face backbones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import sep
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from transformers import AutoConfig, PreTrainedConfig
from transformers.image_processing_base import ImageProcessingMixin
from transformers.models.auto.modeling_auto import MODEL_FOR_BACKBONE_MAPPING
from transformers.utils import logging

from napari_ifealid.errors import DatasetError, first_line
from napari_ifealid.extraction.model_code import check_no_code
from napari_ifealid.extraction.torch_modules import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    TorchExtractor,
)
from napari_ifealid.regular_files import check_file_or_folder


def backbone_stages(model: str, *, is_here: bool = False) -> tuple[str, ...]:
    """Return the names of a backbone's stages, from its configuration alone.

    Parameters
    ----------
    model : str
    is_here : bool, optional
        Whether nothing is asked for on the hub, see `backbone`.

    Raises
    ------
    DatasetError
        If there is no such model, if it is no backbone, or if it brings code of its own.
    """
    return tuple(_configuration(model, is_here).stage_names)


def backbone(
    model: str,
    *,
    device: torch.device | None = None,
    half: bool = False,
    is_here: bool = False,
    **tiling: int,
) -> TorchExtractor:
    """Return an extractor of a backbone's stages.

    Parameters
    ----------
    model : str
        Name on the Hugging Face hub, or a folder that `save_pretrained` has written.
    device : torch.device, optional
        Where it runs: unless given, on the accelerator that there is, else on the CPU.
    half : bool, optional
        Whether the features are float16 instead of float32.
    is_here : bool, optional
        Whether nothing is asked for on the hub, since the model is a folder or in the cache.
    **tiling : int
        `most_pixels` and `overlap`, see `TorchExtractor`.

    Raises
    ------
    DatasetError
        If there is no such model, if it is no backbone or lacks weights, or if it brings code of
        its own, also in pickled weights. No such code is run.
    """
    configuration = _configuration(model, is_here)
    stages = tuple(configuration.stage_names)
    configuration.out_features = list(stages)
    mean, std = _normalisation(model, is_here)
    module = _loaded(model, configuration, is_here)
    return TorchExtractor(
        module,
        stages,
        lambda image, _: dict(zip(stages, module(image).feature_maps, strict=True)),
        mean=mean,
        std=std,
        device=device or best_device(),
        half=half,
        **tiling,
    )


def best_device() -> torch.device:
    """Return the available accelerator, such as CUDA or MPS, else the CPU."""
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    return accelerator or torch.device("cpu")


def _check_no_pipes(model: str) -> None:
    for path in (Path(model), *Path(model).glob("*")):  # none, where it is a name of the hub
        check_file_or_folder(path)


def _configuration(model: str, is_here: bool) -> Any:
    _check_no_pipes(model)
    if sep in model.removeprefix(".") and not Path(model).exists() and model.count("/") != 1:
        raise _wrong(model, "no such folder", "Check the path.")
    try:
        settings, _ = PreTrainedConfig.get_config_dict(model, local_files_only=is_here)
        check_no_code(model, settings)
        configuration = AutoConfig.from_pretrained(
            model, local_files_only=is_here, trust_remote_code=False
        )
    except DatasetError:
        raise
    except Exception as error:  # of any type, where the values are of wrong ones
        raise _wrong(
            model,
            f"no model that can be read ({first_line(error)})",
            "Check the name, the path and the connection to the network; some models ask you to "
            "log in first, with `hf auth login`.",
        ) from error
    if type(configuration) not in MODEL_FOR_BACKBONE_MAPPING:
        raise _wrong(
            model,
            f"a model of the kind {configuration.model_type!r}, which has no maps of features",
            "Choose another, such as a ResNet, ConvNeXt, Swin or DINOv2, or extract the layers of "
            "this one from Python, with extract_features.",
        )
    return configuration


def _loaded(model: str, configuration: Any, is_here: bool) -> torch.nn.Module:
    kind = MODEL_FOR_BACKBONE_MAPPING[type(configuration)]
    try:
        with _quiet():
            module, report = kind.from_pretrained(
                model,
                config=configuration,
                dtype=torch.float32,
                output_loading_info=True,
                local_files_only=is_here,
                trust_remote_code=False,
                weights_only=True,  # where there are no safetensors: a pickle could run any code
            )
    except UnpicklingError as error:  # whose text proposes to run the code
        raise _wrong(
            model,
            "pickled weights that are damaged, or hold code, which is not run",
            "Choose another model, or one with its weights in .safetensors files.",
        ) from error
    except Exception as error:  # of any type, from the readers of many formats
        raise _wrong(
            model,
            f"no weights that can be read ({first_line(error)})",
            "Download the model again, or check the connection to the network.",
        ) from error
    # norms of stages are not part of a classifier; without training they only normalise
    missing = sorted(
        key for key in report["missing_keys"] if not key.startswith("hidden_states_norms.")
    )
    if missing:
        raise _wrong(
            model,
            f"a model without the weights {', '.join(missing[:3])} and "
            f"{max(0, len(missing) - 3)} more",
            "Choose a complete one.",
        )
    return module


def _normalisation(model: str, is_here: bool) -> tuple[Sequence[float], Sequence[float]]:
    """Return mean and standard deviation of the network's input, for colours from 0 to 1."""
    try:
        settings, _ = ImageProcessingMixin.get_image_processor_dict(
            model, local_files_only=is_here, trust_remote_code=False
        )
    except OSError as error:
        if Path(model, "preprocessor_config.json").exists():
            raise _wrong(
                model,
                f"a preprocessor_config.json that can't be read ({first_line(error)})",
                "Download the model again.",
            ) from error
        settings = {}
    rescales = settings.get("do_rescale", True)
    scale = 255.0 * (settings.get("rescale_factor", 1 / 255) if rescales else 1.0)
    if not settings.get("do_normalize", True):
        return (0.0,) * 3, (1.0 / scale,) * 3
    mean = settings.get("image_mean") or IMAGENET_MEAN
    std = settings.get("image_std") or IMAGENET_STD
    return [value / scale for value in mean], [value / scale for value in std]


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what is said of weights that are not needed."""
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _wrong(model: str, found: str, remedy: str) -> DatasetError:
    return DatasetError(
        found,
        expected="a backbone: its name on the Hugging Face hub, or a folder with its config.json "
        "and weights",
        remedy=remedy,
        file=model,
    )
