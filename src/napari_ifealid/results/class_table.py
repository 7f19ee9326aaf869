"""A table of classes: their names, areas and similarities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from napari_ifealid.grid import Grid
from napari_ifealid.results.region_table import area_unit
from napari_ifealid.results.world_axes import PIXEL, Units, checked_grid, units_of_axes


def class_table(
    labels: ArrayLike,
    similarity: ArrayLike,
    names: Sequence[str],
    *,
    grid: Grid | None = None,
    units: Units = PIXEL,
) -> pd.DataFrame:
    """Measure the classes of a map.

    Parameters
    ----------
    labels : array of int, shape (..., y, x)
        The class of each pixel, an index of `names`.
    similarity : array, shape (..., y, x)
        The similarity to the reference of the class.
    names : sequence of str
        Name of each class, the first one of the pixels in none.
    grid : Grid, optional
        Where the pixels lie in the world; one pixel is one unit of the world unless given.
    units : str or sequence of str, optional
        Unit of the world, or one for each axis.

    Returns
    -------
    pandas.DataFrame
        One row for each class, also those without pixels:

        - ``label`` and ``name``
        - ``area_pixels``: number of pixels
        - ``area_world``: area, or volume, in the world, in ``area_unit``
        - ``area_unit``: such as "micrometer^2"
        - ``mean_similarity``: of the pixels where it is known; NaN where there are none

    Raises
    ------
    ValueError
        If the shapes differ, if the labels are no indices of names, or if the units do not fit.
    """
    labels, similarity = np.asarray(labels), np.asarray(similarity, np.float32)
    if labels.dtype.kind not in "iu" or labels.ndim < 2 or labels.shape != similarity.shape:
        raise ValueError(
            f"labels of type {labels.dtype} and shape {labels.shape}; expected integers, of the "
            f"shape of the map, {similarity.shape}"
        )
    if labels.size and not 0 <= labels.min() <= labels.max() < len(names):
        raise ValueError(
            f"labels from {labels.min()} to {labels.max()}; expected 0 to {len(names) - 1}, one "
            "for each name"
        )
    grid, flat = checked_grid(grid, labels.shape), labels.ravel()
    values = similarity.ravel().astype(np.float64)
    is_known = np.isfinite(values)
    area = np.bincount(flat, minlength=len(names))
    known = np.bincount(flat[is_known], minlength=len(names))
    sums = np.bincount(flat[is_known], weights=values[is_known], minlength=len(names))
    means = np.full(len(names), np.nan)
    np.divide(sums, known, out=means, where=known > 0)
    return pd.DataFrame(
        {
            "label": range(len(names)),
            "name": list(names),
            "area_pixels": area,
            "area_world": area * abs(np.linalg.det(grid.affine[:-1, :-1])),
            "area_unit": [area_unit(units_of_axes(units, labels.ndim))] * len(names),
            "mean_similarity": means,
        }
    )
