from __future__ import annotations

import json

import numpy as np
import pytest

from napari_ifealid import Library, LibraryEntry, write_library
from napari_ifealid.cli import main

LIBRARY = Library(
    [
        LibraryEntry(np.array([0.25, np.nan]), "kaolinite"),
        LibraryEntry(np.array([1, 2]), "alunite"),
    ],
    ["0.45 µm", "0.46 µm"],
)


@pytest.mark.parametrize("name", ["minerals.csv", "minerals.sli", "minerals.hdr"])
def test_library_is_described(name, tmp_path, capsys):
    write_library(tmp_path / name, LIBRARY)
    assert main(["info", str(tmp_path / name)]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()[2:]]
    assert lines == [
        ["name", "minerals"],
        ["entries", "2"],
        ["features", "2 features from 0.45 to 0.46 µm"],
        ["values", "0.25 to 2"],
        ["not", "finite          1 entries with a NaN or an infinity"],
        ["named", "kaolinite, alunite"],
    ]


def test_library_is_described_as_json(tmp_path, capsys):
    write_library(tmp_path / "minerals.csv", LIBRARY)
    assert main(["info", str(tmp_path / "minerals.csv"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)["library"]
    assert told["entry_names"] == ["kaolinite", "alunite"]
    assert told["feature_labels"] == ["0.45 µm", "0.46 µm"]
    assert (told["minimum"], told["maximum"], told["nonfinite_entries"]) == (0.25, 2, 1)


def test_first_names_of_a_large_library_are_listed(shared_data, capsys):
    assert main(["info", str(shared_data / "hyperspectral/library_berlin.sli")]) == 0
    out = capsys.readouterr().out
    assert "177 features from 0.46 to 2.409 µm" in out
    assert "bitumen 2, bitumen 3 and 65 more" in " ".join(out.split())


def test_damaged_library_gives_the_reason(tmp_path, capsys):
    (tmp_path / "empty.csv").write_bytes(b"")
    assert main(["info", str(tmp_path / "empty.csv")]) == 2
    assert "an empty file: empty.csv" in capsys.readouterr().err
