"""Labels whose features table names them, such as frozen classes, measured as a table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from napari.layers import Labels

from napari_ifealid.explorer.drawn_regions import given_names
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.sources import full_data, layer_affine, units_along
from napari_ifealid.grid import Grid, Region, whole_region
from napari_ifealid.results.class_table import class_table

CLASSIFIED_KEY = "napari_ifealid_classified"
"""The metadata of frozen classes hold a `ClassifiedPart` at this key."""

UNCLASSIFIED = "unclassified"
"""Name of the label 0."""


@dataclass(frozen=True)
class ClassifiedPart:
    """The part of a layer whose pixels have been classified.

    Parameters
    ----------
    region : tuple of slice
        Along all axes of the layer.
    axes : tuple of int
        Numbers of those that are axes of space.
    """

    region: Region
    axes: tuple[int, ...]

    @classmethod
    def of(cls, region: Region, session: Session, layer: Labels) -> ClassifiedPart:
        """Return the part of a layer of classes.

        Parameters
        ----------
        region : tuple of slice
            The pixels of the session that have been classified.
        session : Session
        layer : napari Labels layer
            It lies where the map of the session lies.
        """
        axes = list(range(layer.ndim))
        if layer.ndim > len(region):  # a single pixel stands for the features
            number = session.axis % session.layer.ndim
            del axes[number]
            region = (*region[:number], slice(0, 1), *region[number:])
        return cls(region, tuple(axes))


def has_names(layer: Labels) -> bool:
    """Return whether a layer's features table names its labels."""
    return "name" in layer.features


def named_labels_table(layer: Labels) -> pd.DataFrame:
    """Measure the labels of a layer by what it holds now.

    Parameters
    ----------
    layer : napari Labels layer
        Its features table has names.

    Returns
    -------
    pandas.DataFrame
        As of `class_table`, without similarities. A row for each label that has a name or a pixel.
        Pixels beyond the slice that was classified are left out, unless one of them has a label.
    """
    data = np.asarray(full_data(layer))
    part = _measured_part(layer, data)
    numbers = data[part.region]
    names = {0: UNCLASSIFIED, **given_names(layer)}
    labels = sorted({*names, *np.unique(numbers).tolist()})
    grid = Grid(data.shape, layer_affine(layer)).section(part.region, part.axes)
    table = class_table(
        np.searchsorted(labels, numbers).reshape(grid.shape),
        None,
        [names.get(label) or f"label {label}" for label in labels],
        grid=grid,
        units=units_along(layer, [axis - layer.ndim for axis in part.axes]),
    )
    table["label"] = labels
    return table


def _measured_part(layer: Labels, data: np.ndarray) -> ClassifiedPart:
    part = layer.metadata.get(CLASSIFIED_KEY)
    if not isinstance(part, ClassifiedPart) or len(part.region) != data.ndim:
        return ClassifiedPart(whole_region(data.shape), tuple(range(data.ndim)))
    if np.count_nonzero(data) > np.count_nonzero(data[part.region]):  # painted elsewhere
        return ClassifiedPart(whole_region(data.shape), part.axes)
    return part
