from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import looks_like_stack
from napari_ifealid.georeference import Georeference
from napari_ifealid.results.label_files import write_labels


@pytest.mark.parametrize(("largest", "dtype"), [(255, "u1"), (256, "u2"), (65536, "i4"), (0, "u1")])
@pytest.mark.parametrize("shape", [(4, 5), (3, 4, 5), (1, 1)])
def test_labels_come_back_with_as_few_bits_as_they_need(tmp_path, largest, dtype, shape):
    labels = np.zeros(shape, np.int32)
    labels.flat[-1] = largest
    write_labels(tmp_path / "a.tif", labels)
    again = tifffile.imread(tmp_path / "a.tif").reshape(shape)
    assert again.dtype == dtype
    np.testing.assert_array_equal(again, labels)


def test_existing_file_and_other_suffixes_are_refused(tmp_path):
    labels = np.zeros((2, 2), np.int32)
    (tmp_path / "a.tif").touch()
    for name in ("a.tif", "a.png"):
        with pytest.raises(DatasetError):
            write_labels(tmp_path / name, labels)
    write_labels(tmp_path / "a.tif", labels, force=True)


def test_labels_with_a_georeference_are_a_geotiff(tmp_path):
    place = Georeference((30.0, 0.0, 100.0, 0.0, -30.0, 900.0))
    labels = np.eye(3, dtype=np.int32)
    write_labels(tmp_path / "a.tif", labels, georeference=place)
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        assert tiff.pages[0].tags[33550].value == (30.0, 30.0, 0.0)
        np.testing.assert_array_equal(tiff.asarray(), labels)


def test_volume_of_labels_is_not_taken_for_bands(tmp_path):
    write_labels(tmp_path / "a.tif", np.ones((3, 4, 5), np.int32))
    assert not looks_like_stack(tmp_path / "a.tif")
