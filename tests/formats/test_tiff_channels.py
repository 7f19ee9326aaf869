from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.tiff_channels import Channels, imagej_channels, ome_channels
from napari_ifealid.georeference import PixelSize
from napari_ifealid.picture.visible_light import light_colour


def ome(*channels: str, pixels: str = "") -> str:
    parts = "".join(f"<Channel {channel}/>" for channel in channels)
    return f'<OME xmlns="http://a"><Image><Pixels {pixels}>{parts}</Pixels></Image></OME>'


def test_channels_of_ome_have_names_and_colours():
    xml = ome('Name="DAPI" Color="65535"', 'Name="GFP" Color="-16776961"')
    assert ome_channels(xml, 0, 2) == Channels(("DAPI", "GFP"), ("#0000ff", "#ff0000"), None)


def emitting(name: str, wavelength: float, **more: str) -> str:
    told = {"Name": name, "EmissionWavelength": wavelength, **more}
    return " ".join(f'{key}="{value}"' for key, value in told.items())


def test_names_are_labels_with_their_emission_wavelengths_where_these_are_known():
    xml = ome(emitting("DAPI", 461.0), emitting("GFP", 0.5095, EmissionWavelengthUnit="µm"))
    assert ome_channels(xml, 0, 2).labels == ("DAPI 461 nm", "GFP 0.5095 µm")
    partly = ome(emitting("DAPI", 450.5), 'Name="light"')
    assert ome_channels(partly, 0, 2).labels == ("DAPI 450.5 nm", "light")
    repeated = ome(*(emitting(name, 520) for name in ("CD3", "CD8")))
    assert ome_channels(repeated, 0, 2).labels == ("CD3 520 nm", "CD8 520 nm")


def test_emission_wavelengths_are_labels_where_names_tell_less():
    unnamed = ome('EmissionWavelength="450.5"', 'EmissionWavelength="520"')
    assert ome_channels(unnamed, 0, 2).labels == ("450.5 nm", "520.0 nm")
    numbered = ome(emitting("0", 450.5), emitting("1", 520))
    assert ome_channels(numbered, 0, 2).labels == ("450.5 nm", "520.0 nm")
    spectral = ome(*(emitting(f"ChS{number}", 410 + 9 * number) for number in range(32)))
    assert ome_channels(spectral, 0, 32).labels[:2] == ("410.0 nm", "419.0 nm")


def test_channel_without_a_colour_has_that_of_its_emission():
    xml = ome(emitting("DAPI", 461), emitting("GFP", 0.51, EmissionWavelengthUnit="µm"))
    assert ome_channels(xml, 0, 2).colours == (light_colour(461.0), light_colour(510.0))
    told = ome(emitting("DAPI", 461, Color="-16776961"), emitting("GFP", 510))
    assert ome_channels(told, 0, 2).colours == ("#ff0000", light_colour(510.0))
    partly = ome(emitting("DAPI", 461), 'Name="light"')
    assert ome_channels(partly, 0, 2).colours is None


def test_pixels_of_ome_have_a_size_in_micrometres():
    size = 'PhysicalSizeX="500" PhysicalSizeXUnit="nm" PhysicalSizeY="0.6"'
    assert ome_channels(ome(pixels=size), 0, 1).pixel_size == PixelSize((0.6, 0.5), "µm")
    assert ome_channels(ome(pixels='PhysicalSizeX="1"'), 0, 1).pixel_size is None
    in_pixels = size.replace("nm", "pixel")
    assert ome_channels(ome(pixels=in_pixels), 0, 1).pixel_size is None


def test_channels_that_do_not_fit_and_missing_images_tell_nothing():
    assert ome_channels(ome('Name="a"'), 0, 2) == Channels()
    assert ome_channels(ome('Name="a"', 'Name="a"'), 0, 2) == Channels()
    assert ome_channels(ome('Name="a"'), 3, 1) == Channels()


@pytest.mark.parametrize(
    "xml",
    [
        "<OME",
        ome('EmissionWavelength="green"'),
        ome('Color="red"'),
        ome(pixels='PhysicalSizeX="x" PhysicalSizeY="1"'),
        ome(pixels='PhysicalSizeX="inf" PhysicalSizeY="1"'),
    ],
)
def test_wrong_metadata_of_ome_are_an_error(xml):
    with pytest.raises(DatasetError, match="OME-TIFF"):
        ome_channels(xml, 0, 1)


def test_channels_of_imagej_have_labels_colours_and_a_size():
    table = np.zeros((3, 256), np.uint8)
    table[1] = range(256)
    metadata = {"Labels": ["DAPI", "GFP"] * 3, "LUTs": [table, table[::-1]], "unit": "micron"}
    found = imagej_channels(metadata, (2.0, 4.0), 2)
    assert found == Channels(("DAPI", "GFP"), ("#00ff00", "#00ff00"), PixelSize((0.5, 0.25), "µm"))


@pytest.mark.parametrize("metadata", [{}, {"unit": "pixel", "Labels": ["a", "a"], "LUTs": []}])
def test_imagej_may_tell_nothing(metadata):
    assert imagej_channels(metadata, (1.0, None), 2) == Channels()


@pytest.mark.parametrize(("unit", "size"), [("\\u00B5m", 1.0), ("um", 1.0), ("inch", 25400.0)])
def test_units_of_imagej_are_known(unit, size):
    found = imagej_channels({"unit": unit}, (1.0, 1.0), 1).pixel_size
    assert found.size == pytest.approx((size, size))
