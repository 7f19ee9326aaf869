"""Files as feature stacks: IFeaLiD datasets and NumPy arrays."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.ifealid_zip import is_ifealid, read_ifealid_zip
from napari_ifealid.formats.numpy_arrays import NPY_START, read_npy, read_npz
from napari_ifealid.formats.overlay import OverlayWarning
from napari_ifealid.formats.tracking import Track, untracked
from napari_ifealid.formats.zip_archive import ZIP_STARTS, cannot_open, member_names
from napari_ifealid.stack import FeatureStack

__all__ = ["OverlayWarning", "Track", "looks_like_stack", "read_stacks", "untracked"]


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
            # as numpy.load does, go by what the file holds
            is_zip = _first_bytes(path).startswith(ZIP_STARTS)
            return read_npz(path, track=track) if is_zip else [read_npy(path)]
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
