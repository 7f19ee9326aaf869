"""Files and folders as feature stacks, and feature stacks as files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.details import Detail, details_of, in_words
from napari_ifealid.formats.downloads import can_be_downloaded, downloaded
from napari_ifealid.formats.format import Format
from napari_ifealid.formats.ifealid_writer import lossless_precision, write_stack, zip_path
from napari_ifealid.formats.location import Location, absolute, is_file, is_url, name_of, suffix_of
from napari_ifealid.formats.metadata_warning import MetadataWarning
from napari_ifealid.formats.overlay import OverlayWarning, read_overlay
from napari_ifealid.formats.quantisation import restored
from napari_ifealid.formats.registry import (
    FORMATS,
    all_suffixes,
    format_of,
    formats_named,
    suffixes_in_words,
    written_suffixes,
)
from napari_ifealid.formats.web_application_faults import WebApplicationWarning
from napari_ifealid.layers import own_pixels
from napari_ifealid.regular_files import check_file_or_folder, check_regular_file, special_kind
from napari_ifealid.stack import FeatureStack, StackSource
from napari_ifealid.tracking import Track, untracked

_MOST_LISTED = 10

__all__ = [
    "FORMATS",
    "Location",
    "MetadataWarning",
    "OverlayWarning",
    "Track",
    "WebApplicationWarning",
    "all_suffixes",
    "array_names",
    "check_array_suffix",
    "files_of",
    "looks_like_stack",
    "lossless_precision",
    "not_kept",
    "on_disk",
    "read_overlay",
    "read_stack",
    "read_stacks",
    "restored",
    "stack_names",
    "suffixes_in_words",
    "untracked",
    "write_array",
    "write_stack",
    "written_suffixes",
    "zip_path",
]


def read_stack(
    location: Location,
    *,
    array: str | None = None,
    feature_axis: int | None = None,
    track: Track = untracked,
) -> FeatureStack:
    """Read one feature stack: a file with a single one, or an array of a file with several.

    Parameters
    ----------
    location : path or URL
        A Zarr is read where it is; another file is downloaded, see `downloaded`.
    array : str, optional
        Name of the array in a file or a Zarr group with several: its path in an HDF5 file. Needed
        only where there are several feature stacks.
    feature_axis : int, optional
        Axis of an array along which its features lie. Unless given, the one that the file calls
        so, else a guess: the last one in most formats.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Returns
    -------
    FeatureStack
        The values of a Zarr array, and of most files that take more than half of the free
        memory, stay where they are, as a dask array.

    Raises
    ------
    DatasetError
        If the file is missing, of another kind, damaged, or does not hold one such feature
        stack, or if memory is short.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.

    Warns
    -----
    OverlayWarning
        If a dataset is opened without its overlay.
    MetadataWarning
        If a part of the metadata is wrong that the values can be read without.

    Examples
    --------
    >>> stack = napari_ifealid.read_stack("features.npz", array="layer3", feature_axis=0)
    """
    with on_disk(location, track=track) as place:
        stack = _read_one(place, array, feature_axis, track)
    return stack.read_from(StackSource(absolute(location), array, feature_axis))


def _read_one(
    location: Location, array: str | None, feature_axis: int | None, track: Track
) -> FeatureStack:
    names = _stack_names(_array_names(location))
    if array is None and names is not None and len(names) > 1:
        raise DatasetError(
            f"{len(names)} feature stacks, {', '.join(names[:_MOST_LISTED])}",
            expected="one, or the name of one",
            remedy="Name the array to take (--array NAME, array=NAME).",
            file=location,
        )
    if array is not None and names is None:
        raise DatasetError(
            "a file without named arrays",
            expected=f"a file or a group of arrays with the array {array!r}",
            remedy="Leave the name of the array out, or choose another file.",
            file=location,
        )
    (stack,) = format_of(location).read(
        location, array=array, feature_axis=feature_axis, track=track
    )
    return stack


def read_stacks(location: Location, *, track: Track = untracked) -> list[FeatureStack]:
    """Read all feature stacks at a location, of any kind in `FORMATS`.

    Parameters
    ----------
    location : path or URL
        As for `read_stack`.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)` returns the iterable wrapped,
        as `tqdm` and `napari.utils.progress` do. To cancel, raise from the wrapped iteration.

    Returns
    -------
    list of FeatureStack
        At least one.

    Raises
    ------
    DatasetError
        If the file is missing, of another kind, damaged, or holds no feature stack, or if memory
        is short.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.

    Warns
    -----
    OverlayWarning
        If a dataset is opened without its overlay.
    MetadataWarning
        If a part of the metadata is wrong that the values can be read without.
    """
    with on_disk(location, track=track) as place:
        stacks = format_of(place).read(place, array=None, feature_axis=None, track=track)
        names = _stack_names(_array_names(place)) if len(stacks) > 1 else None
    arrays: list[str | None] = [None] if names is None else [*names]
    return [
        stack.read_from(StackSource(absolute(location), name))
        for stack, name in zip(stacks, arrays, strict=True)
    ]


def stack_names(location: Location, *, track: Track = untracked) -> list[str] | None:
    """Return the names of the feature stacks of a file with several arrays; None for others.

    Raises
    ------
    DatasetError
        If the file can't be opened.
    """
    return _stack_names(array_names(location, track=track))


def array_names(location: Location, *, track: Track = untracked) -> dict[str, bool] | None:
    """Return the names of all arrays, and whether each is a feature stack; None without names.

    Raises
    ------
    DatasetError
        If the file can't be opened.
    """
    with on_disk(location, track=track) as place:
        return _array_names(place)


def _array_names(location: Location) -> dict[str, bool] | None:
    names = format_of(location).array_names(location)
    return None if names is None else dict(names)


def files_of(location: Location) -> list[Path]:
    """Return all files that belong to one: of an ENVI cube, its header and its values.

    Parameters
    ----------
    location : path
        A file or a folder that is there.
    """
    kinds = formats_named(location)
    return list(kinds[0].files(Path(location))) if kinds else [Path(location)]


def _stack_names(arrays: dict[str, bool] | None) -> list[str] | None:
    return None if arrays is None else [name for name, is_stack in arrays.items() if is_stack]


@contextmanager
def on_disk(location: Location, *, track: Track = untracked) -> Iterator[Location]:
    """Give the place that a location is read from: of a file behind a URL, its local copy.

    Errors raised meanwhile name the location itself.

    Raises
    ------
    DatasetError
        If there is no file but a pipe, a device or, unless a format has such, a folder; or if the
        file can't be downloaded, see `downloaded`.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.
    """
    named = formats_named(location)
    if not is_url(location):
        can_be_folder = not named or any(kind.is_folder for kind in named)
        (check_file_or_folder if can_be_folder else check_regular_file)(location)
    if not is_url(location) or not named or any(kind.takes_urls for kind in named):
        yield location
        return
    names = [name for kind in named for name in kind.companions(unquote(name_of(location)))]
    copy = downloaded(location, companions=names, track=track)
    try:
        yield copy
    except DatasetError as error:
        raise error.inside(location) from error.__cause__


def looks_like_stack(location: Location) -> bool:
    """Return whether a file or a folder is meant to hold feature stacks, good or bad.

    Where it is True, `read_stacks` returns the stacks or raises an error that says what is wrong
    with them, also for a pipe or a device with such a name. It is False for ZIP files with quite
    different contents, for .npy and .npz files that are not NumPy's, for Zarr groups without a
    stack, for OME-Zarr images without channels, for ENVI libraries and data files without a header,
    for TIFFs that are photos or stacks of them, for all other files and folders and for paths where
    nothing is. Of a file behind a URL, the name alone is looked at.
    """
    if can_be_downloaded(location) and not any(kind.takes_urls for kind in formats_named(location)):
        return bool(formats_named(location))
    if special_kind(location):
        return bool(formats_named(location))
    if not any(kind.is_folder or is_file(location) for kind in formats_named(location)):
        return False
    try:
        return format_of(location).looks_like_stack(location)
    except DatasetError:
        return True  # unreadable; reading it tells why


def write_array(
    path: Location,
    stack: FeatureStack,
    *,
    force: bool = False,
    track: Track = untracked,
) -> None:
    """Write the real values of a feature stack as an array, features last.

    Integers are exact, see `restored`. The file appears only once it is complete. The same stack
    gives the same bytes. Lazy values are read and written block by block, but for a .zip.

    Parameters
    ----------
    path : path
        Its suffix decides: .npy; .npz, compressed, with the array `features` and small arrays that
        tell what is known of it, but for its place on the earth; .zarr, a folder with a Zarr array
        of version 3, whose chunks are tiles of the image with all features and whose attributes
        are the stack's `name` and what is known of it, integers stored beside their
        `scale_factor` and `missing_value`; .hdr, the header of an ENVI cube, whose values are in a
        .img file beside it; .tif, a GeoTIFF with what is known of the bands, stored values beside
        their gain and their missing value; or .zip, see `write_stack`. `not_kept` tells what is
        lost.
    stack : FeatureStack
    force : bool, optional
        Whether an existing file or folder is replaced.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Raises
    ------
    DatasetError
        If the suffix is another, or if the file can't be written, or exists and `force` is off,
        or if the values are lazy and can't be read, or, for a .zip, don't fit the memory.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.

    Examples
    --------
    >>> write_array("features.zarr", napari_ifealid.read_stack("features.zip"))
    """
    kind = _written_format(path)
    assert kind.write is not None
    kind.write(Path(path), _as_kept(kind, stack), force=force, track=track)


def not_kept(path: Location, stack: FeatureStack) -> list[str]:
    """Return what of that which is known of a stack a file of this name does not keep, in words.

    Parameters
    ----------
    path : path
        Of a file that `write_array` writes.
    stack : FeatureStack

    Raises
    ------
    DatasetError
        If the suffix is another.
    """
    kind = _written_format(path)
    return in_words(stack, details_of(stack) - kind.keeps(_as_kept(kind, stack)))


def _written_format(path: Location) -> Format:
    check_array_suffix(path)
    return next(
        kind for kind in FORMATS if kind.write is not None and suffix_of(path) == kind.suffixes[0]
    )


def _as_kept(kind: Format, stack: FeatureStack) -> FeatureStack:
    """Return a stack whose place is that of its own pixels where the image is not kept."""
    kept = kind.keeps(stack)
    keeps_image = Detail.OVERLAY in kept
    keeps_place = stack.placement is not None and Detail.PLACEMENT in kept
    return stack if keeps_image or keeps_place else own_pixels(stack)


def check_array_suffix(path: Location) -> None:
    """Raise unless `write_array` writes files of this suffix.

    Raises
    ------
    DatasetError
        If it does not.
    """
    known = written_suffixes()
    if suffix_of(path) not in known:
        raise DatasetError(
            f"the suffix {Path(path).suffix!r}",
            expected=f"one of {', '.join(known)}, which says what is to be written",
            remedy="Choose a name that ends in one of these.",
            file=path,
        )
