from __future__ import annotations

import warnings
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import pytest
import tifffile
from dataset_files import wide_png
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import images
from napari_ifealid.formats.images import read_image

GREY = np.array([[0, 100, 50], [200, 255, 7]], np.uint8)
COLOUR = np.stack([GREY, GREY[::-1], GREY[:, ::-1]], axis=-1)
DEEP_GREY = GREY.astype(np.uint16) * 16  # 12 bits of 16
DEEP_COLOUR = COLOUR.astype(np.uint16) * 16


@pytest.fixture
def saved(tmp_path):
    def save(image: Image.Image, name: str, **options) -> Path:
        path = tmp_path / name
        image.save(path, **options)
        return path

    return save


@pytest.fixture
def tiff(tmp_path):
    def save(pixels: np.ndarray, **options) -> Path:
        tifffile.imwrite(tmp_path / "image.tif", pixels, **options)
        return tmp_path / "image.tif"

    return save


@pytest.mark.parametrize("name", ["image.png", "image.tif", "image.bmp", "image.webp"])
def test_file_of_any_kind_is_read(saved, name):
    path = saved(Image.fromarray(COLOUR), name, **{"lossless": True} if "webp" in name else {})
    np.testing.assert_array_equal(read_image(path), COLOUR)


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA"])
def test_grey_of_8_bits_of_any_mode_is_read(saved, mode, suffix):
    image = read_image(saved(Image.fromarray(GREY).convert(mode), f"image.{suffix}"))
    np.testing.assert_array_equal(image, np.dstack([GREY] * 3))


def test_colours_of_a_palette_are_kept(saved):
    image = Image.fromarray(COLOUR).convert("P", palette=Image.Palette.ADAPTIVE)
    np.testing.assert_array_equal(read_image(saved(image, "image.tif")), COLOUR)


@pytest.mark.parametrize("options", [{}, {"compression": "group4"}], ids=["plain", "fax"])
def test_black_and_white_are_read(saved, options):
    path = saved(Image.fromarray(GREY > 150), "image.tif", **options)
    np.testing.assert_array_equal(read_image(path)[..., 0], (GREY > 150) * np.uint8(255))


def test_white_alone_stays_white(saved):
    assert read_image(saved(Image.new("1", (4, 3), 1), "image.png")).min() == 255


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_cmyk_becomes_rgb(saved, suffix):
    image = Image.new("RGB", (16, 8), (200, 100, 50)).convert("CMYK")
    pixels = read_image(saved(image, f"image.{suffix}", quality=100))
    np.testing.assert_allclose(pixels - np.array([200.0, 100.0, 50.0]), 0, atol=3)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "jpeg"])
def test_compressed_tiff_is_read(saved, compression):
    photo = np.full((16, 24, 3), (200, 100, 50), np.uint8)
    path = saved(Image.fromarray(photo), "image.tif", compression=compression)
    np.testing.assert_allclose(read_image(path), photo, rtol=0, atol=3)  # JPEG


def test_compressed_grey_of_16_bits_keeps_its_numbers(saved):
    path = saved(Image.fromarray(DEEP_GREY), "image.tif", compression="tiff_lzw")
    np.testing.assert_array_equal(read_image(path), DEEP_GREY)


def test_grey_png_of_16_bits_keeps_its_numbers(saved):
    np.testing.assert_array_equal(
        read_image(saved(Image.fromarray(DEEP_GREY), "image.png")), DEEP_GREY
    )


@given(
    npst.arrays(
        st.sampled_from(["i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]),
        st.sampled_from([(3, 4), (3, 4, 3)]),
        elements={"allow_nan": False},
    ),
    st.booleans(),
    st.booleans(),
)
def test_numbers_of_a_tiff_are_kept_whatever_their_type(numbers, is_planar, is_big_endian):
    colours = {"photometric": "rgb", "planarconfig": "separate" if is_planar else "contig"}
    options = colours if numbers.ndim == 3 else {"photometric": "minisblack"}
    stored = np.moveaxis(numbers, -1, 0) if numbers.ndim == 3 and is_planar else numbers
    with TemporaryDirectory() as folder:
        path = Path(folder) / "image.tif"
        tifffile.imwrite(path, stored, byteorder="><"[is_big_endian], **options)
        np.testing.assert_array_equal(read_image(path), numbers)


@pytest.mark.parametrize("colours", [DEEP_GREY, DEEP_COLOUR, COLOUR], ids=["grey", "16", "8"])
@pytest.mark.parametrize("opacity", ["assocalpha", "unassalpha"])
def test_opacity_of_a_tiff_is_left_out(tiff, colours, opacity):
    opaque = np.full(GREY.shape, np.iinfo(colours.dtype).max, colours.dtype)
    photometric = "rgb" if colours.ndim == 3 else "minisblack"
    path = tiff(
        np.dstack([colours, opaque]),
        photometric=photometric,
        planarconfig="contig",
        extrasamples=[opacity],
    )
    np.testing.assert_array_equal(read_image(path), colours)


@pytest.mark.parametrize("grey", [GREY, DEEP_GREY], ids=["8", "16"])
def test_grey_of_which_zero_is_white_is_turned_round(tiff, grey):
    image = read_image(tiff(grey, photometric="miniswhite"))
    image = image if image.ndim == 2 else image[..., 0]
    np.testing.assert_array_equal(image.astype(int) - image.min(), grey.max() - grey)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_three_channels_without_a_colour_are_taken_for_red_green_and_blue(tiff, dtype):
    bands = np.moveaxis(COLOUR, -1, 0).astype(dtype)
    path = tiff(bands, photometric="minisblack", planarconfig="separate")
    np.testing.assert_array_equal(read_image(path), COLOUR)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float64])
@pytest.mark.parametrize("count", [2, 4, 5])
def test_channels_that_are_no_colours_are_counted_and_refused(tiff, dtype, count):
    bands = np.ones((count, 3, 4), dtype)
    path = tiff(bands, photometric="minisblack", planarconfig="separate")
    with pytest.raises(DatasetError, match=f"^an image of {count} channels") as caught:
        read_image(path)
    assert caught.value.file == str(path)


@pytest.mark.parametrize("options", [{}, {"imagej": True}, {"ome": True}], ids=str)
def test_pages_of_a_stack_are_counted_and_refused(tiff, options):
    path = tiff(np.ones((5, 3, 4), np.uint16), photometric="minisblack", **options)
    with pytest.raises(DatasetError, match=r"^5 images in one file") as caught:
        read_image(path)
    assert caught.value.file == str(path)
    assert "files of their own" in caught.value.remedy


def test_pages_of_different_sizes_are_counted_and_refused(saved):
    pages = [Image.new("RGB", (side, side)) for side in (4, 5, 6)]
    path = saved(pages[0], "image.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(DatasetError, match=r"^3 images in one file"):
        read_image(path)


def test_a_smaller_copy_of_the_image_does_not_count(tmp_path):
    with tifffile.TiffWriter(tmp_path / "image.tif") as file:
        file.write(DEEP_COLOUR, photometric="rgb")
        file.write(DEEP_COLOUR[:, ::2], photometric="rgb", subfiletype=1)
    np.testing.assert_array_equal(read_image(tmp_path / "image.tif"), DEEP_COLOUR)


def test_colours_of_a_printer_in_16_bits_are_refused(tiff):
    path = tiff(np.ones((3, 4, 4), np.uint16), photometric="separated")
    with pytest.raises(DatasetError, match=r"^colours of the kind SEPARATED"):
        read_image(path)


turns = pytest.mark.parametrize(
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


@turns
@pytest.mark.parametrize("pixels", [COLOUR, DEEP_GREY], ids=["colour", "grey"])
def test_image_is_turned_as_its_exif_data_say(saved, orientation, turned, pixels):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(Image.fromarray(pixels), "photo.png", exif=exif)
    np.testing.assert_array_equal(read_image(path), turned(pixels))


@turns
@pytest.mark.parametrize("pixels", [COLOUR, DEEP_GREY, DEEP_COLOUR], ids=["8", "grey", "16"])
def test_tiff_is_turned_as_its_tag_says(tiff, orientation, turned, pixels):
    photometric = "rgb" if pixels.ndim == 3 else "minisblack"
    path = tiff(pixels, photometric=photometric, extratags=[(274, 3, 1, orientation)])
    np.testing.assert_array_equal(read_image(path), turned(pixels))


# Not an image


def file_of(image: Image.Image, kind: str) -> bytes:
    stream = BytesIO()
    image.save(stream, kind)
    return stream.getvalue()


def changed(content: bytes, position: int) -> bytes:
    return content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]


PNG = file_of(Image.fromarray(COLOUR), "PNG")
NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
JPEG = file_of(NOISE, "JPEG")


@pytest.mark.parametrize(
    "content",
    [b"", b"no image", PNG[:-20], changed(PNG, 45), JPEG[:-90], b"II*\0", b"II*\0" + bytes(9)],
    ids=str.split("empty text truncated checksum jpeg tiff pageless"),
)
def test_file_that_is_no_good_image_is_refused(tmp_path, content):
    path = tmp_path / "image"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"^no image that can be read") as caught:
        read_image(path)
    assert caught.value.file == str(path)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("name", "found"),
    [("missing.png", "no such file: missing.png;"), ("", "a folder, not a file: ")],
)
def test_missing_file_and_folder_are_refused(tmp_path, name, found):
    with pytest.raises(DatasetError, match=f"^{found}.*Check the path") as caught:
        read_image(tmp_path / name)
    assert caught.value.file == str(tmp_path / name)


def tiff_of(pixels: np.ndarray) -> bytes:
    stream = BytesIO()
    tifffile.imwrite(stream, pixels, photometric="rgb")
    return stream.getvalue()


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize(
    "content", [PNG, JPEG, tiff_of(COLOUR), tiff_of(DEEP_COLOUR)], ids=["png", "jpeg", "8", "16"]
)
@given(st.data())
@settings(max_examples=50)
def test_damaged_file_gives_an_image_or_a_clear_error(content, data):
    position = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.binary(min_size=1, max_size=1))
    end = data.draw(st.sampled_from([position + 1, len(content)]))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "image"
        path.write_bytes(content[:position] + byte + content[position + 1 : end])
        try:
            axes = read_image(path).ndim
        except DatasetError as error:
            axes, file = None, error.file
        assert axes in (2, 3) or file == str(path)


# Large ones


@pytest.mark.parametrize("pixels", [COLOUR, DEEP_COLOUR], ids=["8", "16"])
def test_image_larger_than_the_memory_is_refused(tiff, free_memory, pixels):
    path = tiff(pixels, photometric="rgb")
    with (
        free_memory(100),
        pytest.raises(DatasetError, match=r"^a need for .*at most the 100 bytes") as caught,
    ):
        read_image(path)
    assert caught.value.file == str(path)


def test_image_that_pillow_warns_of_is_read(saved, monkeypatch):
    path = saved(Image.fromarray(COLOUR), "image.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", COLOUR[..., 0].size - 1)
    with pytest.warns(Image.DecompressionBombWarning):
        Image.open(path).close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(read_image(path), COLOUR)


def test_image_that_pillow_refuses_is_refused_with_a_remedy(saved):
    path = saved(Image.new("1", (20_000, 20_000)), "bomb.png")
    with pytest.raises(DatasetError, match=r"400000000 pixels.*cut it into parts") as caught:
        read_image(path)
    assert caught.value.file == str(path)


def test_image_that_its_decoder_has_no_memory_for_is_refused(tmp_path):
    path = tmp_path / "wide.png"
    path.write_bytes(wide_png(2**26))
    with (
        patch.object(images, "check_png_size"),
        pytest.raises(DatasetError, match="more memory than") as caught,
    ):
        read_image(path)
    assert caught.value.file == str(path)


def test_image_too_short_for_its_pixels_is_refused(tmp_path):
    path = tmp_path / "wide.png"
    path.write_bytes(wide_png(2**23))
    with pytest.raises(DatasetError, match="8388608 × 1 pixels") as caught:
        read_image(path)
    assert caught.value.file == str(path)
