"""A compressed copy of a stack: maps at once, nearly right, while the exact ones take long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.compiled import compiled_dot_products
from napari_ifealid.engines.cores import on_all_cores
from napari_ifealid.engines.pixels import (
    IN_CACHE,
    WORTH_A_THREAD,
    PixelVectors,
    angle_similarity,
    unit_vector,
)

MOST_DIRECTIONS = 128
"""Bytes a pixel that a preview takes at most: more make it no better that one could see."""

SAMPLE = 20_000
"""Pixels that are enough to find the directions in which a stack varies."""

_REFERENCES = 256  # pixels of the sample that the error is measured with
_LEVELS = 255


@dataclass(frozen=True, eq=False)
class Directions:
    """The directions in which the unit vectors of a stack vary most, and 8-bit codes along them.

    A code stands for lowest + step · code, the projection of a unit vector on a direction.

    Parameters
    ----------
    vectors : array of float32, shape (C, K)
        Orthonormal columns: the leading right singular vectors of a sample of unit vectors.
    lowest : array of float32, shape (K,)
    step : float
    """

    vectors: NDArray[np.float32]
    lowest: NDArray[np.float32]
    step: float

    @classmethod
    def of(cls, units: NDArray[np.float32], count: int) -> Directions:
        """Find the directions from a sample.

        Parameters
        ----------
        units : array of float32, shape (S, C)
            Unit vectors.
        count : int
            How many directions, K; no more than C.
        """
        _, eigenvectors = np.linalg.eigh(np.asarray(units.T @ units, np.float64))
        vectors = np.ascontiguousarray(eigenvectors[:, ::-1][:, :count], np.float32)
        projections = units @ vectors
        lowest, highest = projections.min(axis=0), projections.max(axis=0)
        margin = 0.05 * (highest - lowest)  # pixels beside the sample may lie beyond
        step = float((highest - lowest + 2 * margin).max()) / _LEVELS
        return cls(vectors, lowest - margin, max(step, float(np.finfo(np.float32).tiny)))

    def codes(self, units: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return the codes of unit vectors, array of shape (P, K) for (P, C)."""
        levels = units @ self.vectors
        levels -= self.lowest
        levels /= np.float32(self.step)
        np.rint(levels, out=levels)
        codes: NDArray[np.uint8] = np.clip(levels, 0, _LEVELS, out=levels).astype(np.uint8)
        return codes

    def projections(self, codes: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return what codes stand for, array of the same shape."""
        projections: NDArray[np.float32] = self.lowest + np.float32(self.step) * codes
        return projections


@dataclass(frozen=True, eq=False)
class Preview:
    """Compares a pixel with all others along a few directions.

    Parameters
    ----------
    directions : Directions
    codes : array of uint8, shape (P, K)
    is_zero, is_invalid : array of bool, shape (P,)
        Pixels whose vector is zero, and that hold a NaN or an infinity.
    spatial_shape : tuple of int
    error : float
        What 95 of 100 similarities are off by at most, measured on a sample.
    """

    directions: Directions
    codes: NDArray[np.uint8]
    is_zero: NDArray[np.bool_]
    is_invalid: NDArray[np.bool_]
    spatial_shape: tuple[int, ...]
    error: float

    @property
    def memory(self) -> int:
        """Bytes that it takes."""
        return self.codes.nbytes + self.is_zero.nbytes + self.is_invalid.nbytes

    def similarity_map(self, reference: NDArray[Any]) -> NDArray[np.float32]:
        """Return nearly the spectral-angle similarity of every pixel to a reference.

        Parameters
        ----------
        reference : array, shape (C,)
            Real values, in the stack's own units.

        Returns
        -------
        array of float32, shape (...)
        """
        if not np.isfinite(reference).all():
            return np.full(self.spatial_shape, np.nan, np.float32)
        if not reference.any():
            return self._as_map(self.is_zero.astype(np.float32))
        return self._compared(unit_vector(reference) @ self.directions.vectors)

    def similarity_map_of(self, pixel: tuple[int, ...]) -> NDArray[np.float32]:
        """Return nearly the similarity of every pixel to one of them, without the stack.

        Parameters
        ----------
        pixel : tuple of int
            Index along each spatial axis.

        Returns
        -------
        array of float32, shape (...)
        """
        number = int(np.ravel_multi_index(pixel, self.spatial_shape))
        if self.is_invalid[number]:
            return np.full(self.spatial_shape, np.nan, np.float32)
        if self.is_zero[number]:
            return self._as_map(self.is_zero.astype(np.float32))
        return self._compared(self.directions.projections(self.codes[number]))

    def _compared(self, projected: NDArray[np.float32]) -> NDArray[np.float32]:
        count, width = self.codes.shape
        vector = np.ascontiguousarray(projected * np.float32(self.directions.step))
        constant = self.directions.lowest @ projected
        similarity = np.empty(count, np.float32)
        compiling = compiled_dot_products(self.codes)
        compiled = compiling.result() if compiling.done() else None

        def compare(rows: slice) -> None:
            for start in range(rows.start, rows.stop, IN_CACHE):
                stop = min(start + IN_CACHE, rows.stop)
                part = similarity[start:stop]
                if compiled is not None:
                    compiled(self.codes, vector, similarity, start, stop)
                else:
                    np.dot(self.codes[start:stop].astype(np.float32), vector, out=part)
                part += constant
                angle_similarity(part)

        on_all_cores(compare, count, least=max(1, WORTH_A_THREAD // width))
        similarity[self.is_zero] = 0.0
        return self._as_map(similarity)

    def _as_map(self, similarity: NDArray[np.float32]) -> NDArray[np.float32]:
        similarity[self.is_invalid] = np.nan
        return similarity.reshape(self.spatial_shape)


def direction_count(budget: int, pixel_count: int, feature_count: int) -> int:
    """Return how many directions a preview may have within a budget of bytes, 0 if not one."""
    return min(MOST_DIRECTIONS, feature_count, budget // pixel_count)


def sampled_rows(pixel_count: int) -> NDArray[np.intp]:
    """Return the numbers of pixels that stand for all of them, in order."""
    if pixel_count <= SAMPLE:
        return np.arange(pixel_count)
    rows = np.random.default_rng(0).choice(pixel_count, SAMPLE, replace=False, shuffle=False)
    return np.sort(rows)


def unit_vectors(pixels: PixelVectors, rows: slice | NDArray[np.intp]) -> NDArray[np.float32]:
    """Return pixels at unit length, array of shape (n, C); zero where there is no direction."""
    factor = np.float32(1.0 if pixels.is_scaled else pixels.factor)
    with np.errstate(invalid="ignore", over="ignore"):  # pixels that are not finite
        units = pixels.as_float32(rows) * (pixels.inverse_lengths[rows] * factor)[:, np.newaxis]
    units[pixels.is_invalid[rows]] = 0.0
    return units


def codes_of(pixels: PixelVectors, directions: Directions) -> NDArray[np.uint8]:
    """Return the codes of all pixels, array of shape (P, K)."""
    codes = np.empty((pixels.pixel_count, len(directions.lowest)), np.uint8)

    def encode(rows: slice) -> None:
        for block in pixels.blocks(rows):
            codes[block] = directions.codes(unit_vectors(pixels, block))

    on_all_cores(encode, len(codes), least=max(1, WORTH_A_THREAD // pixels.feature_count))
    return codes


def preview_of(pixels: PixelVectors, budget: int) -> Preview | None:
    """Return a preview of a stack in memory.

    Parameters
    ----------
    pixels : PixelVectors
    budget : int
        Bytes that it may take.

    Returns
    -------
    Preview or None
        None if the budget is too small for any.
    """
    count = direction_count(budget, pixels.pixel_count, pixels.feature_count)
    if count == 0:
        return None
    sample = unit_vectors(pixels, sampled_rows(pixels.pixel_count))
    directions = Directions.of(sample, count)
    return Preview(
        directions=directions,
        codes=codes_of(pixels, directions),
        is_zero=pixels.is_zero,
        is_invalid=pixels.is_invalid,
        spatial_shape=pixels.spatial_shape,
        error=measured_error(directions, sample),
    )


def measured_error(directions: Directions, units: NDArray[np.float32]) -> float:
    """Return what 95 of 100 similarities are off by at most.

    Parameters
    ----------
    directions : Directions
    units : array of float32, shape (S, C)
        Unit vectors of a sample. Some of them are compared with all.
    """
    references = slice(None, None, max(1, len(units) // _REFERENCES))
    projections = directions.projections(directions.codes(units))
    exact, near = (
        angle_similarity(vectors @ vectors[references].T) for vectors in (units, projections)
    )
    return float(np.percentile(np.abs(exact - near), 95))
