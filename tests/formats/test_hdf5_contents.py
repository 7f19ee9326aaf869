from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import h5py
import numpy as np
import pytest
from cube_files import CUBE, write_emit

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import hdf5_contents, read_stacks
from napari_ifealid.formats.hdf5_contents import (
    ListedArray,
    described,
    described_vectors,
    listed_array,
    listed_arrays,
    passed_over,
)


@pytest.fixture
def file(tmp_path) -> Iterator[Any]:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        yield file


def test_arrays_are_listed_without_groups_and_without_other_files(file, tmp_path):
    with h5py.File(tmp_path / "b.h5", "w") as other:
        other["cube"] = CUBE
    file["a/cube"] = CUBE
    file["a/loop"] = file["a"]
    file["link"] = h5py.ExternalLink("b.h5", "cube")
    file["broken"] = h5py.SoftLink("/nothing")
    file["none"] = h5py.Empty("f4")
    listed = listed_arrays(file)
    assert listed == {"a/cube": ListedArray(CUBE.shape, CUBE.dtype)}
    assert str(listed["a/cube"]) == "(6, 7, 5) int16"
    assert listed_array(file, "a/cube") == listed["a/cube"]
    assert listed_array(file, "a") is None
    assert listed_array(file, "missing") is None


def test_links_to_other_files_and_names_that_are_not_utf_8_are_passed_over(file):
    file["a/link"] = h5py.ExternalLink("b.h5", "/cube")
    file["soft"] = h5py.SoftLink("/nothing")
    file["würfel".encode("latin-1")] = CUBE
    file["cube"] = CUBE
    assert list(listed_arrays(file)) == ["cube"]
    assert passed_over(file) == {
        "a/link": "(a link to /cube in b.h5)",
        "w\ufffdrfel": "(its name is not UTF-8)",
    }


def test_no_more_arrays_are_looked_at_than_so_many(file, monkeypatch):
    monkeypatch.setattr(hdf5_contents, "MOST_ARRAYS", 3)
    for number in range(9):
        file[f"a{number}"] = CUBE
    assert list(listed_arrays(file)) == ["a0", "a1", "a2"]


@pytest.mark.parametrize(
    ("shape", "dtype", "is_stack"),
    [
        ((2, 3, 4), "f4", True),
        ((2, 3), "f4", False),
        ((2, 0, 4), "f4", False),
        ((2, 3, 4), "c8", False),
        ((2, 3, 4), "O", False),
    ],
)
def test_array_of_real_numbers_with_three_axes_is_a_stack(shape, dtype, is_stack):
    assert ListedArray(shape, np.dtype(dtype)).is_stack == is_stack


def test_dimensions_are_told_by_scales_or_labels_or_attributes(file):
    for name in ("scaled", "labelled", "named", "told", "plain"):
        file[name] = CUBE
    file["grid/x"] = np.arange(7.0)
    file["grid/x"].make_scale()
    file["scaled"].dims[1].attach_scale(file["grid/x"])
    file["labelled"].dims[2].label = "band"
    file["named"].attrs["_ARRAY_DIMENSIONS"] = ["y", "x", "band"]
    file["told"].attrs["Dimension_Labels"] = b"Line, Sample, Wavelength"
    assert described(file, "scaled").axis_names == ("", "/grid/x", "")
    assert described(file, "labelled").axis_names == ("", "", "band")
    assert described(file, "named").axis_names == ("y", "x", "band")
    assert described(file, "told").axis_names == ("Line", "Sample", "Wavelength")
    assert described(file, "plain").axis_names == ()
    assert described(file, "grid/x").axis_names == ("/grid/x",)


def test_attributes_that_count_are_texts_and_numbers(file):
    file["cube"] = CUBE
    file["cube"].attrs.update({"units": np.bytes_("nm"), "scale_factor": 0.5, "history": "x"})
    attributes = described(file, "cube").attributes
    assert attributes == {"units": "nm", "scale_factor": 0.5}


def test_vectors_of_some_lengths_are_described_but_for_mere_dimensions(file):
    file["wavelength"] = np.arange(5.0)
    file["names"] = ["a", "b", "c", "d", "e"]
    file["time"] = np.arange(9)
    file["bands"] = np.zeros(5)
    file["bands"].make_scale("This is a netCDF dimension but not a netCDF variable.         5")
    vectors = described_vectors(file, listed_arrays(file), {5})
    assert [vector.name for vector in vectors] == ["wavelength", "names"]
    np.testing.assert_array_equal(vectors[0].read(), np.arange(5.0))
    assert vectors[1].read().tolist() == ["a", "b", "c", "d", "e"]


def test_damaged_references_to_scales_end_no_program(tmp_path):
    path = tmp_path / "emit.nc"
    write_emit(path, CUBE)
    content = path.read_bytes()
    place = content.index(b"DIMENSION_LIST") + 16
    for damaged in range(place, place + 48):
        path.write_bytes(content[:damaged] + b"\0" + content[damaged + 1 :])
        with suppress(DatasetError):
            (stack,) = read_stacks(path)
            assert stack.values.size == CUBE.size
