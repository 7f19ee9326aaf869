"""Zarr folders: arrays that stay on disk, and groups of them."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.blocks import whole_chunks
from napari_ifealid.formats.ifealid_metadata import is_label
from napari_ifealid.formats.numpy_arrays import MOST_LISTED, OFFSET_KEY, STRIDE_KEY
from napari_ifealid.stack import FEATURE_AXIS_NAMES, FeatureStack, Placement, check_feature_array

if TYPE_CHECKING:
    import zarr

NAME_KEY, LABELS_KEY = "name", "feature_labels"
"""Names of the attributes that tell what is known of a stack, beside its placement."""

MOST_CHUNKS = 1 << 16
"""Chunks of a dask array that can still be sliced in no time."""

_METADATA_FILES = ("zarr.json", ".zarray", ".zgroup")
_IMAGE_KEYS = {"multiscales", "ome"}  # of OME-Zarr before version 0.5, and since


def is_zarr(path: str | PathLike[str]) -> bool:
    """Return whether a path is called as Zarr folders are."""
    return Path(path).suffix.lower() == ".zarr"


def read_zarr(
    path: str | PathLike[str], *, array: str | None = None, feature_axis: int | None = None
) -> list[FeatureStack]:
    """Read each feature stack in a Zarr folder, or one of them, without its values.

    The folder holds an array or a group, of version 2 or 3. Of a group, each array in it, though
    not in the groups in it, is a feature stack if it has at least three axes, none of them empty,
    and real numbers; others are skipped. The values are dask arrays, read when and where they are
    needed: whether any of them is finite is not looked at.

    Parameters
    ----------
    path : path
    array : str, optional
        Name of the only array of a group to read.
    feature_axis : int, optional
        Axis of the stored array along which the features lie. Unless given, the one whose name,
        as Zarr or xarray tell it, is c, channel, feature or band; else the last one.

    Returns
    -------
    list of FeatureStack
        Called what the attribute `name` says; else a single one is named after the folder, several
        "<folder name>: <array name>". The attributes `feature_labels`, `stride` and `offset`, as
        `write_array` writes them, give the labels and the placement, unless `feature_axis` is
        another axis than they were written for.

    Raises
    ------
    DatasetError
        If the folder is missing, no Zarr or damaged, if none of its arrays is a feature stack or
        one lacks the axis, or if an attribute is wrong.
    """
    path = Path(path)
    folder = _open(path)
    stacks = {
        name: stored
        for name, stored in folder.arrays.items()
        if array in (None, name) and (folder.is_array or _is_stack(stored))
    }
    if not stacks:
        raise _no_stacks(path, folder, array)
    result = []
    for name, stored in stacks.items():
        called = path.name if len(stacks) == 1 else f"{path.name}: {name}"
        try:
            result.append(_stack(stored, called, feature_axis))
        except DatasetError as error:
            place = ", ".join(part for part in (name, error.member) if part)
            raise error.inside(path, place) from error.__cause__
    return result


def zarr_stack_names(path: str | PathLike[str]) -> list[str] | None:
    """Return the names of a Zarr group's arrays that are feature stacks; None for an array.

    Raises
    ------
    DatasetError
        If the folder is missing, no Zarr or damaged.
    """
    folder = _open(Path(path))
    if folder.is_array:
        return None
    return [name for name, stored in folder.arrays.items() if _is_stack(stored)]


def zarr_array_names(path: str | PathLike[str]) -> list[str]:
    """Return the names of all arrays of a Zarr group.

    Raises
    ------
    DatasetError
        If the folder is missing, no Zarr or damaged.
    """
    return list(_open(Path(path)).arrays)


def looks_like_zarr_stack(path: str | PathLike[str]) -> bool:
    """Return whether a folder is a Zarr array, or a group with a feature stack in it.

    Images in the format OME-Zarr are not: other readers know their channels and their scales.

    Raises
    ------
    DatasetError
        If it is damaged.
    """
    path = Path(path)
    if not _is_marked(path):
        return False
    folder = _open(path)
    is_image = bool(_IMAGE_KEYS & folder.attributes.keys())
    return folder.is_array or (not is_image and any(map(_is_stack, folder.arrays.values())))


@dataclass(frozen=True, eq=False)
class _StoredArray:
    """A Zarr array, with what its metadata say."""

    array: zarr.Array[Any]
    attributes: dict[str, Any]
    dimension_names: list[str]

    @property
    def feature_axis(self) -> int:
        """The axis that is called features, else the last one."""
        named = (
            axis
            for axis, name in enumerate(self.dimension_names)
            if name.lower() in FEATURE_AXIS_NAMES
        )
        return next(named, self.array.ndim - 1)


@dataclass(frozen=True, eq=False)
class _Folder:
    """What is in a Zarr folder: a single array without a name, or the arrays of a group."""

    is_array: bool
    attributes: dict[str, Any]
    arrays: dict[str, _StoredArray]


@dataclass(frozen=True, eq=False)
class _FeaturesLast:
    """A Zarr array with its features last and its bytes in this machine's order.

    If dask moved and converted them, it would read whole chunks for the sake of a pixel.
    """

    array: zarr.Array[Any]
    axis: int

    @property
    def shape(self) -> tuple[int, ...]:
        return self._moved(self.array.shape)

    @property
    def chunks(self) -> tuple[int, ...]:
        return self._moved(self.array.chunks)

    @property
    def ndim(self) -> int:
        return self.array.ndim

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.array.dtype.newbyteorder("=")

    def __getitem__(self, index: tuple[Any, ...]) -> NDArray[Any]:
        *spatial, features = index
        before, after = spatial[: self.axis], spatial[self.axis :]
        values = np.asarray(self.array.oindex[(*before, features, *after)], self.dtype)
        if isinstance(features, Integral):
            return values
        return np.moveaxis(values, sum(not isinstance(part, Integral) for part in before), -1)

    def _moved(self, lengths: tuple[int, ...]) -> tuple[int, ...]:
        return (*lengths[: self.axis], *lengths[self.axis + 1 :], lengths[self.axis])


def _open(path: Path) -> _Folder:
    if not _is_marked(path):
        raise DatasetError(
            "a folder that is no Zarr" if path.is_dir() else "no such folder",
            expected=f"a Zarr array or group: a folder with one of {', '.join(_METADATA_FILES)}",
            remedy="Choose another folder, or write the array with zarr.save_array.",
            file=path,
        )
    import zarr

    try:
        node = zarr.open(path, mode="r")
        if isinstance(node, zarr.Array):
            return _Folder(True, dict(node.attrs), {"": _stored(node)})
        arrays = {name: _stored(array) for name, array in sorted(node.arrays())}
        return _Folder(False, dict(node.attrs), arrays)
    except Exception as error:  # each part of the metadata fails in its own way
        raise DatasetError(
            f"metadata or a codec that Zarr does not know ({_first_line(error)})",
            expected="an undamaged Zarr of version 2 or 3",
            remedy="Copy the folder again, or install the codec, or write the array again.",
            file=path,
        ) from error


def _is_marked(path: Path) -> bool:
    return any((path / name).is_file() for name in _METADATA_FILES)


def _stored(array: zarr.Array[Any]) -> _StoredArray:
    if 0 in array.chunks:
        raise ValueError(f"chunks of shape {array.chunks}")
    attributes = dict(array.attrs)
    if array.metadata.zarr_format == 3:
        names: Any = array.metadata.dimension_names
    else:
        names = attributes.get("_ARRAY_DIMENSIONS")  # xarray's
    is_usable = isinstance(names, list | tuple) and len(names) == array.ndim
    return _StoredArray(array, attributes, list(map(str, names)) if is_usable else [])


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _is_stack(stored: _StoredArray) -> bool:
    try:
        check_feature_array(stored.array)
    except DatasetError:
        return False
    return True


def _no_stacks(path: Path, folder: _Folder, array: str | None) -> DatasetError:
    listed = [
        f"{name} {stored.array.shape} {stored.array.dtype}"
        for name, stored in folder.arrays.items()
    ]
    more = f" and {len(listed) - MOST_LISTED} more" if len(listed) > MOST_LISTED else ""
    called = "" if array is None else f" called {array!r}"
    found = "; ".join(listed[:MOST_LISTED]) or "none"
    return DatasetError(
        f"no feature stack{called} among the arrays: {found}{more}",
        expected="an array of real numbers with at least three axes, (..., features)",
        remedy="Stack the features along an axis, or choose another array or folder.",
        file=path,
    )


def _stack(stored: _StoredArray, called: str, feature_axis: int | None) -> FeatureStack:
    check_feature_array(stored.array)
    axes = stored.array.ndim
    axis = stored.feature_axis if feature_axis is None else feature_axis
    if not -axes <= axis < axes:
        raise DatasetError(
            f"no axis {axis} that could hold the features, shape {stored.array.shape}",
            expected="an axis of the array",
            remedy="Choose another feature axis, or none.",
        )
    values = _lazy(_FeaturesLast(stored.array, axis % axes))
    name = stored.attributes.get(NAME_KEY)
    is_as_written = axis % axes == stored.feature_axis
    return FeatureStack(
        values=values,
        name=name if isinstance(name, str) else called,  # others give the word another meaning
        placement=_placement(stored.attributes) if is_as_written else None,
        feature_labels=_labels(stored.attributes, values.shape[-1]) if is_as_written else None,
    )


def _lazy(array: _FeaturesLast) -> Any:
    import dask.array

    chunks = whole_chunks(array.shape, array.chunks, prod(array.shape) // MOST_CHUNKS)
    # a random name, else a dask cache would show the values of a folder that was written anew
    return dask.array.from_array(array, chunks, name=False)  # type: ignore[no-untyped-call]


def _placement(attributes: dict[str, Any]) -> Placement | None:
    if not {STRIDE_KEY, OFFSET_KEY} <= attributes.keys():
        return None
    for key in (STRIDE_KEY, OFFSET_KEY):
        pair = attributes[key]
        if not (isinstance(pair, list) and len(pair) == 2 and all(map(_is_number, pair))):
            raise _wrong(pair, "two finite numbers, along y and x", key)
    stride, offset = attributes[STRIDE_KEY], attributes[OFFSET_KEY]
    if min(stride) <= 0:
        raise _wrong(stride, "two numbers greater than 0", STRIDE_KEY)
    return Placement(tuple(stride), tuple(offset))


def _labels(attributes: dict[str, Any], features: int) -> list[str | float] | None:
    labels: list[str | float] | None = attributes.get(LABELS_KEY)
    if labels is None:
        return None
    expected = f"a list of {features} texts or numbers, one for each feature"
    if not isinstance(labels, list):
        raise _wrong(labels, expected, LABELS_KEY)
    if len(labels) != features:
        raise _wrong(f"{len(labels)} labels", expected, LABELS_KEY)
    for label in labels:
        if not is_label(label):
            raise _wrong(label, expected, LABELS_KEY)
    return labels


def _is_number(value: object) -> bool:
    return is_label(value) and not isinstance(value, str)


def _wrong(value: object, expected: str, key: str) -> DatasetError:
    found = value if isinstance(value, str) else repr(value)
    return DatasetError(
        found if len(found) <= 60 else f"{found[:57]}...",
        expected=expected,
        remedy="Correct the attribute, or remove it.",
        member=f'attribute "{key}"',
    )
