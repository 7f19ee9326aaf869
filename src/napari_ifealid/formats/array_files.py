"""Feature stacks as plain arrays: .npy, .npz and .zarr."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import isqrt
from os import PathLike
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.blocks import MOST_VALUES, Block, block_lengths, blocks
from napari_ifealid.formats.loading import loaded
from napari_ifealid.formats.numpy_arrays import FEATURES_KEY, OFFSET_KEY, STRIDE_KEY
from napari_ifealid.formats.quantisation import restored
from napari_ifealid.formats.written import written_file, written_folder
from napari_ifealid.formats.zarr_arrays import LABELS_KEY, NAME_KEY
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, every_item, untracked

CHUNK_BYTES = 1 << 22


def write_array(
    path: str | PathLike[str],
    stack: FeatureStack,
    *,
    force: bool = False,
    track: Track = untracked,
) -> None:
    """Write the real values of a feature stack as an array, features last.

    Integers are exact, see `restored`. The file appears only once it is complete. The same stack
    gives the same bytes.

    Parameters
    ----------
    path : path
        Its suffix decides: .npy; .npz, compressed, with the array `features` and, where the
        stack has a placement, `stride` and `offset`; or .zarr, a folder with a Zarr array of
        version 3, whose chunks are tiles of the image with all features and whose attributes are
        the stack's `name`, `feature_labels`, `stride` and `offset`.
    stack : FeatureStack
    force : bool, optional
        Whether an existing file or folder is replaced.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Raises
    ------
    DatasetError
        If the suffix is another, or if the file can't be written, or exists and `force` is off,
        or if the values are on disk and can't be read or don't fit the memory.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.

    Examples
    --------
    >>> write_array("features.zarr", napari_ifealid.read_stack("features.zip"))
    """
    check_array_suffix(path)
    write = _WRITERS[Path(path).suffix.lower()]
    write(Path(path), loaded(stack, track=track), force, track)


def check_array_suffix(path: str | PathLike[str]) -> None:
    """Raise unless `write_array` writes files of this suffix.

    Raises
    ------
    DatasetError
        If it does not.
    """
    if Path(path).suffix.lower() not in _WRITERS:
        raise DatasetError(
            f"the suffix {Path(path).suffix!r}",
            expected=f"one of {', '.join(_WRITERS)}, which says what is to be written",
            remedy="Choose a name that ends in one of these.",
            file=path,
        )


def _write_npy(path: Path, stack: FeatureStack, force: bool, track: Track) -> None:
    with written_file(path, force=force) as stream:
        _write_npy_to(stream, stack, track)


def _write_npz(path: Path, stack: FeatureStack, force: bool, track: Track) -> None:
    with (
        written_file(path, force=force) as stream,
        ZipFile(stream, "w", ZIP_DEFLATED) as archive,
    ):
        with archive.open(f"{FEATURES_KEY}.npy", "w", force_zip64=True) as member:
            _write_npy_to(member, stack, track)
        for key, pair in _placement(stack).items():
            with archive.open(f"{key}.npy", "w") as member:
                npy.write_array(member, np.array(pair), version=(1, 0))


def _write_npy_to(stream: IO[bytes], stack: FeatureStack, track: Track) -> None:
    shape = stack.values.shape
    header = {
        "descr": npy.dtype_to_descr(_real_dtype(stack)),
        "fortran_order": False,
        "shape": shape,
    }
    npy.write_array_header_1_0(stream, header)
    # cut along the first axes first, blocks are what follows on each other in the file
    todo = blocks(shape, block_lengths(shape, range(len(shape)), MOST_VALUES))
    for block in every_item(track, todo, total=len(todo), desc=f"Writing {stack.name}"):
        stream.write(_real(stack, block).tobytes())


def _write_zarr(path: Path, stack: FeatureStack, force: bool, track: Track) -> None:
    import zarr

    dtype = _real_dtype(stack)
    _check_zarr_type(dtype, path)
    shape = stack.values.shape
    chunks = _tiles(shape, dtype.itemsize)
    # an interruption comes to the main thread only: what another one does, it does to the end
    with written_folder(path, force=force) as folder, ThreadPoolExecutor(1) as worker:
        worker.submit(int).result()  # a thread that is still to start would not be waited for
        array = worker.submit(
            zarr.create_array,
            str(folder),
            shape=shape,
            dtype=np.dtype(dtype.str),  # of two names of a type, the one that Zarr knows
            chunks=chunks,
            dimension_names=_dimension_names(len(shape)),
            attributes={
                NAME_KEY: stack.name,
                LABELS_KEY: _plain_labels(stack),
                **_placement(stack),
            },
        ).result()

        def write_block(block: Block) -> None:
            array[block] = _real(stack, block)

        todo = blocks(shape, chunks)
        for block in every_item(track, todo, total=len(todo), desc=f"Writing {stack.name}"):
            worker.submit(write_block, block).result()


_WRITERS: dict[str, Callable[[Path, FeatureStack, bool, Track], None]] = {
    ".npy": _write_npy,
    ".npz": _write_npz,
    ".zarr": _write_zarr,
}


def _real(stack: FeatureStack, block: Block) -> NDArray[Any]:
    part = FeatureStack(
        values=stack.values[block],
        name=stack.name,
        value_range=stack.value_range,
        real_dtype=stack.real_dtype,
    )
    return restored(part)


def _real_dtype(stack: FeatureStack) -> np.dtype[Any]:
    return _real(stack, (slice(1),) * stack.values.ndim).dtype


def _tiles(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Return lengths of chunks: square tiles of the last two spatial axes, all features."""
    *leading, height, width, features = shape
    side = max(1, isqrt(CHUNK_BYTES // (itemsize * features)))
    return (*(1 for _ in leading), min(height, side), min(width, side), features)


def _dimension_names(count: int) -> list[str | None]:
    spatial: list[str | None] = [None] * (count - 5)
    return [*spatial, *"tzyx"[-(count - 1) :], "feature"]


def _placement(stack: FeatureStack) -> dict[str, list[float]]:
    if stack.placement is None:
        return {}
    return {STRIDE_KEY: [*stack.placement.stride], OFFSET_KEY: [*stack.placement.offset]}


def _plain_labels(stack: FeatureStack) -> list[str | float]:
    assert stack.feature_labels is not None
    return [
        label.item() if isinstance(label, np.generic) else label for label in stack.feature_labels
    ]


def _check_zarr_type(dtype: np.dtype[Any], path: Path) -> None:
    if dtype.itemsize > 8:
        raise DatasetError(
            f"values of type {dtype}",
            expected="values of at most 64 bits, which Zarr knows",
            remedy="Write a .npy file instead, or convert them to float64 first.",
            file=path,
        )
