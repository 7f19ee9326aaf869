from __future__ import annotations

import numpy as np
import pytest
from dataset_files import dataset, image_file, with_header_field, write
from PIL import Image

from napari_ifealid.formats import OverlayWarning, overlay, read_stacks

VALUES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
GREY = np.array([[0, 100], [200, 255]], np.uint8)
COLOUR = np.stack([GREY, GREY[::-1], GREY.T], axis=-1)
GOOD = image_file(Image.fromarray(COLOUR), "PNG")


@pytest.fixture
def read(tmp_path):
    def read_with(content: bytes | None):
        file = dataset(VALUES, fields={"overlay": True}, members={"overlay.jpg": content})
        (stack,) = read_stacks(write(tmp_path / "tiny.zip", file))
        return stack

    return read_with


def test_overlay_keeps_its_pixels(read):
    np.testing.assert_array_equal(read(GOOD).overlay, COLOUR)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA"])
def test_grey_overlay_of_any_mode_becomes_rgb(read, mode):
    content = image_file(Image.fromarray(GREY).convert(mode), "PNG")
    np.testing.assert_array_equal(read(content).overlay, np.dstack([GREY] * 3))


def test_16_bit_overlay_becomes_8_bit(read):
    content = image_file(Image.fromarray(GREY.astype(np.uint16) * 257), "PNG")
    np.testing.assert_array_equal(read(content).overlay, np.dstack([GREY] * 3))


def test_black_and_white_overlay_becomes_rgb(read):
    content = image_file(Image.fromarray(GREY > 150), "PNG")
    np.testing.assert_array_equal(read(content).overlay[..., 1], [[0, 0], [255, 255]])


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_overlay_of_any_mode_becomes_rgb(read, mode):
    content = image_file(Image.new("RGB", (16, 8), (120, 120, 120)).convert(mode), "JPEG")
    decoded = read(content).overlay
    assert decoded.shape == (8, 16, 3)
    assert decoded.dtype == np.uint8
    np.testing.assert_allclose(decoded, 120, atol=2)


def test_overlay_that_the_metadata_deny_is_not_read(tmp_path):
    file = dataset(VALUES, members={"overlay.jpg": b"no image"})
    (stack,) = read_stacks(write(tmp_path / "tiny.zip", file))
    assert stack.overlay is None


def changed(content: bytes, position: int) -> bytes:
    return content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, "no overlay"),
        (b"", "no image"),
        (b"no image", "no image"),
        (GOOD[:-20], "truncated"),
        (changed(GOOD, 45), "checksum"),
        (image_file(Image.new("RGB", (64, 64)), "JPEG")[:-30], "truncated"),
        (image_file(Image.new("RGB", (4, 4)), "GIF"), "no image"),
        (image_file(Image.new("1", (8193, 8192)), "PNG"), "8193 × 8192 pixels"),
        (image_file(Image.new("1", (20000, 20000)), "PNG"), "400000000 pixels"),
        (bytes(overlay.MOST_BYTES + 1), "bytes"),
    ],
    ids=str.split("missing empty text truncated checksum jpeg gif large huge bomb"),
)
def test_dataset_with_a_bad_overlay_is_opened_without_it(read, content, found):
    with pytest.warns(OverlayWarning) as caught:
        stack = read(content)
    assert stack.overlay is None
    np.testing.assert_array_equal(stack.values, VALUES)
    (message,) = [str(warning.message) for warning in caught]
    for part in ("without its overlay", "tiny.zip, overlay.jpg", found, "expected"):
        assert part in message


def test_encrypted_overlay_alone_does_not_keep_the_features_closed(tmp_path):
    file = dataset(VALUES, fields={"overlay": True}, members={"overlay.jpg": GOOD})
    encrypted = with_header_field(file, 6, 1)
    only_overlay = bytearray(file)
    for signature in (b"PK\x03\x04", b"PK\x01\x02"):
        start = file.rindex(signature)
        only_overlay[start : start + 12] = encrypted[start : start + 12]
    path = write(tmp_path / "tiny.zip", bytes(only_overlay))
    with pytest.warns(OverlayWarning, match="Decrypt"):
        (stack,) = read_stacks(path)
    np.testing.assert_array_equal(stack.values, VALUES)
