"""Writing a feature stack as a Zarr array."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import isqrt, prod
from pathlib import Path
from typing import Any

import numpy as np

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.array_blocks import LARGEST_READ, real_block, real_dtype
from napari_ifealid.formats.atomic_folder import written_folder
from napari_ifealid.formats.blocks import LAZY_VALUES, blocks, whole_chunks
from napari_ifealid.formats.stack_fields import stack_fields
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, every_item

ZARR_NAME = "Zarr array or group"
"""What users call it."""

NAME_KEY = "name"
"""Attribute with the name of a stack, beside those of `stack_fields`."""

_GAIN_KEY, _MISSING_KEY = "scale_factor", "missing_value"  # as CF has them

CHUNK_BYTES = 1 << 22


def write_zarr(path: Path, stack: FeatureStack, *, force: bool, track: Track) -> None:
    """Write a stack, and what is known of it as attributes, see `write_array`.

    Integers with a gain or a missing value are written as they are stored, beside both: they take
    half the room, and software that knows the conventions of CF makes real values of them. Of other
    stacks, the real values are written.
    """
    import zarr
    from zarr.storage import LocalStore

    packing = _packing(stack)
    if packing:
        stack = replace(stack, gain=1.0, nodata=None)
    dtype = real_dtype(stack)
    _check_type(dtype, path)
    shape = stack.values.shape
    chunks = _tiles(shape, dtype.itemsize)
    # an interruption comes to the main thread only: what another one does, it does to the end
    with (
        written_folder(path, kind=ZARR_NAME, replaces=is_zarr, force=force) as folder,
        ThreadPoolExecutor(1) as worker,
    ):
        worker.submit(int).result()  # a thread that is still to start would not be waited for
        array = worker.submit(
            zarr.create_array,
            LocalStore(folder),  # of a path, zarr 3.4 takes line breaks away
            shape=shape,
            dtype=np.dtype(dtype.str),  # of two names of a type, the one that Zarr knows
            chunks=chunks,
            dimension_names=_dimension_names(len(shape)),
            attributes={
                NAME_KEY: stack.name,
                **stack_fields(stack),
                **packing,
            },
        ).result()

        todo = blocks(shape, _written_at_once(stack, chunks))
        for block in every_item(track, todo, total=len(todo), desc=f"Writing {stack.name}"):
            values = real_block(stack, block)
            worker.submit(array.__setitem__, block, values).result()


def is_zarr(path: Path) -> bool:
    """Return whether there is a Zarr array or group, of any version."""
    return any((path / name).is_file() for name in ("zarr.json", ".zarray", ".zgroup"))


def _packing(stack: FeatureStack) -> dict[str, float]:
    """Return attributes that say what stored integers stand for; none of other values."""
    if stack.values.dtype.kind not in "iu" or stack.value_range is not None:
        return {}
    packing: dict[str, float] = {} if stack.gain == 1.0 else {_GAIN_KEY: float(stack.gain)}
    if stack.nodata is not None and float(stack.nodata).is_integer():
        packing[_MISSING_KEY] = int(stack.nodata)
    return packing


def _tiles(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Return lengths of chunks: square tiles of the last two spatial axes, all features."""
    *leading, height, width, features = shape
    side = max(1, isqrt(CHUNK_BYTES // (itemsize * features)))
    return (*(1 for _ in leading), min(height, side), min(width, side), features)


def _written_at_once(stack: FeatureStack, chunks: tuple[int, ...]) -> tuple[int, ...]:
    """Return lengths of blocks of whole chunks: of a lazy stack, of about its own ones as well."""
    if not stack.is_lazy:
        return chunks
    values: Any = stack.values
    shape, read = values.shape, values.chunksize
    lengths = [
        min(whole, -(-most // least) * least)
        for whole, most, least in zip(shape, read, chunks, strict=True)
    ]
    fits = prod(lengths) * values.dtype.itemsize <= LARGEST_READ
    return whole_chunks(shape, lengths if fits else chunks, LAZY_VALUES)


def _dimension_names(count: int) -> list[str | None]:
    spatial: list[str | None] = [None] * (count - 5)
    return [*spatial, *"tzyx"[-(count - 1) :], "feature"]


def _check_type(dtype: np.dtype[Any], path: Path) -> None:
    if dtype.itemsize > 8:
        raise DatasetError(
            f"values of type {dtype}",
            expected="values of at most 64 bits, which Zarr knows",
            remedy="Write a .npy file instead, or convert them to float64 first.",
            file=path,
        )
