"""`napari-ifealid create`: an array as a dataset of the IFeaLiD web application."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from napari_ifealid.cli.feature_labels import read_labels
from napari_ifealid.cli.input_stack import add_input, read_input
from napari_ifealid.cli.option_values import finite_number
from napari_ifealid.cli.output_file import (
    add_force,
    add_pad_for_web,
    check_place,
    report_not_kept,
    report_written,
)
from napari_ifealid.cli.progress import terminal_progress
from napari_ifealid.cli.swapped_options import (
    add_short_output,
    check_is_zip,
    output_and_overlay,
)
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import Location, read_overlay, write_stack
from napari_ifealid.formats.location import is_url, name_of
from napari_ifealid.good_features import good_features
from napari_ifealid.picture import PictureKind, possible_kinds, stack_picture
from napari_ifealid.stack import FeatureStack, size_in_words

SUMMARY = "write an array as a dataset of the IFeaLiD web application"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    add_input(parser)
    parser.add_argument(
        "-n",
        "--name",
        help="what the dataset is called; the input's file name, or a ZIP's own name, unless given",
    )
    parser.add_argument(
        "-p",
        "--precision",
        type=int,
        choices=(8, 16, 32),
        default=8,
        help="bits of a value; 8 unless given",
    )
    parser.add_argument(
        "--overlay",
        metavar="IMAGE",
        type=Path,
        help="the original image, of any size and kind; a ZIP's own unless given",
    )
    parser.add_argument(
        "--overlay-from-bands",
        action="store_true",
        help="for lack of an original image, a picture of the bands: in true colours where they "
        "cover visible light, else the best that they allow; missing values are black",
    )
    parser.add_argument(
        "--bands",
        choices=("all", "good"),
        default="all",
        help="which features are written: all unless given, or those bands that the file calls "
        "good",
    )
    parser.add_argument(
        "--labels",
        metavar="FILE",
        type=Path,
        help="text file with a label for each feature, one per line, such as its wavelength",
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=Path,
        help="ZIP to write; INPUT.PRECISION.zip unless given",
    )
    add_short_output(parser)
    add_force(parser)
    add_pad_for_web(parser)
    parser.add_argument(
        "--replace-nonfinite",
        metavar="VALUE",
        type=finite_number,
        help="what replaces NaN, infinities and missing values, which are refused otherwise",
    )


def run(options: argparse.Namespace) -> None:
    """Write the dataset."""
    output, overlay = output_and_overlay(options)
    if overlay is not None and options.overlay_from_bands:
        raise DatasetError(
            "--overlay and --overlay-from-bands",
            expected="one of the two",
            remedy="Leave one of them out.",
        )
    output = output or _output_beside(options.input, options.precision)
    check_is_zip(output)
    check_place(output, force=options.force)
    stack = _changed(read_input(options), options, overlay)
    write_stack(
        output,
        stack,
        precision=options.precision,
        pad_for_web=options.pad_for_web,
        nonfinite=options.replace_nonfinite,
        force=options.force,
        track=terminal_progress,
    )
    report_written(output, f"{size_in_words(stack.values.shape)} @ {options.precision} bit")
    report_not_kept(output, stack)


def _output_beside(source: Location, precision: int) -> Path:
    """Return the path of the output: beside the input, or in the current folder for a URL."""
    folder = Path() if is_url(source) else Path(source).parent
    return folder / f"{name_of(source)}.{precision}.zip"


def _changed(
    stack: FeatureStack, options: argparse.Namespace, overlay: Path | None
) -> FeatureStack:
    if options.name is not None:
        stack = replace(stack, name=options.name)
    if overlay is not None:
        stack = replace(stack, overlay=read_overlay(overlay))
    if options.labels is not None:
        stack = replace(stack, feature_labels=read_labels(options.labels, stack.feature_count))
    if options.overlay_from_bands:
        stack = _with_picture(stack)
    if options.bands == "good":
        stack = _with_good_bands(stack)
    return stack


def _with_good_bands(stack: FeatureStack) -> FeatureStack:
    """Return a stack without the bands that its file calls bad."""
    good = good_features(stack)
    if good is not None:
        stack = stack.with_features(good.numbers.tolist())
    return replace(stack, bands=replace(stack.bands, is_good=None))


def _with_picture(stack: FeatureStack) -> FeatureStack:
    """Return a stack whose overlay is a picture of its bands.

    Raises
    ------
    DatasetError
        If there can't be one.
    """
    kind = possible_kinds(stack)[0]
    if kind is PictureKind.NONE or len(stack.spatial_shape) != 2:
        raise DatasetError(
            f"{size_in_words(stack.values.shape)} that give no picture",
            expected="a plane of pixels with bands that are not all bad",
            remedy="Give an image with --overlay, or none.",
            file="--overlay-from-bands",
        )
    return replace(stack, overlay=stack_picture(stack, kind)[..., :3].copy())
