"""A table of regions: their area, similarity and place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from napari_ifealid.formats.atomic_write import written_file
from napari_ifealid.grid import Grid
from napari_ifealid.results.output_suffix import checked_suffix
from napari_ifealid.results.world_axes import (
    PIXEL,
    Units,
    axis_names,
    checked_grid,
    units_of_axes,
)
from napari_ifealid.utf8 import to_utf8


def region_table(
    labels: ArrayLike,
    similarity: ArrayLike,
    *,
    grid: Grid | None = None,
    units: Units = PIXEL,
) -> pd.DataFrame:
    """Measure the regions of a map.

    Parameters
    ----------
    labels : array of int, shape (..., y, x)
        The region of each pixel, 0 where there is none, see `threshold_regions`.
    similarity : array, shape (..., y, x)
        The map.
    grid : Grid, optional
        Where the pixels lie in the world; one pixel is one unit of the world unless given.
    units : str or sequence of str, optional
        Unit of the world, or one for each axis.

    Returns
    -------
    pandas.DataFrame
        One row for each region, by rising label. The axes are called y and x, z before them, t
        before these and axis_0, axis_1, … before these. Columns:

        - ``label``
        - ``area_pixels``: number of pixels
        - ``area_world``: area, or volume, in the world, in ``area_unit``
        - ``area_unit``: such as "micrometer^2"
        - ``mean_similarity``, ``maximum_similarity``: NaN where the map has a NaN in the region
        - ``centroid_y``, ``centroid_x``: mean index of its pixels, counted from 0
        - ``world_centroid_y``, ``world_centroid_x``: its place, in units of the world
        - ``first_y``, ``first_x``: smallest index of its pixels
        - ``stop_y``, ``stop_x``: largest index of its pixels, plus 1

    Raises
    ------
    ValueError
        If the shapes differ, if the labels are no integers, or if the units do not fit.
    """
    labels, similarity = np.asarray(labels), np.asarray(similarity, np.float32)
    _check(labels, similarity)
    grid, names = checked_grid(grid, labels.shape), axis_names(labels.ndim)
    pixels = _pixels_by_label(labels)
    numbers, starts, area = np.unique(labels[pixels], return_index=True, return_counts=True)
    values, matrix = similarity[pixels], grid.affine[:-1, :-1]
    centroids = np.array([_means(part, starts, area) for part in pixels])
    places = matrix @ centroids + grid.affine[:-1, -1:]
    return pd.DataFrame(
        {
            "label": numbers,
            "area_pixels": area,
            "area_world": area * abs(np.linalg.det(matrix)),
            "area_unit": [area_unit(units_of_axes(units, labels.ndim))] * len(numbers),
            "mean_similarity": _means(values, starts, area),
            "maximum_similarity": np.maximum.reduceat(values, starts),
            **_columns("centroid", names, centroids),
            **_columns("world_centroid", names, places),
            **_columns("first", names, [np.minimum.reduceat(part, starts) for part in pixels]),
            **_columns("stop", names, [np.maximum.reduceat(part, starts) + 1 for part in pixels]),
        }
    )


def write_table(path: str | PathLike[str], table: pd.DataFrame, *, force: bool = False) -> None:
    """Write a table as CSV in UTF-8: a header, then one line for each row.

    Parameters
    ----------
    path : path
        Ends in .csv.
    table : pandas.DataFrame
    force : bool, optional
        Whether an existing file is replaced.

    Raises
    ------
    DatasetError
        If the name has another suffix, if there is such a file already and `force` is off, or if
        it can't be written.
    """
    checked_suffix(path, [".csv"])
    with written_file(path, force=force) as stream:
        stream.write(to_utf8(table.to_csv(index=False, lineterminator="\n")))


def _check(labels: NDArray[Any], similarity: NDArray[np.float32]) -> None:
    if labels.dtype.kind not in "iu" or labels.ndim < 2:
        raise ValueError(
            f"labels of type {labels.dtype} and shape {labels.shape}; expected integers along two "
            "or more axes"
        )
    if labels.shape != similarity.shape:
        raise ValueError(
            f"labels of shape {labels.shape}; expected that of the map, {similarity.shape}"
        )


def _pixels_by_label(labels: NDArray[Any]) -> tuple[NDArray[np.intp], ...]:
    """Return the indices of all labelled pixels along each axis, by rising label."""
    pixels = np.nonzero(labels)
    order = np.argsort(labels[pixels], kind="stable")
    return tuple(part[order] for part in pixels)


def _means(
    values: NDArray[Any], starts: NDArray[np.intp], area: NDArray[np.intp]
) -> NDArray[np.float64]:
    sums: NDArray[np.float64] = np.add.reduceat(values.astype(np.float64), starts)
    return sums / area


def _columns(
    what: str, names: Sequence[str], columns: Iterable[NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    return {f"{what}_{name}": column for name, column in zip(names, columns, strict=True)}


def area_unit(units: Sequence[str]) -> str:
    """Return the product of the axes' units, such as "micrometer^2" or "second*pixel^2"."""
    powers = Counter(units).items()
    return "*".join(unit if power == 1 else f"{unit}^{power}" for unit, power in powers)
