from __future__ import annotations

import numpy as np
import pytest
import tifffile
from tiff_files import UTM

from napari_ifealid.bands import Bands
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import not_kept, read_stack, write_array
from napari_ifealid.georeference import Georeference, PixelSize
from napari_ifealid.stack import FeatureStack

VALUES = np.random.default_rng(0).integers(0, 250, (6, 5, 7)).astype(np.int16)
PLACE = Georeference((30.0, 0.0, 364095.0, 0.0, -30.0, 5809965.0), UTM, (1.5,), "WGS 84|")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cube.tif"


def written(path, values=VALUES, **known) -> FeatureStack:
    write_array(path, FeatureStack(values=values, name="a", **known), force=True)
    return read_stack(path)


def test_all_that_is_known_of_bands_comes_back(path):
    known = {
        "gain": 0.0001,
        "nodata": -32768.0,
        "feature_labels": tuple(f"{number + 0.25} nm" for number in range(400, 407)),
        "bands": Bands(widths=(5.5,) * 7, is_good=(True, False) * 3 + (True,), shown=(3, 1, 0)),
        "georeference": PLACE,
    }
    again = written(path, **known)
    for name, value in known.items():
        assert getattr(again, name) == value
    assert again.pixel_size == PixelSize((30.0, 30.0), "m")
    assert not again.is_axis_guessed
    np.testing.assert_array_equal(again.values, VALUES)


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i4", "i8", "f4", ">f8", ">u2"])
def test_values_of_each_type_come_back(path, dtype):
    again = written(path, VALUES.astype(dtype))
    assert again.values.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(again.values, VALUES.astype(dtype))


@pytest.mark.parametrize(("dtype", "becomes"), [("?", "u1"), ("f2", "f4")])
def test_types_that_few_programs_know_become_others(path, dtype, becomes):
    again = written(path, VALUES.astype(dtype))
    assert again.values.dtype == becomes
    np.testing.assert_array_equal(again.values, VALUES.astype(dtype))


def test_quantised_values_are_written_as_the_real_ones(path):
    again = written(path, VALUES.astype("u1"), value_range=(-1.0, 1.0))
    np.testing.assert_allclose(again.values, VALUES.astype("u1") / 127.5 - 1, atol=1e-6)


@pytest.mark.parametrize("shape", [(4, 6, 5, 7), (2, 4, 6, 5, 7), (1, 1, 7), (6, 5, 1)])
def test_stacks_of_any_axes_come_back(path, shape):
    values = np.arange(np.prod(shape), dtype="u4").reshape(shape)
    again = written(path, values)
    np.testing.assert_array_equal(again.values, values)


def test_header_is_that_of_a_geotiff_of_samples_that_lie_together(path):
    written(path, georeference=PLACE, feature_labels=tuple(f"{n} nm" for n in range(7)))
    with tifffile.TiffFile(path) as tiff:
        (page,) = tiff.pages
        assert (page.planarconfig, page.samplesperpixel) == (1, 7)
        assert page.photometric == tifffile.PHOTOMETRIC.MINISBLACK
        assert tiff.geotiff_metadata["ProjectedCSTypeGeoKey"] == 32633
        assert 'name="wavelength" sample="6">6.0<' in page.tags[42112].value


def test_long_doubles_and_too_many_features_are_refused(path):
    for values in (VALUES.astype(np.longdouble), np.zeros((1, 1, 2**16), "u1")):
        with pytest.raises(DatasetError, match="which a TIFF can have"):
            write_array(path, FeatureStack(values=values, name="a"))
    assert not path.exists()


def test_pages_of_a_single_feature_which_would_be_taken_for_features_are_refused(path):
    with pytest.raises(DatasetError, match=r"a single feature on 3 spatial axes: cube\.tif"):
        write_array(path, FeatureStack(values=np.zeros((2, 4, 5, 1), "u1"), name="a"))
    assert not path.exists()
    assert written(path, np.zeros((1, 4, 5, 1), "u1")).values.shape == (4, 5, 1)


def test_widths_that_are_not_finite_are_not_kept(path):
    values, bands = np.ones((2, 3, 2)), Bands(widths=(1.0, np.inf))
    assert written(path, values, bands=bands).bands == Bands()
    assert not_kept(path, FeatureStack(values=values, name="a", bands=bands)) == ["band widths"]
