"""Up-sampled features as the output of a subcommand: finer stacks, or weights beside a stack."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_ifealid.cli.option_values import whole_number
from napari_ifealid.cli.output_file import check_place, report_written
from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.weights_place import weights_path
from napari_ifealid.stack import FeatureStack

if TYPE_CHECKING:
    import torch

    from napari_ifealid.extraction import Attention


@dataclass(frozen=True)
class Upsampling:
    """How features are up-sampled.

    Parameters
    ----------
    upsampler : callable
        See `napari_ifealid.extraction.upsample`.
    device : torch.device
        Where a module runs.
    taps : int, optional
        How many attention weights of each pixel are kept.
    """

    upsampler: Callable[..., Any]
    device: torch.device
    taps: int | None = None

    def of(self, stack: FeatureStack) -> FeatureStack | Attention:
        """Return the up-sampled features of a stack, or the attention to its pixels."""
        from napari_ifealid.extraction import upsample

        taps = {} if self.taps is None else {"taps": self.taps}
        return upsample(stack, self.upsampler, device=self.device, **taps)


def add_upsample(parser: argparse.ArgumentParser) -> None:
    """Add the options of an up-sampler."""
    parser.add_argument(
        "--upsample",
        metavar="MODULE:NAME",
        help="an up-sampler of your own for a network's features, upsampler(image, features): "
        "module:name or path/to/file.py:name; this code is run. It returns up-sampled features, "
        "or attention weights, which go to OUTPUT.weights.npz",
    )
    parser.add_argument(
        "--taps",
        metavar="K",
        type=whole_number,
        help="attention weights of each pixel that are kept, the largest; 9 unless given",
    )


def check_taps(options: argparse.Namespace) -> None:
    """Raise if attention weights are limited without an up-sampler.

    Raises
    ------
    DatasetError
    """
    if options.taps is not None and options.upsample is None:
        raise DatasetError(
            "--taps without --upsample",
            expected="an up-sampler, whose attention weights are kept",
            remedy="Leave it out, or name an up-sampler.",
        )


def check_weights_place(stack_file: Path, *, force: bool) -> None:
    """Raise unless the weights beside a stack can be written, or removed with the stack.

    Raises
    ------
    DatasetError
        If there are some and `force` is off, since they are not those of a new stack.
    """
    check_place(weights_path(stack_file), force=force)


def remove_weights(stack_file: Path) -> None:
    """Remove the weights of a stack that is going to be replaced, if there are some.

    Raises
    ------
    DatasetError
        If they can't be removed.
    """
    path = weights_path(stack_file)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise DatasetError(
            f"weights of another stack that can't be removed ({short_reason(error)})",
            expected="a folder to write to",
            remedy="Choose another output folder.",
            file=path,
        ) from error


def write_attention(
    stack_file: Path, stack: FeatureStack, attention: Attention, *, force: bool
) -> None:
    """Write the weights of a stack to a file beside its own, and print a line about it.

    Raises
    ------
    DatasetError
        If the file can't be written, or exists and `force` is off.
    """
    from napari_ifealid.sharpening import weights_of, write_weights

    weights = weights_of(attention.pixels, attention.shares, stack.pixel_count)
    path = weights_path(stack_file)
    write_weights(path, weights, force=force)
    height, width = weights.image_shape
    report_written(
        path,
        f"{weights.taps} weights for each of {height} × {width} pixels, "
        f"{100 * attention.kept:.3g} % of the attention",
    )
