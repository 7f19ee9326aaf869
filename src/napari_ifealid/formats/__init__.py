"""Files as feature stacks: IFeaLiD datasets, NumPy arrays and Zarr arrays."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import numpy as np

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.array_files import check_array_suffix, write_array
from napari_ifealid.formats.ifealid_writer import lossless_precision, write_stack, zip_path
from napari_ifealid.formats.ifealid_zip import is_ifealid, read_ifealid_zip
from napari_ifealid.formats.numpy_arrays import NPY_START, read_npy, read_npz, stack_names
from napari_ifealid.formats.overlay import OverlayWarning, read_overlay
from napari_ifealid.formats.quantisation import restored
from napari_ifealid.formats.web_application_faults import WebApplicationWarning
from napari_ifealid.formats.zarr_arrays import (
    is_zarr,
    looks_like_zarr_stack,
    read_zarr,
    zarr_stack_names,
)
from napari_ifealid.formats.zip_archive import ZIP_STARTS, cannot_open, member_names
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, untracked

_MOST_LISTED = 10

__all__ = [
    "OverlayWarning",
    "Track",
    "WebApplicationWarning",
    "check_array_suffix",
    "is_npz",
    "is_zarr",
    "looks_like_stack",
    "lossless_precision",
    "named_stacks",
    "read_overlay",
    "read_stack",
    "read_stacks",
    "restored",
    "untracked",
    "write_array",
    "write_stack",
    "zip_path",
]


def read_stack(
    path: str | PathLike[str],
    *,
    array: str | None = None,
    feature_axis: int | None = None,
    track: Track = untracked,
) -> FeatureStack:
    """Read one feature stack: an IFeaLiD ZIP, a .npy file, an array of a .npz file or of a .zarr.

    Parameters
    ----------
    path : path
    array : str, optional
        Name of the array in a .npz file or a Zarr group. Needed only where there are several
        feature stacks.
    feature_axis : int, optional
        Axis of an array along which its features lie. Unless given, the last one, or the one
        that a Zarr array calls so.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Returns
    -------
    FeatureStack
        The values of a Zarr array stay on disk, as a dask array.

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

    Examples
    --------
    >>> stack = napari_ifealid.read_stack("features.npz", array="layer3", feature_axis=0)
    """
    names = named_stacks(path)
    if array is None and names is not None and len(names) > 1:
        raise DatasetError(
            f"{len(names)} feature stacks, {', '.join(names[:_MOST_LISTED])}",
            expected="one, or the name of one",
            remedy="Name the array to take (--array NAME, array=NAME).",
            file=path,
        )
    if array is not None and names is None:
        raise DatasetError(
            "a file without named arrays",
            expected=f"a .npz file or a Zarr group with the array {array!r}",
            remedy="Leave the name of the array out, or choose another file.",
            file=path,
        )
    if is_zarr(path):
        (stack,) = read_zarr(path, array=array, feature_axis=feature_axis)
        return stack
    if is_npz(path):
        (stack,) = read_npz(path, array=array, track=track)
    else:
        (stack,) = read_stacks(path, track=track)
    return _with_features_last(stack, -1 if feature_axis is None else feature_axis, path)


def named_stacks(path: str | PathLike[str]) -> list[str] | None:
    """Return the names of the feature stacks of a .npz file or a Zarr group; None for others.

    Raises
    ------
    DatasetError
        If the file can't be opened.
    """
    if is_zarr(path):
        return zarr_stack_names(path)
    return stack_names(path) if is_npz(path) else None


def _with_features_last(
    stack: FeatureStack, feature_axis: int, path: str | PathLike[str]
) -> FeatureStack:
    axes = stack.values.ndim
    if feature_axis in (-1, axes - 1):
        return stack
    if stack.precision is not None or not -axes <= feature_axis < axes:
        raise DatasetError(
            f"no axis {feature_axis} that could hold the features, shape {stack.values.shape}",
            expected="an axis of the array; the last one for a ZIP",
            remedy="Choose another feature axis, or none.",
            file=path,
        )
    return FeatureStack(values=np.moveaxis(stack.values, feature_axis, -1), name=stack.name)


def read_stacks(path: str | PathLike[str], *, track: Track = untracked) -> list[FeatureStack]:
    """Read all feature stacks in a file: an IFeaLiD ZIP, a .npy or .npz file, a Zarr folder.

    Parameters
    ----------
    path : path
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)` returns the iterable wrapped,
        as `tqdm` and `napari.utils.progress` do. To cancel, raise from the wrapped iteration.

    Returns
    -------
    list of FeatureStack
        At least one. Values of a Zarr folder stay on disk, as dask arrays.

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
    """
    match Path(path).suffix.lower():
        case ".zip":
            return [read_ifealid_zip(path, track=track)]
        case ".npy" | ".npz":
            return read_npz(path, track=track) if is_npz(path) else [read_npy(path)]
        case ".zarr":
            return read_zarr(path)
        case suffix:
            raise DatasetError(
                f"a file of the kind {suffix!r}",
                expected="a .zip file from IFeaLiD, a .npy or .npz file, or a .zarr folder",
                remedy="Choose another file, or convert this one with numpy.save.",
                file=path,
            )


def looks_like_stack(path: str | PathLike[str]) -> bool:
    """Return whether a file or a Zarr folder is meant to hold feature stacks, good or bad.

    Where it is True, `read_stacks` returns the stacks or raises an error that says what is wrong
    with them. It is False for ZIP files with quite different contents, for .npy and .npz files
    that are not NumPy's, for Zarr groups without a stack or with an OME-Zarr image, for all other
    files and folders and for paths where nothing is.
    """
    path = Path(path)
    try:
        match path.suffix.lower():
            case ".zarr":
                return looks_like_zarr_stack(path)
            case ".zip" if path.is_file():
                return is_ifealid(member_names(path))
            case ".npy" | ".npz" if path.is_file():
                return _is_numpy(path)
            case _:
                return False
    except DatasetError:
        return True  # unreadable; reading it tells why


def is_npz(path: str | PathLike[str]) -> bool:
    """Return whether a .npy or .npz file holds named arrays: as for `numpy.load`, its start tells.

    Raises
    ------
    DatasetError
        If the file can't be opened.
    """
    is_numpy = Path(path).suffix.lower() in (".npy", ".npz")
    return is_numpy and _first_bytes(path).startswith(ZIP_STARTS)


def _is_numpy(path: Path) -> bool:
    start = _first_bytes(path)
    if start.startswith(ZIP_STARTS):
        return any(name.endswith(".npy") for name in member_names(path))
    return start == NPY_START


def _first_bytes(path: str | PathLike[str]) -> bytes:
    try:
        with Path(path).open("rb") as stream:
            return stream.read(len(NPY_START))
    except OSError as error:
        raise cannot_open(path, error) from error
