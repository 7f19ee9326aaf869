"""Datasets of the IFeaLiD web application: a ZIP of PNG images that hold the features."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from os import PathLike
from zipfile import ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.ifealid_metadata import METADATA, Metadata, parse_metadata
from napari_ifealid.formats.overlay import MOST_BYTES, OVERLAY, OverlayWarning, decode_overlay
from napari_ifealid.formats.parallel import in_threads, worker_count
from napari_ifealid.formats.png import decode_rgba
from napari_ifealid.formats.zip_archive import opened_zip, read_member
from napari_ifealid.memory import check_memory
from napari_ifealid.stack import FeatureStack
from napari_ifealid.thread_warnings import warn
from napari_ifealid.tracking import Track, untracked

LARGEST_METADATA = 2**20
PNG_ALLOWANCE = 2**20
"""Bytes that a PNG may have beyond twice its pixels, for profiles and texts."""

MOST_IMAGES_A_BLOCK = 8
"""Images written into the values together: half a cache line of each pixel."""

BLOCK_BYTES = 2**24

_MOST_PER_BYTE = 1040  # bytes that deflate packs into one
_FEATURE_IMAGE = re.compile(r"(0|[1-9][0-9]{0,17})\.png")


def read_ifealid_zip(path: str | PathLike[str], *, track: Track = untracked) -> FeatureStack:
    """Read a dataset of the IFeaLiD web application.

    The values stay the stored unsigned integers. The range that they stand for is taken from
    the metadata's `minimum` and `maximum`, and is 0 to 1 where they are missing.

    Parameters
    ----------
    path : path
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Returns
    -------
    FeatureStack
        Values of shape (height, width, C), C-contiguous.

    Raises
    ------
    DatasetError
        If the file is no complete and consistent dataset, or memory is short.

    Warns
    -----
    OverlayWarning
        If the overlay is missing, damaged or too large. The dataset is opened without it.

    References
    ----------
    Zurowietz & Nattkemper 2020, doi 10.3389/frai.2020.00049
    """
    with opened_zip(path) as archive:
        try:
            members = _own_members(archive.infolist())
            metadata = parse_metadata(
                read_member(archive, members[METADATA], largest=LARGEST_METADATA)
            )
            images = _feature_images(members, metadata)
            values = _read_values(archive, images, metadata, track)
            overlay = _read_overlay(archive, members) if metadata.overlay else None
        except DatasetError as error:
            raise error.inside(path) from error.__cause__
    return FeatureStack(
        values=values,
        name=metadata.name,
        overlay=overlay,
        placement=metadata.placement,
        precision=metadata.precision,
        value_range=metadata.value_range,
        real_dtype=metadata.real_dtype,
        feature_labels=metadata.labels,
    )


def is_ifealid(names: Iterable[str]) -> bool:
    """Return whether a ZIP file with entries of these names is meant to be a dataset."""
    names = set(names)
    return any(_is_own(name) for name in names) or _nested_in(names) is not None


def _is_own(name: str) -> bool:
    return name == METADATA or _FEATURE_IMAGE.fullmatch(name) is not None


def _nested_in(names: Iterable[str]) -> str | None:
    """Return the folder that holds a whole dataset, if there is one."""
    names = set(names)
    folders = (name.removesuffix(METADATA) for name in names if name.endswith(f"/{METADATA}"))
    return next((folder for folder in sorted(folders) if f"{folder}0.png" in names), None)


def _own_members(infos: list[ZipInfo]) -> dict[str, ZipInfo]:
    """Return the entries that belong to a dataset, by name."""
    names = Counter(info.filename for info in infos)
    if METADATA not in names:
        raise _no_metadata(names)
    own = {i.filename: i for i in infos if _is_own(i.filename) or i.filename == OVERLAY}
    for name in own:
        if names[name] > 1:
            raise DatasetError(
                f"{names[name]} entries of this name",
                expected="one",
                remedy="Remove the others from the ZIP, or create the dataset again.",
                member=name,
            )
    return own


def _no_metadata(names: Iterable[str]) -> DatasetError:
    folder = _nested_in(names)
    if folder is None:
        found, remedy = f"no {METADATA}", "Check that this is an IFeaLiD dataset; create it again."
    else:
        found = f"the dataset inside the folder {folder}"
        remedy = "Unpack the ZIP and pack the contents of the folder without the folder itself."
    expected = f"{METADATA} and the images at the top of the ZIP"
    return DatasetError(found, expected=expected, remedy=remedy, member=METADATA)


def _feature_images(members: dict[str, ZipInfo], metadata: Metadata) -> list[ZipInfo]:
    """Return the entries of the feature images in order."""
    numbers = {int(n.removesuffix(".png")) for n in members if _FEATURE_IMAGE.fullmatch(n)}
    count = metadata.image_count
    expected = (
        f"{count} images, 0.png to {count - 1}.png, for {metadata.features} features "
        f"of {metadata.precision} bits"
    )
    remedy = f"Correct {METADATA}, or create the dataset again."
    # a wrong count can be huge, but the first missing number is no larger than what is there
    missing = next((number for number in range(count) if number not in numbers), None)
    if missing is not None:
        raise DatasetError(
            "no such image", expected=expected, remedy=remedy, member=f"{missing}.png"
        )
    surplus = min((number for number in numbers if number >= count), default=None)
    if surplus is not None:
        raise DatasetError(
            "a superfluous image", expected=expected, remedy=remedy, member=f"{surplus}.png"
        )
    return [members[f"{number}.png"] for number in range(count)]


def _read_values(
    archive: ZipFile, images: list[ZipInfo], metadata: Metadata, track: Track
) -> NDArray[np.unsignedinteger]:
    block_length = min(MOST_IMAGES_A_BLOCK, max(1, BLOCK_BYTES // metadata.image_size))
    size = metadata.values_size
    check_memory(size + worker_count() * (block_length + 4) * metadata.image_size)
    _check_large_enough(images, metadata)
    values = metadata.empty_values()

    def read_block(first: int) -> None:
        block = images[first : first + block_length]
        pixels = np.empty((metadata.height, metadata.width, len(block)), np.uint32)
        for position, info in enumerate(block):
            pixels[..., position] = _read_image(archive, info, metadata)
        # images side by side in one row a pixel: then a pixel's features are one run of bytes
        start = first * metadata.features_per_image
        target = values[..., start : start + len(block) * metadata.features_per_image]
        target[...] = pixels.view(metadata.dtype)[..., : target.shape[-1]]

    firsts = range(0, len(images), block_length)
    for _ in in_threads(read_block, firsts, track=track, desc=f"Opening {metadata.name}"):
        pass
    return values


def _check_large_enough(images: list[ZipInfo], metadata: Metadata) -> None:
    """Raise if an entry is too small to be an image of the size that the metadata tell of."""
    for info in images:
        if _MOST_PER_BYTE * info.file_size + PNG_ALLOWANCE < metadata.image_size:
            raise DatasetError(
                f"an image of {info.file_size:,} bytes",
                expected=f"one of {metadata.width} × {metadata.height} pixels",
                remedy=f"Correct {METADATA}, or create the dataset again.",
                member=info.filename,
            )


def _read_image(archive: ZipFile, info: ZipInfo, metadata: Metadata) -> NDArray[np.uint32]:
    content = read_member(archive, info, largest=2 * metadata.image_size + PNG_ALLOWANCE)
    try:
        return decode_rgba(content, width=metadata.width, height=metadata.height)
    except DatasetError as error:
        raise error.inside(str(archive.filename), info.filename) from error.__cause__


def _read_overlay(archive: ZipFile, members: dict[str, ZipInfo]) -> NDArray[np.uint8] | None:
    try:
        if OVERLAY not in members:
            raise DatasetError(
                "no overlay",
                expected=f"an image, as {METADATA} says",
                remedy=f'Add the original image, or set "overlay" to false in {METADATA}.',
            )
        return decode_overlay(read_member(archive, members[OVERLAY], largest=MOST_BYTES))
    except DatasetError as error:
        reason = error.inside(str(archive.filename), OVERLAY)
        warn(OverlayWarning(f"Opened without its overlay: {reason}"), stacklevel=2)
        return None
