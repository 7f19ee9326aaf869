"""The explored map as the content of a figure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image
from numpy.typing import NDArray

from napari_ifealid.explorer.asked import Asked, AskedKind
from napari_ifealid.explorer.explorer import Explorer
from napari_ifealid.explorer.map_request import SimilarityRequest
from napari_ifealid.explorer.region_reference import RegionReference
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.sources import BACKDROP_KEY, full_data, grid_of, units_along
from napari_ifealid.grid import Grid, Pixel, Place, Region, region_shape
from napari_ifealid.query import Origin
from napari_ifealid.results.figure_content import FigureContent, ReferenceMark
from napari_ifealid.results.world_axes import PIXEL

_WHITE = (1.0, 1.0, 1.0)


def map_figure(explorer: Explorer, viewer: ViewerModel, reference: str) -> FigureContent | None:
    """Return the map that is shown as the content of a figure.

    None without one of similarities, or where a whole volume is shown.

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
    if not isinstance(request, SimilarityRequest) or not is_plane(request.region):
        return None
    axes = _plane(request.region)
    grid = session.grid.section(request.region, axes)
    measure, threshold = request.query.measure, explorer.state.threshold
    how = session.title_of(measure)
    overlay, overlay_grid = _picture_under(session, viewer, request.region, axes)
    if overlay_grid is not None and overlay_grid.axes != grid.axes:
        overlay = overlay_grid = None  # the axes are rolled: the picture is one of another plane
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
        caption=f"{session.layer.name}: similarity ({how}) to {reference}",
        marks=_marks(explorer, request.region, grid.axes),
    )


def is_plane(region: Region) -> bool:
    """Return whether a region is no volume, so that a figure can show it.

    Parameters
    ----------
    region : tuple of slice
    """
    return sum(length > 1 for length in region_shape(region)) <= 2


def _plane(region: Region) -> tuple[int, int]:
    """Return the two axes of a region that are shown: those longer than a pixel, else the last."""
    lengths = region_shape(region)
    long = [axis for axis, length in enumerate(lengths) if length > 1]
    chosen = long[-2:] if len(long) >= 2 else [len(lengths) - 2, len(lengths) - 1]
    return chosen[0], chosen[1]


def _picture_under(
    session: Session, viewer: ViewerModel, region: Region, axes: tuple[int, int]
) -> tuple[NDArray[Any] | None, Grid | None]:
    """Return the image that is seen under the map, and where it lies; None for both without one."""
    belongs = (True, session.layer.unique_id)  # under the map, or in the cell of a stack
    backdrops = [layer for layer in viewer.layers if layer.metadata.get(BACKDROP_KEY) in belongs]
    backdrop = next((layer for layer in backdrops if layer.visible), next(iter(backdrops), None))
    if session.layer.rgb and (session.layer.visible or backdrop is not None):
        # the photo whose colours are compared
        grid = session.grid.section(region, axes)
        photo = np.asarray(full_data(session.layer)[region]).reshape(*grid.shape, -1)
        return (photo if photo.dtype.kind == "f" else photo / np.iinfo(photo.dtype).max), grid
    if backdrop is None or not backdrop.visible:
        return None, None
    return np.asarray(backdrop.data), grid_of(backdrop, -1)


def _unit(layer: Image, grid: Grid) -> str | None:
    """Return the unit of the plane, None where it is unknown or the axes differ."""
    units = set(units_along(layer, grid.axes))
    unit = units.pop() if len(units) == 1 else PIXEL
    return None if unit == PIXEL else unit


def _marks(explorer: Explorer, region: Region, axes: tuple[int, ...]) -> tuple[ReferenceMark, ...]:
    """Return the marks of what is compared with, as far as it lies in the region."""
    asked, session = explorer.asked, explorer.session
    if asked is None or session is None or explorer.asking is not session:
        return ()  # what is held in another image has no place in this one
    found = [
        (place, colour)
        for pixel, place, colour in _marked(explorer, session, asked)
        if all(part.start <= index < part.stop for part, index in zip(region, pixel, strict=True))
    ]
    return tuple(
        ReferenceMark(tuple(place[axis] for axis in axes), _rgb(colour) if colour else _WHITE)
        for place, colour in found
    )


def _marked(
    explorer: Explorer, session: Session, asked: Asked
) -> Iterator[tuple[Pixel, Place, str]]:
    """Yield the pixel, the place and the colour of each reference that has a place."""
    if asked.kind is AskedKind.CURSOR:
        place, pixel = explorer.cursor.place, explorer.pixel
        if place is not None and pixel is not None and not explorer.is_outside:
            yield pixel, place, ""
        return
    signs = {one.sign for one in asked.references}
    void = explorer.pins_without_data
    for pixel, pin in explorer.pinned:
        if pin.sign in signs and pin not in void:
            yield pixel, pin.place, pin.colour
    for one in asked.references:
        if isinstance(one, RegionReference) and one.origin is not Origin.PIN:
            middle = one.middle(session.grid.shape)
            yield middle, session.grid.moved_to((), middle), one.colour


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red / 255.0, green / 255.0, blue / 255.0
