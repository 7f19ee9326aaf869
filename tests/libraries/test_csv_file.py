from __future__ import annotations

import csv
import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from library_strategies import assert_same_libraries, libraries

from napari_ifealid.errors import DatasetError
from napari_ifealid.libraries import Library, LibraryEntry, read_library
from napari_ifealid.libraries.csv_file import read_csv, write_csv

MINERALS = Library(
    [
        LibraryEntry(np.array([0.25, np.nan]), "kaolinite", (6, 5), (26.5, 22.0), "Cuprite, 1997"),
        LibraryEntry(np.array([1.0, -0.0]), 'so-called "alunite"'),
    ],
    ["450 nm", "460.5 nm"],
)


@given(libraries())
def test_file_gives_back_what_was_written(tmp_path_factory, library):
    path = tmp_path_factory.mktemp("csv") / "library.csv"
    write_csv(path, library)
    assert_same_libraries(read_csv(path), library)


def test_table_has_a_line_for_each_entry(tmp_path):
    write_csv(tmp_path / "minerals.csv", MINERALS)
    assert list(csv.reader((tmp_path / "minerals.csv").open(newline=""))) == [
        ["name", "position", "world_position", "source", "450 nm", "460.5 nm"],
        ["kaolinite", "6 5", "26.5 22.0", "Cuprite, 1997", "0.25", ""],
        ['so-called "alunite"', "", "", "", "1.0", "-0.0"],
    ]


def test_pandas_reads_the_table(tmp_path):
    write_csv(tmp_path / "minerals.csv", MINERALS)
    table = pd.read_csv(tmp_path / "minerals.csv", index_col="name")
    assert table.loc["kaolinite", "450 nm"] == 0.25


def test_library_is_called_like_its_file(tmp_path):
    write_csv(tmp_path / "minerals.csv", MINERALS)
    assert read_library(tmp_path / "minerals.csv").name == "minerals"


def test_table_of_names_and_values_is_enough(tmp_path):
    path = tmp_path / "plain.csv"
    path.write_text("name,450,460.5\nkaolinite,1,2\n\n")
    library = read_csv(path)
    assert library.features == (450, 460.5)
    assert library.entries[0].name == "kaolinite"


def test_feature_may_be_called_like_a_column(tmp_path):
    library = Library([LibraryEntry(np.ones(2))], ["name", "source"])
    write_csv(tmp_path / "odd.csv", library)
    assert_same_libraries(read_csv(tmp_path / "odd.csv"), library)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "an empty file"),
        (b"name,position\na,1 2\n", "no column of a feature"),
        (b"name,450\na,1,2\n", "3 cells instead of 2 in row 2"),
        (b"name,450\na,one\n", "no number in row 2"),
        (b"name,position,450\na,here,1\n", "no number in row 2"),
        (b"name,450\n\xff,1\n", "no text in UTF-8"),
        (b'name,450\n"a,1\n', "no CSV that can be read"),
    ],
)
def test_damaged_table_gives_the_reason(tmp_path, content, reason):
    path = tmp_path / "damaged.csv"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=f"^{reason}.*damaged.csv"):
        read_csv(path)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"no such file: missing\.csv"):
        read_csv(tmp_path / "missing.csv")


def test_bytes_of_a_name_that_are_no_utf8_are_replaced(tmp_path):
    entry = LibraryEntry(np.ones(2), os.fsdecode(b"caf\xe9"))
    write_csv(tmp_path / "a.csv", Library([entry], ["1", "2"]))
    assert [one.name for one in read_csv(tmp_path / "a.csv").entries] == ["caf�"]


def test_library_may_have_any_name(tmp_path, odd_name):
    path = tmp_path / odd_name(".csv")
    write_csv(path, Library([LibraryEntry(np.ones(2), "a")], ["1", "2"]))
    assert [one.name for one in read_csv(path).entries] == ["a"]
