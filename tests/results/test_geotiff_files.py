from __future__ import annotations

import io

import numpy as np
import tifffile

from napari_ifealid.georeference import Georeference
from napari_ifealid.results.geotiff_files import write_geotiff

KEYS = (1, 1, 0, 1, 1024, 0, 1, 2)


def test_image_has_its_place_and_its_missing_value():
    stream, image = io.BytesIO(), np.arange(6, dtype=np.float32).reshape(2, 3)
    place = Georeference((0.5, 0.0, 10.0, 0.0, -0.25, 50.0), KEYS)
    write_geotiff(stream, image, place, nodata="nan")
    stream.seek(0)
    with tifffile.TiffFile(stream) as tiff:
        np.testing.assert_array_equal(tiff.asarray(), image)
        tags = tiff.pages[0].tags
    assert tags[33550].value == (0.5, 0.25, 0.0)
    assert tags[33922].value == (0.0, 0.0, 0.0, 10.0, 50.0, 0.0)
    assert tags[34735].value == KEYS
    assert tags[42113].value == "nan"
