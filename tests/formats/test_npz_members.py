from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import numpy as np
import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.npz_members import (
    array_key,
    array_members,
    member_header,
    member_values,
)

ARRAY = np.arange(12, dtype=">u2").reshape(3, 4)


@pytest.fixture
def archive(tmp_path) -> Iterator[ZipFile]:
    np.savez(tmp_path / "a.npz", small=ARRAY)
    with ZipFile(tmp_path / "a.npz", "a") as written:
        written.writestr("notes.txt", "no array")
    with ZipFile(tmp_path / "a.npz") as opened:
        yield opened


def repacked(path: Path, content: bytes, method: int = ZIP_DEFLATED) -> ZipFile:
    with ZipFile(path, "w", method) as written:
        written.writestr("small.npy", content)
    return ZipFile(path)


def test_arrays_are_told_from_other_entries_and_called_by_their_names(archive):
    assert [array_key(member) for member in array_members(archive)] == ["small"]


def test_header_tells_shape_and_type_without_the_values(archive):
    (member,) = array_members(archive)
    assert str(member_header(archive, member)) == "(3, 4) >u2"


def test_values_have_the_byte_order_of_this_computer(archive):
    (member,) = array_members(archive)
    values = member_values(archive, member, member_header(archive, member))
    np.testing.assert_array_equal(values, ARRAY)
    assert values.dtype.isnative


def test_error_of_a_check_names_the_array(archive):
    def refuse(values: object) -> None:
        raise DatasetError("a cat", expected="a dog", remedy="Ask the dog.")

    (member,) = array_members(archive)
    with pytest.raises(DatasetError, match="a cat") as caught:
        member_values(archive, member, member_header(archive, member), refuse)
    assert caught.value.member == "small.npy"


@pytest.mark.parametrize(
    ("change", "found"), [(-2, "a truncated array"), (2, "more bytes than the array has")]
)
def test_array_of_another_length_than_its_header_says_is_refused(archive, tmp_path, change, found):
    content = archive.read("small.npy")
    content = content[:change] if change < 0 else content + bytes(change)
    with repacked(tmp_path / "b.npz", content) as other:
        (member,) = array_members(other)
        with pytest.raises(DatasetError, match=found):
            member_values(other, member, member_header(other, member))


def test_method_that_may_unpack_more_than_is_asked_for_is_refused(archive, tmp_path):
    with repacked(tmp_path / "b.npz", archive.read("small.npy"), ZIP_BZIP2) as other:
        (member,) = array_members(other)
        with pytest.raises(DatasetError, match="packed in an unusual way"):
            member_header(other, member)


def test_two_arrays_of_one_name_are_refused(archive, tmp_path):
    content = archive.read("small.npy")
    with ZipFile(tmp_path / "b.npz", "w") as written:
        written.writestr("small.npy", content)
        with pytest.warns(UserWarning, match="Duplicate"):
            written.writestr("small.npy", content)
    with (
        ZipFile(tmp_path / "b.npz") as other,
        pytest.raises(DatasetError, match="2 arrays of this name") as caught,
    ):
        array_members(other)
    assert caught.value.file == str(tmp_path / "b.npz")
    assert caught.value.member == "small.npy"
