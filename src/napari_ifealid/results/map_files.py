"""A similarity map as a file: NumPy, TIFF or CSV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from os import PathLike
from typing import IO, Any

import numpy as np
import pandas as pd
import tifffile
from numpy.typing import ArrayLike, NDArray

from napari_ifealid.formats.atomic_write import written_file
from napari_ifealid.georeference import Georeference
from napari_ifealid.grid import Grid
from napari_ifealid.results.geotiff_files import write_geotiff
from napari_ifealid.results.output_suffix import checked_suffix
from napari_ifealid.results.world_axes import (
    PIXEL,
    Units,
    axis_names,
    checked_grid,
    units_of_axes,
)

_IMAGEJ_AXES = 4  # t, z, y and x; the similarity is one channel
_IMAGEJ_BYTES = 2**32 - 2**16  # offsets of 32 bit, and room for the header
_IMAGEJ_UNITS = {"micrometer": "micron", "µm": "micron", "um": "micron"}
_CSV_PIXELS = 2**17  # as many lines are made at once


def write_map(
    path: str | PathLike[str],
    similarity: ArrayLike,
    *,
    grid: Grid | None = None,
    units: Units | None = None,
    names: Sequence[str] | None = None,
    georeference: Georeference | None = None,
    force: bool = False,
) -> None:
    """Write a map as a file, whose suffix says what it is.

    - .npy: a NumPy array of float32.
    - .tif, .tiff: an image of float32, which ImageJ opens as a hyperstack. It has the distance of
      the pixels and its unit where the units are known and the grid is neither rotated nor
      sheared. A map of more than 4 axes or 4 GB, or one pixel wide, is a TIFF without
      them; a map of two axes with a georeference is a GeoTIFF instead, NaN where there is no value.
    - .csv: one line for each pixel, in C order. The columns are its index along each axis (``y``,
      ``x``), with a grid the place of its centre in the world (``world_y``, ``world_x``), and its
      ``similarity``, empty for NaN.

    ``pandas.read_csv(path).pivot(index="y", columns="x", values="similarity")`` turns the CSV
    of a 2-D map into a matrix; in a spreadsheet, a pivot table does.

    Parameters
    ----------
    path : path
    similarity : array, shape (..., y, x)
        Written as float32.
    grid : Grid, optional
        Where the pixels lie in the world.
    units : str or sequence of str, optional
        Unit of the world, or one for each axis. None, or "pixel": not known.
    names : sequence of str, optional
        Names of the axes: ..., t, z, y and x unless given.
    georeference : Georeference, optional
        Where the pixels of the map lie on the earth.
    force : bool, optional
        Whether an existing file is replaced.

    Raises
    ------
    DatasetError
        If the name has another suffix, if there is such a file already and `force` is off, or if
        it can't be written.
    ValueError
        If the map has fewer than two axes, or if the grid, the units or the names do not fit it.
    """
    suffix = checked_suffix(path, list(_WRITERS))
    values = np.asarray(similarity, np.float32)
    if values.ndim < 2:
        raise ValueError(f"a map of shape {values.shape}; expected two or more axes")
    if grid is not None:
        checked_grid(grid, values.shape)
    each = units_of_axes(PIXEL if units is None else units, values.ndim)
    axes = _checked_names(names, values.ndim)
    with written_file(path, force=force) as stream:
        if georeference is not None and values.ndim == 2 and _WRITERS[suffix] is _write_tiff:
            write_geotiff(stream, values, georeference, nodata="nan")
        else:
            _WRITERS[suffix](stream, values, grid, each, axes)


def _checked_names(names: Sequence[str] | None, count: int) -> Sequence[str]:
    if names is None:
        return axis_names(count)
    if len(set(names)) != len(names) or len(names) != count:
        raise ValueError(f"the axes {list(names)}; expected {count} different names")
    return names


def _write_npy(stream: IO[bytes], values: NDArray[np.float32], *_: object) -> None:
    np.save(stream, values)


def _write_tiff(
    stream: IO[bytes],
    values: NDArray[np.float32],
    grid: Grid | None,
    units: Sequence[str],
    names: Sequence[str],
) -> None:
    buffer = BytesIO()  # tifffile refuses a stream whose name is a number, as an unfinished file's
    described = _imagej_tags(grid, units, names) if _fits_imagej(values) else {}
    tifffile.imwrite(buffer, values, photometric="minisblack", **described)
    stream.write(buffer.getbuffer())


def _fits_imagej(values: NDArray[np.float32]) -> bool:
    # tifffile joins slices that are one pixel wide into one image
    return values.ndim <= _IMAGEJ_AXES and values.nbytes <= _IMAGEJ_BYTES and values.shape[-1] > 1


def _imagej_tags(grid: Grid | None, units: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    """Return the arguments by which tifffile describes a map for ImageJ."""
    axes = _imagej_axes(names)
    spacing = _spacing(grid)
    if spacing is None or units[-1] != units[-2] or units[-1] == PIXEL:
        return {"imagej": True, "metadata": {"axes": axes}}
    metadata: dict[str, Any] = {"axes": axes, "unit": _imagej_unit(units[-1])}
    for letter, key, unit in (("Z", "spacing", units[-1]), ("T", "finterval", "second")):
        axis = axes.find(letter)
        if axis >= 0 and units[axis] == unit:
            metadata[key] = spacing[axis]
    resolution = (1.0 / spacing[-1], 1.0 / spacing[-2])
    return {"imagej": True, "metadata": metadata, "resolution": resolution}


def _imagej_axes(names: Sequence[str]) -> str:
    """Return ImageJ's letters of the axes; a third one is time only if it is called so."""
    if len(names) == 3 and names[0].lower() in ("t", "time"):
        return "TYX"
    return "TZYX"[-len(names) :]


def _imagej_unit(unit: str) -> str:
    """Return a unit as ImageJ writes it, in ASCII."""
    known = _IMAGEJ_UNITS.get(unit, unit)
    return "".join(part if part.isascii() else f"\\u{ord(part):04X}" for part in known)


def _spacing(grid: Grid | None) -> list[float] | None:
    """Return the distances of the pixels; None if they don't lie along the axes of the world."""
    if grid is None:
        return None
    matrix = grid.affine[:-1, :-1]
    diagonal = np.diagonal(matrix)
    if np.any(matrix != np.diag(diagonal)) or not np.all(np.abs(diagonal) > 0.0):
        return None
    return [float(step) for step in np.abs(diagonal)]


def _write_csv(
    stream: IO[bytes],
    values: NDArray[np.float32],
    grid: Grid | None,
    units: Sequence[str],  # noqa: ARG001
    names: Sequence[str],
) -> None:
    for start in range(0, max(1, values.size), _CSV_PIXELS):
        numbers = np.arange(start, min(start + _CSV_PIXELS, values.size))
        pixels = np.array(np.unravel_index(numbers, values.shape))
        columns = dict(zip(names, pixels, strict=True))
        if grid is not None:
            places = grid.affine[:-1, :-1] @ pixels + grid.affine[:-1, -1:]
            columns |= {f"world_{name}": x for name, x in zip(names, places, strict=True)}
        table = pd.DataFrame(columns | {"similarity": values.ravel()[numbers]})
        text = table.to_csv(index=False, header=start == 0, lineterminator="\n")
        stream.write(text.encode())


_WRITERS: dict[str, Callable[..., None]] = {
    ".npy": _write_npy,
    ".tif": _write_tiff,
    ".tiff": _write_tiff,
    ".csv": _write_csv,
}
