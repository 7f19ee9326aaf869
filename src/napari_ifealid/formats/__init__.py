"""Files as feature stacks: IFeaLiD datasets and NumPy arrays."""

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
    "looks_like_stack",
    "lossless_precision",
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
    feature_axis: int = -1,
    track: Track = untracked,
) -> FeatureStack:
    """Read one feature stack: an IFeaLiD ZIP, a .npy file or an array of a .npz file.

    Parameters
    ----------
    path : path
    array : str, optional
        Name of the array in a .npz file. Needed only where there are several feature stacks.
    feature_axis : int, optional
        Axis of a NumPy array along which its features lie; the last one unless given.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Returns
    -------
    FeatureStack

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
    if is_npz(path):
        names = stack_names(path)
        if array is None and len(names) > 1:
            raise DatasetError(
                f"{len(names)} feature stacks, {', '.join(names[:_MOST_LISTED])}",
                expected="one, or the name of one",
                remedy="Name the array to take (--array NAME, array=NAME).",
                file=path,
            )
        (stack,) = read_npz(path, array=array, track=track)
    elif array is not None:
        raise DatasetError(
            "a file without named arrays",
            expected=f"a .npz file with the array {array!r}",
            remedy="Leave the name of the array out, or choose another file.",
            file=path,
        )
    else:
        (stack,) = read_stacks(path, track=track)
    return _with_features_last(stack, feature_axis, path)


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
    """Read all feature stacks in a file: an IFeaLiD ZIP, a .npy or a .npz file.

    Parameters
    ----------
    path : path
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
    """
    match Path(path).suffix.lower():
        case ".zip":
            return [read_ifealid_zip(path, track=track)]
        case ".npy" | ".npz":
            return read_npz(path, track=track) if is_npz(path) else [read_npy(path)]
        case suffix:
            raise DatasetError(
                f"a file of the kind {suffix!r}",
                expected="a .zip file from IFeaLiD, or a .npy or .npz file",
                remedy="Choose another file, or convert this one with numpy.save.",
                file=path,
            )


def looks_like_stack(path: str | PathLike[str]) -> bool:
    """Return whether a file is meant to hold feature stacks, good or bad.

    Where it is True, `read_stacks` returns the stacks or raises an error that says what is wrong
    with them. It is False for ZIP files with quite different contents, for .npy and .npz files
    that are not NumPy's, for all other files and for paths where no file is.
    """
    path = Path(path)
    if not path.is_file():
        return False
    try:
        match path.suffix.lower():
            case ".zip":
                return is_ifealid(member_names(path))
            case ".npy" | ".npz":
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
