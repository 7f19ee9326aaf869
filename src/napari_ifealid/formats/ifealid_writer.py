"""Feature stacks as datasets of the IFeaLiD web application."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from os import PathLike
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.array_blocks import plain_labels
from napari_ifealid.formats.atomic_write import written_file
from napari_ifealid.formats.fields import is_label
from napari_ifealid.formats.ifealid_metadata import METADATA, PRECISIONS, Metadata
from napari_ifealid.formats.loading import loaded
from napari_ifealid.formats.overlay import OVERLAY, encode_overlay
from napari_ifealid.formats.parallel import in_threads
from napari_ifealid.formats.png import encode_rgba
from napari_ifealid.formats.quantisation import Quantisation, quantisation
from napari_ifealid.formats.web_application_faults import (
    WebApplicationWarning,
    padding_for_web,
    web_application_faults,
)
from napari_ifealid.numeric_labels import are_mere_numbers
from napari_ifealid.stack import FeatureStack
from napari_ifealid.thread_warnings import warn
from napari_ifealid.tracking import Track, untracked

IMAGES_A_BLOCK = 8
"""Images made together: half a cache line of each pixel's numbers."""


def lossless_precision(stack: FeatureStack) -> int:
    """Return the fewest bits that lose nothing of a stack, or 32 where even these lose some."""
    return min(32, 8 * stack.values.dtype.itemsize)


def zip_path(path: str | PathLike[str]) -> Path:
    """Return a path with the ending .zip, which is added where it is missing."""
    path = Path(path)
    return path if path.suffix.lower() == ".zip" else path.with_name(f"{path.name}.zip")


def write_stack(
    path: str | PathLike[str],
    stack: FeatureStack,
    *,
    precision: int | None = None,
    pad_for_web: bool = False,
    nonfinite: float | None = None,
    force: bool = False,
    track: Track = untracked,
) -> None:
    """Write a feature stack as a dataset of the IFeaLiD web application.

    The values are quantised between their minimum and maximum, which the metadata keep, so that
    `read_stack` gives them back within half a step. The file appears only once it is complete.
    The same stack gives the same bytes.

    Parameters
    ----------
    path : path
        Of the ZIP file.
    stack : FeatureStack
        With two spatial axes. Its name, overlay, placement and feature labels are written,
        too.
    precision : {8, 16, 32}, optional
        The bits of a value. Unless given, as many as the type of the stack's values has.
    pad_for_web : bool, optional
        Add zero features so that the web application, which loses the last ones at 16 and 32
        bits, loses nothing else. Where they are not needed, at 8 bits, none are added.
    nonfinite : float, optional
        Replacement for NaN and infinities.
    force : bool, optional
        Whether an existing file is replaced.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Raises
    ------
    DatasetError
        If the stack has other than two spatial axes or, without `nonfinite`, NaN or infinities,
        or if the file can't be written, or exists and `force` is off, or if the values are on
        disk and can't be read or don't fit the memory.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.

    Warns
    -----
    WebApplicationWarning
        If the web application will show this dataset otherwise than this plugin.

    References
    ----------
    Zurowietz & Nattkemper 2020, doi 10.3389/frai.2020.00049
    """
    stack = _flat(stack)
    precision = lossless_precision(stack) if precision is None else precision
    _check_writable(stack, precision)
    with written_file(path, force=force) as stream:
        stack = loaded(stack, track=track)
        try:
            numbers = quantisation(stack, precision, nonfinite=nonfinite, track=track)
        except DatasetError as error:
            raise error.inside(stack.name) from error
        padding = padding_for_web(stack.feature_count, precision) if pad_for_web else 0
        metadata = _metadata(stack, numbers, padding)
        # stored, since images are compressed already
        with ZipFile(stream, "w", ZIP_STORED) as archive:
            archive.writestr(_entry(METADATA), metadata.as_json())
            with closing(_images(numbers, metadata, track)) as images:
                for number, image in enumerate(images):
                    archive.writestr(_entry(f"{number}.png"), image)
            if stack.overlay is not None:
                archive.writestr(_entry(OVERLAY), encode_overlay(stack.overlay))
    for fault in web_application_faults(stack, metadata):
        warn(WebApplicationWarning(fault), stacklevel=2)


def _flat(stack: FeatureStack) -> FeatureStack:
    """Drop leading axes of length one, as of a stack that is a single slice."""
    if set(stack.spatial_shape[:-2]) != {1}:
        return stack
    return replace(stack, values=stack.values.reshape(stack.values.shape[-3:]))


def _check_writable(stack: FeatureStack, precision: int) -> None:
    if precision not in PRECISIONS:
        raise DatasetError(
            f"a precision of {precision} bits",
            expected="8, 16 or 32 bits",
            remedy="Choose one of these.",
            file=stack.name,
        )
    if len(stack.spatial_shape) != 2:
        raise DatasetError(
            f"{len(stack.spatial_shape)} spatial axes, shape {stack.values.shape}",
            expected="two, (height, width, features), since the format holds flat images only",
            remedy="Write one slice, e.g. array[0], or choose another feature axis.",
            file=stack.name,
        )
    for label in plain_labels(stack):
        if not is_label(label):
            raise DatasetError(
                f"the feature label {label!r}",
                expected="a text or a finite number",
                remedy="Give the features other labels, or none.",
                file=stack.name,
            )


def _metadata(stack: FeatureStack, numbers: Quantisation, padding: int) -> Metadata:
    height, width = stack.spatial_shape
    are_numbers = are_mere_numbers(stack.feature_labels or ())
    real_dtype = stack.values.dtype if stack.stores_real_values else stack.real_dtype
    if real_dtype is not None and real_dtype.itemsize > 8:
        real_dtype = np.dtype(np.float64)  # long double is another type on another machine
    return Metadata(
        name=stack.name,
        width=width,
        height=height,
        features=stack.feature_count + padding,
        precision=8 * numbers.dtype.itemsize,
        overlay=stack.overlay is not None,
        value_range=numbers.value_range,
        labels=None if are_numbers else tuple(plain_labels(stack)),
        padding=padding,
        real_dtype=real_dtype,
        placement=stack.placement,
    )


def _images(numbers: Quantisation, metadata: Metadata, track: Track) -> Generator[bytes]:
    a_block = IMAGES_A_BLOCK * metadata.features_per_image

    def encoded(first: int) -> list[bytes]:
        count = min(a_block, metadata.features - first)
        padded = -(-count // metadata.features_per_image) * metadata.features_per_image
        block = np.zeros((metadata.height, metadata.width, padded), metadata.dtype)
        features = numbers.quantised(slice(first, first + count))
        block[..., : features.shape[-1]] = features
        pixels = block.view(np.uint32)
        return [encode_rgba(pixels[..., image]) for image in range(pixels.shape[-1])]

    firsts = range(0, metadata.features, a_block)
    with closing(in_threads(encoded, firsts, track=track, desc=f"Writing {metadata.name}")) as done:
        for images in done:
            yield from images


def _entry(name: str) -> ZipInfo:
    """Return an entry that is the same at any time on any system."""
    entry = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry
