"""The weights of up-sampled features as a file beside their stack.

A stack NAME has its weights in NAME.weights.npz, of three arrays: `columns` and `values`, see
`Weights`, of shape (pixels of the image, K) in C order; and `sizes`, which are height and width of
the image and the number of pixels of the stack. None of them has three axes, so that the file is
never taken for a feature stack. What the stack's own file is does not matter: the order of its
pixels is the same in all formats.

The file does not tell which values the stack had. Who writes another stack of this name removes
the weights or replaces them.
"""

from __future__ import annotations

from os import PathLike
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.atomic_write import written_file
from napari_ifealid.formats.npy_header import ArrayHeader
from napari_ifealid.formats.npz_members import (
    array_key,
    array_members,
    member_header,
    member_values,
)
from napari_ifealid.formats.zip_archive import opened_zip
from napari_ifealid.memory import check_memory
from napari_ifealid.sharpening.weights import ONE, Weights, column_dtype
from napari_ifealid.stack import FeatureStack

_SIZES, _COLUMNS, _VALUES = "sizes", "columns", "values"
_MOST_PIXELS = np.iinfo(np.int32).max  # rows of sparse matrices number them by int32
_BLOCK = 1 << 18  # pixels that are checked at once
_WRITE_AGAIN = "Extract the features again, with --upsample."


def write_weights(path: str | PathLike[str], weights: Weights, *, force: bool = False) -> None:
    """Write weights. The file appears only once it is complete; the same weights give the same one.

    Parameters
    ----------
    path : path
        See `weights_path`.
    weights : Weights
    force : bool, optional
        Whether an existing file is replaced.

    Raises
    ------
    DatasetError
        If the file can't be written, or exists and `force` is off.
    """
    sizes = np.array([*weights.image_shape, weights.stack_pixels], np.int64)
    arrays: dict[str, NDArray[Any]] = {
        _SIZES: sizes,
        _COLUMNS: weights.columns.reshape(-1, weights.taps),
        _VALUES: weights.values.reshape(-1, weights.taps),
    }
    with (
        written_file(path, force=force) as stream,
        ZipFile(stream, "w", ZIP_DEFLATED) as archive,
    ):
        for key, array in arrays.items():
            with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, array, version=(1, 0), allow_pickle=False)


def read_weights(path: str | PathLike[str]) -> Weights:
    """Read weights, of which no code is run and all is checked.

    Raises
    ------
    DatasetError
        If the file is missing, damaged or none of weights, or if memory is short. Nothing larger
        is loaded than the sizes in the file tell.
    """
    with opened_zip(path) as archive:
        try:
            members = _members(archive)
            headers = {key: member_header(archive, member) for key, member in members.items()}
            height, width, stack_pixels = _sizes(archive, members[_SIZES], headers[_SIZES])
            kinds = {_COLUMNS: column_dtype(stack_pixels), _VALUES: np.dtype(np.uint16)}
            for key, kind in kinds.items():
                _check_array(key, headers[key], headers[_VALUES], height * width, kind)
            # what is checked takes as much once more, at most
            check_memory(2 * sum(headers[key].file_size for key in kinds))
            columns, values = (member_values(archive, members[k], headers[k]) for k in kinds)
            _check_columns(columns, stack_pixels)
            _check_sums(values)
        except DatasetError as error:
            raise error.inside(path) from error.__cause__
    shape = height, width, -1
    return Weights(columns.reshape(shape), values.reshape(shape), stack_pixels)


def check_fit(weights: Weights, stack: FeatureStack) -> None:
    """Raise unless weights can be those of a stack and of its image.

    Raises
    ------
    DatasetError
        If the stack has another number of pixels, or an image of another size.
    """
    if len(stack.spatial_shape) != 2 or stack.pixel_count != weights.stack_pixels:
        raise DatasetError(
            f"weights of {weights.stack_pixels} pixels for features of "
            f"{' × '.join(map(str, stack.spatial_shape))}",
            expected="weights that were extracted with these features",
            remedy=_WRITE_AGAIN,
            file=stack.name,
        )
    if stack.overlay is not None and stack.overlay.shape[:2] != weights.image_shape:
        height, width = weights.image_shape
        raise DatasetError(
            f"weights of an image of {width} × {height} pixels",
            expected=f"weights of the image of {stack.overlay.shape[1]} × "
            f"{stack.overlay.shape[0]} pixels",
            remedy=_WRITE_AGAIN,
            file=stack.name,
        )


def _members(archive: ZipFile) -> dict[str, ZipInfo]:
    members = {array_key(member): member for member in array_members(archive)}
    missing = [key for key in (_SIZES, _COLUMNS, _VALUES) if key not in members]
    if missing:
        raise _wrong(f"no array called {missing[0]!r}", "the arrays sizes, columns and values")
    return {key: members[key] for key in (_SIZES, _COLUMNS, _VALUES)}


def _sizes(archive: ZipFile, member: ZipInfo, header: ArrayHeader) -> tuple[int, int, int]:
    array = header.stand_in
    if array.shape != (3,) or array.dtype.kind not in "iu":
        raise _wrong(f"an array {header}", "three whole numbers", _SIZES)
    height, width, stack_pixels = map(int, member_values(archive, member, header))
    if min(height, width, stack_pixels) < 1 or max(height * width, stack_pixels) > _MOST_PIXELS:
        raise _wrong(
            f"the sizes {height} × {width} and {stack_pixels}",
            f"an image and a stack of 1 to {_MOST_PIXELS:,} pixels",
            _SIZES,
        )
    return height, width, stack_pixels


def _check_array(
    key: str, header: ArrayHeader, values: ArrayHeader, pixels: int, kind: np.dtype[Any]
) -> None:
    array = header.stand_in
    is_shaped = array.ndim == 2 and array.shape[0] == pixels and array.shape[1] > 0
    if not is_shaped or array.shape != values.stand_in.shape or array.dtype != kind:
        raise _wrong(f"an array {header}", f"one of shape ({pixels}, K) and type {kind}", key)


def _check_columns(columns: NDArray[np.unsignedinteger], stack_pixels: int) -> None:
    largest = int(columns.max())
    if largest >= stack_pixels:
        raise _wrong(
            f"a weight of pixel {largest}",
            f"pixels below {stack_pixels}, the number of those of the stack",
            _COLUMNS,
        )


def _check_sums(values: NDArray[np.uint16]) -> None:
    for start in range(0, len(values), _BLOCK):
        sums = values[start : start + _BLOCK].sum(axis=-1, dtype=np.int64)
        is_wrong = (sums != ONE) & (sums != 0)
        if is_wrong.any():
            number = int(is_wrong.argmax())
            raise _wrong(
                f"weights that add up to {sums[number]} at pixel {start + number} of the image",
                f"a sum of {ONE}, or of 0 where a pixel has no features",
                _VALUES,
            )


def _wrong(found: str, expected: str, key: str | None = None) -> DatasetError:
    member = None if key is None else f"{key}.npy"
    return DatasetError(found, expected=expected, remedy=_WRITE_AGAIN, member=member)
