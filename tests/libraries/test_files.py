from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.libraries import (
    Library,
    LibraryEntry,
    is_library_file,
    read_library,
    write_library,
)

LIBRARY = Library([LibraryEntry(np.ones(2), "kaolinite")])


@pytest.mark.parametrize("name", ["a.csv", "a.sli", "a.hdr", "a.CSV"])
def test_suffix_says_the_kind(tmp_path, name):
    write_library(tmp_path / name, LIBRARY)
    assert read_library(tmp_path / name).entries[0].name == "kaolinite"


def test_header_is_that_of_a_library_if_its_file_type_says_so(tmp_path, shared_data):
    folder = shared_data / "hyperspectral"
    assert is_library_file(folder / "library_berlin.hdr")
    assert not is_library_file(folder / "corn-kernel-hyperspectral.hdr")
    (tmp_path / "a.hdr").write_bytes(b"#?RADIANCE")
    assert not is_library_file(tmp_path / "a.hdr")
    assert not is_library_file(tmp_path / "missing.hdr")
    assert [is_library_file(f"a{end}") for end in (".csv", ".SLI", ".raw")] == [True, True, False]


def test_other_suffix_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"the suffix '.txt': a.txt"):
        write_library(tmp_path / "a.txt", LIBRARY)
    with pytest.raises(DatasetError, match=r"expected .csv or .sli or .hdr"):
        read_library(tmp_path / "a.txt")


def test_empty_library_is_not_written(tmp_path):
    with pytest.raises(DatasetError, match="an empty library"):
        write_library(tmp_path / "a.csv", Library())
