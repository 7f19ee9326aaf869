"""The textures of an image's weights, and what is drawn from them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from vispy import gloo

from napari_ifealid.engines import EngineUnavailableError
from napari_ifealid.engines.gl_context import OffscreenContext
from napari_ifealid.engines.similarity_visual import MOST_REFERENCES, texture, visual_size
from napari_ifealid.grid import Region
from napari_ifealid.sharpening.compared_terms import ComparedTerms
from napari_ifealid.sharpening.sharp_visual import Drawn, SharpVisual
from napari_ifealid.sharpening.tap_layout import TapLayout
from napari_ifealid.sharpening.weights import Weights

_SLICE = 1 << 14  # pixels, packed and uploaded in some milliseconds


class SharpCanvas:
    """Draws sharp maps in an OpenGL context of its own, in the thread of the window.

    Parameters
    ----------
    weights : Weights
    stack_shape : (int, int)
    max_side : int
        Longest side of a texture, in texels.

    Raises
    ------
    EngineUnavailableError
        If OpenGL can't be used or the image does not fit its textures.
    """

    def __init__(self, weights: Weights, stack_shape: tuple[int, int], max_side: int) -> None:
        self._weights = weights
        self._layout = layout = TapLayout.of(weights, stack_shape, max_side)
        self._most = min(MOST_REFERENCES, max_side // stack_shape[0])
        self._terms: ComparedTerms | None = None
        self._visuals: dict[tuple[Drawn, int], SharpVisual] = {}
        self._context = OffscreenContext()
        with self._context.current():
            shape = layout.height, -(-layout.image_shape[1] // 4), 4
            self._target = texture(shape, "rgba32f")
            self._frame = gloo.FrameBuffer(self._target)
            self._textures = [
                (texture(layout.texture_shape, "rgba32f"), texture(layout.terms_shape, "rgba32f"))
                for _ in layout.blocks
            ]

    @property
    def memory(self) -> int:
        """Bytes of GPU memory held."""
        return self._layout.texture_bytes

    def upload(self) -> Iterator[float]:
        """Put the weights on the GPU, a slice at a time.

        Yields
        ------
        float
            The share of the image's rows that is there, 0 while memory is asked for.

        Raises
        ------
        EngineUnavailableError
            If OpenGL fails, or taps of a pixel lie too far apart.
        """
        layout = self._layout
        for textures in self._textures:  # all memory first: if there is too little, it shows
            with self._context.current():
                for one in textures:
                    self._context.hold(one)
            self._context.raise_on_error("loading the weights")
            yield 0.0
        height = max(1, _SLICE // layout.image_shape[1])
        for block, (taps, _) in zip(layout.blocks, self._textures, strict=True):
            for start in range(block.start, block.stop, height):
                rows = slice(start, min(start + height, block.stop))
                packed = layout.packed(self._weights, rows)
                with self._context.current():
                    for texel, piece in enumerate(packed):
                        top = texel * layout.height + rows.start - block.start
                        taps.set_data(piece, offset=(top, 0))
                self._context.raise_on_error("loading the weights")
                yield rows.stop / layout.image_shape[0]

    def draw(
        self,
        drawn: Drawn,
        terms: ComparedTerms,
        products: NDArray[np.float64],
        region: Region,
        step: int,
        *,
        has_zero: bool,
    ) -> NDArray[np.float32]:
        """Return what is drawn for some pixels of the image.

        Parameters
        ----------
        drawn : Drawn
        terms : ComparedTerms
        products : array of float64, shape (R, P)
            Of all pixels of the stack with each of one or more references, offsets included.
        region : tuple of slice
        step : int
            Each so many-th pixel along both axes, from the region's first one on.
        has_zero : bool
            Whether there is a zero reference beside those of the products.

        Returns
        -------
        array of float32, shape (h, w)
            The largest for any of the references. A view.
        """
        with self._context.current(), self._frame:
            self._set_terms(terms)
            passes = [
                self._pass(drawn, part, region, step, has_zero=has_zero)
                for part in np.split(products, range(self._most, len(products), self._most))
            ]
        return passes[0] if len(passes) == 1 else np.maximum.reduce(passes)

    def close(self) -> None:
        """Give the GPU memory back."""
        with suppress(EngineUnavailableError), self._context.current():  # a lost one has none
            textures = (one for pair in self._textures for one in pair)
            for part in (*textures, *self._visuals.values(), self._frame, self._target):
                part.delete()
        self._textures.clear()
        self._visuals.clear()

    def _pass(
        self,
        drawn: Drawn,
        products: NDArray[np.float64],
        region: Region,
        step: int,
        *,
        has_zero: bool,
    ) -> NDArray[np.float32]:
        visual = self._visual(drawn, len(products))
        visual.set_products(products, has_zero=has_zero)
        rows, columns = region
        width = len(range(columns.start, columns.stop, step))
        parts = []
        for block, textures in zip(self._layout.blocks, self._textures, strict=True):
            start = max(rows.start, block.start + (rows.start - block.start) % step)
            height = len(range(start, min(rows.stop, block.stop), step))
            if height == 0:
                continue
            viewport = (0, 0, -(-width // 4), height)
            gloo.set_viewport(*viewport)
            visual.set_block(*textures)
            visual.set_pixels((start - block.start, columns.start), step)
            visual.draw()
            fragments = gloo.read_pixels(viewport, alpha=True, out_type="float")
            # gloo turns pictures upside down
            parts.append(fragments[::-1].reshape(height, -1)[:, :width])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _set_terms(self, terms: ComparedTerms) -> None:
        if self._terms is terms:
            return
        for block, (_, texels) in zip(self._layout.blocks, self._textures, strict=True):
            texels.set_data(terms.texels(block), offset=(0, 0))
        self._terms = terms

    def _visual(self, drawn: Drawn, reference_count: int) -> SharpVisual:
        """Return what draws so many references; made when it is first needed."""
        kind = drawn, min(visual_size(reference_count), self._most)
        if kind not in self._visuals:
            self._visuals[kind] = SharpVisual(self._layout, *kind)
        return self._visuals[kind]
