"""The pixel vectors of a stack, laid out flat, with what every engine needs to know of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import frexp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.cores import on_all_cores
from napari_ifealid.measures.unit_vectors import unit_vectors
from napari_ifealid.stack import FeatureStack

_SHORTEST = 1e-30  # float32 loses the components of shorter vectors
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
    stored : array, shape (P, C)
        The stored values, a view of the stack's wherever its layout allows one.
    unit : float
        Factor from real values to engine units.
    factor, shift : float
    inverse_lengths : array of float32, shape (P,)
        1 / Euclidean length in engine units; 0 for pixels that are zero or not finite.
    is_zero : array of bool, shape (P,)
        Pixels whose vector is zero, or too short beside the longest for float32.
    is_invalid : array of bool, shape (P,)
        Pixels that hold a NaN or an infinity.
    """

    stack: FeatureStack
    stored: NDArray[Any]
    unit: float
    factor: float
    shift: float
    inverse_lengths: NDArray[np.float32]
    is_zero: NDArray[np.bool_]
    is_invalid: NDArray[np.bool_]

    @classmethod
    def of(cls, stack: FeatureStack) -> PixelVectors:
        """Lay out a stack and measure its vectors, block by block."""
        stored = _flat(stack.values)
        unit = _engine_unit(stack, stored)
        factor, shift = _float_conversion(stack, unit)
        lengths = np.empty(len(stored))

        def measure(rows: slice) -> None:
            for part in _blocks(stored, rows):
                block = stack.real_values(stored[part]) * unit
                lengths[part] = np.sqrt(np.einsum("pc,pc->p", block, block))

        on_all_cores(measure, len(stored), least=max(1, WORTH_A_THREAD // stored.shape[1]))
        is_invalid = ~np.isfinite(lengths)
        is_zero = lengths < _SHORTEST
        lengths[is_invalid | is_zero] = np.inf
        return cls(
            stack=stack,
            stored=stored,
            unit=unit,
            factor=factor,
            shift=shift,
            inverse_lengths=(1.0 / lengths).astype(np.float32),
            is_zero=is_zero,
            is_invalid=is_invalid,
        )

    @property
    def pixel_count(self) -> int:
        """Number of pixels, P."""
        return int(self.stored.shape[0])

    @property
    def feature_count(self) -> int:
        """Number of features, C."""
        return int(self.stored.shape[1])

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
        stored = self.stored[rows]
        if self.is_scaled:
            # integers become float64 here, so that vectors near a shifted zero keep their digits
            stored = stored * self.factor + self.shift
        return stored.astype(np.float32, copy=False)

    def in_engine_units(self, rows: slice | NDArray[np.intp]) -> NDArray[np.float64]:
        """Return vectors in engine units with all their digits."""
        return self.stack.real_values(self.stored[rows]) * self.unit

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


def _engine_unit(stack: FeatureStack, stored: NDArray[Any]) -> float:
    """Return a factor for real values, so that float32 can hold their squares."""
    return _stored_unit(stack, stored) / stack.gain


def _stored_unit(stack: FeatureStack, stored: NDArray[Any]) -> float:
    """Return a factor for values before their gain."""
    if stack.value_range is not None:
        return 1.0 / max(*map(abs, stack.value_range), np.finfo(np.float64).tiny)
    if stored.dtype.kind == "u":
        return 1.0 / float(np.iinfo(stored.dtype).max)
    if stored.dtype.kind != "f":
        return 1.0
    exponent = frexp(_largest_finite(stored))[1]
    # within these bounds neither products nor sums leave float32's range: no scaled copy needed
    return 1.0 if -40 < exponent < 40 else 2.0 ** min(-exponent, np.finfo(stored.dtype).maxexp - 1)


def _float_conversion(stack: FeatureStack, unit: float) -> tuple[float, float]:
    """Return factor and shift from stored values to engine units."""
    if stack.value_range is None:
        return unit * stack.gain, 0.0
    low, high = (unit * value for value in stack.value_range)
    return (high - low) / float(np.iinfo(stack.values.dtype).max), low


def _largest_finite(stored: NDArray[Any]) -> float:
    blocks = (np.abs(stored[rows]) for rows in _blocks(stored))
    return max(float(np.max(b, where=np.isfinite(b), initial=0)) for b in blocks)
