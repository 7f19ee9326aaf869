"""The statistics of a stack, measured on all cores."""

from __future__ import annotations

from threading import Lock

import numpy as np

from napari_ifealid.engines.cores import on_all_cores
from napari_ifealid.engines.pixel_vectors import WORTH_A_THREAD, PixelVectors
from napari_ifealid.measures import Moments

_BLOCK_VALUES = 1 << 21  # large enough for the matrix product to take most of the time


def moments_of(pixels: PixelVectors, *, has_scatter: bool) -> Moments:
    """Return the moments of pixel vectors; those that are not finite are left out.

    Parameters
    ----------
    pixels : PixelVectors
    has_scatter : bool
        Whether the products of the deviations are wanted, which cost C products per value.
    """
    parts: dict[int, Moments] = {}
    lock = Lock()
    step = max(1, _BLOCK_VALUES // pixels.feature_count)

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
