"""How pixel vectors are laid out in textures, four features a texel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.engine import EngineUnavailableError
from napari_ifealid.engines.pixels import PixelVectors

_COMPACT_WIDTH = 128  # a software renderer draws compact blocks faster than wide ones
_MOST_BYTES = 1 << 28  # of a block: some drivers refuse textures of gigabytes


@dataclass(frozen=True)
class BlockLayout:
    """The place of pixels in a block; all blocks of a stack have the same.

    Pixels are independent, so that they may lie anywhere: in a block they fill four quarters of
    ``width × height``, row by row, and a fragment draws one pixel of each quarter. The texels of
    a pixel lie side by side. This is the order of memory: twice as fast as texels along the
    depth of a three-dimensional texture on a software renderer, and nothing has to be moved.
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
        most_rows = min(max_side, _MOST_BYTES // (16 * texels * width))
        block_count = -(-pixel_count // (width * 4 * max(1, most_rows // 4)))
        height = -(-pixel_count // (width * 4 * block_count))
        return cls(pixel_count, feature_count, width, height)

    @property
    def texels(self) -> int:
        """Texels of a pixel."""
        return -(-self.feature_count // 4)

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
        """Put the vectors of a block in texture order.

        Parameters
        ----------
        vectors : array, shape (N, C)

        Returns
        -------
        array, shape (4 · height, width · texels, 4)
            Of the same type, a view where nothing is missing. Zero where there is no pixel and
            no feature.
        """
        shape = (self.capacity, 4 * self.texels)
        if vectors.shape != shape:
            padded = np.zeros(shape, vectors.dtype)
            padded[: len(vectors), : self.feature_count] = vectors
            vectors = padded
        return vectors.reshape(4 * self.height, self.width * self.texels, 4)

    def pack_scalars(self, scalars: NDArray[np.float32]) -> NDArray[np.float32]:
        """Put one number for each pixel of a block in fragment order, (height, width, 4)."""
        packed = np.zeros(self.capacity, np.float32)
        packed[: len(scalars)] = scalars
        return np.ascontiguousarray(np.moveaxis(packed.reshape(4, self.height, self.width), 0, -1))

    def unpack_scalars(self, fragments: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        """Return the numbers of a block's first ``count`` pixels from fragment order."""
        return np.moveaxis(fragments, -1, 0).reshape(-1)[:count]

    def pack_reference(self, unit: NDArray[np.float32]) -> NDArray[np.float32]:
        """Put the reference in texture order, (1, texels, 4)."""
        packed = np.zeros(4 * self.texels, np.float32)
        packed[: len(unit)] = unit
        return packed.reshape(1, self.texels, 4)


@dataclass(frozen=True, eq=False)
class TextureBlock:
    """One block, ready for upload."""

    rows: slice
    features: NDArray[Any]
    inverse_lengths: NDArray[np.float32]


def texel_dtype(stored: np.dtype[Any], *, is_scaled: bool) -> np.dtype[Any]:
    """Return the type in which textures hold values of a stored type."""
    is_native = stored in (np.uint8, np.uint16) and not is_scaled
    return stored if is_native else np.dtype(np.float32)


def pack_blocks(pixels: PixelVectors, layout: BlockLayout) -> Iterator[TextureBlock]:
    """Yield the blocks of a stack, in texture order, one at a time.

    8- and 16-bit unsigned integers stay as they are unless they are scaled; all else becomes
    float32. Pixels that are not finite become zero.
    """
    dtype = texel_dtype(pixels.stored.dtype, is_scaled=pixels.is_scaled)
    for rows in layout.blocks:
        is_native = dtype == pixels.stored.dtype and not pixels.is_scaled
        vectors = pixels.stored[rows] if is_native else pixels.as_float32(rows)
        if pixels.is_invalid[rows].any():
            vectors = np.where(pixels.is_invalid[rows, np.newaxis], dtype.type(0), vectors)
        yield TextureBlock(
            rows=rows,
            features=layout.pack_vectors(np.ascontiguousarray(vectors)),
            inverse_lengths=layout.pack_scalars(pixels.inverse_lengths[rows]),
        )
