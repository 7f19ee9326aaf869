"""What of a pixel vector counts in an overview: its direction, or its values."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures.unit_vectors import unit_vectors
from napari_ifealid.stack import FeatureStack

_PART_VALUES = 1 << 20  # 8 MB in float64


class Aspect(Enum):
    """What of a pixel vector counts."""

    DIRECTIONS = "directions"
    """Its direction alone, as for the spectral angle: vectors are scaled to unit length."""

    VALUES = "values"
    """Its values as they are, so that light and dark differ as well."""


def pixels_in_part(feature_count: int) -> int:
    """Return how many pixels are worth a step of their own."""
    return max(1, _PART_VALUES // feature_count)


def parts_of(
    block: FeatureStack, aspect: Aspect
) -> Iterator[tuple[slice, NDArray[np.float64], NDArray[np.bool_]]]:
    """Yield the vectors of a block of a stack, part by part in C order.

    Parameters
    ----------
    block : FeatureStack
        In memory.
    aspect : Aspect

    Yields
    ------
    rows : slice
        Which pixels these are.
    vectors : array of float64, shape (n, C)
    is_known : array of bool, shape (n,)
        See `known_vectors`.
    """
    stored = block.values.reshape(-1, block.feature_count)
    step = pixels_in_part(block.feature_count)
    for start in range(0, len(stored), step):
        rows = slice(start, min(start + step, len(stored)))
        yield rows, *known_vectors(block, stored[rows], aspect)


def known_vectors(
    stack: FeatureStack, stored: NDArray[Any], aspect: Aspect
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return what counts of some pixels, and which of them have it.

    Parameters
    ----------
    stack : FeatureStack
    stored : array, shape (n, C)
        Stored values of the stack.
    aspect : Aspect

    Returns
    -------
    vectors : array of float64, shape (n, C)
    is_known : array of bool, shape (n,)
        False for pixels that are not finite, or whose squared length is beyond float64; of
        directions, also for zero vectors, which have none.
    """
    vectors = stack.real_values(stored)
    if aspect is Aspect.DIRECTIONS:
        vectors = unit_vectors(vectors)
    with np.errstate(over="ignore", invalid="ignore"):
        squared = np.einsum("pc,pc->p", vectors, vectors)
    is_known = np.isfinite(squared)
    if aspect is Aspect.DIRECTIONS:
        is_known &= squared > 0.0
    return vectors, is_known
