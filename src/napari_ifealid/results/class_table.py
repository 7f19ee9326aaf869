"""A table of classes: their names, areas and similarities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from napari_ifealid.grid import Grid
from napari_ifealid.results.region_table import area_unit
from napari_ifealid.results.world_axes import PIXEL, Units, checked_grid, units_of_axes


def class_table(
    labels: ArrayLike,
    similarity: ArrayLike | None,
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
    similarity : array, shape (..., y, x), or None
        The similarity to the reference of the class; None where it is not known.
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
        - ``mean_similarity``: of the pixels where it is known; NaN where there are none. There is
          no such column without similarities

    Raises
    ------
    ValueError
        If the shapes differ, if the labels are no indices of names, or if the units do not fit.
    """
    labels = np.asarray(labels)
    shape = labels.shape if similarity is None else np.shape(similarity)
    if labels.dtype.kind not in "iu" or labels.ndim < 2 or labels.shape != shape:
        raise ValueError(
            f"labels of type {labels.dtype} and shape {labels.shape}; expected integers, of the "
            f"shape of the map, {shape}"
        )
    if labels.size and not 0 <= labels.min() <= labels.max() < len(names):
        raise ValueError(
            f"labels from {labels.min()} to {labels.max()}; expected 0 to {len(names) - 1}, one "
            "for each name"
        )
    grid, flat = checked_grid(grid, labels.shape), labels.ravel()
    area = np.bincount(flat, minlength=len(names))
    table = pd.DataFrame(
        {
            "label": range(len(names)),
            "name": list(names),
            "area_pixels": area,
            "area_world": area * abs(np.linalg.det(grid.affine[:-1, :-1])),
            "area_unit": [area_unit(units_of_axes(units, labels.ndim))] * len(names),
        }
    )
    if similarity is not None:
        values = np.asarray(similarity, np.float32).ravel().astype(np.float64)
        table["mean_similarity"] = _means(flat, values, len(names))
    return table


def _means(
    labels: NDArray[np.integer], values: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    """Return the mean of the finite values of each label."""
    is_known = np.isfinite(values)
    known = np.bincount(labels[is_known], minlength=count)
    sums = np.bincount(labels[is_known], weights=values[is_known], minlength=count)
    means = np.full(count, np.nan)
    np.divide(sums, known, out=means, where=known > 0)
    return means
