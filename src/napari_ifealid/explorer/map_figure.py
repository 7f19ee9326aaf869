"""The explored map as the content of a figure."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image
from numpy.typing import NDArray

from napari_ifealid.explorer.explorer import Explorer
from napari_ifealid.explorer.map_request import ReferenceMode, SimilarityRequest
from napari_ifealid.explorer.sources import BACKDROP_KEY, grid_of
from napari_ifealid.grid import Grid, Place, Region, region_shape
from napari_ifealid.results.figure_content import FigureContent, ReferenceMark
from napari_ifealid.results.world_axes import PIXEL

_WHITE = (1.0, 1.0, 1.0)


def map_figure(explorer: Explorer, viewer: ViewerModel, reference: str) -> FigureContent | None:
    """Return the map that is shown as the content of a figure; None without one of similarities.

    Parameters
    ----------
    explorer : Explorer
    viewer : napari viewer
    reference : str
        What is compared with, in words.
    """
    session, layer = explorer.session, explorer.map_layer
    values = None if session is None else session.shown_values
    if session is None or session.shown is None or values is None or layer is None:
        return None
    request = session.shown.request
    if not isinstance(request, SimilarityRequest):
        return None
    axes = _plane(request.region)
    grid = _section(session.grid, request.region, axes)
    measure, threshold = request.query.measure, explorer.state.threshold
    image = _image_under(viewer)
    overlay, overlay_grid = (None, None) if image is None else _picture(image)
    return FigureContent(
        values=values.reshape(grid.shape).copy(),
        grid=grid,
        limits=(float(layer.contrast_limits[0]), float(layer.contrast_limits[1])),
        colours=np.array(layer.colormap.colors, float),
        threshold=threshold if threshold > measure.limits[0] else None,
        overlay=overlay,
        overlay_grid=overlay_grid,
        unit=_unit(layer, grid),
        title=f"{measure.name} similarity",
        caption=f"{session.layer.name}: similarity ({measure.name}) to {reference}",
        marks=_marks(explorer, grid.axes),
    )


def _plane(region: Region) -> tuple[int, int]:
    """Return the two axes of a region that are shown: those longer than a pixel, else the last."""
    lengths = region_shape(region)
    long = [axis for axis, length in enumerate(lengths) if length > 1]
    chosen = long[-2:] if len(long) >= 2 else [len(lengths) - 2, len(lengths) - 1]
    return chosen[0], chosen[1]


def _section(grid: Grid, region: Region, axes: tuple[int, int]) -> Grid:
    """Return the grid of a region along two of its axes."""
    chosen, affine = list(axes), np.eye(3)
    affine[:2, :2] = grid.affine[np.ix_(chosen, chosen)]
    affine[:2, 2] = grid.place_of([part.start for part in region])[chosen]
    lengths = region_shape(region)
    return Grid(
        shape=(lengths[axes[0]], lengths[axes[1]]),
        affine=affine,
        axes=(grid.axes[axes[0]], grid.axes[axes[1]]),
    )


def _image_under(viewer: ViewerModel) -> Image | None:
    """Return the image that the plugin shows under the map, if it does."""
    images = (layer for layer in viewer.layers if BACKDROP_KEY in layer.metadata)
    return next((image for image in images if image.visible), None)


def _picture(image: Image) -> tuple[NDArray[np.uint8], Grid]:
    whole = grid_of(image, -1)
    pixels = np.asarray(image.data)
    picture = pixels.reshape(pixels.shape[-3:])
    region = tuple(slice(0, length) for length in whole.shape)
    return picture, _section(whole, region, (len(whole.shape) - 2, len(whole.shape) - 1))


def _unit(layer: Image, grid: Grid) -> str | None:
    """Return the unit of the plane, None where it is unknown or the axes differ."""
    units = {str(layer.units[axis]) for axis in grid.axes if -axis <= layer.ndim}
    unit = units.pop() if len(units) == 1 else PIXEL
    return None if unit == PIXEL else unit


def _marks(explorer: Explorer, axes: tuple[int, ...]) -> tuple[ReferenceMark, ...]:
    def along(place: Place) -> Place:
        return tuple(place[axis] for axis in axes)

    pinned = explorer.pinned
    if explorer.state.reference is not ReferenceMode.CURSOR and pinned:
        return tuple(ReferenceMark(along(pin.place), _rgb(pin.colour)) for _, pin in pinned)
    place = explorer.cursor.place
    if place is None or explorer.is_outside:
        return ()
    return (ReferenceMark(along(place), _WHITE),)


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red / 255.0, green / 255.0, blue / 255.0
