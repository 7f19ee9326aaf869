from __future__ import annotations

import os
from pathlib import Path

import pytest

from napari_ifealid.formats.file_state import FileState, file_state, has_changed


@pytest.fixture
def path(tmp_path) -> Path:
    path = tmp_path / "values"
    path.write_bytes(b"0123456789")
    return path


def test_file_that_is_read_stays_the_same(path):
    before = file_state(path)
    assert path.read_bytes()
    assert file_state(path) == before
    with path.open("rb") as stream:
        assert FileState.of(os.fstat(stream.fileno())) == before


def rewritten(path: Path) -> None:
    path.write_bytes(path.read_bytes())
    os.utime(path, ns=(0, 0))


def lengthened(path: Path) -> None:
    times = path.stat()
    with path.open("ab") as stream:
        stream.write(b"0")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def replaced(path: Path) -> None:
    times, other = path.stat(), path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [rewritten, lengthened, replaced])
def test_file_that_is_written_to_or_replaced_is_another(path, change):
    before = file_state(path)
    change(path)
    assert file_state(path) != before


def test_error_names_the_file_what_was_found_and_what_to_do(path):
    error = has_changed(path, "nothing")
    assert error.file == str(path)
    assert error.found == "nothing"
    assert error.remedy == "Open the file again."
    assert "changed or replaced" in has_changed(path).found
