"""The pixel vectors of a stack, laid out flat, with what every engine needs to know of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import frexp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.cores import on_all_cores
from napari_ifealid.engines.products import Products, Rows, exact_products, largest_products
from napari_ifealid.measures import UsedFeatures, used_values
from napari_ifealid.measures.unit_vectors import unit_vectors
from napari_ifealid.stack import FeatureStack

SHORTEST = 1e-30
"""Length in engine units below which a vector is zero: float32 loses the components."""

WORTH_A_THREAD = 1 << 21
"""Values that are worth a thread of their own."""

IN_CACHE = 1 << 16
"""Pixels whose similarities stay in a core's cache."""

_BLOCK_VALUES = 1 << 18  # a block of this many float32 values stays in a core's cache


@dataclass(frozen=True, eq=False)
class PixelVectors:
    """All pixel vectors of a stack, one per row, and their lengths.

    A vector in *engine units* is ``factor · stored + shift``: a multiple of the real values that
    float32 can hold without overflow, since the angle between vectors does not depend on it.

    Parameters
    ----------
    stack : FeatureStack
        Whose pixels they are.
    used : UsedFeatures or None
        The features that are compared, where not all are: what this class tells is about them.
    stored : array, shape (P, C)
        The stored values of all features, a view of the stack's wherever its layout allows one.
    unit : float
        Factor from real values to engine units.
    factor, shift : float
    inverse_lengths : array of float32, shape (P,)
        1 / Euclidean length in engine units; 0 for pixels that are zero or not finite.
    is_zero : array of bool, shape (P,)
        Pixels whose vector is zero, or too short beside the longest for float32.
    is_invalid : array of bool, shape (P,)
        Pixels that hold a NaN or an infinity.
    spoils_products : bool
        Whether a valid pixel holds a NaN or an infinity in a feature that is not used: its product
        with 0 is not 0.
    """

    stack: FeatureStack
    used: UsedFeatures | None
    stored: NDArray[Any]
    unit: float
    factor: float
    shift: float
    inverse_lengths: NDArray[np.float32]
    is_zero: NDArray[np.bool_]
    is_invalid: NDArray[np.bool_]
    spoils_products: bool

    @classmethod
    def of(cls, stack: FeatureStack, used: UsedFeatures | None = None) -> PixelVectors:
        """Lay out a stack and measure its vectors, block by block.

        Parameters
        ----------
        stack : FeatureStack
        used : UsedFeatures, optional
            The features that are compared; all of them unless given.
        """
        stored = _flat(stack.values)
        unit, factor, shift = _engine_units(stack, stored, used)
        is_spoilt = [False]
        lengths = np.empty(len(stored))

        def measure(rows: slice) -> None:
            for part in _blocks(stored, rows):
                block = stored[part]
                compared = stack.real_values(used_values(block, used)) * unit
                lengths[part] = np.sqrt(np.einsum("pc,pc->p", compared, compared))
                if used is not None and block.dtype.kind == "f":
                    is_whole = np.isfinite(block).all(axis=1)
                    is_spoilt[0] |= bool((np.isfinite(lengths[part]) & ~is_whole).any())

        on_all_cores(measure, len(stored), least=max(1, WORTH_A_THREAD // stored.shape[1]))
        is_invalid = ~np.isfinite(lengths)
        is_zero = lengths < SHORTEST
        lengths[is_invalid | is_zero] = np.inf
        return cls(
            stack=stack,
            used=used,
            stored=stored,
            unit=unit,
            factor=factor,
            shift=shift,
            inverse_lengths=(1.0 / lengths).astype(np.float32),
            is_zero=is_zero,
            is_invalid=is_invalid,
            spoils_products=is_spoilt[0],
        )

    @property
    def pixel_count(self) -> int:
        """Number of pixels, P."""
        return int(self.stored.shape[0])

    @property
    def feature_count(self) -> int:
        """Number of features that are compared, C."""
        return int(self.stored.shape[1]) if self.used is None else len(self.used.numbers)

    @property
    def is_scaled(self) -> bool:
        """Whether engine units differ from the stored values by more than a harmless factor."""
        may_overflow = self.stored.dtype.kind == "f" and self.factor != 1.0
        return self.shift != 0.0 or may_overflow

    @property
    def scale(self) -> np.float32:
        """Factor from the result of `as_float32` to engine units."""
        return np.float32(1.0 if self.is_scaled else self.factor)

    def as_float32(self, rows: slice | NDArray[np.intp]) -> NDArray[np.float32]:
        """Return vectors as float32: in engine units if `is_scaled`, else the stored values."""
        stored = self.of_used(self.stored[rows])
        if self.is_scaled:
            # integers become float64 here, so that vectors near a shifted zero keep their digits
            stored = stored * self.factor + self.shift
        return stored.astype(np.float32, copy=False)

    def in_engine_units(self, rows: slice | NDArray[np.intp]) -> NDArray[np.float64]:
        """Return vectors in engine units with all their digits."""
        return self.stack.real_values(self.of_used(self.stored[rows])) * self.unit

    def largest_products(
        self, vectors: NDArray[np.float32], offsets: NDArray[np.float32]
    ) -> Products:
        """Choose the fastest way to multiply all pixels, as `as_float32` has them.

        Parameters
        ----------
        vectors : array of float32, shape (R, C)
        offsets : array of float32, shape (R,)
            Added to the products with each vector before the largest is taken.
        """
        return largest_products(self.stored, *self._multiplied(vectors, offsets))

    def exact_products(
        self, vectors: NDArray[np.float32], offsets: NDArray[np.float32]
    ) -> Products:
        """Choose the fastest way to do so that is off by no more than the rounding of float32."""
        return exact_products(self.stored, *self._multiplied(vectors, offsets))

    def _multiplied(
        self, vectors: NDArray[np.float32], offsets: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], Rows | None]:
        """Return what stored values are multiplied with, or vectors and how to read pixels."""
        if self.is_scaled or self.spoils_products:
            return vectors, offsets, self.as_float32
        return self.expanded(vectors), offsets, None

    def expanded(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return vectors to multiply stored values with: 0 for features that are not used."""
        return vectors if self.used is None else self.used.expanded(vectors)

    def of_used(self, vectors: NDArray[Any]) -> NDArray[Any]:
        """Return the features of vectors that are compared, shape (..., C)."""
        return used_values(vectors, self.used)

    def blocks(self, rows: slice | None = None) -> Iterator[slice]:
        """Return slices of these rows, or of all, that fit a core's cache."""
        return _blocks(self.stored, rows)

    def taken(self, rows: NDArray[np.intp]) -> PixelVectors:
        """Return some of the vectors, as a copy of shape (1, N).

        Parameters
        ----------
        rows : array of int, shape (N,)
        """
        stored = self.stored[rows]
        return replace(
            self,
            stack=replace(self.stack, values=stored[np.newaxis], overlay=None, placement=None),
            stored=stored,
            inverse_lengths=self.inverse_lengths[rows],
            is_zero=self.is_zero[rows],
            is_invalid=self.is_invalid[rows],
        )


def spread(rows: slice, count: int) -> NDArray[np.intp]:
    """Return the numbers of pixels spread over some rows, ``count`` at most."""
    return np.unique(np.linspace(rows.start, rows.stop - 1, count).astype(np.intp))


def unit_rows(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Scale vectors that are finite and not zero to unit length, array of shape (R, C)."""
    return unit_vectors(vectors).astype(np.float32)


def _flat(values: NDArray[Any]) -> NDArray[Any]:
    """Return values of shape (P, C), a view if features come first or last in memory."""
    features_first = np.moveaxis(values, -1, 0)
    if features_first.flags.c_contiguous:
        return features_first.reshape(values.shape[-1], -1).T
    return values.reshape(-1, values.shape[-1])


def _blocks(stored: NDArray[Any], rows: slice | None = None) -> Iterator[slice]:
    first, end = (0, len(stored)) if rows is None else (rows.start, rows.stop)
    length = max(1, _BLOCK_VALUES // int(stored.shape[1]))
    for start in range(first, end, length):
        yield slice(start, min(start + length, end))


def _engine_units(
    stack: FeatureStack, stored: NDArray[Any], used: UsedFeatures | None
) -> tuple[float, float, float]:
    """Return the factor from real values to engine units, and those from stored ones.

    Returns
    -------
    unit, factor, shift : float
    """
    if stack.value_range is None:
        factor = _float_factor(stack, stored, used)
        return factor / stack.gain, factor, 0.0
    unit = 1.0 / max(*map(abs, stack.value_range), np.finfo(np.float64).tiny)
    low, high = (unit * value for value in stack.value_range)
    return unit, (high - low) / float(np.iinfo(stored.dtype).max), low


def _float_factor(stack: FeatureStack, stored: NDArray[Any], used: UsedFeatures | None) -> float:
    """Return a factor for stored values, so that float32 can hold their squares."""
    if stored.dtype.kind == "u":
        return 1.0 / float(np.iinfo(stored.dtype).max)
    if stored.dtype.kind != "f":
        return 1.0
    exponent = frexp(_largest_known(stack, stored, used))[1]
    # within these bounds neither products nor sums leave float32's range: no scaled copy needed
    return 1.0 if -40 < exponent < 40 else 2.0 ** min(-exponent, np.finfo(stored.dtype).maxexp - 1)


def _largest_known(stack: FeatureStack, stored: NDArray[Any], used: UsedFeatures | None) -> float:
    """Return the largest of the stored values that are compared."""
    largest = 0.0
    for rows in _blocks(stored):
        block = np.abs(stored[rows])
        is_known = np.isfinite(block)
        if stack.nodata is not None:
            is_known &= stored[rows] != stack.nodata
        block, is_known = used_values(block, used), used_values(is_known, used)
        largest = max(largest, float(np.max(block, where=is_known, initial=0)))
    return largest
