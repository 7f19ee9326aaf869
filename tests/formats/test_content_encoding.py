from __future__ import annotations

import gzip
import zlib

import pytest

from napari_ifealid.formats.content_encoding import LARGEST_PIECE, decoded

CONTENT = bytes(range(256)) * 3000


def in_pieces(content: bytes, size: int = 1000) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


@pytest.mark.parametrize(
    ("encoding", "sent"),
    [
        ("", CONTENT),
        ("identity", CONTENT),
        ("gzip", gzip.compress(CONTENT)),
        ("X-GZip", gzip.compress(CONTENT)),
        ("deflate", zlib.compress(CONTENT)),
        ("gzip", gzip.compress(CONTENT[:1000]) + gzip.compress(CONTENT[1000:])),
    ],
    ids=["none", "identity", "gzip", "old gzip", "deflate", "two"],
)
@pytest.mark.parametrize("size", [1, 1000, 10**6])
def test_content_comes_back_however_it_was_cut(encoding, sent, size):
    assert b"".join(decoded(in_pieces(sent, size), encoding)) == CONTENT


def test_few_bytes_that_hold_very_many_are_unpacked_in_small_pieces():
    sent = gzip.compress(bytes(10**8))
    sizes = [len(piece) for piece in decoded([sent], "gzip")]
    assert max(sizes) <= LARGEST_PIECE
    assert sum(sizes) == 10**8


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "?"])
def test_unknown_compression_is_refused(encoding):
    with pytest.raises(ValueError, match=f"compression {encoding!r}".replace("?", r"\?")):
        list(decoded([CONTENT], encoding))


def test_damaged_compression_is_told():
    with pytest.raises(ValueError, match="a damaged compression"):
        list(decoded([CONTENT], "gzip"))


@pytest.mark.parametrize("kept", [0, 5, -1])
def test_compressed_file_that_breaks_off_is_told(kept):
    with pytest.raises(ValueError, match="broke off"):
        list(decoded([gzip.compress(CONTENT)[:kept]], "gzip"))
