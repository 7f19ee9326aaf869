from __future__ import annotations

import numpy as np
import pytest
from tiff_files import gdal, item

from napari_ifealid.bands import Bands
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.gdal_metadata import band_metadata, metadata_text
from napari_ifealid.formats.metadata_warning import MetadataWarning
from napari_ifealid.stack import FeatureStack


def parsed(*items: str, count: int = 2):
    return band_metadata(gdal(*items)[2].decode(), count)


def of_bands(name: str, *values: object, **attributes: str) -> list[str]:
    return [item(name, value, band, **attributes) for band, value in enumerate(values)]


def test_nothing_is_known_without_metadata():
    nothing = band_metadata("", 2)
    assert (nothing.labels, nothing.bands) == (None, Bands())
    assert (nothing.scales, nothing.offsets) == ((1.0, 1.0), (0.0, 0.0))


@pytest.mark.parametrize(
    "items",
    [
        [*of_bands("wavelength", 450, 550.5), *of_bands("wavelength_units", "nm", "nm")],
        [*of_bands("Wavelength", 450, 550.5), item("wavelength units", "Nanometers")],
        of_bands("CENTRAL_WAVELENGTH_NM", 450, 550.5, domain="IMAGERY"),
        [
            item("wavelength", "{450, 550.5}", domain="ENVI"),
            item("wavelength_units", "Nanometers", domain="ENVI"),
        ],
        [
            *of_bands("wavelength", 450, 550.5, domain="EnMAP-Box"),
            *of_bands("wavelength_units", "nm", "nm", domain="EnMAP-Box"),
        ],
        [  # the first domain counts
            *of_bands("wavelength", 1, 2, domain="ENVI"),
            *of_bands("wavelength", 450, 550.5),
            item("wavelength_units", "nm"),
        ],
    ],
)
def test_wavelengths_are_found_under_the_names_of_each_program(items):
    assert parsed(*items).labels == ("450.0 nm", "550.5 nm")


def test_wavelengths_in_micrometres_are_so_labelled_and_widths_have_their_unit():
    found = parsed(
        *of_bands("CENTRAL_WAVELENGTH_UM", 0.45, 0.55, domain="IMAGERY"),
        *of_bands("FWHM_UM", 0.01, 0.02, domain="IMAGERY"),
    )
    assert found.labels == ("0.45 µm", "0.55 µm")
    assert found.bands.widths == (0.01, 0.02)
    mixed = parsed(
        *of_bands("wavelength", 450, 550),
        item("wavelength_units", "nm"),
        *of_bands("FWHM_UM", 1, 2),
    )
    assert mixed.bands.widths == (1000.0, 2000.0)


def test_names_are_labels_where_there_are_no_wavelengths():
    named = of_bands("DESCRIPTION", "red", "edge", role="description")
    assert parsed(*named).labels == ("red", "edge")
    assert parsed(*named, item("wavelength", 450, 0)).labels == ("red", "edge")
    assert parsed(item("band names", "{red, edge}", domain="ENVI")).labels == ("red", "edge")
    assert parsed(*of_bands("DESCRIPTION", "a", "a", role="description")).labels is None


def test_bad_bands_scales_and_colours_are_known():
    found = parsed(
        item("bbl", 0, 1),
        item("SCALE", 0.5, 0, role="scale"),
        item("OFFSET", -3, 1, role="offset"),
        *(item("c", name, 2 - n, role="colorinterp") for n, name in enumerate(("Red", "Green"))),
        item("c", "Blue", 0, role="colorinterp"),
        count=3,
    )
    assert found.bands.is_good == (True, False, True)
    assert found.scales == (0.5, 1.0, 1.0)
    assert found.offsets == (0.0, -3.0, 0.0)
    assert found.bands.shown == (2, 1, 0)
    assert parsed(item("bbl", "{1, 0}", domain="ENVI")).bands.is_good == (True, False)


def test_what_was_told_of_other_bands_is_left_out():
    stale = [item("wavelength", "{1, 2, 3}", domain="ENVI"), item("bbl", 0, 7)]
    found = parsed(*stale)
    assert (found.labels, found.bands) == (None, Bands())


@pytest.mark.parametrize("text", ["", "None", "nan", "n/a"])
def test_band_of_unknown_wavelength_leaves_all_without(text):
    assert parsed(*of_bands("wavelength", 450, text)).labels is None


@pytest.mark.parametrize("unit", ["nm", "Nanometers"])
def test_wavelengths_may_have_their_unit_in_their_text(unit):
    found = parsed(*of_bands("wavelength", f"450 {unit}", f"550.5 {unit}"))
    assert found.labels == ("450.0 nm", "550.5 nm")
    listed = parsed(item("fwhm", f"{{5 {unit}, 5 {unit}}}"), *of_bands("wavelength_um", 0.4, 0.5))
    assert listed.bands.widths == (0.005, 0.005)


@pytest.mark.parametrize(
    "xml",
    [
        "<GDALMetadata>",
        "no XML",
        '<!DOCTYPE a [<!ENTITY b "c">]><GDALMetadata/>',
        gdal(item("wavelength", "blue", 0))[2].decode(),
        gdal(*of_bands("wavelength", "450 nm", "0.5 µm"))[2].decode(),
        gdal(item("fwhm", "{1, x}"))[2].decode(),
        gdal(item("bbl", "1", None, sample="x"))[2].decode(),
    ],
)
def test_wrong_metadata_are_left_out_with_a_warning(xml):
    with pytest.warns(MetadataWarning, match=r"a\.tif, GDAL_METADATA; expected XML") as caught:
        found = band_metadata(xml, 2, "a.tif")
    assert len(caught) == 1
    assert found == band_metadata("", 2)


def test_what_is_right_beside_a_wrong_number_is_known():
    items = [item("fwhm", "{1, x}"), *of_bands("wavelength", 450, 550), item("SCALE", 2, 0)]
    with pytest.warns(MetadataWarning):
        assert parsed(*items).labels == (450.0, 550.0)


@pytest.mark.parametrize("text", ["inf", "0", "a"])
def test_wrong_scale_is_an_error(text):
    with pytest.raises(DatasetError) as caught:
        parsed(item("SCALE", text, 0, role="scale"))
    assert caught.value.member == "GDAL_METADATA"
    assert caught.value.remedy


def test_metadata_of_a_stack_are_read_as_they_were():
    bands = Bands(widths=(1.5, 2.5, 3.5), is_good=(True, False, True), shown=(2, 0, 1))
    stack = FeatureStack(
        values=np.ones((2, 2, 3), "u2"),
        name="a",
        gain=0.0001,
        bands=bands,
        feature_labels=("418.24 nm", "0.5 nm", "1e-05 nm"),
    )
    found = band_metadata(metadata_text(stack), 3)
    assert [float(label.split()[0]) for label in found.labels] == [418.24, 0.5, 1e-05]
    assert found.bands == bands
    assert found.scales == (0.0001,) * 3
    named = FeatureStack(values=np.ones((2, 2, 2)), name="a", feature_labels=("a < b", "µ"))
    assert band_metadata(metadata_text(named), 2).labels == ("a < b", "µ")
    assert metadata_text(FeatureStack(values=np.ones((2, 2, 2)), name="a")) == ""


def test_metadata_that_are_written_can_be_read_whatever_is_in_them():
    known = {"feature_labels": ("a\x01", "b\ud800\0c"), "bands": Bands(widths=(1.0, float("inf")))}
    text = metadata_text(FeatureStack(values=np.ones((2, 2, 2)), name="a", **known))
    found = band_metadata(text.encode().decode(), 2)
    assert (found.labels, found.bands) == (("a", "bc"), Bands())
