from __future__ import annotations

import re
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import tifffile

from napari_ifealid.bands import Bands
from napari_ifealid.picture import PictureKind, PictureMaker, maker, stack_picture
from napari_ifealid.stack import FeatureStack
from napari_ifealid.wavelength_units import wavelength_labels

WAVELENGTHS = np.arange(400.0, 1001.0, 20.0)


def cube_of(spectra) -> FeatureStack:
    labels = wavelength_labels(WAVELENGTHS, "nm")
    return FeatureStack(values=np.asarray(spectra), name="cube", feature_labels=labels)


@pytest.fixture(scope="module")
def corn(shared_data) -> FeatureStack:
    stem = shared_data / "hyperspectral/corn-kernel-hyperspectral"
    found = re.search(r"wavelength = \{(.*?)\}", Path(f"{stem}.hdr").read_text(), re.DOTALL)
    numbers = [float(number) for number in found[1].split(",") if number.strip()]
    values = np.fromfile(f"{stem}.raw", "<u2").reshape(31, 580, 43).transpose(0, 2, 1)
    labels = wavelength_labels(numbers, "nm")
    return FeatureStack(values=values, name="corn", feature_labels=labels)


@pytest.fixture(scope="module")
def enmap(shared_data) -> FeatureStack:
    with tifffile.TiffFile(shared_data / "hyperspectral/enmap_potsdam_tile_64_0.tif") as file:
        values = file.asarray()
        told = file.pages[0].tags["GDAL_METADATA"].value
    numbers = [float(n) for n in re.findall(r'name="wavelength" sample="\d+">([\d.]+)<', told)]
    good = tuple(flag == "1" for flag in re.findall(r'name="bbl" sample="\d+">(\d)<', told))
    return FeatureStack(
        values=values.transpose(1, 2, 0),
        name="enmap",
        feature_labels=wavelength_labels(numbers, "Nanometers"),
        nodata=-32768,
        gain=1e-4,
        bands=Bands(is_good=good),
    )


def test_grey_reflectance_is_neutral():
    grey = np.linspace(0, 1, 60).reshape(6, 10, 1) * np.ones(len(WAVELENGTHS))
    picture = stack_picture(cube_of(grey), PictureKind.TRUE_COLOUR)
    assert (picture[..., :1] == picture[..., :3]).all()
    white = stack_picture(cube_of(np.ones((2, 3, len(WAVELENGTHS)))), PictureKind.TRUE_COLOUR)
    assert (white == 255).all()


def test_narrow_reflectances_have_their_hues():
    middles = np.array([[640.0], [535.0], [450.0]])
    spectra = np.exp(-0.5 * ((WAVELENGTHS - middles) / 20.0) ** 2)
    picture = stack_picture(cube_of(spectra[np.newaxis]), PictureKind.TRUE_COLOUR)
    assert picture[0, :, :3].argmax(axis=-1).tolist() == [0, 1, 2]


def test_corn_is_yellow_on_a_darker_ground(corn):
    picture = stack_picture(corn, PictureKind.TRUE_COLOUR).astype(int)
    red, green, blue = picture[15, 21, :3]
    assert red > green > 2 * blue
    assert picture[0, 0, :3].sum() < picture[15, 21, :3].sum() / 2


def test_field_is_green_and_red_in_the_infrared(enmap):
    field = np.s_[20:, :10, :3]
    true = stack_picture(enmap, PictureKind.TRUE_COLOUR)
    infrared = stack_picture(enmap, PictureKind.INFRARED)
    assert (true[..., 3] == 255).all()  # bad bands are empty
    assert true[field].mean(axis=(0, 1)).argmax() == 1
    assert infrared[field].mean(axis=(0, 1)).argmax() == 0
    assert stack_picture(enmap, PictureKind.MEAN)[..., 3].all()


@pytest.mark.parametrize("kind", [PictureKind.TRUE_COLOUR, PictureKind.INFRARED, PictureKind.MEAN])
def test_lazy_stack_has_the_picture_of_the_one_in_memory(corn, kind):
    lazy = da.from_array(corn.values, (10, 16, 100))
    same = FeatureStack(values=lazy, name="lazy", feature_labels=corn.feature_labels)
    one, other = stack_picture(corn, kind), stack_picture(same, kind)
    np.testing.assert_allclose(one.astype(int), other, atol=1)


def test_large_image_has_a_smaller_picture(monkeypatch):
    monkeypatch.setattr(maker, "LARGEST", 5)
    values = np.random.default_rng(0).random((20, 4, 3))
    assert stack_picture(FeatureStack(values=values, name="x"), PictureKind.MEAN).shape == (5, 4, 4)


def test_volume_has_a_picture_of_each_plane():
    values = np.random.default_rng(0).random((3, 4, 5, 6))
    volume = FeatureStack(values=values, name="x")
    for number, plane in enumerate(values):
        alone = stack_picture(FeatureStack(values=plane, name="x"), PictureKind.MEAN)
        np.testing.assert_array_equal(stack_picture(volume, PictureKind.MEAN, (number,)), alone)
    np.testing.assert_array_equal(
        stack_picture(volume, PictureKind.MEAN), stack_picture(volume, PictureKind.MEAN, (1,))
    )


def test_steps_tell_how_much_is_done():
    values = da.from_array(np.random.default_rng(0).random((8, 4, 3)), (2, 4, 3))
    made = PictureMaker(FeatureStack(values=values, name="x"), PictureKind.MEAN)
    *shares, picture = made.steps()
    assert shares == [0.25, 0.5, 0.75, 1.0]
    assert picture.shape == (8, 4, 4)
