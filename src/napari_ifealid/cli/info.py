"""`napari-ifealid info`: what is in a dataset or an array."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from napari_ifealid.cli.progress import terminal_progress
from napari_ifealid.cli.sizes import size_text
from napari_ifealid.formats import is_zarr, named_stacks, read_stack
from napari_ifealid.formats.ifealid_metadata import METADATA, parse_metadata
from napari_ifealid.formats.ifealid_zip import LARGEST_METADATA
from napari_ifealid.formats.zarr_arrays import zarr_array_names
from napari_ifealid.formats.zip_archive import member_names, opened_zip, read_member
from napari_ifealid.stack import size_in_words

if TYPE_CHECKING:
    from napari_ifealid.cli.stack_summary import StackSummary

SUMMARY = "tell what is in a dataset or an array"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="an IFeaLiD ZIP, .npy, .npz or .zarr; of the last two, each array is told",
    )
    parser.add_argument("--json", action="store_true", help="tell it as JSON, for programs")


def run(options: argparse.Namespace) -> None:
    """Print what is in the file."""
    path: Path = options.file
    names = named_stacks(path) or []
    summaries = [_summary(path, name) for name in names] or [_summary(path, None)]
    skipped = _other_arrays(path, names) if names else []
    print((_json if options.json else _text)(path, summaries, skipped))


def _summary(path: Path, array: str | None) -> StackSummary:
    from napari_ifealid.cli.stack_summary import summarise  # brings the engines along

    stack = read_stack(path, array=array, track=terminal_progress)
    padding = _padding(path) if stack.precision else 0
    return summarise(stack, array=array, padding_features=padding, track=terminal_progress)


def _padding(path: Path) -> int:
    with opened_zip(path) as archive:
        content = read_member(archive, archive.getinfo(METADATA), largest=LARGEST_METADATA)
    return parse_metadata(content).padding


def _other_arrays(path: Path, names: list[str]) -> list[str]:
    if is_zarr(path):
        arrays = zarr_array_names(path)
    else:
        members = (name for name in member_names(path) if name.endswith(".npy"))
        arrays = [name.removesuffix(".npy") for name in members]
    return [name for name in arrays if name not in names]


def _size(path: Path) -> int:
    files = (file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files)


def _json(path: Path, summaries: list[StackSummary], skipped: list[str]) -> str:
    told = {
        "file": str(path),
        "file_size_bytes": _size(path),
        "stacks": [asdict(summary) for summary in summaries],
        "skipped_arrays": skipped,
    }
    return json.dumps(told, indent=2, allow_nan=False)


def _text(path: Path, summaries: list[StackSummary], skipped: list[str]) -> str:
    lines = [f"{path}: {size_text(_size(path))}"]
    for summary in summaries:
        lines += ["", *(f"{what:<20}{told}" for what, told in _lines(summary))]
    if skipped:
        lines += ["", f"No feature stacks, skipped: {', '.join(skipped)}"]
    return "\n".join(lines)


def _lines(summary: StackSummary) -> Iterator[tuple[str, str]]:
    yield "name", summary.name
    if summary.array is not None:
        yield "array", summary.array
    yield "size", size_in_words(summary.shape)
    if summary.padding_features:
        yield "padding features", f"{summary.padding_features}, all zero and hidden"
    if summary.feature_labels is not None:
        yield "labels", f"{summary.feature_labels[0]} … {summary.feature_labels[-1]}"
    yield "overlay", _overlay(summary)
    if summary.stride is not None and summary.offset is not None:
        yield "place on the image", _place(summary.stride, summary.offset)
    yield "stored as", _storage(summary)
    yield "values", f"{_number(summary.minimum)} to {_number(summary.maximum)}"
    share = f"{summary.share_of_all_zero_pixels:.2%}"
    yield "all-zero pixels", f"{summary.all_zero_pixels:,}, {share} of all"
    if summary.nonfinite_pixels:
        yield "not finite", f"{summary.nonfinite_pixels:,} pixels with a NaN or an infinity"
    yield "memory on the CPU", size_text(summary.cpu_memory_bytes)
    yield "memory on the GPU", _gpu_memory(summary)


def _overlay(summary: StackSummary) -> str:
    if summary.overlay_height is None or summary.overlay_width is None:
        return "none"
    return f"{summary.overlay_width} × {summary.overlay_height} pixels"


def _place(stride: tuple[float, float], offset: tuple[float, float]) -> str:
    (step_y, step_x), (first_y, first_x) = stride, offset
    return f"every {step_x:g} × {step_y:g} pixels, from {first_x:g}, {first_y:g}"


def _storage(summary: StackSummary) -> str:
    if summary.precision_bits is None:
        return summary.stored_dtype
    return f"{summary.precision_bits} bit, for values of type {summary.real_dtype}"


def _number(value: float | None) -> str:
    match value:
        case None:
            return "beyond the largest float"
        case int():
            return str(value)
        case _:
            return f"{value:.6g}"


def _gpu_memory(summary: StackSummary) -> str:
    if summary.gpu_memory_bytes is None:
        return "too many features for a texture"
    return size_text(summary.gpu_memory_bytes)
