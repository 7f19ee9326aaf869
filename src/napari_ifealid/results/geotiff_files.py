"""An image on the earth as a GeoTIFF."""

from __future__ import annotations

from io import BytesIO
from typing import IO, Any

import tifffile
from numpy.typing import NDArray

from napari_ifealid.formats.geotiff import geo_tags
from napari_ifealid.formats.tiff_layouts import GDAL_NODATA
from napari_ifealid.georeference import Georeference


def write_geotiff(
    stream: IO[bytes], image: NDArray[Any], georeference: Georeference, *, nodata: str
) -> None:
    """Write an image of one band as a GeoTIFF.

    Parameters
    ----------
    stream : binary file
    image : array, shape (y, x)
    georeference : Georeference
        Where its pixels lie.
    nodata : str
        The value that stands for none.
    """
    tags = [*geo_tags(georeference), (GDAL_NODATA, "s", 0, nodata, True)]
    buffer = BytesIO()  # tifffile refuses a stream whose name is a number, as an unfinished file's
    tifffile.imwrite(
        buffer, image, photometric="minisblack", metadata=None, software=False, extratags=tags
    )
    stream.write(buffer.getbuffer())
