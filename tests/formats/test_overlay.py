from __future__ import annotations

import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from dataset_files import dataset, image_file, wide_png, with_header_field, write
from hypothesis import given
from PIL import Image
from real_arrays import between, seeds, sizes
from tifffile import imwrite

from limited_memory import MEGABYTE, outcome
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import OverlayWarning, overlay, read_overlay, read_stacks
from napari_ifealid.formats.overlay import decode_overlay, encode_overlay

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


# Files


@pytest.fixture
def saved(tmp_path):
    def save(image: Image.Image, name: str, **options) -> Path:
        path = tmp_path / name
        image.save(path, **options)
        return path

    return save


@pytest.mark.parametrize("name", ["image.png", "image.tif", "image.bmp", "image.webp"])
def test_file_of_any_kind_is_read(saved, name):
    path = saved(Image.fromarray(COLOUR), name, **{"lossless": True} if "webp" in name else {})
    np.testing.assert_array_equal(read_overlay(path), COLOUR)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "I;16", "I", "F"])
def test_grey_file_of_any_mode_becomes_rgb(saved, mode):
    image = Image.fromarray(GREY).convert("I" if mode == "I;16" else mode).convert(mode)
    pixels = read_overlay(saved(image, "image.tif" if mode in "IF" else "image.png"))
    np.testing.assert_array_equal(pixels, np.dstack([GREY] * 3))


def test_transparency_is_left_out(saved):
    image = Image.fromarray(np.dstack([COLOUR, GREY]))
    np.testing.assert_array_equal(read_overlay(saved(image, "image.png")), COLOUR)


def test_colours_of_a_palette_are_kept(saved):
    image = Image.fromarray(COLOUR).convert("P", palette=Image.Palette.ADAPTIVE)
    np.testing.assert_array_equal(read_overlay(saved(image, "image.png")), COLOUR)


def test_black_and_white_file_becomes_rgb(saved):
    image = Image.fromarray(GREY > 150)
    expected = np.dstack([[[0, 0], [255, 255]]] * 3)
    np.testing.assert_array_equal(read_overlay(saved(image, "image.png")), expected)


def test_cmyk_file_becomes_rgb(saved):
    image = Image.new("RGB", (16, 8), (200, 100, 50)).convert("CMYK")
    pixels = read_overlay(saved(image, "image.jpg", quality=100))
    assert pixels.shape == (8, 16, 3)
    np.testing.assert_allclose(pixels - np.array([200.0, 100.0, 50.0]), 0, atol=3)


@pytest.mark.parametrize(
    "grey",
    [
        np.array([[200, 1200], [2200, 4200]], np.uint16),
        np.array([[-1000, 0], [1000, 3000]], np.int32),
        np.array([[0, 0.25], [0.5, 1]], np.float32),
    ],
    ids=["12 bits of 16", "negative", "fractions"],
)
def test_grey_of_more_than_8_bits_is_stretched(saved, grey):
    pixels = read_overlay(saved(Image.fromarray(grey), "image.tif"))
    np.testing.assert_array_equal(pixels, np.dstack([[[0, 64], [128, 255]]] * 3))


def test_colours_of_more_than_8_bits_are_stretched_together(tmp_path):
    colours = np.array([[[200, 1200, 2200], [4200, 200, 200]]], np.uint16)
    imwrite(tmp_path / "image.tif", colours, photometric="rgb")
    expected = [[[0, 64, 128], [255, 0, 0]]]
    np.testing.assert_array_equal(read_overlay(tmp_path / "image.tif"), expected)


@pytest.mark.parametrize(
    ("grey", "expected"),
    [
        ([[7, 7], [7, 7]], [[0, 0], [0, 0]]),
        ([[0, 1], [2, np.nan]], [[0, 128], [255, 0]]),
        ([[0, 2], [np.inf, -np.inf]], [[0, 255], [255, 0]]),
        ([[np.nan, np.nan]], [[0, 0]]),
    ],
)
def test_constant_grey_and_gaps_can_be_shown(saved, grey, expected):
    path = saved(Image.fromarray(np.array(grey, np.float32)), "image.tif")
    np.testing.assert_array_equal(read_overlay(path)[..., 0], expected)


@pytest.mark.parametrize(
    ("orientation", "turned"),
    [
        (1, lambda pixels: pixels),
        (2, np.fliplr),
        (3, lambda pixels: np.rot90(pixels, 2)),
        (4, np.flipud),
        (5, lambda pixels: pixels.swapaxes(0, 1)),
        (6, lambda pixels: np.rot90(pixels, -1)),
        (7, lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1)),
        (8, np.rot90),
    ],
)
def test_photo_is_turned_as_its_exif_data_say(saved, orientation, turned):
    photo = np.kron(COLOUR, np.ones((8, 16, 1), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(Image.fromarray(photo), "photo.jpg", quality=100, subsampling=0, exif=exif)
    np.testing.assert_allclose(read_overlay(path), turned(photo), rtol=0, atol=5)


def test_plain_tiff_is_turned_as_its_orientation_says(tmp_path):
    photo = (50 * np.arange(6, dtype=np.uint8)).reshape(2, 3)
    path = tmp_path / "photo.tif"
    imwrite(path, photo, photometric="minisblack", extratags=[(274, 3, 1, 6)])
    np.testing.assert_array_equal(read_overlay(path)[..., 0], np.rot90(photo, -1))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "no image"),
        (b"no image", "no image"),
        (GOOD[:-20], "truncated"),
        (changed(GOOD, 45), "checksum"),
        (image_file(Image.new("RGB", (64, 64)), "JPEG")[:-30], "truncated"),
        (image_file(Image.new("1", (8193, 8192)), "PNG"), "8193 × 8192 pixels"),
        (image_file(Image.new("1", (20000, 20000)), "PNG"), "400000000 pixels"),
    ],
    ids=str.split("empty text truncated checksum jpeg large bomb"),
)
def test_file_that_is_no_good_image_is_an_error(tmp_path, content, found):
    path = write(tmp_path / "image.png", content)
    with pytest.raises(DatasetError) as caught:
        read_overlay(path)
    assert found in caught.value.found.lower()
    assert caught.value.file == str(path)
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["missing.png", ""])
def test_missing_file_and_folder_are_an_error(tmp_path, name):
    with pytest.raises(DatasetError, match="Check the path") as caught:
        read_overlay(tmp_path / name)
    assert caught.value.file == str(tmp_path / name)


# Written


@given(height=sizes, width=sizes, seed=seeds)
def test_written_overlay_is_nearly_the_same(height, width, seed):
    pixels = between(0, 255, (8 * height, 8 * width, 3), np.dtype("u1"), seed)
    again = decode_overlay(encode_overlay(pixels))
    np.testing.assert_allclose(again, pixels, rtol=0, atol=5)


@pytest.mark.parametrize(
    ("shape", "found"), [((1, 65_501, 3), "65501 × 1"), ((8192, 8193, 3), "8193 × 8192")]
)
def test_overlay_that_could_not_be_read_again_is_not_written(shape, found):
    pixels = np.broadcast_to(np.uint8(0), shape)
    with pytest.raises(DatasetError) as caught:
        encode_overlay(pixels)
    assert found in caught.value.found
    assert "at most" in caught.value.expected


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of memory is Linux's")
def test_largest_overlay_of_16_bits_takes_little_more_memory_than_its_pixels(tmp_path):
    png = image_file(Image.new("I;16", (8192, 8192), 7), "PNG")
    file = dataset(VALUES, fields={"overlay": True}, members={"overlay.jpg": png})
    reader = "from napari_ifealid.formats import read_stacks"
    tell = "print(read_stacks(path)[0].overlay.shape)"
    path = write(tmp_path / "tiny.zip", file)
    assert outcome(reader, tell, path, spare=800 * MEGABYTE) == "(8192, 8192, 3)"


def test_overlay_for_which_memory_is_short_is_left_out(tmp_path, free_memory):
    large = image_file(Image.new("RGB", (64, 64)), "PNG")
    file = dataset(VALUES, fields={"overlay": True}, members={"overlay.jpg": large})
    with free_memory(20_000), pytest.warns(OverlayWarning, match="memory"):
        (stack,) = read_stacks(write(tmp_path / "tiny.zip", file))
    assert stack.overlay is None


def test_overlay_that_its_decoder_has_no_memory_for_is_left_out(read):
    """Pillow's decoder of PNG refuses rows of so many pixels."""
    with (
        patch.object(overlay, "check_png_size"),
        pytest.warns(OverlayWarning, match="more memory than"),
    ):
        assert read(wide_png(2**26)).overlay is None


def test_overlay_too_short_for_its_pixels_is_left_out(read):
    with pytest.warns(OverlayWarning, match="8388608 × 1 pixels"):
        assert read(wide_png(2**23)).overlay is None
