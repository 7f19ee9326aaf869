"""How pixel vectors are laid out in textures, four features a texel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.engine import EngineUnavailableError
from napari_ifealid.engines.pixel_vectors import PixelVectors

_COMPACT_WIDTH = 128  # a software renderer draws compact blocks faster than wide ones
_MOST_BYTES = 1 << 28  # of a block: some drivers refuse textures of gigabytes
_GROUP = 4  # pixels; half to three quarters of a software renderer's time for single ones
_LEAST_SLICE = 1 << 23  # bytes, packed and uploaded in some milliseconds
_MOST_SLICES = 100


@dataclass(frozen=True)
class BlockLayout:
    """The place of pixels in a block; all blocks of a stack have the same.

    Pixels are independent, so that they may lie anywhere: in a block they fill four quarters of
    ``width × height``, row by row, and a fragment draws one pixel of each quarter. The texels of
    a group of neighbours lie side by side: the first of each pixel, then the second of each.
    What is drawn at the same time then lies together in memory, without being far from the texels
    that are drawn next.
    """

    pixel_count: int
    feature_count: int
    width: int
    height: int

    @classmethod
    def of(cls, pixel_count: int, feature_count: int, max_side: int) -> BlockLayout:
        """Lay out pixels in blocks no side of which exceeds ``max_side`` texels.

        Raises
        ------
        EngineUnavailableError
            If one pixel has more features than a row of a texture can hold.
        """
        texels = -(-feature_count // 4)
        if texels > max_side or max_side < 4:
            raise EngineUnavailableError(f"{feature_count} features do not fit a texture")
        width = max(_COMPACT_WIDTH, -(-pixel_count // max_side))
        width = min(width, max_side // texels)
        if width >= _GROUP:
            width -= width % _GROUP
        most_rows = min(max_side, _MOST_BYTES // (16 * texels * width))
        block_count = -(-pixel_count // (width * 4 * max(1, most_rows // 4)))
        height = -(-pixel_count // (width * 4 * block_count))
        return cls(pixel_count, feature_count, width, height)

    @property
    def texels(self) -> int:
        """Texels of a pixel."""
        return -(-self.feature_count // 4)

    @property
    def group(self) -> int:
        """Neighbouring pixels whose texels lie side by side."""
        return _GROUP if self.width % _GROUP == 0 else 1

    @property
    def capacity(self) -> int:
        """Pixels that a block holds."""
        return 4 * self.height * self.width

    @property
    def blocks(self) -> list[slice]:
        """The pixels of each block."""
        starts = range(0, self.pixel_count, self.capacity)
        return [slice(start, min(start + self.capacity, self.pixel_count)) for start in starts]

    def texture_bytes(self, dtype: np.dtype[Any]) -> int:
        """Bytes of the textures that hold features of this type and the lengths."""
        return len(self.blocks) * self.capacity * (4 * dtype.itemsize * self.texels + 4)

    def pack_vectors(self, vectors: NDArray[Any]) -> NDArray[Any]:
        """Put vectors of consecutive pixels in texture order, from the start of a row on.

        Parameters
        ----------
        vectors : array, shape (N, C)

        Returns
        -------
        array, shape (rows, width · texels, 4)
            Of the same type, as many rows as the pixels fill. Zero where there is no pixel and no
            feature.
        """
        row_count = -(-len(vectors) // self.width)
        shape = (row_count * self.width, 4 * self.texels)
        if vectors.shape != shape:
            padded = np.zeros(shape, vectors.dtype)
            padded[: len(vectors), : self.feature_count] = vectors
            vectors = padded
        texel = np.dtype((np.void, 4 * vectors.itemsize))  # moved as a whole: three times as fast
        texels = np.ascontiguousarray(vectors).view(texel).reshape(-1, self.group, self.texels)
        packed = np.ascontiguousarray(texels.swapaxes(1, 2)).view(vectors.dtype)
        return packed.reshape(row_count, self.width * self.texels, 4)

    def pack_scalars(self, scalars: NDArray[np.float32]) -> NDArray[np.float32]:
        """Put one number for each pixel of a block in fragment order, (height, width, 4)."""
        packed = np.zeros(self.capacity, np.float32)
        packed[: len(scalars)] = scalars
        return np.ascontiguousarray(np.moveaxis(packed.reshape(4, self.height, self.width), 0, -1))

    def fragment_rows(self, pixels: slice) -> slice:
        """Return the rows of fragments that draw some pixels of a block, all if these are many."""
        quarter = self.height * self.width
        if pixels.start // quarter != (pixels.stop - 1) // quarter:
            return slice(0, self.height)
        return slice(
            pixels.start % quarter // self.width, (pixels.stop - 1) % quarter // self.width + 1
        )

    def unpack_scalars(
        self, fragments: NDArray[np.float32], rows: slice, pixels: slice
    ) -> NDArray[np.float32]:
        """Return the numbers of some pixels of a block from fragment order.

        Parameters
        ----------
        fragments : array, shape (rows, width, 4)
        rows : slice
            Which rows of fragments these are, as `fragment_rows` returns them.
        pixels : slice
        """
        quarters: NDArray[np.float32] = np.moveaxis(fragments, -1, 0)
        if rows == slice(0, self.height):
            return quarters.reshape(-1)[pixels]
        quarter, start = divmod(pixels.start, self.height * self.width)
        start -= rows.start * self.width
        taken: NDArray[np.float32] = quarters[quarter].reshape(-1)[
            start : start + pixels.stop - pixels.start
        ]
        return taken

    def pack_references(self, units: NDArray[np.float32]) -> NDArray[np.float32]:
        """Put references, shape (R, C), in texture order, (R, texels, 4)."""
        packed = np.zeros((len(units), 4 * self.texels), np.float32)
        packed[:, : units.shape[1]] = units
        return packed.reshape(len(units), self.texels, 4)


@dataclass(frozen=True, eq=False)
class TextureSlice:
    """Some rows of a block's texture, ready for upload.

    Parameters
    ----------
    block : int
        Which block, from 0.
    top : int
        The row of its texture that is the first here.
    features : array, shape (rows, width · texels, 4)
    """

    block: int
    top: int
    features: NDArray[Any]


def texel_dtype(stored: np.dtype[Any], *, is_scaled: bool) -> np.dtype[Any]:
    """Return the type in which textures hold values of a stored type."""
    is_native = stored in (np.uint8, np.uint16) and not is_scaled
    return stored if is_native else np.dtype(np.float32)


def pack_slices(pixels: PixelVectors, layout: BlockLayout) -> Iterator[TextureSlice]:
    """Yield a stack in texture order, slice by slice, a hundred at most.

    8- and 16-bit unsigned integers stay as they are unless they are scaled; all else becomes
    float32. Values that are not finite become zero.
    """
    dtype = texel_dtype(pixels.stored.dtype, is_scaled=pixels.is_scaled)
    row_bytes = 4 * dtype.itemsize * layout.texels * layout.width
    row_count = -(-pixels.pixel_count // layout.width)
    step = layout.width * max(_LEAST_SLICE // row_bytes, -(-row_count // _MOST_SLICES), 1)
    for block, rows in enumerate(layout.blocks):
        for start in range(rows.start, rows.stop, step):
            part = slice(start, min(start + step, rows.stop))
            vectors = _texel_values(pixels, part, dtype)
            top = (start - rows.start) // layout.width
            yield TextureSlice(block, top, layout.pack_vectors(vectors))


def _texel_values(pixels: PixelVectors, rows: slice, dtype: np.dtype[Any]) -> NDArray[Any]:
    is_native = dtype == pixels.stored.dtype and not pixels.is_scaled
    vectors = pixels.stored[rows] if is_native else pixels.as_float32(rows)
    if pixels.is_invalid[rows].any():
        # values alone: those of features that are used may be known
        vectors = np.where(np.isfinite(vectors), vectors, dtype.type(0))
    return vectors
