"""`napari-ifealid FILE --figure`: the map of a pixel as a figure, without a window."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.cli.output_file import check_place, report_written
from napari_ifealid.cli.progress import terminal_progress
from napari_ifealid.colormaps import base_opacity, fire_table, with_transparency_ramp
from napari_ifealid.colour_limits import stretched
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import read_stacks
from napari_ifealid.grid import Grid, Pixel, Region, whole_region
from napari_ifealid.layers import default_grid, image_affine
from napari_ifealid.luminance import in_grey
from napari_ifealid.measures import SPECTRAL_ANGLE, Measure
from napari_ifealid.picture import PictureKind, default_kind, stack_picture
from napari_ifealid.plain_text import one_line
from napari_ifealid.query import Query
from napari_ifealid.results import (
    FIGURE_SUFFIXES,
    FigureContent,
    ReferenceMark,
    check_matplotlib,
    save_figure,
)
from napari_ifealid.results.output_suffix import checked_suffix
from napari_ifealid.similarity import query_for, region_map
from napari_ifealid.stack import FeatureStack, size_in_words

_RING = (0.0, 0.9, 1.0)  # cyan, which neither the fire table nor an image in grey has


def run(options: argparse.Namespace) -> None:
    """Write the figure."""
    output: Path = options.figure
    checked_suffix(output, FIGURE_SUFFIXES)
    check_matplotlib()
    check_place(output, force=options.force)
    stack = _read(options.paths)
    grid = default_grid(stack)
    pixel = grid.middle if options.at is None else _checked(options.at, grid)
    save_figure(output, _content(stack, grid, pixel, options), force=options.force)
    report_written(output, f"the map of pixel {_joined(pixel)} of {one_line(stack.name)}")


def _read(paths: list[str]) -> FeatureStack:
    stacks = [stack for path in paths for stack in read_stacks(path, track=terminal_progress)]
    if len(stacks) != 1:
        raise DatasetError(
            f"{len(stacks) or 'no'} feature stacks",
            expected="one, whose map is drawn",
            remedy="Name one file; napari-ifealid convert takes a single array out of a file.",
            file="--figure",
        )
    return stacks[0]


def _checked(pixel: Pixel, grid: Grid) -> Pixel:
    if grid.contains(pixel):
        return pixel
    raise DatasetError(
        f"pixel {_joined(pixel)}",
        expected=f"one number for each axis, below {_joined(grid.shape)}",
        remedy="Count pixels of the feature map, from 0.",
        file="--at",
    )


def _content(
    stack: FeatureStack, grid: Grid, pixel: Pixel, options: argparse.Namespace
) -> FigureContent:
    region, threshold = _slice_through(pixel, grid.shape), options.threshold
    query = _query(stack, pixel, options.measure or SPECTRAL_ANGLE)
    values = region_map(stack, query, region).reshape(grid.shape[-2:])
    overlay = _image_under(stack, pixel)
    base = base_opacity(has_image=overlay is not None)
    return FigureContent(
        values=values,
        grid=grid.section(region, range(len(region))[-2:]),
        limits=stretched(values),
        colours=with_transparency_ramp(fire_table() / 255.0, base),
        threshold=threshold,
        overlay=overlay,
        overlay_grid=_overlay_grid(stack),
        unit=None if stack.pixel_size is None else stack.pixel_size.unit,
        title=f"{query.measure.name} similarity",
        caption=_caption(stack, pixel, query.measure, threshold),
        marks=(ReferenceMark(tuple(grid.place_of(pixel)[-2:].tolist()), _RING),),
    )


def _overlay_grid(stack: FeatureStack) -> Grid | None:
    """Return where the pixels of the overlay lie; None without one."""
    if stack.overlay is None:
        return None
    return Grid(stack.overlay.shape[:2], image_affine(stack)[-3:, -3:])


def _image_under(stack: FeatureStack, pixel: Pixel) -> NDArray[np.uint8] | None:
    """Return the image of a stack in grey, else a picture of its bands; None without either."""
    if stack.overlay is not None:
        return in_grey(stack.overlay)
    kind = default_kind(stack)
    return None if kind is PictureKind.NONE else in_grey(stack_picture(stack, kind, pixel[:-2]))


def _query(stack: FeatureStack, pixel: Pixel, measure: Measure) -> Query:
    query = query_for(stack, pixel, measure=measure)
    if np.isfinite(query.used_vectors).all():
        return query
    raise DatasetError(
        f"pixel {_joined(pixel)} with a NaN or an infinity",
        expected="finite features to compare with",
        remedy="Choose another pixel.",
        file="--at",
    )


def _slice_through(pixel: Pixel, shape: tuple[int, ...]) -> Region:
    """Return the plane of the last two axes that holds a pixel."""
    leading = tuple(slice(part, part + 1) for part in pixel[:-2])
    return leading + whole_region(shape[-2:])


def _caption(stack: FeatureStack, pixel: Pixel, measure: Measure, threshold: float | None) -> str:
    caption = (
        f"{one_line(stack.name)}: similarity of {size_in_words(stack.values.shape)} to pixel "
        f"{', '.join(map(str, pixel))} by the {measure.title}."
    )
    if threshold is None:
        return caption
    return f"{caption} Pixels below {threshold:g} are transparent."


def _joined(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))
