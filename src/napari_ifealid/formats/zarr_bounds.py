"""Zarr arrays whose chunks are unpacked to no more than their shape needs.

Imported where it is needed only: Zarr takes its time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from typing import Any

import numpy as np
import zarr
from numcodecs.abc import Codec as Numcodec
from numcodecs.zstd import Zstd
from zarr.abc.buffer import Buffer
from zarr.abc.codec import BytesBytesCodec
from zarr.codecs import ShardingCodec

from napari_ifealid.formats.bounded_unpacking import told_size, too_much, unpacked, unpacks
from napari_ifealid.memory import check_memory

_PREFIX = "numcodecs."
_TELLING = {"lz4", "blosc", "zstd"}
_ALLOWANCE = 1 << 16  # bytes, for checksums and what codecs on top of each other add
_MOST_OF_A_FILTER = 8  # bytes that one may become, as a float64
_LARGEST_TEXTS = 1 << 26  # bytes of a chunk whose values have no fixed size
_WORTH_A_LOOK = 1 << 26  # bytes; whether memory is free takes time to find out


def bounded(array: zarr.Array[Any]) -> zarr.Array[Any]:
    """Return an array whose chunks hold no more than their shape needs, else they are an error.

    Parameters
    ----------
    array : zarr.Array
        Of version 2 or 3. Codecs that are not known are left as they are.
    """
    metadata: Any = array.metadata
    if metadata.zarr_format == 3:
        codecs = tuple(map(_bounded_codec, metadata.codecs))
        metadata = replace(metadata, codecs=codecs)
    else:
        size = _Size.of(metadata.chunks, array.dtype)
        if metadata.filters:
            size = size.filtered()
        compressor = metadata.compressor and _bounded_numcodec(metadata.compressor, size)
        filters = metadata.filters and [_bounded_numcodec(one, size) for one in metadata.filters]
        metadata = replace(metadata, compressor=compressor, filters=filters)
    return zarr.Array(zarr.AsyncArray(metadata=metadata, store_path=array.store_path))


@dataclass(frozen=True)
class _Size:
    """How many bytes a chunk has, and how many it may have at most while it is unpacked."""

    exact: int
    most: int

    @classmethod
    def of(cls, shape: Iterable[int], dtype: np.dtype[Any]) -> _Size:
        exact = prod(shape) * dtype.itemsize
        if dtype.kind in "OT":
            return cls(0, max(exact, _LARGEST_TEXTS))
        return cls(exact, exact + exact // 8 + _ALLOWANCE)

    def filtered(self) -> _Size:
        return replace(self, most=_MOST_OF_A_FILTER * self.most)

    def check(self) -> None:
        if self.exact > _WORTH_A_LOOK:
            check_memory(self.exact)


def _unpacked_by(
    codec: str, settings: Mapping[str, Any], packed: memoryview, size: _Size
) -> bytes | None:
    """Return what a chunk holds; None where the codec itself unpacks no more than it may."""
    size.check()
    if unpacks(codec):
        return unpacked(codec, settings, packed, size.most)
    told = told_size(codec, packed)
    if told is not None and told > size.most:
        raise too_much(size.most, told)
    if told is None and codec == "zstd":  # given room, it takes no more
        return bytes(Zstd().decode(packed, np.empty(size.exact, np.uint8)))
    return None


@dataclass(frozen=True)
class _BoundedCodec(BytesBytesCodec):
    """A codec of version 3."""

    inner: BytesBytesCodec
    is_fixed_size = False

    def to_dict(self) -> dict[str, Any]:
        return dict(self.inner.to_dict())

    def compute_encoded_size(self, length: int, spec: Any) -> int:
        return self.inner.compute_encoded_size(length, spec)

    async def decode(self, chunks_and_specs: Iterable[tuple[Any, Any]]) -> list[Buffer | None]:
        return [
            None if packed is None else await self._decoded(packed, spec)
            for packed, spec in chunks_and_specs
        ]

    async def _decoded(self, packed: Buffer, spec: Any) -> Buffer | None:
        told = self.inner.to_dict()
        settings: Any = told.get("configuration") or {}
        name, data = _name_of(self.inner), np.asarray(packed.as_numpy_array()).data
        size = _Size.of(spec.shape, spec.dtype.to_native_dtype())
        work = partial(_unpacked_by, name, settings, data, size)
        content = await asyncio.to_thread(work) if unpacks(name) else work()
        if content is not None:
            return spec.prototype.buffer.from_bytes(content)  # type: ignore[no-any-return]
        (decoded,) = await self.inner.decode([(packed, spec)])
        return decoded


def _bounded_codec(codec: Any) -> Any:
    if isinstance(codec, ShardingCodec):
        return replace(codec, codecs=tuple(map(_bounded_codec, codec.codecs)))
    name = _name_of(codec)
    return _BoundedCodec(codec) if unpacks(name) or name in _TELLING else codec


def _name_of(codec: Any) -> str:
    return str(codec.to_dict()["name"]).removeprefix(_PREFIX)


class _BoundedNumcodec(Numcodec):  # type: ignore[misc]  # numcodecs has no types
    """A codec of version 2."""

    codec_id = "bounded"  # Zarr asks the class for one

    def __init__(self, inner: Any, size: _Size) -> None:
        self.codec_id = inner.codec_id
        self._inner = inner
        self._size = size

    def encode(self, buf: Any) -> Any:
        return self._inner.encode(buf)

    def decode(self, buf: Any, out: Any = None) -> Any:
        settings = self._inner.get_config()
        content = _unpacked_by(self.codec_id, settings, memoryview(buf).cast("B"), self._size)
        return self._inner.decode(buf, out) if content is None else content

    def get_config(self) -> Any:
        return self._inner.get_config()


def _bounded_numcodec(codec: Any, size: _Size) -> Any:
    name = codec.codec_id
    return _BoundedNumcodec(codec, size) if unpacks(name) or name in _TELLING else codec
