"""Writing a feature stack as a Zarr array."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import isqrt, prod
from pathlib import Path
from typing import Any

import numpy as np

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.array_blocks import LARGEST_READ, plain_labels, real_block, real_dtype
from napari_ifealid.formats.atomic_write import written_folder
from napari_ifealid.formats.blocks import LAZY_VALUES, blocks, whole_chunks
from napari_ifealid.formats.fields import placement_fields
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, every_item

NAME_KEY, LABELS_KEY = "name", "feature_labels"
"""Names of the attributes that describe a stack, beside its placement."""

CHUNK_BYTES = 1 << 22


def write_zarr(path: Path, stack: FeatureStack, *, force: bool, track: Track) -> None:
    """Write the real values of a stack, and what is known of it, see `write_array`."""
    import zarr

    dtype = real_dtype(stack)
    _check_type(dtype, path)
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
                LABELS_KEY: plain_labels(stack),
                **placement_fields(stack),
            },
        ).result()

        todo = blocks(shape, _written_at_once(stack, chunks))
        for block in every_item(track, todo, total=len(todo), desc=f"Writing {stack.name}"):
            values = real_block(stack, block)
            worker.submit(array.__setitem__, block, values).result()


def _tiles(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Return lengths of chunks: square tiles of the last two spatial axes, all features."""
    *leading, height, width, features = shape
    side = max(1, isqrt(CHUNK_BYTES // (itemsize * features)))
    return (*(1 for _ in leading), min(height, side), min(width, side), features)


def _written_at_once(stack: FeatureStack, chunks: tuple[int, ...]) -> tuple[int, ...]:
    """Return lengths of blocks of whole chunks: of a lazy stack, of about its own ones as well."""
    if not stack.is_lazy:
        return chunks
    shape, read = stack.values.shape, stack.values.chunksize
    lengths = [
        min(whole, -(-most // least) * least)
        for whole, most, least in zip(shape, read, chunks, strict=True)
    ]
    fits = prod(lengths) * stack.values.dtype.itemsize <= LARGEST_READ
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
