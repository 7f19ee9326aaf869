from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from library_strategies import assert_same_libraries, libraries

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.envi_header import header_text, read_header
from napari_ifealid.libraries import Library, LibraryEntry
from napari_ifealid.libraries.envi_library import read_envi_library, write_envi_library

VALUES = np.arange(6).reshape(2, 3)
CODES = {1: "u1", 2: "i2", 3: "i4", 4: "f4", 5: "f8", 12: "u2", 13: "u4", 14: "i8", 15: "u8"}


def write_files(folder: Path, values=VALUES, code=5, data=b"", name="a.sli", **fields) -> Path:
    """Write the two files of a library as other software does; a field of None is left out."""
    texts = {
        "samples": 3,
        "lines": 2,
        "bands": 1,
        "file_type": "ENVI Spectral Library",
        "data_type": code,
        "byte_order": 0,
        **fields,
    }
    lines = [
        f"{key.replace('_', ' ')} = {value}" for key, value in texts.items() if value is not None
    ]
    (folder / "a.hdr").write_text("\n".join(["ENVI", *lines]))
    order = "<>"[int(texts["byte_order"] or 0)]
    (folder / name).write_bytes(data + values.astype(order + CODES[code]).tobytes())
    return folder / name


@given(libraries())
def test_files_give_back_what_was_written(tmp_path_factory, library):
    path = tmp_path_factory.mktemp("envi") / "library.sli"
    write_envi_library(path, library)
    assert_same_libraries(read_envi_library(path), library)


@pytest.mark.parametrize(("dtype", "code"), [(np.float32, 4), (np.float64, 5)])
def test_values_are_stored_in_no_more_digits_than_they_have(tmp_path, dtype, code):
    values = (np.ones((1, 2), dtype) / dtype(3.0)).astype(np.float64)
    write_envi_library(tmp_path / "a.hdr", Library([LibraryEntry(values[0])]))
    assert read_header(tmp_path / "a.hdr").number("data type") == code
    np.testing.assert_array_equal(read_envi_library(tmp_path / "a.sli").vectors, values)


def test_plain_names_and_wavelengths_need_no_field_of_our_own(tmp_path):
    library = Library([LibraryEntry(np.ones(2), "red clay tile 1")], ["0.45 µm", "0.46 µm"])
    write_envi_library(tmp_path / "a.sli", library)
    header = read_header(tmp_path / "a.hdr")
    assert "napari-ifealid" not in header.fields
    assert header.text("wavelength units") == "Micrometers"


def test_names_that_were_changed_elsewhere_win(tmp_path):
    write_envi_library(tmp_path / "a.sli", Library([LibraryEntry(np.ones(2), "one, two")]))
    header = tmp_path / "a.hdr"
    header.write_text(header.read_text().replace("one two", "three"))
    assert read_envi_library(header).entries[0].name == "three"


def test_wavelengths_that_were_changed_elsewhere_win(tmp_path):
    library = Library([LibraryEntry(np.ones(1), "one, two")], [450.5])
    write_envi_library(tmp_path / "a.sli", library)
    header = tmp_path / "a.hdr"
    header.write_text(header.read_text().replace("450.5", "460.5", 1))
    assert read_envi_library(header).features == (460.5,)


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("code", list(CODES))
def test_real_data_types_are_read_in_both_byte_orders(tmp_path, code, order):
    path = write_files(tmp_path, code=code, byte_order=order)
    np.testing.assert_array_equal(read_envi_library(path).vectors, VALUES)


def test_missing_fields_have_their_defaults(tmp_path):
    library = read_envi_library(write_files(tmp_path, byte_order=None, bands=None))
    np.testing.assert_array_equal(library.vectors, VALUES)
    assert [entry.name for entry in library.entries] == ["spectrum 1", "spectrum 2"]
    assert library.features == (0, 1, 2)


def test_offset_is_skipped(tmp_path):
    path = write_files(tmp_path, data=b"12345", header_offset=5)
    np.testing.assert_array_equal(read_envi_library(path).vectors, VALUES)


def test_scale_factor_divides_and_ignored_values_are_nan(tmp_path):
    path = write_files(tmp_path, reflectance_scale_factor=10, data_ignore_value=3)
    expected = VALUES / 10
    expected[1, 0] = np.nan
    np.testing.assert_array_equal(read_envi_library(path).vectors, expected)


@pytest.mark.parametrize(
    ("unit", "labels"),
    [
        ("Nanometers", ("450 nm", "460.5 nm", "470 nm")),
        ("micrometers", ("450 µm", "460.5 µm", "470 µm")),
        ("Unknown", (450.0, 460.5, 470.0)),
        ("Wavenumber", ("450 Wavenumber", "460.5 Wavenumber", "470 Wavenumber")),
        (None, (450.0, 460.5, 470.0)),
    ],
)
def test_wavelengths_are_labels_with_their_unit(tmp_path, unit, labels):
    path = write_files(tmp_path, wavelength_units=unit, wavelength="{450, 460.5,\n 470}")
    assert read_envi_library(path).features == labels


@pytest.mark.parametrize("name", ["a.sli", "a.esl", "a"])
def test_either_file_opens_the_library(tmp_path, name):
    path = write_files(tmp_path, name=name)
    for opened in (path, tmp_path / "a.hdr"):
        np.testing.assert_array_equal(read_envi_library(opened).vectors, VALUES)


def test_header_behind_the_whole_name_is_found(tmp_path):
    path = write_files(tmp_path)
    (tmp_path / "a.hdr").rename(tmp_path / "a.sli.hdr")
    for opened in (path, tmp_path / "a.sli.hdr"):
        library = read_envi_library(opened)
        np.testing.assert_array_equal(library.vectors, VALUES)
        assert library.name == "a"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"file_type": "ENVI Standard"}, "the value 'ENVI Standard': a.hdr, file type"),
        ({"data_type": 6}, "complex numbers \\(data type 6\\): a.hdr, data type"),
        ({"byte_order": 2}, "the value 2: a.hdr, byte order"),
        ({"bands": 3}, "2 lines, 3 samples, 3 bands"),
        ({"lines": 0}, "0 lines, 3 samples, 1 bands"),
        ({"lines": 3}, "a file of 48 bytes: a.sli; expected 72 bytes"),
        ({"samples": None}, "no such field: a.hdr, samples"),
        ({"samples": -3}, "the value '-3'"),
        ({"spectra_names": "{a, b, c}"}, "3 names of 2 spectra"),
        ({"wavelength": "{1, 2}"}, "2 wavelengths: a.hdr"),
        ({"wavelength": "{1, 2, red}"}, "an item that is no number"),
        ({"wavelength": "{1, 2, nan}"}, "an item that is not finite"),
        ({"reflectance_scale_factor": 0}, "the value 0: a.hdr"),
        ({"napari-ifealid": "{%7B}"}, "damaged: a.hdr"),
    ],
)
def test_wrong_header_gives_the_reason(tmp_path, fields, reason):
    path = write_files(tmp_path)
    write_files(tmp_path, **{"code": 5, **fields} if fields.get("byte_order") != 2 else {})
    if fields.get("byte_order") == 2:
        header = tmp_path / "a.hdr"
        header.write_text(header.read_text().replace("byte order = 0", "byte order = 2"))
    with pytest.raises(DatasetError, match=f"^{reason}"):
        read_envi_library(path)


def test_each_file_needs_the_other(tmp_path):
    path = write_files(tmp_path)
    path.rename(tmp_path / "b.sli")
    with pytest.raises(DatasetError, match=r"the values not beside it: a.hdr; .* a.sli"):
        read_envi_library(tmp_path / "a.hdr")
    with pytest.raises(DatasetError, match=r"the header not beside it: b.sli; .* b.hdr"):
        read_envi_library(tmp_path / "b.sli")
    for name in ("c.sli", "c.hdr"):
        with pytest.raises(DatasetError, match="no such file"):
            read_envi_library(tmp_path / name)


@pytest.mark.parametrize("existing", ["a.hdr", "a.sli"])
def test_neither_file_is_replaced_unasked(tmp_path, existing):
    content = header_text({"file type": "ENVI Spectral Library"})
    (tmp_path / existing).write_text(content)
    library = Library([LibraryEntry(np.ones(2))])
    with pytest.raises(DatasetError, match="a file of this name"):
        write_envi_library(tmp_path / "a.sli", library)
    assert [path.name for path in tmp_path.iterdir()] == [existing]
    assert (tmp_path / existing).read_text() == content
    write_envi_library(tmp_path / "a.sli", library, force=True)
    np.testing.assert_array_equal(read_envi_library(tmp_path / "a.sli").vectors, [[1, 1]])


def test_header_of_an_image_is_never_replaced(tmp_path):
    (tmp_path / "a.hdr").write_text(header_text({"file type": "ENVI Standard"}))
    library = Library([LibraryEntry(np.ones(2))])
    with pytest.raises(DatasetError, match="a header of other data"):
        write_envi_library(tmp_path / "a.sli", library, force=True)
    assert "Standard" in (tmp_path / "a.hdr").read_text()


def test_real_library_is_read(shared_data):
    library = read_envi_library(shared_data / "hyperspectral/library_berlin.sli")
    assert library.vectors.shape == (75, 177)
    assert (library.features[0], library.features[-1]) == ("0.46 µm", "2.409 µm")
    names = [entry.name for entry in library.entries]
    assert (names[0], names[15], names[-1]) == (
        "red clay tile 1",
        "white roof material (polyethylene)",
        "water 2",
    )
    assert library.vectors[0, 0] == pytest.approx(589.95611966)


def test_bytes_of_a_name_that_are_no_utf8_are_replaced(tmp_path):
    entry = LibraryEntry(np.ones(2), os.fsdecode(b"caf\xe9"))
    write_envi_library(tmp_path / "a.sli", Library([entry], ["1", "2"]))
    assert [one.name for one in read_envi_library(tmp_path / "a.sli").entries] == ["caf�"]


def test_library_may_have_any_name(tmp_path, odd_name):
    path = tmp_path / odd_name(".sli")
    write_envi_library(path, Library([LibraryEntry(np.ones(2), "a")], ["1", "2"]))
    assert [one.name for one in read_envi_library(path).entries] == ["a"]
