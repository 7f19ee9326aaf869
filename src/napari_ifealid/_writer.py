"""The napari writer: layers as a dataset."""

from __future__ import annotations

from concurrent.futures import CancelledError
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Image, Layer
from numpy.typing import NDArray

from napari_ifealid._progress import late_progress
from napari_ifealid.errors import DatasetError, ShownPlainly
from napari_ifealid.explorer.feature_axis import known_axis, proposed_axis_of
from napari_ifealid.explorer.sources import (
    BACKDROP_KEY,
    MAP_KEY,
    OVERVIEW_KEY,
    feature_stack,
    full_data,
    has_features,
    is_feature_layer,
)
from napari_ifealid.formats import write_stack, zip_path
from napari_ifealid.layers import STACK_KEY, LayerData
from napari_ifealid.notices import show_warning
from napari_ifealid.stack import FeatureStack
from napari_ifealid.thread_warnings import warnings_told_to

_REMEDY = "Select a features layer, alone or with the original image over which it lies."


def write_dataset(path: str, layers: list[LayerData]) -> list[str]:
    """Write a features layer as an IFeaLiD dataset that loses nothing.

    Parameters
    ----------
    path : str
        Of the ZIP file; its ending is added where it is missing. napari has asked already
        whether an existing file of the path given is replaced.
    layers : list of layer data
        A features layer, or it and the RGB layer that becomes the overlay.

    Returns
    -------
    list of str
        The path, or nothing if the window was closed meanwhile.

    Raises
    ------
    OSError
        If there are other layers than these, or they can't be written. A DatasetError, which is a
        ValueError, would tell napari that there is no writer.
    """
    try:
        return _write(zip_path(path), layers, force=zip_path(path) == Path(path))
    except DatasetError as error:
        raise _NotWrittenError(str(error)) from error


class _NotWrittenError(ShownPlainly, OSError):
    """The dataset was not written."""


def _write(path: Path, layers: list[LayerData], *, force: bool) -> list[str]:
    images = [Layer.create(*layer) for layer in layers]
    features, overlay = _roles(images, path)
    stack = replace(_stack_of(features, path), overlay=None if overlay is None else _rgb8(overlay))
    with warnings_told_to(_show_warning):  # napari's dialog drops them
        try:
            write_stack(path, stack, pad_for_web=True, force=force, track=late_progress)
        except CancelledError:
            return []
    return [str(path)]


def _show_warning(warning: Warning) -> None:
    show_warning(str(warning))


def _stack_of(layer: Image, path: Path) -> FeatureStack:
    axis = proposed_axis_of(layer) if is_feature_layer(layer) else known_axis(layer)
    if axis is None:
        raise _not_writable(
            f"the image {layer.name!r} without an axis that is known to hold features",
            "an opened feature stack, or an image with an axis of the name 'feature' or 'channel'",
            "Choose it and its axis in the Feature similarity widget and save there, or name "
            "the axis: layer.axis_labels = ('feature', 'y', 'x').",
            path,
        )
    opened = None if layer.rgb else layer.metadata.get(STACK_KEY)
    return feature_stack(full_data(layer), opened, axis, layer.name)


def _roles(images: list[Image], path: Path) -> tuple[Image, Image | None]:
    """Return which image holds the features and which is the overlay."""
    for image in images:
        if not has_features(image):
            is_own = bool({MAP_KEY, BACKDROP_KEY, OVERVIEW_KEY} & image.metadata.keys())
            raise _not_writable(
                f"{image.name!r}, which only shows a stack"
                if is_own
                else f"the flat image {image.name!r}",
                "an image with features",
                f"{_REMEDY} Save the others as TIFF." if is_own else _REMEDY,
                path,
            )
    if len(images) == 1:
        return images[0], None
    others, overlays = ([i for i in images if i.rgb is rgb] for rgb in (False, True))
    if len(others) != 1:
        raise _not_writable(
            f"{len(others)} features layers and {len(overlays)} RGB images",
            "one features layer, and no more than one RGB image",
            _REMEDY,
            path,
        )
    return others[0], overlays[0]


def _rgb8(layer: Image) -> NDArray[np.uint8]:
    pixels: NDArray[Any] = np.asarray(full_data(layer))[..., :3]
    if pixels.dtype == np.uint8:
        return pixels
    top = 1.0 if pixels.dtype.kind == "f" else float(np.iinfo(pixels.dtype).max)
    rounded: NDArray[np.uint8] = np.rint(np.clip(pixels / top, 0.0, 1.0) * 255.0).astype(np.uint8)
    return rounded


def _not_writable(found: str, expected: str, remedy: str, path: Path) -> DatasetError:
    return DatasetError(found, expected=expected, remedy=remedy, file=path)
