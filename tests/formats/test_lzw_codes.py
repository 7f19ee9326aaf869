from __future__ import annotations

from io import BytesIO

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from napari_ifealid.formats.lzw_codes import check_lzw


def packed(*codes: int) -> bytes:
    """Return codes of nine bits."""
    bits = "".join(f"{code:09b}" for code in codes)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


@given(st.binary(max_size=300), st.integers(1, 2000))
def test_what_was_encoded_is_good(piece, times):
    check_lzw(imagecodecs.lzw_encode(piece * times))


@pytest.mark.parametrize("size", [1, 1000, 100_000, 3_000_000])
def test_noise_that_fills_the_table_again_and_again_is_good(size):
    check_lzw(imagecodecs.lzw_encode(np.random.default_rng(0).bytes(size)))


def test_codes_of_another_program_are_good():
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8))
    stream = BytesIO()
    image.save(stream, "TIFF", compression="tiff_lzw")
    stream.seek(0)
    with tifffile.TiffFile(stream) as tiff:
        page = tiff.pages[0]
        for place, count in zip(page.dataoffsets, page.databytecounts, strict=True):
            check_lzw(stream.getvalue()[place : place + count])


@pytest.mark.parametrize("codes", [(256, 65, 257), (65, 258, 257), (256, 65, 66, 258, 259, 256, 1)])
def test_codes_of_the_table_are_good(codes):
    check_lzw(packed(*codes))


@pytest.mark.parametrize("codes", [(256, 258), (258,), (256, 65, 259), (256, 65, 256, 300, 257)])
def test_code_that_stands_for_nothing_is_refused(codes):
    with pytest.raises(ValueError, match="stands for nothing"):
        check_lzw(packed(*codes))


def test_codes_of_the_kind_before_tiff_5_are_refused():
    with pytest.raises(ValueError, match="before TIFF 5"):
        check_lzw(b"\x00\x01\x02")


@pytest.mark.parametrize("data", [b"", b"\x80"])
def test_nothing_is_left_to_the_decoder(data):
    check_lzw(data)
