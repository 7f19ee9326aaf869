"""The products of all vectors of a stack with a vector, in float64."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.cores import on_all_cores
from napari_ifealid.engines.pixel_vectors import WORTH_A_THREAD, PixelVectors
from napari_ifealid.sharpening.compiled_sums import COMPILED_SUMS, STORED


def stack_products(pixels: PixelVectors, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the products of all pixels with vectors, in engine units.

    In float64, since the cosine of a small angle keeps no digits of it in float32.

    Parameters
    ----------
    pixels : PixelVectors
    vectors : array of float64, shape (R, C)
        Of the features that are compared.

    Returns
    -------
    array of float64, shape (R, P)
        0 for pixels that are not finite.
    """
    products = np.empty((len(vectors), pixels.pixel_count))
    stored, compiled = pixels.stored, COMPILED_SUMS.ready
    is_known = stored.dtype.name in STORED and stored.dtype.isnative
    is_direct = is_known and stored.flags.c_contiguous
    if compiled is not None and is_direct and not pixels.spoils_products:
        multiplied = pixels.used.expanded(vectors) if pixels.used is not None else vectors
        multiplied, rest = multiplied * pixels.factor, pixels.shift * vectors.sum(axis=1)

        def multiply(rows: slice) -> None:
            for number, one in enumerate(multiplied):
                compiled.multiplied(stored, one, products[number, rows], rows.start)
                products[number, rows] += rest[number]
    else:

        def multiply(rows: slice) -> None:
            with np.errstate(invalid="ignore", over="ignore"):
                for block in pixels.blocks(rows):
                    products[:, block] = vectors @ pixels.in_engine_units(block).T

    least = max(1, WORTH_A_THREAD // pixels.feature_count)
    on_all_cores(multiply, pixels.pixel_count, least=least)
    products[:, pixels.is_invalid] = 0.0
    return products
