"""`napari-ifealid extract`: images as feature stacks."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_ifealid.cli.exit_status import IncompleteError
from napari_ifealid.cli.messages import tell
from napari_ifealid.cli.option_values import whole_number
from napari_ifealid.cli.output_file import (
    add_force,
    add_pad_for_web,
    check_place,
    report_written,
)
from napari_ifealid.cli.progress import terminal_progress
from napari_ifealid.cli.swapped_options import check_output_folder
from napari_ifealid.cli.upsampled_output import (
    Upsampling,
    add_upsample,
    check_taps,
    check_weights_place,
    remove_weights,
    write_attention,
)
from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats import write_array, write_stack
from napari_ifealid.stack import FeatureStack, size_in_words

if TYPE_CHECKING:
    import torch

    from napari_ifealid.extraction import Extractor

SUMMARY = "extract the features of images with a network, or with filters"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.add_argument(
        "images",
        metavar="IMAGE",
        nargs="+",
        type=Path,
        help="image to extract features of, of any kind that Pillow or tifffile reads",
    )
    parser.add_argument(
        "-m",
        "--model",
        required=True,
        help="a backbone: its name on the Hugging Face hub, such as facebook/dinov2-small, or its "
        "folder; or the word filters, which needs no network",
    )
    parser.add_argument(
        "-s",
        "--stages",
        metavar="STAGE",
        nargs="+",
        action="extend",
        help="stages of the model, such as stage1 stage3; all of them unless given",
    )
    parser.add_argument(
        "-o",
        "--output",
        "--output-folder",
        dest="output_folder",
        metavar="DIR",
        type=Path,
        default=Path(),
        help="where the files IMAGE.STAGE.FORMAT go, made if missing; the current folder unless "
        "given",
    )
    parser.add_argument(
        "--format",
        choices=("zip", "npz", "npy"),
        default="npz",
        help="zip is a dataset of the IFeaLiD web application, with the image as its overlay; "
        "npz, unless given, has its array called features",
    )
    parser.add_argument(
        "-p",
        "--precision",
        type=int,
        choices=(8, 16, 32),
        help="bits of a value in a zip; 8 unless given",
    )
    parser.add_argument(
        "--half", action="store_true", help="a network's features as float16, not float32"
    )
    parser.add_argument(
        "--device",
        metavar="NAME",
        help="where a network runs, such as cpu or cuda:1; the best there is unless given",
    )
    parser.add_argument(
        "--most-pixels",
        metavar="N",
        type=whole_number,
        help="larger images go through a network in overlapping tiles of no more pixels",
    )
    add_upsample(parser)
    add_force(parser)
    add_pad_for_web(parser)


def run(options: argparse.Namespace) -> None:
    """Write the features of each image."""
    _check_format(options)
    _check_names(options.images)
    check_taps(options)
    check_output_folder(options.output_folder)
    upsampling = _upsampling(options)
    extractor = _extractor(options)
    _make_folder(options.output_folder)
    images = terminal_progress(options.images, total=len(options.images), desc="Extracting")
    problems = [_problem(image, extractor, upsampling, options) for image in images]
    if any(problems):
        raise IncompleteError


def _check_format(options: argparse.Namespace) -> None:
    for name in ("precision", "pad_for_web"):
        if getattr(options, name) and options.format != "zip":
            raise DatasetError(
                f"--{name.replace('_', '-')} with the format {options.format}, which keeps the "
                "values as they are",
                expected="it with --format zip only",
                remedy="Leave one of them out, or write float16 with --half.",
            )


def _check_names(images: Sequence[Path]) -> None:
    """Raise if the files of one image would replace those of another."""
    name, count = Counter(image.name for image in images).most_common(1)[0]
    if count > 1:
        raise DatasetError(
            f"{count} images of the name {name}",
            expected="different names, since the features are called after them",
            remedy="Extract them one by one, with different output folders.",
        )


def _upsampling(options: argparse.Namespace) -> Upsampling | None:
    from napari_ifealid.extraction import FILTERS, load_upsampler
    from napari_ifealid.extraction.models import check_installed

    if options.upsample is None:
        return None
    if options.model == FILTERS:
        _check_no_network_settings({"upsample": options.upsample})
    check_installed("torch", "transformers")
    from napari_ifealid.extraction.backbones import best_device

    device = _device(options.device) if options.device else best_device()
    return Upsampling(load_upsampler(options.upsample), device, options.taps)


def _extractor(options: argparse.Namespace) -> Extractor:
    from napari_ifealid.extraction import (  # brings scikit-image along
        FILTERS,
        ExtractionWarning,
        load_extractor,
        model_layers,
    )
    from napari_ifealid.extraction.extractor import check_layers

    warnings.simplefilter("always", ExtractionWarning)  # until plain_warnings ends
    asked = {name: getattr(options, name) for name in ("half", "device", "most_pixels")}
    settings = {name: value for name, value in asked.items() if value}
    if options.model == FILTERS:
        _check_no_network_settings(settings)
    else:
        settings = _network_settings(settings)
    if options.stages:
        check_layers(options.stages, model_layers(options.model))  # before weights are downloaded
    return load_extractor(options.model, **settings)


def _check_no_network_settings(settings: dict[str, Any]) -> None:
    if settings:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in settings)
        raise DatasetError(
            f"{options} with filters",
            expected="these options with a network only",
            remedy="Leave them out, or choose another model.",
        )


def _network_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Return them with the device that has been named."""
    from napari_ifealid.extraction.models import check_installed

    check_installed("torch", "transformers")
    if not sys.stderr.isatty():
        from transformers.utils import logging

        logging.disable_progress_bar()
    return settings | {"device": _device(settings["device"])} if "device" in settings else settings


def _device(name: str) -> torch.device:
    import torch

    try:
        device = torch.device(name)
        torch.zeros(1, device=device).cpu()
    except (RuntimeError, AssertionError) as error:
        raise DatasetError(
            f"no device {name!r} that can be used ({str(error).partition(chr(10))[0]})",
            expected="cpu, or an accelerator of this computer, such as cuda, cuda:1 or mps",
            remedy="Choose another, or leave --device out.",
        ) from error
    return device


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(
            f"no folder, and none can be made ({short_reason(error)})",
            expected="a folder to write to",
            remedy="Choose another output folder.",
            file=path,
        ) from error


def _problem(
    image: Path,
    extractor: Extractor,
    upsampling: Upsampling | None,
    options: argparse.Namespace,
) -> DatasetError | None:
    """Write the features of an image, or print why not and return the error."""
    try:
        _extract(image, extractor, upsampling, options)
        return None
    except MemoryError:
        problem = DatasetError(
            "too little memory",
            expected="room for the image and its features",
            remedy="Close other programs, choose fewer stages, or make the image smaller.",
            file=image,
        )
    except DatasetError as error:
        problem = error if error.file else error.inside(image)
    tell(str(problem))
    return problem


def _extract(
    image: Path,
    extractor: Extractor,
    upsampling: Upsampling | None,
    options: argparse.Namespace,
) -> None:
    from napari_ifealid.formats.images import read_image

    stages = list(dict.fromkeys(options.stages or extractor.layers))
    outputs = [options.output_folder / f"{image.name}.{stage}.{options.format}" for stage in stages]
    for output in outputs:
        check_place(output, force=options.force)
        check_weights_place(output, force=options.force)
    stacks = extractor.extract(read_image(image), stages, name=image.name, track=terminal_progress)
    for output, stack in zip(outputs, stacks, strict=True):
        finer = stack if upsampling is None else upsampling.of(stack)
        remove_weights(output)
        if isinstance(finer, FeatureStack):
            _write(output, finer, options)
        else:
            _write(output, stack, options)
            write_attention(output, stack, finer, force=options.force)


def _write(output: Path, stack: FeatureStack, options: argparse.Namespace) -> None:
    if options.format == "zip":
        write_stack(
            output,
            stack,
            precision=options.precision or 8,
            pad_for_web=options.pad_for_web,
            force=options.force,
            track=terminal_progress,
        )
    else:
        write_array(output, stack, force=options.force, track=terminal_progress)
    report_written(output, size_in_words(stack.values.shape))
