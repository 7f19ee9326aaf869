"""Similarity maps on the GPU, by a shader over the features held in textures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vispy import gloo
from vispy.gloo import gl

from napari_ifealid.engines.engine import EngineUnavailableError
from napari_ifealid.engines.gl_context import OffscreenContext
from napari_ifealid.engines.pixels import PixelVectors, unit_vector
from napari_ifealid.engines.similarity_visual import SimilarityVisual
from napari_ifealid.engines.texture_blocks import (
    BlockLayout,
    TextureBlock,
    pack_blocks,
    texel_dtype,
)

_INTERNAL_FORMATS = {"uint8": "rgba8", "uint16": "rgba16", "float32": "rgba32f"}


class GpuEngine:
    """Compares one vector with all pixels in a fragment shader.

    To be made, used and closed in the thread of the window.

    Parameters
    ----------
    pixels : PixelVectors
        8- and 16-bit unsigned integers and float32 go to textures as they are, others as float32.
    max_side : int
        Longest side of a texture, in texels. Larger stacks are cut into several blocks.
    blocks : iterable of TextureBlock, optional
        The stack in texture order, from `pack_blocks`, where that was done beforehand.

    Raises
    ------
    EngineUnavailableError
        If OpenGL can't be used or has too little memory.
    """

    name = "GPU"

    def __init__(
        self, pixels: PixelVectors, max_side: int, blocks: Iterable[TextureBlock] | None = None
    ) -> None:
        self._pixels = pixels
        layout = BlockLayout.of(pixels.pixel_count, pixels.feature_count, max_side)
        self._layout = layout
        self._rows: list[slice] = []
        self._textures: list[tuple[gloo.Texture2D, gloo.Texture2D]] = []
        self._drawn: tuple[gloo.Texture2D, gloo.Texture2D] | None = None
        self._context = OffscreenContext()
        dtype = self._texel_dtype
        with self._context.current():
            self._visual = SimilarityVisual(layout)
            self._reference = _texture(layout.pack_reference(np.zeros(0, np.float32)), "rgba32f")
            self._visual.set_reference(self._reference)
            shape = (layout.height, layout.width, 4)
            self._target = gloo.Texture2D(shape, internalformat="rgba32f")
            self._frame = gloo.FrameBuffer(self._target)
            for block in pack_blocks(pixels, layout) if blocks is None else blocks:
                features = _texture(block.features, _INTERNAL_FORMATS[dtype.name])
                # measured in texels, which saves the shader a product for each of them
                lengths = _texture(block.inverse_lengths * self._texel_factor, "rgba32f")
                self._rows.append(block.rows)
                self._textures.append((features, lengths))
        self._raise_on_gl_error()

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
            for rows, textures in zip(self._rows, self._textures, strict=True):
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
        self._rows.clear()

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


def _texture(data: NDArray[Any], internal_format: str) -> gloo.Texture2D:
    return gloo.Texture2D(data, interpolation="nearest", internalformat=internal_format)
