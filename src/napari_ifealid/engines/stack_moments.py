"""The statistics of a stack, measured on all cores."""

from __future__ import annotations

from threading import Lock

import numpy as np

from napari_ifealid.engines.cores import on_all_cores
from napari_ifealid.engines.pixel_vectors import WORTH_A_THREAD, PixelVectors
from napari_ifealid.measures import Moments
from napari_ifealid.memory import check_memory

_MATRICES = 4  # of all pairs of features, of float64: those of two parts, their sum, its inverse
_BLOCK_VALUES = 1 << 21  # large enough for the matrix product to take most of the time


def moments_of(pixels: PixelVectors, *, has_scatter: bool) -> Moments:
    """Return the moments of pixel vectors; those that are not finite are left out.

    Parameters
    ----------
    pixels : PixelVectors
    has_scatter : bool
        Whether the products of the deviations are wanted, which cost C products per value.

    Raises
    ------
    DatasetError
        If memory is short for those of all pairs of features.
    """
    if has_scatter:
        check_memory(_MATRICES * 8 * pixels.feature_count**2)
    parts: dict[int, Moments] = {}
    lock = Lock()
    # as many pixels as features at least: each part has a number for each pair of features
    step = max(_BLOCK_VALUES // pixels.feature_count, pixels.feature_count if has_scatter else 1)

    def measure(rows: slice) -> None:
        for start in range(rows.start, rows.stop, step):
            block = pixels.in_engine_units(slice(start, min(start + step, rows.stop)))
            with np.errstate(invalid="ignore", over="ignore"):  # pixels that are not finite
                part = Moments.of(block, has_scatter=has_scatter, scale=1.0 / pixels.unit)
            with lock:
                parts[start] = part

    least = max(1, WORTH_A_THREAD // pixels.feature_count)
    on_all_cores(measure, pixels.pixel_count, least=least)
    _, first = min(parts.items())
    for start in sorted(parts)[1:]:
        first = first.joined(parts[start])
    return first
