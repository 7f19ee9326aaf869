"""The most similar reference of each pixel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.engine import Engine, whole_map
from napari_ifealid.grid import Region, region_shape
from napari_ifealid.query import Query, Rule


def classes_of(
    engine: Engine, query: Query, region: Region
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return which of the references each pixel is most similar to.

    With the spectral angle this is the spectral angle mapper of Kruse et al. (1993,
    doi:10.1016/0034-4257(93)90013-N).

    Parameters
    ----------
    engine : Engine
    query : Query
        Its references count one by one, whatever its rule and their signs.
    region : tuple of slice
        The pixels that are asked for.

    Returns
    -------
    labels : array of int32, shape of the region
        Number of the reference, counted from 1; the first one of equals. 0 where no similarity is
        known.
    values : array of float32, shape of the region
        The similarity to it; NaN where none is known.
    """
    labels = np.zeros(region_shape(region), np.int32)
    values = np.full(labels.shape, np.nan, np.float32)
    for number, reference in enumerate(query.references, start=1):
        single = Query((replace(reference, sign=1),), Rule.BEST, query.measure)
        similarity = whole_map(engine.parts(single, region), region)
        is_better = (similarity > values) | (np.isnan(values) & ~np.isnan(similarity))
        labels[is_better] = number
        values[is_better] = similarity[is_better]
    return labels, values
