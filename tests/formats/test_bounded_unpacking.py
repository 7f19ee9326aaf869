from __future__ import annotations

import bz2
import gzip
import lzma
import zlib

import numpy as np
import pytest
from numcodecs import LZ4, Blosc, Zstd

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.bounded_unpacking import told_size, unpacked, unpacks

CONTENT = bytes(range(256)) * 400
PACKED = {
    "zlib": zlib.compress(CONTENT),
    "gzip": gzip.compress(CONTENT),
    "bz2": bz2.compress(CONTENT),
    "lzma": lzma.compress(CONTENT),
}


def unpack(codec: str, packed: bytes, most: int = len(CONTENT), **settings: object) -> bytes:
    return unpacked(codec, settings, memoryview(packed), most)


@pytest.mark.parametrize("codec", PACKED)
def test_content_is_what_was_packed(codec):
    assert unpacks(codec)
    assert unpack(codec, PACKED[codec]) == CONTENT
    assert unpack(codec, PACKED[codec], 10**9) == CONTENT


def test_codec_that_is_not_known_is_told():
    assert not unpacks("zstd")
    assert not unpacks("delta")


@pytest.mark.parametrize("codec", PACKED)
def test_one_byte_more_than_allowed_is_refused(codec):
    with pytest.raises(DatasetError, match="unpacks to more than 102,399 bytes"):
        unpack(codec, PACKED[codec], len(CONTENT) - 1)


@pytest.mark.parametrize("codec", PACKED)
def test_what_ends_too_early_is_damaged(codec):
    with pytest.raises(EOFError):
        unpack(codec, PACKED[codec][:-5])


@pytest.mark.parametrize("codec", ["gzip", "bz2", "lzma"])
def test_several_streams_are_one_content(codec):
    assert unpack(codec, 2 * PACKED[codec], 2 * len(CONTENT)) == 2 * CONTENT
    with pytest.raises(DatasetError):
        unpack(codec, 2 * PACKED[codec], 2 * len(CONTENT) - 1)


def test_zeros_behind_a_gzip_stream_are_left_out():
    assert unpack("gzip", PACKED["gzip"] + bytes(8)) == CONTENT


def test_lzma_without_a_header_is_unpacked_by_its_settings():
    settings = {"format": lzma.FORMAT_RAW, "filters": [{"id": lzma.FILTER_LZMA2, "preset": 1}]}
    assert unpack("lzma", lzma.compress(CONTENT, **settings), **settings) == CONTENT


@pytest.mark.parametrize("count", [0, 1, 100, 300, 70_000, 20_000_000])
def test_size_that_is_told_is_that_of_the_content(count):
    content = np.arange(count).astype(np.uint8)
    for name, codec in {"lz4": LZ4(), "blosc": Blosc(), "zstd": Zstd()}.items():
        if count or name != "lz4":  # of which it packs nothing
            assert told_size(name, memoryview(bytes(codec.encode(content)))) == count


@pytest.mark.parametrize(
    "packed", [b"", b"\x28\xb5\x2f\xfd", b"\x28\xb5\x2f\xfd\x00\x38", b"nothing"]
)
def test_zstd_without_a_size_tells_none(packed):
    assert told_size("zstd", memoryview(packed)) is None


def test_size_of_other_codecs_is_not_known():
    assert told_size("delta", memoryview(b"1234567890")) is None
