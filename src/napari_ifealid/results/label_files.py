"""Regions of a map as a TIFF."""

from __future__ import annotations

from io import BytesIO
from os import PathLike

import numpy as np
import tifffile

from napari_ifealid.formats.atomic_write import written_file
from napari_ifealid.results.output_suffix import checked_suffix
from napari_ifealid.results.regions import Labels

_FEW = 255, 65535


def write_labels(path: str | PathLike[str], labels: Labels, *, force: bool = False) -> None:
    """Write regions as a TIFF: the number of its region at each pixel, 0 where there is none.

    Parameters
    ----------
    path : path
        Ends in .tif or .tiff.
    labels : array of int32, shape (..., y, x)
        See `threshold_regions`. Written with as few bits as hold the largest number: 8, 16 or 32.
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
    buffer = BytesIO()  # tifffile refuses a stream whose name is a number, as an unfinished file's
    tifffile.imwrite(buffer, labels.astype(dtype), photometric="minisblack")
    with written_file(path, force=force) as stream:
        stream.write(buffer.getbuffer())
