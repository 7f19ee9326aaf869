"""How pixel vectors are packed into textures, four features a texel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.engine import EngineUnavailableError
from napari_ifealid.engines.pixels import PixelVectors

_COMPACT_WIDTH = 128  # narrow blocks draw a fifth faster than wide ones on a software renderer
_TEXEL_TYPES = {1: np.uint32, 2: np.uint64, 4: np.complex128}  # as wide as four values


@dataclass(frozen=True)
class BlockLayout:
    """The place of pixels and tiles in a block; all blocks of a stack have the same.

    Pixels are independent, so that they may lie anywhere: they fill ``width × height``, row by
    row. The tiles of a pixel lie along the depth; where a texture is not deep enough for all,
    further bands of ``height`` rows hold the rest.
    """

    pixel_count: int
    feature_count: int
    width: int
    height: int
    depth: int
    bands: int

    @classmethod
    def of(cls, pixel_count: int, feature_count: int, max_side: int) -> BlockLayout:
        """Lay out pixels in blocks no side of which exceeds ``max_side`` texels.

        Raises
        ------
        EngineUnavailableError
            If one pixel has more features than a texture can hold.
        """
        tiles = -(-feature_count // 4)
        bands = -(-tiles // max_side)
        max_height = max_side // bands
        if max_height == 0:
            raise EngineUnavailableError(f"{feature_count} features do not fit a texture")
        width = min(max_side, max(_COMPACT_WIDTH, -(-pixel_count // max_height)))
        block_count = -(-pixel_count // (width * max_height))
        return cls(
            pixel_count=pixel_count,
            feature_count=feature_count,
            width=width,
            height=-(-pixel_count // (width * block_count)),
            depth=-(-tiles // bands),
            bands=bands,
        )

    @property
    def blocks(self) -> list[slice]:
        """The pixels of each block."""
        area = self.width * self.height
        starts = range(0, self.pixel_count, area)
        return [slice(start, min(start + area, self.pixel_count)) for start in starts]

    def texture_bytes(self, dtype: np.dtype[Any]) -> int:
        """Bytes of the textures that hold features of this type and the lengths."""
        texels = len(self.blocks) * self.width * self.height
        return texels * (4 * dtype.itemsize * self.depth * self.bands + 4)

    def pack_vectors(self, vectors: NDArray[Any]) -> NDArray[Any]:
        """Put the vectors of a block in texture order.

        Parameters
        ----------
        vectors : array, shape (N, C)

        Returns
        -------
        array, shape (depth, bands · height, width, 4)
            Of the same type. Zero where there is no pixel and no feature.
        """
        tile_count = self.bands * self.depth
        padded = np.zeros((len(vectors), 4 * tile_count), vectors.dtype)
        padded[:, : self.feature_count] = vectors
        texels: NDArray[Any] = padded.view(_TEXEL_TYPES[vectors.itemsize])
        packed = np.zeros((self.depth, self.bands, self.height * self.width), texels.dtype)
        packed[:, :, : len(vectors)] = texels.T.reshape(
            self.bands, self.depth, len(vectors)
        ).transpose(1, 0, 2)
        shape = (self.depth, self.bands * self.height, self.width, 4)
        return packed.view(vectors.dtype).reshape(shape)

    def pack_scalars(self, scalars: NDArray[np.float32]) -> NDArray[np.float32]:
        """Put one number for each pixel of a block in texture order, (height, width, 1)."""
        packed = np.zeros(self.height * self.width, np.float32)
        packed[: len(scalars)] = scalars
        return packed.reshape(self.height, self.width, 1)

    def pack_reference(self, unit: NDArray[np.float32]) -> NDArray[np.float32]:
        """Put the reference in texture order, (bands, depth, 4)."""
        packed = np.zeros(4 * self.bands * self.depth, np.float32)
        packed[: len(unit)] = unit
        return packed.reshape(self.bands, self.depth, 4)


@dataclass(frozen=True, eq=False)
class TextureBlock:
    """One block, ready for upload."""

    rows: slice
    tiles: NDArray[Any]
    inverse_lengths: NDArray[np.float32]


def texel_dtype(stored: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type in which textures hold values of a stored type."""
    return stored if stored in (np.uint8, np.uint16) else np.dtype(np.float32)


def pack_blocks(pixels: PixelVectors, layout: BlockLayout) -> Iterator[TextureBlock]:
    """Yield the blocks of a stack, in texture order, one at a time.

    8- and 16-bit unsigned integers stay as they are; all else becomes float32, in engine units
    for floats. Pixels that are not finite become zero.
    """
    dtype = texel_dtype(pixels.stored.dtype)
    for rows in layout.blocks:
        vectors = pixels.stored[rows]
        if pixels.stored.dtype.kind == "f" and pixels.factor != 1.0:
            vectors = vectors * pixels.factor
        if vectors.dtype != dtype:
            vectors = vectors.astype(dtype)
        if pixels.is_invalid[rows].any():
            vectors = np.where(pixels.is_invalid[rows, np.newaxis], dtype.type(0), vectors)
        yield TextureBlock(
            rows=rows,
            tiles=layout.pack_vectors(vectors),
            inverse_lengths=layout.pack_scalars(pixels.inverse_lengths[rows]),
        )
