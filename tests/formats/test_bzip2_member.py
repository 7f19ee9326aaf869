from __future__ import annotations

import bz2
import sys
from zipfile import ZIP_BZIP2, BadZipFile, ZipFile, ZipInfo
from zlib import crc32

import pytest

from limited_memory import MEGABYTE, outcome
from napari_ifealid.formats.bzip2_member import bzip2_content

CONTENT = bytes(range(256)) * 1000


def packed(path, content: bytes, **claims: int) -> tuple[ZipFile, ZipInfo]:
    """A ZIP of one entry, about which its list of entries tells what is given."""
    with ZipFile(path, "w", ZIP_BZIP2) as archive:
        archive.writestr("first", b"1")
        archive.writestr("a", content)
        for name, value in claims.items():
            setattr(archive.getinfo("a"), name, value)
    opened = ZipFile(path)
    return opened, opened.getinfo("a")


@pytest.mark.parametrize("content", [b"", b"1", CONTENT])
def test_entry_is_what_was_packed(tmp_path, content):
    assert bzip2_content(*packed(tmp_path / "a.zip", content)) == content


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"file_size": 200, "CRC": crc32(CONTENT[:200])}, "more than the 200 bytes"),
        ({"file_size": 300_000}, "less than the 300,000 bytes"),
        ({"CRC": 1}, "a wrong checksum"),
        ({"compress_size": 30}, "ends too early"),
        ({"header_offset": 3}, "no header"),
    ],
)
def test_entry_that_is_not_what_it_says_is_damaged(tmp_path, claims, reason):
    with pytest.raises((BadZipFile, EOFError), match=reason):
        bzip2_content(*packed(tmp_path / "a.zip", CONTENT, **claims))


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of memory is Linux's")
def test_small_bomb_is_not_unpacked(tmp_path):
    bomb, zeros = bz2.BZ2Compressor(), bytes(10 * MEGABYTE)
    content = b"".join(bomb.compress(zeros) for _ in range(60)) + bomb.flush()
    with ZipFile(tmp_path / "bomb.zip", "w") as archive:
        archive.writestr("metadata.json", content)
        entry = archive.getinfo("metadata.json")
        entry.compress_type, entry.file_size, entry.CRC = ZIP_BZIP2, 200, crc32(bytes(200))
    assert (tmp_path / "bomb.zip").stat().st_size < 1000
    found = outcome(
        "from napari_ifealid.formats import read_stacks",
        "read_stacks(path)",
        tmp_path / "bomb.zip",
        spare=200 * MEGABYTE,
    )
    assert found == "a damaged entry (it holds more than the 200 bytes that it says)"
