from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import tifffile

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import looks_like_stack, read_overlay, read_stacks
from napari_ifealid.formats.tiff_directories import check_chain

KINDS = [{"bigtiff": big, "byteorder": order} for big in (False, True) for order in "<>"]


def pages(**options) -> bytearray:
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream, **options) as writer:
        for number in range(3):
            writer.write(np.full((4, 5), number, np.uint8), contiguous=False)
    return bytearray(stream.getvalue())


def in_a_circle(target: int, **options) -> bytearray:
    """Return three pages, the last of which is followed by another of them."""
    content = pages(**options)
    with tifffile.TiffFile(io.BytesIO(content)) as tiff:
        places = [page.offset for page in tiff.pages]
    order, is_big = options["byteorder"], options["bigtiff"]
    (count,) = struct.unpack_from(f"{order}{'Q' if is_big else 'H'}", content, places[-1])
    end = places[-1] + (8 + 20 * count if is_big else 2 + 12 * count)
    struct.pack_into(f"{order}{'Q' if is_big else 'I'}", content, end, places[target])
    return content


@pytest.mark.parametrize("options", KINDS)
def test_chain_that_ends_is_good(options):
    stream = io.BytesIO(pages(**options))
    check_chain(stream)
    assert stream.tell() == 0


@pytest.mark.parametrize("options", KINDS)
@pytest.mark.parametrize("target", [0, 1, 2])
def test_chain_in_a_circle_is_refused(options, target):
    with pytest.raises(DatasetError, match="circle"):
        check_chain(io.BytesIO(in_a_circle(target, **options)))


@pytest.mark.parametrize("content", [b"", b"II*\0", b"II*\0\x08\0\0\0", b"no TIFF", b"MM\0+" * 5])
def test_what_is_wrong_in_other_ways_is_left_to_tifffile(content):
    check_chain(io.BytesIO(content))


def test_file_with_such_a_chain_is_a_clear_error(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(in_a_circle(2, **KINDS[0]))
    assert not looks_like_stack(path)
    for read in (read_stacks, read_overlay):
        with pytest.raises(DatasetError, match="circle") as caught:
            read(path)
        assert caught.value.file == str(path)
