"""The lengths of up-sampled vectors, and all else that a measure needs to know of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import prod

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.cores import core_count, on_all_cores
from napari_ifealid.engines.pixel_vectors import SHORTEST, PixelVectors
from napari_ifealid.measures import Background, Linear, UnitLength
from napari_ifealid.sharpening.compiled_sums import COMPILED_SUMS
from napari_ifealid.sharpening.sharp_terms import FormTerms
from napari_ifealid.sharpening.weights import Weights

_BLOCK = 1 << 18  # values of up-sampled vectors that stay in a core's cache
_BLOCKS_IN_A_STEP = 16  # of each core: a step takes a tenth of a second


def step_count(weights: Weights, feature_count: int) -> int:
    """Return how many steps `measuring_steps` has."""
    return -(-prod(weights.image_shape) // _step_length(feature_count))


def measuring_steps(
    terms: FormTerms,
    weights: Weights,
    pixels: PixelVectors,
    kernel: UnitLength | Linear,
    background: Background | None,
) -> Iterator[None]:
    """Measure the up-sampled vectors of an image, block by block on all cores.

    Parameters
    ----------
    terms : FormTerms
        Of the whole image; filled.
    weights : Weights
    pixels : PixelVectors
        Of the stack, of the features that are compared.
    kernel : UnitLength or Linear
        Of the measure.
    background : Background, optional
        In engine units.
    """
    flat, step = terms.flat, _step_length(pixels.feature_count)
    measure = partial(_measure, flat, weights, pixels, kernel, background)
    for start in range(0, len(flat.factor), step):
        stop = min(start + step, len(flat.factor))
        least = _block_length(pixels.feature_count)
        on_all_cores(partial(_after, start, measure), stop - start, least=least)
        yield None


def _after(start: int, measure: partial[None], part: slice) -> None:
    measure(slice(start + part.start, start + part.stop))


def _measure(
    terms: FormTerms,
    weights: Weights,
    pixels: PixelVectors,
    kernel: UnitLength | Linear,
    background: Background | None,
    part: slice,
) -> None:
    length = _block_length(pixels.feature_count)
    for start in range(part.start, part.stop, length):
        block = slice(start, min(start + length, part.stop))
        if weights.is_void.reshape(-1)[block].all():
            terms.is_invalid[block] = True
            continue
        near = weights.reach(block)
        vectors = np.ascontiguousarray(pixels.in_engine_units(near))
        vectors[pixels.is_invalid[near]] = 0.0
        is_invalid = _is_invalid(weights, pixels, block)
        if isinstance(kernel, UnitLength):
            lengths = _lengths(weights, block, vectors, near)
            is_zero = lengths < SHORTEST
            terms.factor[block] = 1.0 / np.where(is_zero | is_invalid, np.inf, lengths)
        else:
            sharp = weights.rows(block, near) @ vectors
            measured = kernel.pixel_terms(sharp, background)
            is_zero = measured.is_zero
            terms.factor[block] = np.where(is_invalid, 0.0, measured.factor)
            terms.shift[block] = np.where(is_invalid, 0.0, measured.shift)
            terms.lengths[block] = np.sqrt(np.einsum("pc,pc->p", sharp, sharp))
        terms.is_zero[block], terms.is_invalid[block] = is_zero & ~is_invalid, is_invalid


def _lengths(
    weights: Weights, block: slice, vectors: NDArray[np.float64], near: slice
) -> NDArray[np.float64]:
    compiled = COMPILED_SUMS.ready
    if compiled is None:
        sharp = weights.rows(block, near) @ vectors
        norms: NDArray[np.float64] = np.linalg.norm(sharp, axis=1)
        return norms
    columns, values = (
        entries.reshape(-1, weights.taps)[block] for entries in (weights.columns, weights.values)
    )
    lengths = np.empty(len(columns))
    compiled.lengths(columns, values, vectors, near.start, lengths)
    return lengths


def _is_invalid(weights: Weights, pixels: PixelVectors, block: slice) -> NDArray[np.bool_]:
    """Return which pixels have no vector, or one that takes something from a pixel without any."""
    is_invalid = weights.is_void.reshape(-1)[block]
    if not pixels.is_invalid.any():
        return is_invalid
    columns, values = (
        entries.reshape(-1, weights.taps)[block] for entries in (weights.columns, weights.values)
    )
    return is_invalid | (pixels.is_invalid[columns] & (values > 0)).any(axis=1)


def _step_length(feature_count: int) -> int:
    return _block_length(feature_count) * core_count() * _BLOCKS_IN_A_STEP


def _block_length(feature_count: int) -> int:
    return max(1, _BLOCK // feature_count)
