from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.described_array import DescribedArray
from napari_ifealid.formats.spectral_axis import FeatureAxis, feature_axis_of

CENTRES = np.array([400.0, 500.0, 600.0], np.float32)


def cube(*axis_names: str, shape: tuple[int, ...] = (3, 4, 5), name: str = "cube"):
    return DescribedArray(
        name=name, shape=shape, dtype=np.dtype("f4"), read=pytest.fail, axis_names=axis_names
    )


def vector(name: str, values: Sequence[object] = CENTRES, axis: str = "", **attributes: object):
    array = np.asarray(values)
    return DescribedArray(
        name=name,
        shape=array.shape,
        dtype=array.dtype,
        read=lambda: array,
        attributes=attributes,
        axis_names=(axis,) if axis else (),
    )


def found(array: DescribedArray, *vectors: DescribedArray, asked: int | None = None) -> FeatureAxis:
    return feature_axis_of(array, vectors, asked=asked, proposed=2)


def test_axis_is_the_one_that_is_asked_for_or_called_so_or_proposed():
    assert found(cube(), asked=-3).axis == 0
    assert found(cube("y", "/group/Bands", "x")).axis == 1
    assert found(cube("y", "lambda", "x"), asked=0).axis == 0
    guess = found(cube("z", "y", "x"))
    assert (guess.axis, guess.is_guessed, guess.labels) == (2, True, None)
    with pytest.raises(DatasetError, match="no axis 3"):
        found(cube(), asked=3)


def test_wavelengths_tell_the_only_axis_of_their_length():
    result = found(cube(), vector("Wavelength", units="nm"))
    assert (result.axis, result.is_guessed) == (0, False)
    assert result.labels == ("400.0 nm", "500.0 nm", "600.0 nm")
    assert found(cube(shape=(3, 3, 5)), vector("wavelength")).is_guessed
    assert found(cube(), vector("time")).is_guessed
    assert not found(cube(), vector("w", standard_name="radiation_wavelength")).is_guessed


def test_vector_of_another_dimension_tells_nothing():
    array = cube("/y", "/x", "/band", shape=(3, 4, 3))
    assert found(array, vector("wavelength", axis="/y")).labels is None
    assert found(array, vector("wavelength", axis="/band")).labels == (400.0, 500.0, 600.0)
    # names that are no dimensions of the file need not agree
    assert found(cube("Line", "Sample", "Band", shape=(3, 4, 3)), vector("wl", axis="/wl")).labels


def test_nearest_wavelengths_and_surest_name_count():
    array = cube("a", "b", "band", shape=(4, 5, 3), name="scan/one/cube")
    near = vector("scan/one/wavelength", [1.0, 2.0, 3.0])
    far = vector("other/wavelength")
    assert found(array, far, near).labels == (1.0, 2.0, 3.0)
    assert found(array, vector("scan/one/bands", [1, 2, 3]), far).labels == (400.0, 500.0, 600.0)


def test_wavelengths_that_do_not_tell_features_apart_are_no_labels():
    array = cube("band", "y", "x")
    for values in ([1.0, 1.0, 2.0], [np.nan, 1.0, 2.0]):
        assert found(array, vector("wavelength", values)).labels is None


def test_coordinates_of_the_axis_are_labels_where_there_are_no_wavelengths():
    array = cube("/channel", "/y", "/x")
    names = vector("channel", np.array(["a", "b", "c"]), axis="/channel")
    assert found(array, names).labels == ("a", "b", "c")
    wavelengths = vector("wavelength", axis="/channel")
    assert found(array, names, wavelengths).labels == (400.0, 500.0, 600.0)


def test_widths_come_in_the_unit_of_the_wavelengths_and_flags_as_good_bands():
    result = found(
        cube(),
        vector("wavelengths", units="nm"),
        vector("fwhm", [0.01, 0.02, 0.03], units="um"),
        vector("good_wavelengths", [1, 0, 1]),
    )
    np.testing.assert_allclose(result.bands.widths, [10, 20, 30])
    assert result.bands.is_good == (True, False, True)


def test_packed_wavelengths_and_widths_are_real_values():
    result = found(
        cube(),
        vector("wavelength", np.array([4005, 5000, 6000], "i2"), units="nm", scale_factor=0.1),
        vector("fwhm", np.array([1, 2, -1], "i2"), add_offset=8.5, _FillValue=-1),
    )
    assert result.labels == ("400.5 nm", "500.0 nm", "600.0 nm")
    assert result.bands.widths == pytest.approx((9.5, 10.5, np.nan), nan_ok=True)


def test_missing_wavelengths_are_no_labels():
    assert found(cube("band", "y", "x"), vector("wavelength", _FillValue=600.0)).labels is None


def test_texts_are_neither_widths_nor_flags():
    texts = np.array(["a", "b", "c"])
    bands = found(cube(), vector("wavelength"), vector("fwhm", texts), vector("bbl", texts)).bands
    assert (bands.widths, bands.is_good) == (None, None)
