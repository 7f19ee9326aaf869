from __future__ import annotations

import struct

import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.zip_archive import LARGEST_DIRECTORY, member_names, opened_zip


def zip_of(path, count: int):
    """Write a ZIP that lists so many entries, of nothing: its list alone costs."""
    entries = [
        struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, *bytes(7), len(name), *bytes(6)) + name
        for name in (b"%07d" % number for number in range(count))
    ]
    listed = b"".join(entries)
    large = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(listed), 0)
    where = struct.pack("<4sLQL", b"PK\6\7", 0, len(listed), 1)
    small = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, len(listed), 0, 0)
    path.write_bytes(listed + large + where + small)
    return path


def test_zip_of_as_many_entries_as_a_stack_may_need_is_opened(tmp_path):
    names = member_names(zip_of(tmp_path / "a.zip", 65_536))
    assert (len(names), names[-1]) == (65_536, "0065535")


def test_zip_of_far_too_many_entries_is_refused_before_they_are_listed(tmp_path):
    path = zip_of(tmp_path / "a.zip", 160_000)
    assert path.stat().st_size > LARGEST_DIRECTORY
    with pytest.raises(DatasetError, match=r"a list of entries of 8,480,000 bytes: a\.zip"):
        member_names(path)


def test_error_of_who_reads_a_zip_is_no_error_of_opening_it(tmp_path):
    with pytest.raises(ValueError, match="mine"), opened_zip(zip_of(tmp_path / "a.zip", 1)):
        raise ValueError("mine")
