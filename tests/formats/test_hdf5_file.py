from __future__ import annotations

import gc
import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest
from cube_files import CUBE

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.hdf5_file import Hdf5Array, is_hdf5, opened_hdf5, values_of

ALL = (slice(None),) * 3


def saved(path: Path, values: np.ndarray = CUBE, **options: object) -> Hdf5Array:
    with h5py.File(path, "w") as file:
        file.create_dataset("cube", data=values, **options)
    os.utime(path, (0, 0))  # else a quick change might have the same time
    return Hdf5Array(values_of(path), "cube", values.shape, values.dtype)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "cube.h5"


@pytest.mark.parametrize("userblock", [0, 512, 4096])
def test_file_is_known_by_its_signature_wherever_it_may_be(path, userblock):
    with h5py.File(path, "w", userblock_size=userblock):
        pass
    assert is_hdf5(path)
    path.write_bytes(path.read_bytes()[:userblock])
    assert not is_hdf5(path)


@pytest.mark.parametrize("dtype", ["<i2", ">i2", "<f4", ">f8", "?", "u1"])
@pytest.mark.parametrize("index", [np.s_[1, 2, 0:5], np.s_[0:6, 1:3, 4], np.s_[3, 3, 3], ALL])
def test_any_part_is_read_in_the_byte_order_of_this_machine(path, dtype, index):
    values = CUBE.astype(dtype)
    array = saved(path, values)
    np.testing.assert_array_equal(array[index], values[index])
    assert array[index].dtype == array.dtype == np.dtype(dtype).newbyteorder("=")
    assert array[index].dtype.isnative


def test_array_is_read_by_another_process_too(path):
    array = saved(path)
    array[ALL]  # an open file is not pickled
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(array))[ALL], CUBE)


def test_file_is_opened_once_for_many_reads_also_in_threads(path, monkeypatch):
    array, opened = saved(path, chunks=(2, 2, 2)), []
    original = h5py.File
    monkeypatch.setattr(h5py, "File", lambda *a, **k: opened.append(a) or original(*a, **k))
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda row: array[row, 0:7, 0:5], range(6)))
    np.testing.assert_array_equal(rows, CUBE)
    assert len(opened) == 1


def test_file_is_closed_when_nobody_needs_it(path):
    array = saved(path)
    array[ALL]
    del array
    gc.collect()
    with h5py.File(path, "a") as file:  # an open one can't be written to
        file["other"] = 1


def overwritten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[::-1])


def truncated(path: Path) -> None:
    os.truncate(path, 100)


def replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.utime(other, (0, 0))
    other.replace(path)


def deleted(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("change", [overwritten, truncated, replaced, deleted])
def test_file_that_has_changed_is_named_with_what_to_do(path, change, is_open):
    array = saved(path)
    if is_open:
        array[ALL]
    change(path)
    with pytest.raises(DatasetError) as caught:
        array[ALL]
    assert caught.value.file == str(path)
    assert caught.value.expected.startswith("the file as it was opened")
    assert caught.value.remedy == "Open the file again."


def test_damaged_chunk_is_an_error_that_names_the_array(path):
    saved(path, np.random.default_rng(0).random((6, 7, 5)), compression="gzip", chunks=(6, 7, 5))
    with h5py.File(path, "r") as file:
        place = file["cube"].id.get_chunk_info(0).byte_offset
    content = bytearray(path.read_bytes())
    content[place : place + 100] = bytes(100)
    path.write_bytes(bytes(content))
    with pytest.raises(DatasetError, match="values that can't be read") as caught:
        Hdf5Array(values_of(path), "cube", (6, 7, 5), np.dtype("f8"))[ALL]
    assert caught.value.member == "cube"


def test_missing_filter_is_named_with_the_package_that_has_the_usual_ones(path):
    with h5py.File(path, "w") as file:
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((6, 7, 5))
        properties.set_filter(32999, h5py.h5z.FLAG_OPTIONAL)
        space = h5py.h5s.create_simple((6, 7, 5))
        cube = h5py.h5d.create(file.id, b"cube", h5py.h5t.NATIVE_INT16, space, properties)
        cube.write_direct_chunk((0, 0, 0), CUBE.tobytes(), filter_mask=0)
    with pytest.raises(DatasetError, match="32999") as caught:
        Hdf5Array(values_of(path), "cube", (6, 7, 5), np.dtype("i2"))[ALL]
    assert "pip install hdf5plugin" in caught.value.remedy


def test_missing_file_has_no_values(path):
    with pytest.raises(DatasetError, match="no such file"):
        values_of(path)


def test_error_while_a_file_is_looked_into_tells_the_file(path):
    saved(path)
    with (
        pytest.raises(DatasetError, match="damaged HDF5 file") as caught,
        opened_hdf5(path) as file,
    ):
        file["missing"]
    assert caught.value.file == path.__fspath__()
