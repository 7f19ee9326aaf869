from __future__ import annotations

import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.download_limit import (
    LARGEST,
    LARGEST_VARIABLE,
    ROOM_LEFT,
    DownloadLimit,
)

URL = "https://example.org/cube.npy"


def test_limit_is_the_documented_one_unless_another_is_set(tmp_path, monkeypatch):
    monkeypatch.delenv(LARGEST_VARIABLE, raising=False)
    assert DownloadLimit.of(tmp_path).largest == LARGEST * 10**9
    monkeypatch.setenv(LARGEST_VARIABLE, "0.5")
    assert DownloadLimit.of(tmp_path).largest == 500_000_000


def test_some_of_the_disk_is_left_free(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "napari_ifealid.formats.download_limit.disk_usage",
        lambda _: type("Usage", (), {"free": ROOM_LEFT + 7}),
    )
    assert DownloadLimit.of(tmp_path).free == 7


@pytest.mark.parametrize("text", ["many", "-1", "0", "nan", "inf", "20 GB"])
def test_number_that_is_none_is_told(tmp_path, monkeypatch, text):
    monkeypatch.setenv(LARGEST_VARIABLE, text)
    with pytest.raises(DatasetError, match=rf"{LARGEST_VARIABLE} with the value '{text}'.*GB|50"):
        DownloadLimit.of(tmp_path)


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        (DownloadLimit(free=100, largest=200), "that the disk has room for"),
        (DownloadLimit(free=200, largest=100), LARGEST_VARIABLE),
        (DownloadLimit(free=-5, largest=200), "0 bytes that the disk has room for"),
    ],
)
def test_larger_file_is_refused_with_what_to_do(limit, reason):
    with pytest.raises(DatasetError, match=reason) as caught:
        limit.check(101, URL)
    assert caught.value.file == URL


def test_file_as_large_as_is_allowed_is_let_through():
    DownloadLimit(free=100, largest=100).check(100, URL)
