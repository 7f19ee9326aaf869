"""Similarity maps on the CPU, by BLAS over blocks of pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.pixels import PixelVectors, unit_vector

_NEAR = np.float32(0.9998)  # cosines above it lose digits in the arc cosine
_SAME = np.float32(1e-11)  # squared chord of vectors that differ by rounding only


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
        with np.errstate(invalid="ignore", over="ignore"):  # pixels that are not finite
            cosines = self._cosines(unit)
            similarity = np.arccos(cosines)
        similarity *= np.float32(-2.0 / np.pi)
        similarity += np.float32(1.0)
        self._refine_near(unit, cosines, similarity)
        return pixels.as_map(similarity)

    def close(self) -> None:
        """Nothing to give back: the memory goes with the object."""

    def _cosines(self, unit: NDArray[np.float32]) -> NDArray[np.float32]:
        pixels = self._pixels
        cosines = np.empty(pixels.pixel_count, np.float32)
        scaled_unit = unit * self._factor
        if self._is_direct:
            np.dot(pixels.stored, scaled_unit, out=cosines)
        else:
            for rows in pixels.blocks():
                np.dot(pixels.as_float32(rows), scaled_unit, out=cosines[rows])
        cosines *= pixels.inverse_lengths
        return np.clip(cosines, 0.0, 1.0, out=cosines)

    def _refine_near(
        self,
        unit: NDArray[np.float32],
        cosines: NDArray[np.float32],
        similarity: NDArray[np.float32],
    ) -> None:
        """Measure small angles by the chord, which keeps the digits that the cosine loses."""
        pixels = self._pixels
        near = np.flatnonzero(cosines > _NEAR)
        step = next(pixels.blocks()).stop
        for start in range(0, len(near), step):
            rows = near[start : start + step]
            lengths = (pixels.inverse_lengths[rows] * self._factor)[:, np.newaxis]
            chords = pixels.as_float32(rows) * lengths - unit
            squared = np.einsum("pc,pc->p", chords, chords)
            squared[squared < _SAME] = 0.0
            similarity[rows] = 1.0 - np.arcsin(np.sqrt(squared) / 2.0) * (4.0 / np.pi)
