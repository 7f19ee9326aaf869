from __future__ import annotations

import os
import pickle
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, basic_indices
from numpy.typing import NDArray
from real_arrays import REAL

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import file_array
from napari_ifealid.formats.file_array import FileArray, mapped_file_array
from napari_ifealid.formats.file_state import file_state

CUBE = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
START = 128


def saved(path: Path, values: NDArray[Any], *, is_fortran: bool = False) -> FileArray:
    """Save an array behind some other bytes."""
    path.write_bytes(bytes(START) + values.tobytes("F" if is_fortran else "C"))
    os.utime(path, (0, 0))  # else a quick change might have the same time
    return FileArray(
        str(path), START, values.shape, values.dtype, is_fortran, state=file_state(path)
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("array") / "values.bin"


@given(
    shape=array_shapes(min_dims=1, max_dims=5, max_side=5),
    dtype=st.sampled_from(REAL),
    is_fortran=st.booleans(),
    data=st.data(),
)
def test_any_part_of_any_array_is_what_numpy_gives(path, shape, dtype, is_fortran, data):
    values = np.random.default_rng(0).integers(0, 100, shape).astype(dtype)
    array = saved(path, values, is_fortran=is_fortran)
    index = data.draw(basic_indices(shape))
    result = array[index]
    np.testing.assert_array_equal(result, values[index])
    assert result.dtype == array.dtype == dtype.newbyteorder("=")


@pytest.mark.parametrize("index", [(3, 0, 0), (0, -5, 0), (0, 0, 0, 0)])
def test_position_that_is_not_there_is_an_error(path, index):
    with pytest.raises((IndexError, ValueError)):
        saved(path, CUBE)[index]


def test_shape_and_size_are_those_of_the_array(path):
    array = saved(path, CUBE)
    assert (array.shape, array.ndim, array.nbytes) == (CUBE.shape, 3, CUBE.nbytes)


@pytest.fixture
def reads(monkeypatch) -> list[tuple[int, int]]:
    """The place and the length of each read from a file."""
    done = []

    class Watched(FileIO):
        def readinto(self, target: Any) -> int:
            place = self.tell()
            count = super().readinto(target)
            done.append((place, count))
            return count

    monkeypatch.setattr(file_array, "FileIO", Watched)
    return done


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ((1, 2), [(START + 4 * 30, 20)]),
        ((2, slice(1, 3)), [(START + 4 * 45, 40)]),
        ((slice(0, 2),), [(START, 160)]),
        ((slice(None),), [(START, 240)]),
        ((slice(0, 2), 3), [(START + 4 * 15, 20), (START + 4 * 35, 20)]),
    ],
)
def test_nothing_else_is_read_and_what_lies_together_is_read_at_once(path, reads, index, expected):
    np.testing.assert_array_equal(saved(path, CUBE)[index], CUBE[index])
    assert reads == expected


def test_feature_of_an_array_with_the_first_axis_running_fastest_is_read_at_once(path, reads):
    np.testing.assert_array_equal(saved(path, CUBE, is_fortran=True)[..., 2], CUBE[..., 2])
    assert reads == [(START + 4 * 24, 48)]


def test_system_that_reads_less_than_is_asked_for_is_asked_again(path, monkeypatch):
    class Slow(FileIO):
        def readinto(self, target: Any) -> int:
            return super().readinto(target[:7])

    monkeypatch.setattr(file_array, "FileIO", Slow)
    np.testing.assert_array_equal(saved(path, CUBE)[:], CUBE)


def test_array_is_read_by_another_process_too(path):
    array = saved(path, CUBE)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(array))[1:], CUBE[1:])


# Files that change


def overwritten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[::-1])


def truncated(path: Path) -> None:
    os.truncate(path, START + 100)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def lengthened(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(bytes(10))


def replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.utime(other, (0, 0))
    other.replace(path)


def deleted(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [overwritten, truncated, emptied, lengthened, replaced, deleted])
def test_file_that_has_changed_is_named_with_what_to_do(path, change):
    array = saved(path, CUBE)
    change(path)
    with pytest.raises(DatasetError) as caught:
        array[0]
    assert caught.value.file == str(path)
    assert caught.value.expected.startswith("the file as it was opened")
    assert caught.value.remedy == "Open the file again."


def test_file_that_is_shortened_while_it_is_read_is_an_error(path, monkeypatch):
    class Shortened(FileIO):
        def readinto(self, target: Any) -> int:
            truncated(path)
            return super().readinto(target)

    monkeypatch.setattr(file_array, "FileIO", Shortened)
    with pytest.raises(DatasetError, match="a file that is shorter than before"):
        saved(path, CUBE)[:]


# Memory-mapped arrays


@pytest.mark.parametrize("order", ["C", "F"])
def test_memory_mapped_array_is_read_instead(tmp_path, order):
    np.save(tmp_path / "cube.npy", CUBE.astype(">f4", order=order))
    array = mapped_file_array(np.load(tmp_path / "cube.npy", mmap_mode="r"))
    assert isinstance(array, FileArray)
    np.testing.assert_array_equal(array[1:, ::2], CUBE[1:, ::2])


def test_memory_mapped_array_anywhere_in_a_file_is_read_instead(path):
    saved(path, CUBE)
    mapped = np.memmap(path, np.float32, "r", START, CUBE.shape)
    np.testing.assert_array_equal(mapped_file_array(mapped)[:], CUBE)


@pytest.mark.parametrize("part", [np.s_[1:], np.s_[:, ::2], np.s_[::-1]])
def test_part_of_a_memory_mapped_array_has_no_place_of_its_own(path, part):
    saved(path, CUBE)
    assert mapped_file_array(np.memmap(path, np.float32, "r", START, CUBE.shape)[part]) is None


@pytest.mark.parametrize("mode", ["c", "r+"])
def test_array_that_is_changed_by_way_of_its_map_is_left_to_it(path, mode):
    saved(path, CUBE)
    mapped = np.memmap(path, np.float32, mode, START, CUBE.shape)
    mapped[0] = -1
    assert mapped_file_array(mapped) is None


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes no file that is mapped")
def test_memory_mapped_file_that_is_gone_cannot_be_read(path):
    saved(path, CUBE)
    mapped = np.memmap(path, np.float32, "r", START, CUBE.shape)
    path.unlink()
    assert mapped_file_array(mapped) is None
