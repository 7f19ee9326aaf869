from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import read_stacks
from napari_ifealid.session_files import (
    SavedSession,
    SavedStack,
    missing_stacks,
    read_session_stacks,
)
from napari_ifealid.session_files.stacks import (
    check_nothing_missing,
    moved_stack,
    without_stacks,
)
from napari_ifealid.stack import StackSource

CUBE = np.arange(60.0).reshape(3, 4, 5)


@pytest.fixture
def session(tmp_path) -> SavedSession:
    """Three files, of which the last has two arrays."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in "ab":
        np.save(folder / f"{name}.npy", CUBE)
    np.savez(folder / "c.npz", first=CUBE, second=-CUBE[:, :, :2])
    files = [folder / name for name in ("a.npy", "b.npy", "c.npz")]
    stacks = [stack for file in files for stack in read_stacks(file)]
    return SavedSession(
        stacks=tuple(SavedStack(stack.source, stack.values.shape) for stack in stacks), explored=2
    )


def names(locations) -> list[str]:
    return [location.rpartition("/")[2] for location in locations]


def test_each_stack_is_read_again(session):
    first, second, third, fourth = read_session_stacks(session.stacks)
    for stack in (first, second, third):
        np.testing.assert_array_equal(stack.values, CUBE)
    np.testing.assert_array_equal(fourth.values, -CUBE[:, :, :2])


def test_chosen_feature_axis_is_read_again(session):
    first = session.stacks[0]
    source = replace(first.source, feature_axis=0)
    (stack,) = read_session_stacks([SavedStack(source, (4, 5, 3))])
    np.testing.assert_array_equal(stack.values, np.moveaxis(CUBE, 0, -1))


def test_file_with_a_stack_of_another_shape_is_refused(session):
    np.save(session.stacks[0].source.location, CUBE[:2])
    with pytest.raises(DatasetError, match=r"another stack than was saved: a\.npy"):
        read_session_stacks(session.stacks)


def test_missing_files_are_listed_once_each(session, tmp_path):
    assert missing_stacks(session) == []
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    assert names(missing_stacks(session)) == ["a.npy", "b.npy", "c.npz"]


def test_url_is_not_tried():
    source = StackSource("https://example.invalid/a.zarr")
    assert missing_stacks(SavedSession(stacks=(SavedStack(source, (1, 1, 1)),))) == []


def test_error_names_all_missing_files(session, tmp_path):
    check_nothing_missing(session, "s.ifealid.json")
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    with pytest.raises(DatasetError) as caught:
        check_nothing_missing(session, "s.ifealid.json")
    assert caught.value.found.startswith("3 missing files, ")
    assert all(name in str(caught.value) for name in ("a.npy", "b.npy", "c.npz"))


def test_files_beside_one_that_was_found_are_found_along_with_it(session, tmp_path):
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "b.npy").unlink()
    missing = missing_stacks(session)[0]
    found = moved_stack(session, missing, str(tmp_path / "elsewhere" / "a.npy"))
    assert names(missing_stacks(found)) == ["b.npy"]
    kept = without_stacks(found, missing_stacks(found))
    assert [len(read_session_stacks(kept.stacks)), kept.explored] == [3, 1]


def test_session_without_its_explored_stack_is_none(session):
    assert without_stacks(session, [session.stacks[2].source.location]) is None


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_name_that_no_file_has_is_missing(session, tmp_path, name):
    path = str(tmp_path / f"{name}.npy")
    moved = moved_stack(session, session.stacks[0].source.location, path)
    assert path in missing_stacks(moved)
