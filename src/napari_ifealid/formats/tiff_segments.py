"""The strips and the tiles of a TIFF, each decoded only where it is needed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from io import FileIO
from itertools import product
from numbers import Integral
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.file_state import FileState, has_changed
from napari_ifealid.formats.lzw_codes import check_lzw
from napari_ifealid.formats.tiff_log import tifffile_silenced
from napari_ifealid.regular_files import without_waiting

_JPEG = {6, 7, 34892, 33007}  # whose segments share their tables
_Decode = Callable[[bytes, int], NDArray[Any]]


@dataclass(frozen=True, eq=False)
class SegmentArray:
    """The images of a TIFF as one array. Can be pickled: other processes read the file themselves.

    Parameters
    ----------
    path : str
    state : FileState
        Of the file when it was opened.
    keyframe : int
        Where the directory of an image lies in the file, which all images are like.
    shape : tuple of int
        Any axes of images, then the axes of an image: (Y, X), (Y, X, S) or (S, Y, X).
    dtype : numpy dtype
        Of this machine's byte order.
    image_axes : str
        "YX", "YXS" or "SYX".
    segment : (int, int)
        Height and width of a strip or a tile.
    offsets, counts : array of int64, shape (images, planes, rows, columns)
        Where each segment lies in the file, and how many bytes it has; 0 where it is left out.
    fill : number
        The value of what is left out.
    """

    path: str
    state: FileState
    keyframe: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    image_axes: str
    segment: tuple[int, int]
    offsets: NDArray[np.int64]
    counts: NDArray[np.int64]
    fill: float

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def pieces(self) -> tuple[int, ...]:
        """Lengths along each axis of what is decoded as a whole."""
        samples = self.shape[-1] if self.image_axes == "YXS" else 1
        lengths = dict(zip("YXS", (*self.segment, samples), strict=True))
        leading = (1,) * (self.ndim - len(self.image_axes))
        return (*leading, *(lengths[axis] for axis in self.image_axes))

    def __getitem__(self, index: tuple[Any, ...]) -> NDArray[Any]:
        """Read a part: a slice of step 1 or an int for each axis.

        Raises
        ------
        DatasetError
            If the file has changed since it was opened, or is damaged.
        """
        chosen = [_range(part, length) for part, length in zip(index, self.shape, strict=True)]
        values = np.full([len(part) for part in chosen], self.fill, self.dtype)
        if values.size:
            self._read(values, chosen)
        picked = tuple(0 if isinstance(part, Integral) else slice(None) for part in index)
        result: NDArray[Any] = values[picked]
        return result

    def _read(self, values: NDArray[Any], chosen: list[range]) -> None:
        count = self.ndim - len(self.image_axes)
        leading, part = chosen[:count], chosen[count:]
        ranges = {"S": range(1), **dict(zip(self.image_axes, part, strict=True))}
        with _opened(self.path) as stream:
            if FileState.of(os.fstat(stream.fileno())) != self.state:
                raise has_changed(self.path)
            decode = _decoder(self.path, self.state, self.keyframe)
            for place in np.ndindex(*map(len, leading)):
                at = [chosen[number] for chosen, number in zip(leading, place, strict=True)]
                image = int(np.ravel_multi_index(at, self.shape[:count])) if at else 0
                target = self._planes_first(values[place])
                self._read_image(stream, decode, image, ranges, target)

    def _planes_first(self, image: NDArray[Any]) -> NDArray[Any]:
        """Return a view of an image of shape (planes, Y, X, samples of a plane)."""
        if self.image_axes == "SYX":
            return image[..., np.newaxis]
        return image[np.newaxis] if self.image_axes == "YXS" else image[np.newaxis, ..., np.newaxis]

    def _read_image(
        self,
        stream: FileIO,
        decode: _Decode,
        image: int,
        ranges: dict[str, range],
        target: NDArray[Any],
    ) -> None:
        height, width = self.segment
        planes = ranges["S"] if self.image_axes == "SYX" else range(1)
        samples = slice(None)
        if self.image_axes == "YXS":
            samples = slice(ranges["S"].start, ranges["S"].stop)
        rows, columns = ranges["Y"], ranges["X"]
        for number, plane in enumerate(planes):
            for row, column in product(_touched(rows, height), _touched(columns, width)):
                where = image, plane, row, column
                if not self.counts[where]:
                    continue
                inner_y, outer_y = _overlap(rows, row * height, height)
                inner_x, outer_x = _overlap(columns, column * width, width)
                segment = self._decoded(stream, decode, where)
                target[number, outer_y, outer_x] = segment[inner_y, inner_x, samples]

    def _decoded(
        self, stream: FileIO, decode: _Decode, where: tuple[int, int, int, int]
    ) -> NDArray[Any]:
        count, data = int(self.counts[where]), bytearray()
        try:
            stream.seek(int(self.offsets[where]))
            while len(data) < count:
                more = stream.read(count - len(data))
                if not more:
                    raise has_changed(self.path, "a file that is shorter than before")
                data += more
        except OSError as error:  # a place that no file has, or that it would reach
            raise has_changed(self.path, f"pixels at {self.offsets[where]}") from error
        number = int(np.ravel_multi_index(where[1:], self.offsets.shape[1:]))
        try:
            return decode(bytes(data), number)
        except Exception as error:  # each codec fails in its own way
            raise _damaged(self.path, error) from error


def _damaged(path: str, error: Exception) -> DatasetError:
    return DatasetError(
        f"a damaged strip or tile ({short_reason(error)})",
        expected="values that can be decoded",
        remedy="Copy or download the file again.",
        file=path,
    )


def _range(part: Any, length: int) -> range:
    if isinstance(part, Integral):
        number = range(length)[int(part)]
        return range(number, number + 1)
    return range(*part.indices(length))


def _touched(chosen: range, length: int) -> range:
    """Return which segments of a length hold some of the positions."""
    return range(chosen.start // length, (chosen.stop - 1) // length + 1)


def _overlap(chosen: range, start: int, length: int) -> tuple[slice, slice]:
    """Return what of a segment is chosen: counted from its start, and from the first chosen."""
    first, last = max(chosen.start, start), min(chosen.stop, start + length)
    return slice(first - start, last - start), slice(first - chosen.start, last - chosen.start)


@lru_cache(maxsize=8)
def _decoder(path: str, state: FileState, keyframe: int) -> _Decode:  # noqa: ARG001
    """Return a function that decodes segments of images that are like one of them."""
    try:
        decode, shared, is_lzw = _page_decoder(path, keyframe)
    except Exception as error:  # each wrong tag fails in its own way
        raise _damaged(path, error) from error

    def decoded(data: bytes, number: int) -> NDArray[Any]:
        if is_lzw:
            check_lzw(data)
        segment, *_ = decode(data, number, **shared)
        assert segment is not None
        values: NDArray[Any] = segment[0]
        return values

    return decoded


def _page_decoder(path: str, keyframe: int) -> tuple[Callable[..., Any], dict[str, Any], bool]:
    """Return what decodes segments of a page, what all of them share, and whether it is LZW."""
    with tifffile_silenced(), tifffile.TiffFile(path) as tiff:
        tiff.filehandle.seek(keyframe)
        page = tifffile.TiffPage(tiff, index=0)
        shared = {}
        if page.compression in _JPEG:
            shared = {"jpegtables": page.jpegtables, "jpegheader": page.jpegheader}
        return page.decode, shared, page.compression == tifffile.COMPRESSION.LZW


def _opened(path: str) -> FileIO:
    try:
        return FileIO(path, opener=without_waiting)
    except OSError as error:
        raise has_changed(path, f"nothing that can be read ({short_reason(error)})") from error
