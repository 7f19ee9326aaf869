from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.libraries import Library, LibraryEntry, read_library, write_library

LIBRARY = Library([LibraryEntry(np.ones(2), "kaolinite")])


@pytest.mark.parametrize("name", ["a.csv", "a.sli", "a.hdr", "a.CSV"])
def test_suffix_says_the_kind(tmp_path, name):
    write_library(tmp_path / name, LIBRARY)
    assert read_library(tmp_path / name).entries[0].name == "kaolinite"


def test_other_suffix_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"the suffix '.txt': a.txt"):
        write_library(tmp_path / "a.txt", LIBRARY)
    with pytest.raises(DatasetError, match=r"expected .csv or .sli or .hdr"):
        read_library(tmp_path / "a.txt")


def test_empty_library_is_not_written(tmp_path):
    with pytest.raises(DatasetError, match="an empty library"):
        write_library(tmp_path / "a.csv", Library())
