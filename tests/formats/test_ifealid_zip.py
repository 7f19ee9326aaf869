from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from dataset_files import (
    TYPES,
    dataset,
    png,
    wide_png,
    with_chunk,
    with_header_field,
    write,
    zipped,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import ifealid_zip, read_stacks
from napari_ifealid.formats.ifealid_metadata import Metadata

PRECISIONS = (8, 16, 32)
FIELDS = ("name", "width", "height", "features", "precision", "overlay")


def random_values(shape=(5, 3, 9), precision=8, seed=0):
    largest = 2**precision - 1
    generator = np.random.default_rng(seed)
    return generator.integers(0, largest, shape, TYPES[precision], endpoint=True)


TINY = random_values()
"""9 features of 8 bit, in the images 0.png, 1.png and 2.png, each 3 wide and 5 high."""


@pytest.fixture
def read(tmp_path):
    def read_content(content: bytes):
        (stack,) = read_stacks(write(tmp_path / "tiny.zip", content))
        return stack

    return read_content


@pytest.fixture
def error_of(read):
    def message(content: bytes) -> DatasetError:
        with pytest.raises(DatasetError) as caught:
            read(content)
        error = caught.value
        assert Path(error.file).name == "tiny.zip"
        assert str(error).startswith(f"{error.found}: tiny.zip")
        assert error.remedy
        return error

    return message


@pytest.mark.parametrize("precision", PRECISIONS)
def test_synthetic_dataset_holds_the_quantised_array(shared_data, precision):
    original = np.load(shared_data / "synthetic_23x17x9.npy")
    low, high = original.min(), original.max()
    quantised = np.round((original - low) / (high - low) * (2**precision - 1))
    (stack,) = read_stacks(shared_data / f"synthetic_23x17x9.{precision}.zip")
    assert stack.precision == precision
    assert stack.values.dtype == np.dtype(f"u{precision // 8}")
    np.testing.assert_array_equal(stack.values, quantised)


@pytest.mark.parametrize(
    ("dataset_name", "expected_name"),
    [
        *[
            (f"synthetic_23x17x9.{p}.zip", f"synthetic_23x17x9.{p}.expected.npz")
            for p in PRECISIONS
        ],
        ("000000015746.jpg.C1.npz.8.zip", "000000015746.jpg.C1.expected.npz"),
        ("000000015746.jpg.C3.npz.8.zip", "000000015746.jpg.C3.expected.npz"),
    ],
)
def test_pixel_vectors_are_those_of_the_web_application(shared_data, dataset_name, expected_name):
    (stack,) = read_stacks(shared_data / dataset_name)
    with np.load(shared_data / expected_name) as expected:
        vectors = [stack.vector(position) for position in expected["positions_rowcol"]]
        np.testing.assert_allclose(vectors, expected["vectors"], rtol=0, atol=1e-6)


def test_coco_dataset_has_its_name_size_and_overlay(shared_data):
    (stack,) = read_stacks(shared_data / "000000015746.jpg.C1.npz.8.zip")
    assert stack.name == "000000015746.jpg.C1.npz"
    assert stack.values.shape == (160, 106, 256)
    assert stack.values.flags.c_contiguous
    assert stack.overlay.shape == (640, 427, 3)
    assert stack.overlay.dtype == np.uint8
    assert stack.value_range == (0.0, 1.0)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    features=st.integers(1, 70),
    precision=st.sampled_from(PRECISIONS),
    size=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    seed=st.integers(0, 2**32),
)
def test_any_dataset_comes_back_as_it_was_written(read, features, precision, size, seed):
    values = random_values((*size, features), precision, seed)
    stack = read(dataset(values))
    assert stack.values.dtype == values.dtype
    assert stack.values.flags.c_contiguous
    np.testing.assert_array_equal(stack.values, values)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_byte_gives_an_error_and_never_other_values(tmp_path, data):
    content = bytearray(dataset(TINY, compression=zipfile.ZIP_STORED))
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    path = write(tmp_path / "tiny.zip", bytes(content))
    try:
        (stack,) = read_stacks(path)
    except DatasetError:
        return
    np.testing.assert_array_equal(stack.values, TINY)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_way_of_packing_that_python_knows_is_read(read, compression):
    stack = read(dataset(TINY, compression=compression))
    np.testing.assert_array_equal(stack.values, TINY)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"gAMA", (220000).to_bytes(4, "big")),
        (b"sRGB", b"\x00"),
        (b"iCCP", b"profile\x00\x00no profile at all"),
        (b"eXIf", b"MM\x00*\x00\x00\x00\x08"),
        (b"tEXt", b"Comment\x00text"),
    ],
)
def test_colour_management_and_remarks_change_nothing(read, kind, body):
    image = with_chunk(png(TINY[..., :4]), kind, body)
    stack = read(dataset(TINY, members={"0.png": image}))
    np.testing.assert_array_equal(stack.values, TINY)


def test_transparent_pixels_keep_their_colours(read):
    values = TINY.copy()
    values[..., 3] = 0  # alpha 0
    np.testing.assert_array_equal(read(dataset(values)).values, values)


def test_values_are_restored_with_minimum_and_maximum(read):
    values = np.array([[[0, 255]]], np.uint8)
    stack = read(dataset(values, fields={"minimum": -2, "maximum": 3.5}))
    assert stack.value_range == (-2.0, 3.5)
    np.testing.assert_array_equal(stack.vector((0, 0)), [-2.0, 3.5])


@pytest.mark.parametrize("key", ["minimum", "maximum"])
def test_one_end_of_the_value_range_alone_is_not_used(read, key):
    assert read(dataset(TINY, fields={key: 5.0})).value_range == (0.0, 1.0)


def test_labels_name_the_features(read):
    labels = ["red", 650.5, 7, "nir", "a", "b", "c", "d", "e"]
    assert read(dataset(TINY, fields={"labels": labels})).feature_labels == tuple(labels)


def test_unrelated_members_are_ignored(read):
    members = {
        "README.txt": b"hello",
        ".DS_Store": b"\x00",
        "__MACOSX/._0.png": b"\x00",
        "folder/": b"",
        "folder/9.png": b"no image",
        "007.png": b"no image",
    }
    np.testing.assert_array_equal(read(dataset(TINY, members=members)).values, TINY)


def test_byte_order_mark_before_the_metadata_is_no_error(read, tmp_path):
    path = write(tmp_path / "plain.zip", dataset(TINY))
    with zipfile.ZipFile(path) as archive:
        content = b"\xef\xbb\xbf" + archive.read("metadata.json")
    stack = read(dataset(TINY, members={"metadata.json": content}))
    np.testing.assert_array_equal(stack.values, TINY)


# The ZIP itself


@pytest.mark.parametrize("content", [b"", b"no ZIP at all", b"\x89PNG\r\n\x1a\n"])
def test_other_files_are_no_zip(error_of, content):
    assert "no ZIP file" in error_of(content).found


def test_truncated_zip_is_named_so(error_of):
    content = dataset(TINY)
    assert "truncated" in error_of(content[: len(content) // 2]).found


def test_missing_file_and_folder_are_told_from_damage(tmp_path):
    (tmp_path / "folder.zip").mkdir()
    for name, found in {"missing": "no such file", "folder": "a folder, not a file"}.items():
        with pytest.raises(DatasetError, match=f"^{found}"):
            read_stacks(tmp_path / f"{name}.zip")


def test_missing_metadata_is_named(error_of):
    error = error_of(dataset(TINY, members={"metadata.json": None}))
    assert error.member == "metadata.json"
    assert "no metadata.json" in error.found


def test_dataset_inside_a_folder_is_told_where_it_lies(error_of):
    error = error_of(zipped({"folder/metadata.json": b"{}", "folder/0.png": b""}))
    assert "folder/" in error.found
    assert "without the folder" in error.remedy


@pytest.mark.parametrize("name", ["metadata.json", "1.png"])
def test_duplicate_member_is_an_error(tmp_path, error_of, name):
    path = write(tmp_path / "tiny.zip", dataset(TINY))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(name, b"again")
    error = error_of(path.read_bytes())
    assert error.member == name
    assert "2 entries" in error.found


def test_encrypted_dataset_must_be_decrypted_first(error_of):
    error = error_of(with_header_field(dataset(TINY), 6, 1))
    assert error.member == "metadata.json"
    assert "encrypted" in error.found
    assert error.remedy.startswith("Decrypt")


def test_unknown_way_of_packing_is_named(error_of):
    error = error_of(with_header_field(dataset(TINY), 8, 9))
    assert error.member == "metadata.json"
    assert "method 9" in error.found
    assert "deflate" in error.remedy


def test_wrong_checksum_of_the_zip_is_an_error(error_of):
    content = dataset(TINY, compression=zipfile.ZIP_STORED)
    at = content.index(b"tiny")
    error = error_of(content[:at] + b"Tiny" + content[at + 4 :])
    assert error.member == "metadata.json"
    assert "CRC" in error.found


# Metadata


@pytest.mark.parametrize("content", [b"\xff\xfe{}", b"", b"{", b"[" * 100_000, b"[1, 2]", b"null"])
def test_metadata_that_are_no_json_object_are_an_error(error_of, content):
    error = error_of(dataset(TINY, members={"metadata.json": content}))
    assert error.member == "metadata.json"
    assert "object" in error.expected


@pytest.mark.parametrize("field", FIELDS)
def test_missing_field_is_named(error_of, field):
    error = error_of(dataset(TINY, fields={field: None}))
    assert error.member == f'metadata.json, "{field}"'
    assert error.found == "no such field"


@pytest.mark.parametrize("field", ["width", "height", "features", "precision"])
@pytest.mark.parametrize("value", [True, 3.0, "3", [3], 0, -3])
def test_field_that_is_no_positive_integer_is_named(error_of, field, value):
    error = error_of(dataset(TINY, fields={field: value}))
    assert error.member == f'metadata.json, "{field}"'
    assert str(value).lower().strip("'[]") in error.found


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("precision", 12, "8, 16 or 32"),
        ("overlay", 1, "true or false"),
        ("overlay", "false", "true or false"),
        ("name", 5, "a text"),
        ("labels", "abc", "a list"),
        ("labels", ["a"] * 8, "9"),
        ("labels", ["a"] * 8 + [True], "texts or numbers"),
        ("labels", ["a"] * 8 + [float("nan")], "texts or numbers"),
    ],
)
def test_wrong_field_is_named(error_of, field, value, expected):
    error = error_of(dataset(TINY, fields={field: value}))
    assert error.member == f'metadata.json, "{field}"'
    assert expected in error.expected


@pytest.mark.parametrize(
    ("minimum", "maximum"),
    [(1, 0), (float("nan"), 1), (0, float("inf")), ("0", 1), (False, True), (0, 10**400)],
)
def test_wrong_value_range_is_an_error(error_of, minimum, maximum):
    error = error_of(dataset(TINY, fields={"minimum": minimum, "maximum": maximum}))
    assert error.member in ('metadata.json, "minimum"', 'metadata.json, "maximum"')


# Images


@pytest.mark.parametrize("number", [0, 1, 2])
def test_missing_image_is_named(error_of, number):
    error = error_of(dataset(TINY, members={f"{number}.png": None}))
    assert error.member == f"{number}.png"
    assert "3 images, 0.png to 2.png" in error.expected


def test_superfluous_image_is_named(error_of):
    error = error_of(dataset(TINY, members={"3.png": b""}))
    assert error.member == "3.png"
    assert "superfluous" in error.found


def test_far_too_many_features_are_found_at_once(error_of):
    assert error_of(dataset(TINY, fields={"features": 10**15})).member == "3.png"


ANOTHER = png(random_values((4, 3, 4)))
GOOD = png(TINY[..., 4:8])


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "no PNG"),
        (b"\xff\xd8\xff\xe0 a JPEG", "no PNG"),
        (GOOD[:8], "truncated"),
        (GOOD[:50], "truncated"),
        (GOOD[:-12], "truncated"),
        (ANOTHER, "3 wide and 4 high"),
        (png(TINY[..., :3], "RGB"), "8 bits, RGB"),
        (png(TINY[..., :1], "L"), "8 bits, grey"),
        (png(TINY[..., :1], "P"), "palette"),
        (png(TINY[..., :2], "I;16"), "16 bits, grey"),
        (with_chunk(GOOD, b"acTL", b"\x00\x00\x00\x02\x00\x00\x00\x00"), "animated"),
        (with_chunk(GOOD, b"IHDR", GOOD[16:29]), "two headers"),
        (GOOD[:40] + bytes([GOOD[40] ^ 1]) + GOOD[41:], "checksum"),
        (GOOD[:8] + GOOD[33:], "header"),
        (with_chunk(GOOD[:33] + GOOD[-12:], b"IDAT", b"no pixels"), "damaged"),
        (GOOD[:33] + GOOD[-12:], "damaged"),
    ],
)
def test_bad_image_is_named(error_of, content, found):
    error = error_of(dataset(TINY, members={"1.png": content}))
    assert error.member == "1.png"
    assert found in error.found
    assert "again" in error.remedy


def test_swapped_width_and_height_are_recognised(error_of):
    error = error_of(dataset(TINY, fields={"width": 5, "height": 3}))
    assert error.member == "0.png"
    assert error.remedy == "Swap width and height in metadata.json."


# Limits


@pytest.mark.parametrize("name", ["metadata.json", "1.png"])
@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_zip_bomb_is_not_unpacked(error_of, name, compression):
    content = dataset(TINY, members={name: bytes(3 * 2**20)}, compression=compression)
    assert len(content) < 10_000
    error = error_of(content)
    assert error.member == name
    assert "3,145,728 bytes" in error.found


def test_more_memory_than_free_is_not_asked_for(error_of, monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=100))
    error = error_of(dataset(TINY))
    assert "memory" in error.found


def test_absurd_size_is_refused_before_anything_is_allocated(error_of):
    error = error_of(dataset(TINY, fields={"width": 10**9, "height": 10**9}))
    assert "memory" in error.found


# Progress


def test_progress_is_told_once_a_block(shared_data):
    calls = []

    def track(iterable: Iterable, *, total: int, desc: str) -> Iterator:
        for item in iterable:
            calls.append((total, desc))
            yield item

    read_stacks(shared_data / "000000015746.jpg.C1.npz.8.zip", track=track)
    assert calls == [(8, "Opening 000000015746.jpg.C1.npz")] * 8


class StopError(Exception):
    pass


def test_exception_from_the_progress_cancels(shared_data):
    def track(iterable: Iterable, **_: object) -> Iterator:
        for item in iterable:
            yield item
            raise StopError

    with pytest.raises(StopError):
        read_stacks(shared_data / "000000015746.jpg.C1.npz.8.zip", track=track)


def test_progress_that_ends_early_gives_no_half_read_values(shared_data):
    def track(iterable: Iterable, **_: object) -> Iterator:
        yield next(iter(iterable))

    with pytest.raises(CancelledError):
        read_stacks(shared_data / "000000015746.jpg.C1.npz.8.zip", track=track)


@pytest.mark.parametrize("block_bytes", [1, 130])
def test_large_images_are_read_in_smaller_blocks(read, monkeypatch, block_bytes):
    monkeypatch.setattr(ifealid_zip, "BLOCK_BYTES", block_bytes)
    values = random_values((5, 3, 23))
    np.testing.assert_array_equal(read(dataset(values)).values, values)


def test_images_too_small_for_their_size_are_refused_before_memory_is_taken(error_of, monkeypatch):
    monkeypatch.setattr(Metadata, "empty_values", lambda _: pytest.fail("taken"))
    wide = wide_png(2**24)
    fields = {"width": 2**24, "height": 1}
    error = error_of(
        dataset(TINY, fields=fields, members=dict.fromkeys(["0.png", "1.png", "2.png"], wide))
    )
    assert error.member == "0.png"
    assert "16777216 × 1 pixels" in error.expected
