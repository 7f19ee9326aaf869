from __future__ import annotations

import os
from pathlib import Path

import cube_files
import h5py
import numpy as np
import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import hdf5_trial, looks_like_stack, read_stacks
from napari_ifealid.formats.file_state import file_state
from napari_ifealid.formats.hdf5_trial import check_harmless

CUBE = np.arange(60, dtype=np.int16).reshape(5, 3, 4)


def check(path: Path) -> None:
    check_harmless(path, file_state(path))


@pytest.fixture
def good(tmp_path) -> Path:
    cube_files.write_netcdf4(tmp_path / "good.nc", CUBE)
    return tmp_path / "good.nc"


@pytest.fixture
def endless(good, tmp_path) -> Path:
    """A file the directory of whose attributes goes on in itself."""
    content = bytearray(good.read_bytes())
    place = content.index(bytes.fromhex("900f000000000000"))
    content[place + 1] = 0x0D
    (tmp_path / "endless.nc").write_bytes(content)
    return tmp_path / "endless.nc"


def test_good_file_is_harmless(good):
    check(good)


def test_file_that_h5py_refuses_is_harmless(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    check(tmp_path / "a.h5")


def test_file_that_keeps_the_library_busy_for_ever_is_refused(endless):
    with pytest.raises(DatasetError, match=r"no end\): endless.nc"):
        read_stacks(endless)
    assert looks_like_stack(endless)


def test_file_that_ends_the_library_is_refused_and_the_next_one_is_tried(good):
    check(good)
    trial = hdf5_trial._TRIAL
    trial._process._process.kill()
    os.utime(good, (0, 0))
    with pytest.raises(DatasetError, match=r"ends HDF5's library\): good.nc"):
        check(good)
    os.utime(good, (1, 1))
    check(good)


def test_file_that_has_not_changed_is_not_tried_again(good, monkeypatch):
    check(good)
    monkeypatch.setattr(hdf5_trial._TRIAL, "fault_of", lambda _: pytest.fail("tried"))
    check(good)


def test_without_such_a_process_files_are_read_all_the_same(good, monkeypatch):
    monkeypatch.setattr("sys.executable", "false")
    monkeypatch.setattr(hdf5_trial, "_TRIAL", hdf5_trial._Trial())
    check(good)
    with h5py.File(good) as file:
        assert "radiance" in file
