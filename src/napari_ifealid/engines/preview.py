"""A compressed copy of a stack: approximate maps at once, while the exact ones take long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.compiled import compiled_products
from napari_ifealid.engines.cores import on_all_cores
from napari_ifealid.engines.joined import joined
from napari_ifealid.engines.pixel_vectors import IN_CACHE, WORTH_A_THREAD, PixelVectors
from napari_ifealid.engines.prepared_query import PreparedQuery
from napari_ifealid.engines.products import largest_products
from napari_ifealid.grid import Pixel, Region, pixel_numbers, region_shape
from napari_ifealid.measures import MEASURES, Measure, UnitLength, UsedFeatures
from napari_ifealid.query import Query

MOST_AXES = 128
"""Bytes per pixel that a preview takes at most: more make it no better that one could see."""

SAMPLE = 20_000
"""Pixels that are enough to find the axes along which a stack varies."""

SAMPLE_BYTES = 1 << 29
"""Of the sample, which is smaller where a pixel has thousands of features."""

MOST_SQUARED = 4096
"""Features, or pixels of a sample, that a square matrix is made of: its axes take seconds."""

PREVIEWED = {one.name: one.kernel for one in MEASURES if isinstance(one.kernel, UnitLength)}
"""The kernels of the measures that there are previews of, by name."""

_REFERENCES = 256  # pixels of the sample that the error is measured with
_LEVELS = 255


@dataclass(frozen=True, eq=False)
class PrincipalAxes:
    """The axes along which the unit vectors of a stack vary most, and 8-bit codes along them.

    A code stands for lowest + step · code, the projection of a unit vector on an axis.

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
    def of(cls, units: NDArray[np.float32], count: int) -> PrincipalAxes:
        """Find the axes from a sample.

        Parameters
        ----------
        units : array of float32, shape (S, C)
            Unit vectors.
        count : int
            How many axes at most, K; no more than C.
        """
        vectors = _leading_axes(units, count)
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
        """Return the decoded values, array of the same shape."""
        projections: NDArray[np.float32] = self.lowest + np.float32(self.step) * codes
        return projections


@dataclass(frozen=True, eq=False)
class Preview:
    """Compares vectors with all pixels along a few axes.

    Parameters
    ----------
    axes : PrincipalAxes
        Of the features that are used.
    features : UsedFeatures or None
        Those that it is about; None for all of them.
    codes : array of uint8, shape (P, K)
    is_zero, is_invalid : array of bool, shape (P,)
        Pixels whose vector is zero, and that hold a NaN or an infinity.
    spatial_shape : tuple of int
    errors : mapping of str to float
        For the name of each measure that there is a preview of, what 95 of 100 values are off by
        at most; measured on pixels that the axes were not fitted to.
    """

    axes: PrincipalAxes
    features: UsedFeatures | None
    codes: NDArray[np.uint8]
    is_zero: NDArray[np.bool_]
    is_invalid: NDArray[np.bool_]
    spatial_shape: tuple[int, ...]
    errors: Mapping[str, float]

    @property
    def memory(self) -> int:
        """Bytes that it takes."""
        return self.codes.nbytes + self.is_zero.nbytes + self.is_invalid.nbytes

    def answers(self, measure: Measure) -> bool:
        """Return whether there is a preview of a measure: there is where directions are enough."""
        is_known = measure.features == self.features and measure.name in self.errors
        return is_known and isinstance(measure.kernel, UnitLength)

    def error_of(self, measure: Measure) -> float:
        """Return the 95th percentile of the error of a measure's values."""
        return self.errors[measure.name]

    def map_of(self, query: Query, region: Region) -> NDArray[np.float32]:
        """Return the approximate values of a query.

        Parameters
        ----------
        query : Query
            Its vectors are real values, in the stack's own units. The preview `answers` its
            measure.
        region : tuple of slice
            The pixels that are asked for.

        Returns
        -------
        array of float32
            Of the region's shape.
        """
        kernel = query.measure.kernel
        assert isinstance(kernel, UnitLength), query.measure.name
        rows = pixel_numbers(region, self.spatial_shape)
        values = joined(query, lambda one: self._values(PreparedQuery.of(one, kernel), rows))
        return values.reshape(region_shape(region))

    def _values(
        self, prepared: PreparedQuery, rows: slice | NDArray[np.intp]
    ) -> NDArray[np.float32]:
        """Return the approximate values of some pixels, array of shape (N,)."""
        kernel = prepared.kernel
        is_zero, is_invalid = self.is_zero[rows], self.is_invalid[rows]
        values = np.zeros(len(is_zero), np.float32)
        if len(prepared.units):
            self._multiply(prepared.units @ self.axes.vectors, rows, values)
            values[is_zero] = 0.0
        if prepared.has_zero:
            np.maximum(values, 0.0, out=values)
        on_all_cores(lambda part: kernel.from_cosines(values[part]), len(values), least=IN_CACHE)
        if prepared.has_zero:
            values[is_zero] = prepared.measure.limits[1]
        values[is_invalid | prepared.is_void] = np.nan
        return values

    def vector(self, pixel: Pixel) -> NDArray[np.float64]:
        """Return the approximate vector of a pixel, but for its length, without the stack.

        Parameters
        ----------
        pixel : tuple of int

        Returns
        -------
        array of float64, shape (C,)
            Zero for a zero pixel, NaN for one that is not finite, and for features not used.
        """
        number = int(np.ravel_multi_index(pixel, self.spatial_shape))
        if self.is_invalid[number] or self.is_zero[number]:
            nothing = np.nan if self.is_invalid[number] else 0.0
            vector = np.full(len(self.axes.vectors), nothing)
        else:
            projections = self.axes.projections(self.codes[number])
            vector = (self.axes.vectors @ projections).astype(np.float64)
        return vector if self.features is None else self.features.expanded(vector, np.nan)

    def _multiply(
        self,
        projected: NDArray[np.float32],
        rows: slice | NDArray[np.intp],
        cosines: NDArray[np.float32],
    ) -> None:
        """Fill the largest of the cosines to some projected references."""
        codes = self.codes[rows]
        offsets = projected @ self.axes.lowest
        compiled_products(codes)  # for the next map, unless that was begun already
        products = largest_products(codes, projected * np.float32(self.axes.step), offsets)

        def multiply(part: slice) -> None:
            for start in range(part.start, part.stop, IN_CACHE):
                products.multiply(start, cosines[start : min(start + IN_CACHE, part.stop)])

        least = max(1, WORTH_A_THREAD // codes.shape[1])
        on_all_cores(multiply, len(cosines), least=least)


def _leading_axes(units: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Return orthonormal columns along which unit vectors vary most, shape (C, K).

    K is `count`, or less where there are fewer vectors.
    """
    if units.shape[1] <= MOST_SQUARED:
        _, eigenvectors = np.linalg.eigh(np.asarray(units.T @ units, np.float64))
        return np.ascontiguousarray(eigenvectors[:, ::-1][:, :count], np.float32)
    some = units[:: -(-len(units) // MOST_SQUARED)]
    _, eigenvectors = np.linalg.eigh(np.asarray(some @ some.T, np.float64))
    leading = eigenvectors[:, ::-1][:, :count].astype(np.float32)
    return np.linalg.qr(some.T @ leading)[0]


def axis_count(budget: int, pixel_count: int, feature_count: int) -> int:
    """Return how many axes a preview may have within a budget of bytes, 0 if not one."""
    return min(MOST_AXES, feature_count, budget // pixel_count)


def sampled_rows(pixels: PixelVectors, count: int) -> NDArray[np.intp]:
    """Return the numbers of pixels that stand for all that have a direction, in order.

    Parameters
    ----------
    pixels : PixelVectors
    count : int
        How many at most.
    """
    known = np.flatnonzero(pixels.inverse_lengths)
    if len(known) > count:
        rng = np.random.default_rng(0)
        known = np.sort(rng.choice(known, count, replace=False, shuffle=False))
    return known


def sampled_units(pixels: PixelVectors, rows: slice | NDArray[np.intp]) -> NDArray[np.float32]:
    """Return pixels at unit length, array of shape (n, C); zero where there is no direction."""
    with np.errstate(invalid="ignore", over="ignore"):  # pixels that are not finite
        lengths = pixels.inverse_lengths[rows] * pixels.scale
        units = pixels.as_float32(rows) * lengths[:, np.newaxis]
    units[pixels.is_invalid[rows]] = 0.0
    return units


def codes_of(pixels: PixelVectors, axes: PrincipalAxes) -> NDArray[np.uint8]:
    """Return the codes of all pixels, array of shape (P, K)."""
    codes = np.empty((pixels.pixel_count, len(axes.lowest)), np.uint8)

    def encode(rows: slice) -> None:
        for block in pixels.blocks(rows):
            codes[block] = axes.codes(sampled_units(pixels, block))

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
        None if the budget is too small for any, or no pixel has a direction.
    """
    count = axis_count(budget, pixels.pixel_count, pixels.feature_count)
    most = max(2, SAMPLE_BYTES // (4 * pixels.feature_count))
    rows = sampled_rows(pixels, min(SAMPLE, most))
    if count == 0 or len(rows) == 0:
        return None
    sample = sampled_units(pixels, rows)
    axes = PrincipalAxes.of(sample, count)
    return Preview(
        axes=axes,
        features=pixels.used,
        codes=codes_of(pixels, axes),
        is_zero=pixels.is_zero,
        is_invalid=pixels.is_invalid,
        spatial_shape=pixels.stack.spatial_shape,
        errors=measured_errors(sample, count),
    )


def measured_errors(units: NDArray[np.float32], count: int) -> dict[str, float]:
    """Return the 95th percentile of the error of the values, for each measure's name.

    The axes are fitted to one half of a sample, and the errors measured on the other.

    Parameters
    ----------
    units : array of float32, shape (S, C)
        Unit vectors of the sample.
    count : int
        How many axes.
    """
    fitted, held_out = (units[::2], units[1::2]) if len(units) > 1 else (units, units)
    axes = PrincipalAxes.of(fitted, count)
    references = slice(None, None, max(1, len(held_out) // _REFERENCES))
    projections = axes.projections(axes.codes(held_out))
    lengths = np.linalg.norm(projections[references], axis=1, keepdims=True)
    known = projections[references] / np.where(lengths > 0, lengths, 1.0)
    exact, near = held_out @ held_out[references].T, projections @ known.T
    return {name: _error(kernel, exact, near) for name, kernel in PREVIEWED.items()}


def _error(kernel: UnitLength, exact: NDArray[Any], near: NDArray[Any]) -> float:
    values = exact.copy(), near.copy()
    for cosines in values:
        kernel.from_cosines(cosines)
    return float(np.percentile(np.abs(values[0] - values[1]), 95))
