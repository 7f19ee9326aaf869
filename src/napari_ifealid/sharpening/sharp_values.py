"""Sharp maps: the values of a query for the up-sampled vectors of an image's pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.cores import on_all_cores
from napari_ifealid.grid import Region
from napari_ifealid.measures import Measure
from napari_ifealid.sharpening.sharp_query import SharpQuery
from napari_ifealid.sharpening.sharp_terms import FormTerms
from napari_ifealid.sharpening.weighted_sums import WeightedSums

_BLOCK = 1 << 17  # pixels; in smaller blocks, threads wait for each other


def sharp_values(
    sums: WeightedSums,
    terms: FormTerms,
    query: SharpQuery,
    measure: Measure,
    region: Region,
    step: int = 1,
) -> NDArray[np.float32]:
    """Return the values of a query for pixels of an image.

    The cosine of an up-sampled vector a = (W F)ₚ and a reference q is (W (F q))ₚ / (‖a‖ ‖q‖): the
    products F q are of the small stack, and no up-sampled vector is needed but for its length.

    Parameters
    ----------
    sums : WeightedSums
        Of the weights W.
    terms : FormTerms
        Of the whole image, for the measure.
    query : SharpQuery
    measure : Measure
    region : tuple of slice
    step : int, optional
        Each so many-th pixel along both axes, from the region's first one on.

    Returns
    -------
    array of float32, shape (h, w)
        NaN where a pixel has no vector, or everywhere if no reference is finite.
    """
    rows, columns = (slice(part.start, part.stop, step) for part in region)
    terms = terms.at((rows, columns))
    values = np.empty(terms.factor.shape, np.float32)
    if query.is_void:
        values[:] = np.nan
        return values
    height = max(1, _BLOCK * len(values) // values.size)

    def fill(part: slice) -> None:
        for start in range(part.start, part.stop, height):
            block = (slice(start, min(start + height, part.stop)),)
            of_block = terms.at(block)
            first = rows.start + start * step, columns.start
            forms = np.empty(of_block.factor.shape)
            sums.fill_largest(forms, query.products, query.offsets, first, step)
            forms *= of_block.factor
            forms += of_block.shift
            values[block] = query.values_of(forms, of_block)

    if len(query.products):
        on_all_cores(fill, len(values), least=height)
    else:
        values[:] = 0.0
    if query.has_zero:
        values[terms.is_zero] = measure.limits[1]
    values[terms.is_invalid] = np.nan
    return values
