from __future__ import annotations

from pathlib import Path

import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.location import (
    cannot_open,
    first_bytes,
    is_url,
    local_path,
    name_of,
    suffix_of,
)

URLS = ["https://example.org/a/cube.zarr", "s3://bucket/cube.zarr", "memory://cube.zarr"]
PATHS = ["cube.zarr", "/a/cube.zarr", "./a/cube.zarr", r"C:\a\cube.zarr", Path("a/cube.zarr")]


@pytest.mark.parametrize("url", URLS)
def test_address_with_a_protocol_is_a_url(url):
    assert is_url(url)


@pytest.mark.parametrize("path", PATHS)
def test_path_is_no_url(path):
    assert not is_url(path)


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("https://example.org/a/cube.zarr", "cube.zarr"),
        ("https://example.org/a/cube.zarr/", "cube.zarr"),
        ("https://example.org/cube.zarr?token=1/2.zip", "cube.zarr"),
        ("memory://cube.zarr", "cube.zarr"),
        ("a/cube.zarr", "cube.zarr"),
        ("a/cube.zarr/", "cube.zarr"),
        (Path("a/b.c/cube.npy"), "cube.npy"),
        ("what?.npy", "what?.npy"),
    ],
)
def test_name_is_the_last_part(location, name):
    assert name_of(location) == name


@pytest.mark.parametrize(
    ("location", "suffix"),
    [
        ("a/cube.ZARR", ".zarr"),
        (Path("cube.npy.ZIP"), ".zip"),
        ("https://example.org/cube.Zarr?version=1.2", ".zarr"),
        ("https://example.org", ".org"),
        ("cube", ""),
        (".zip", ""),
        ("a.zip/cube", ""),
    ],
)
def test_suffix_is_that_of_the_name_in_lower_case(location, suffix):
    assert suffix_of(location) == suffix


@pytest.mark.parametrize("content", [b"", b"PK", b"\x93NUMPY\x01\x00 and more"])
def test_first_bytes_are_eight_at_most(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    assert first_bytes(tmp_path / "a") == first_bytes(str(tmp_path / "a")) == content[:8]


@pytest.mark.parametrize(
    ("name", "found"), [("missing.npy", "no such file"), ("", "a folder, not a file")]
)
def test_file_that_cannot_be_opened_is_named_with_the_reason(tmp_path, name, found):
    with pytest.raises(DatasetError, match=f"^{found}.*Check the path") as e:
        first_bytes(tmp_path / name)
    assert e.value.file == str(tmp_path / name)


def test_error_without_a_text_is_named():
    error = cannot_open("https://example.org/cube.zarr", TimeoutError())
    assert error.found == "nothing that can be read (TimeoutError)"
    assert "connection" in error.remedy


def test_path_of_a_location_is_that_of_a_file_alone(tmp_path):
    path = tmp_path / "a b%.zarr"
    assert local_path(path) == local_path(str(path)) == local_path(path.as_uri()) == path
    assert local_path("https://example.org/a.zarr") is None
