"""Similarity maps on the GPU, by a shader over the features held in textures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vispy import gloo
from vispy.gloo import gl

from napari_ifealid.engines.engine import EngineUnavailableError
from napari_ifealid.engines.gl_context import OffscreenContext
from napari_ifealid.engines.pixels import PixelVectors, unit_vector
from napari_ifealid.engines.similarity_visual import SimilarityVisual
from napari_ifealid.engines.texture_blocks import BlockLayout, pack_slices, texel_dtype

_INTERNAL_FORMATS = {"uint8": "rgba8", "uint16": "rgba16", "float32": "rgba32f"}


class GpuEngine:
    """Compares one vector with all pixels in a fragment shader.

    To be made, used and closed in the thread of the window. Maps can be made after `upload`.

    Parameters
    ----------
    pixels : PixelVectors
        8- and 16-bit unsigned integers and float32 go to textures as they are, others as float32.
    max_side : int
        Longest side of a texture, in texels. Larger stacks are cut into several blocks.

    Raises
    ------
    EngineUnavailableError
        If OpenGL can't be used or has too little memory.
    """

    name = "GPU"

    def __init__(self, pixels: PixelVectors, max_side: int) -> None:
        self._pixels = pixels
        layout = BlockLayout.of(pixels.pixel_count, pixels.feature_count, max_side)
        self._layout = layout
        self._drawn: tuple[gloo.Texture2D, gloo.Texture2D] | None = None
        self._context = OffscreenContext()
        with self._context.current():
            self._visual = SimilarityVisual(layout)
            self._reference = _texture(layout.pack_reference(np.zeros(0, np.float32)), "rgba32f")
            self._visual.set_reference(self._reference)
            shape = (layout.height, layout.width, 4)
            self._target = gloo.Texture2D(shape, internalformat="rgba32f")
            self._frame = gloo.FrameBuffer(self._target)
            self._textures = [self._new_textures() for _ in layout.blocks]

    def upload(self) -> Iterator[float]:
        """Put the features on the GPU, a slice at a time.

        Yields
        ------
        float
            The share of the pixels that is there, 0 while memory is asked for.

        Raises
        ------
        EngineUnavailableError
            If OpenGL fails.
        """
        layout = self._layout
        for textures in self._textures:  # all memory first: if there is too little, it shows
            with self._context.current():
                for texture in textures:
                    self._context.hold(texture)
            self._raise_on_gl_error()
            yield 0.0
        for piece in pack_slices(self._pixels, layout):
            features, lengths = self._textures[piece.block]
            with self._context.current():
                features.set_data(piece.features, offset=(piece.top, 0))
                if piece.top == 0:
                    lengths.set_data(self._texel_lengths(layout.blocks[piece.block]))
            self._raise_on_gl_error()
            done = piece.block * layout.capacity + (piece.top + len(piece.features)) * layout.width
            yield min(1.0, done / self._pixels.pixel_count)

    @property
    def memory(self) -> int:
        """Bytes of GPU memory held."""
        return self._layout.texture_bytes(self._texel_dtype)

    def similarity_map(self, reference: NDArray[Any]) -> NDArray[np.float32]:
        """Return the spectral-angle similarity of every pixel to a reference.

        Parameters
        ----------
        reference : array, shape (C,)
            Real values, in the stack's own units.

        Returns
        -------
        array of float32, shape (...)
            As defined by `napari_ifealid.metrics.spectral_angle_similarity`.

        Raises
        ------
        EngineUnavailableError
            If OpenGL fails.
        """
        known = self._pixels.map_without_angles(reference)
        if known is not None:
            return known
        layout = self._layout
        similarity = np.empty(self._pixels.pixel_count, np.float32)
        viewport = (0, 0, layout.width, layout.height)
        with self._context.current(), self._frame:
            gloo.set_viewport(*viewport)
            self._reference.set_data(layout.pack_reference(unit_vector(reference)))
            for rows, textures in zip(layout.blocks, self._textures, strict=True):
                if textures is not self._drawn:
                    self._visual.set_block(*textures)
                    self._drawn = textures
                self._visual.draw()
                drawn = gloo.read_pixels(viewport, alpha=True, out_type="float")
                # gloo turns pictures upside down
                similarity[rows] = layout.unpack_scalars(drawn[::-1], rows.stop - rows.start)
        return self._pixels.as_map(similarity)

    def close(self) -> None:
        """Give the GPU memory back."""
        with self._context.current():
            for textures in self._textures:
                for texture in textures:
                    texture.delete()
            self._frame.delete()
            self._target.delete()
            self._reference.delete()
        self._textures.clear()

    def _new_textures(self) -> tuple[gloo.Texture2D, gloo.Texture2D]:
        """Return textures for the features of a block and for the lengths, both still to come."""
        layout = self._layout
        features = (4 * layout.height, layout.width * layout.texels, 4)
        lengths = (layout.height, layout.width, 4)
        return (
            _texture(features, _INTERNAL_FORMATS[self._texel_dtype.name]),
            _texture(lengths, "rgba32f"),
        )

    def _texel_lengths(self, rows: slice) -> NDArray[np.float32]:
        """Return inverse lengths in texels, which saves the shader a product for each of them."""
        lengths = self._pixels.inverse_lengths[rows] * self._texel_factor
        return self._layout.pack_scalars(lengths)

    @property
    def _texel_dtype(self) -> np.dtype[Any]:
        return texel_dtype(self._pixels.stored.dtype, is_scaled=self._pixels.is_scaled)

    @property
    def _texel_factor(self) -> np.float32:
        """What turns a texel into engine units: textures of integers run from 0 to 1."""
        if self._pixels.is_scaled:
            return np.float32(1.0)
        dtype = self._texel_dtype
        top = float(np.iinfo(dtype).max) if dtype.kind == "u" else 1.0
        return np.float32(self._pixels.factor * top)

    def _raise_on_gl_error(self) -> None:
        with self._context.current():
            error = gl.glGetError()
        if error != gl.GL_NO_ERROR:
            raise EngineUnavailableError(f"OpenGL error {error:#06x} while loading the features")


def _texture(data: NDArray[Any] | tuple[int, ...], internal_format: str) -> gloo.Texture2D:
    return gloo.Texture2D(data, interpolation="nearest", internalformat=internal_format)
