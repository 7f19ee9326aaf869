"""The format .safetensors: tensors behind a header in JSON, read where they are needed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.features_last import StoredArray, stack_values
from napari_ifealid.formats.file_array import FileArray
from napari_ifealid.formats.file_state import FileState
from napari_ifealid.formats.format import Format
from napari_ifealid.formats.location import Location, cannot_open
from napari_ifealid.formats.tensors import Tensor, chosen_tensors, hold_features
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, untracked

LARGEST_HEADER = 100_000_000
"""Bytes that the format allows its header."""

_LENGTH_BYTES = 8
_METADATA = "__metadata__"
_AGAIN = "Copy or download the file again, or save the tensors again."
_TYPES = {
    "BOOL": ("bool", "?"),
    "U8": ("uint8", "u1"),
    "I8": ("int8", "i1"),
    "U16": ("uint16", "<u2"),
    "I16": ("int16", "<i2"),
    "U32": ("uint32", "<u4"),
    "I32": ("int32", "<i4"),
    "U64": ("uint64", "<u8"),
    "I64": ("int64", "<i8"),
    "F16": ("float16", "<f2"),
    "BF16": ("bfloat16", "<u2"),
    "F32": ("float32", "<f4"),
    "F64": ("float64", "<f8"),
}
"""PyTorch's and NumPy's name of each type; bfloat16 is read as the number of its bits."""


@dataclass(frozen=True, eq=False)
class BrainFloats:
    """Stored values of bfloat16, read as float32: their bits are its upper half.

    Parameters
    ----------
    bits : FileArray
        Of unsigned integers of 16 bits.
    """

    bits: FileArray

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.bits.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of what is read."""
        return np.dtype(np.float32)

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Read a part, see `FileArray`."""
        upper = np.asarray(self.bits[index], np.uint32)
        return np.asarray(np.left_shift(upper, np.uint32(16))).view(np.float32)


@dataclass(frozen=True, eq=False)
class _Header:
    """The tensors of a file, and where the values of each begin."""

    tensors: Mapping[str, Tensor]
    starts: Mapping[str, int]
    stored: Mapping[str, np.dtype[Any]]
    state: FileState


def read_safetensors(
    location: Location,
    *,
    array: str | None = None,
    feature_axis: int | None = None,
    track: Track = untracked,
) -> list[FeatureStack]:
    """Read each tensor that can be a feature stack, or one of them.

    These have three or more axes beside a batch of one image, and real numbers. The features are
    the channels, which come after the batch; that is a guess. Values of bfloat16 become float32.

    Parameters
    ----------
    location : path
    array : str, optional
        Name of the only tensor to read.
    feature_axis : int, optional
        Axis of the stored tensor along which the features lie.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Returns
    -------
    list of FeatureStack
        In memory, or dask arrays where they would take much of it.

    Raises
    ------
    DatasetError
        If the file is damaged, or none of its tensors is a feature stack.
    """
    path = Path(location)
    header = _read_header(path)
    names = chosen_tensors(header.tensors, array, location)
    stacks = []
    for name in names:
        tensor = header.tensors[name]
        try:
            axis = tensor.kept_axis(feature_axis)
        except DatasetError as error:
            raise error.inside(path, name) from error
        stacks.append(
            FeatureStack(
                values=stack_values(_array(path, header, name), axis, name=path.name, track=track),
                name=path.name if len(names) == 1 else f"{path.name}: {name}",
                is_axis_guessed=feature_axis is None,
            )
        )
    return stacks


def _array(path: Path, header: _Header, name: str) -> StoredArray:
    tensor = header.tensors[name]
    values = FileArray(
        path=str(path.absolute()),
        start=header.starts[name],
        shape=tensor.kept_shape,
        stored=header.stored[name],
        is_fortran=False,
        state=header.state,
    )
    return BrainFloats(values) if tensor.dtype == "bfloat16" else values


def _read_header(path: Path) -> _Header:
    try:
        with path.open("rb") as stream:
            state = FileState.of(os.fstat(stream.fileno()))
            return _parsed(_header_bytes(stream, state.size), state)
    except OSError as error:
        raise cannot_open(path, error) from error
    except DatasetError as error:
        raise error.inside(path) from error.__cause__


def _header_bytes(stream: IO[bytes], size: int) -> bytes:
    length = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
    room = size - _LENGTH_BYTES
    if not 2 <= length <= min(room, LARGEST_HEADER):
        raise DatasetError(
            f"a header of {length:,} bytes in a file of {size:,}",
            expected=f"one inside the file, of at most {LARGEST_HEADER:,} bytes",
            remedy=_AGAIN,
        )
    return stream.read(length)


def _parsed(content: bytes, state: FileState) -> _Header:
    start = _LENGTH_BYTES + len(content)
    try:
        described = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DatasetError(
            f"a header that is no JSON ({short_reason(error)})",
            expected="a file that safetensors has written",
            remedy=_AGAIN,
        ) from error
    if not isinstance(described, dict):
        raise _wrong(described, _METADATA)
    described.pop(_METADATA, None)
    tensors, starts, stored = {}, {}, {}
    for name, one in described.items():
        shape, kind, begin, end = _entry(one, name)
        torch_name, numpy_name = _TYPES.get(kind, (kind.lower(), ""))
        tensors[name] = Tensor(shape, torch_name)
        if not numpy_name:
            continue  # not a type that is read
        starts[name], stored[name] = start + begin, np.dtype(numpy_name)
        needed = prod(shape) * stored[name].itemsize
        if end - begin != needed or start + end > state.size:
            raise DatasetError(
                f"{end - begin:,} bytes from {start + begin:,} on in a file of {state.size:,}",
                expected=f"{needed:,} bytes inside the file for the shape {shape} of {kind}",
                remedy=_AGAIN,
                member=name,
            )
    return _Header(tensors, starts, stored, state)


def _entry(described: object, name: str) -> tuple[tuple[int, ...], str, int, int]:
    """Return shape, type, and the bytes at which the values begin and end."""
    if not isinstance(described, dict):
        raise _wrong(described, name)
    shape, kind = described.get("shape"), described.get("dtype")
    offsets = described.get("data_offsets")
    if not (
        isinstance(kind, str)
        and isinstance(shape, list)
        and isinstance(offsets, list)
        and len(offsets) == 2
        and all(type(one) is int and one >= 0 for one in (*shape, *offsets))
    ):
        raise _wrong(described, name)
    return tuple(shape), kind, *offsets


def _wrong(found: object, name: str) -> DatasetError:
    text = repr(found)
    return DatasetError(
        f"the description {text if len(text) < 60 else text[:57] + '...'} of a tensor",
        expected="an object with dtype, shape and two data_offsets",
        remedy=_AGAIN,
        member=name,
    )


def _read(
    location: Location, *, array: str | None, feature_axis: int | None, track: Track
) -> list[FeatureStack]:
    return read_safetensors(location, array=array, feature_axis=feature_axis, track=track)


def _tensors(location: Location) -> Mapping[str, Tensor]:
    return _read_header(Path(location)).tensors


SAFETENSORS = Format(
    name="safetensors",
    suffixes=(".safetensors",),
    claims=lambda _: True,
    looks_like_stack=lambda location: hold_features(_tensors(location)),
    read=_read,
    array_names=lambda location: {
        name: tensor.is_stack for name, tensor in _tensors(location).items()
    },
)
"""Each tensor with three or more axes, read block by block where it is large."""
