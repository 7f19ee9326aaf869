"""Similarity maps on the CPU, on all cores: compiled where numba is installed, else by BLAS."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.compiled import compiled_dot_products, ready_dot_products
from napari_ifealid.engines.cores import on_all_cores
from napari_ifealid.engines.pixels import (
    IN_CACHE,
    WORTH_A_THREAD,
    PixelVectors,
    angle_similarity,
    unit_vector,
)

_NEAR = np.float32(0.9998)  # cosines above it lose digits in the arc cosine
_SAME = np.float32(1e-11)  # squared chord of vectors that differ by rounding only

_pixels_may_be_not_finite = partial(np.errstate, invalid="ignore", over="ignore")


class CpuEngine:
    """Compares one vector with all pixels on the CPU.

    Parameters
    ----------
    pixels : PixelVectors
        Of any type. float32 is used where it lies, other types are converted block by block.
    """

    name = "CPU"

    def __init__(self, pixels: PixelVectors) -> None:
        self._pixels = pixels
        self._is_direct = pixels.stored.dtype == np.float32 and not pixels.is_scaled
        self._factor = np.float32(1.0 if pixels.is_scaled else pixels.factor)

    @property
    def memory(self) -> int:
        """Bytes held beside the stack, between two maps."""
        pixels = self._pixels
        return pixels.inverse_lengths.nbytes + pixels.is_zero.nbytes + pixels.is_invalid.nbytes

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
        """
        pixels = self._pixels
        known = pixels.map_without_angles(reference)
        if known is not None:
            return known
        unit = unit_vector(reference)
        similarity = np.empty(pixels.pixel_count, np.float32)
        with _pixels_may_be_not_finite():
            multiply = self._multiply(unit * self._factor, similarity)

        def compare(rows: slice) -> None:
            with _pixels_may_be_not_finite():  # anew in each thread
                for start in range(rows.start, rows.stop, IN_CACHE):
                    block = slice(start, min(start + IN_CACHE, rows.stop))
                    multiply(block)
                    self._turn_into_similarity(unit, block, similarity[block])

        least = max(1, WORTH_A_THREAD // pixels.feature_count)
        on_all_cores(compare, pixels.pixel_count, least=least)
        return pixels.as_map(similarity)

    def accelerate(self) -> None:
        """Begin to compile what makes the maps of integers quicker, in another thread."""
        compiled_dot_products(self._pixels.stored)

    def close(self) -> None:
        """Nothing to give back: the memory goes with the object."""

    def _multiply(
        self, vector: NDArray[np.float32], products: NDArray[np.float32]
    ) -> Callable[[slice], None]:
        """Return what writes the dot products of these rows with a vector."""
        pixels = self._pixels
        compiled = ready_dot_products(pixels.stored)
        if compiled is not None and not pixels.is_scaled:
            return lambda rows: compiled(pixels.stored, vector, products, rows.start, rows.stop)
        if self._is_direct:  # BLAS shares the work among the cores itself
            np.dot(pixels.stored, vector, out=products)
            return lambda _: None

        def by_blocks(rows: slice) -> None:
            for block in pixels.blocks(rows):
                np.dot(pixels.as_float32(block), vector, out=products[block])

        return by_blocks

    def _turn_into_similarity(
        self, unit: NDArray[np.float32], rows: slice, products: NDArray[np.float32]
    ) -> None:
        """Turn dot products into similarities, where they lie."""
        products *= self._pixels.inverse_lengths[rows]
        near = np.flatnonzero(products > _NEAR)
        angle_similarity(products)
        self._refine(unit, rows.start, near, products)

    def _refine(
        self,
        unit: NDArray[np.float32],
        start: int,
        near: NDArray[np.intp],
        similarity: NDArray[np.float32],
    ) -> None:
        """Measure small angles by the chord, which keeps the digits that the cosine loses."""
        pixels = self._pixels
        step = next(pixels.blocks()).stop
        for first in range(0, len(near), step):
            part = near[first : first + step]
            rows = part + start
            lengths = (pixels.inverse_lengths[rows] * self._factor)[:, np.newaxis]
            chords = pixels.as_float32(rows) * lengths - unit
            squared = np.einsum("pc,pc->p", chords, chords)
            squared[squared < _SAME] = 0.0
            similarity[part] = 1.0 - np.arcsin(np.sqrt(squared) / 2.0) * (4.0 / np.pi)
