"""Regions of a map as a TIFF."""

from __future__ import annotations

from io import BytesIO
from os import PathLike

import numpy as np
import tifffile

from napari_ifealid.formats.atomic_write import written_file
from napari_ifealid.formats.tiff_layouts import spatial_letters
from napari_ifealid.georeference import Georeference
from napari_ifealid.results.geotiff_files import write_geotiff
from napari_ifealid.results.output_suffix import checked_suffix
from napari_ifealid.results.regions import Labels

_FEW = 255, 65535


def write_labels(
    path: str | PathLike[str],
    labels: Labels,
    *,
    georeference: Georeference | None = None,
    force: bool = False,
) -> None:
    """Write regions as a TIFF: the number of its region at each pixel, 0 where there is none.

    Parameters
    ----------
    path : path
        Ends in .tif or .tiff.
    labels : array of int32, shape (..., y, x)
        See `threshold_regions`. Written with as few bits as hold the largest number: 8, 16 or 32.
    georeference : Georeference, optional
        Where their pixels lie on the earth: labels of two axes are a GeoTIFF then.
    force : bool, optional
        Whether an existing file is replaced.

    Raises
    ------
    DatasetError
        If the name has another suffix, if there is such a file already and `force` is off, or if
        it can't be written.
    """
    checked_suffix(path, [".tif", ".tiff"])
    largest = int(labels.max(initial=0))
    dtype = np.uint8 if largest <= _FEW[0] else np.uint16 if largest <= _FEW[1] else np.int32
    numbers = labels.astype(dtype)
    with written_file(path, force=force) as stream:
        if georeference is not None and labels.ndim == 2:
            write_geotiff(stream, numbers, georeference, nodata="0")
            return
        buffer = BytesIO()  # tifffile refuses a stream whose name is a number, as unfinished files'
        # without the names of its axes, a volume would be taken for bands of unknown kind
        axes = {"axes": spatial_letters(labels.ndim)}
        tifffile.imwrite(buffer, numbers, photometric="minisblack", metadata=axes)
        stream.write(buffer.getbuffer())
