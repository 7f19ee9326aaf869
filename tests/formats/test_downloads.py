from __future__ import annotations

import gzip
import os
from concurrent.futures import CancelledError
from pathlib import Path
from threading import Event
from time import time
from urllib.parse import quote

import numpy as np
import pytest
from dataset_files import dataset, write

from example_server import files, send_start, serving
from napari_ifealid.cache_folder import CACHE_VARIABLE
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import (
    array_names,
    download_limit,
    looks_like_stack,
    read_stack,
    read_stacks,
    transfer,
    write_array,
)
from napari_ifealid.formats.download_limit import LARGEST_VARIABLE, ROOM_LEFT
from napari_ifealid.formats.downloads import DAYS_KEPT, downloaded
from napari_ifealid.formats.transfer import STEP
from napari_ifealid.session_files import SavedStack
from napari_ifealid.session_files.stacks import read_session_stack
from napari_ifealid.stack import FeatureStack, StackSource
from napari_ifealid.tracking import untracked

CUBE = np.arange(60, dtype=np.float32).reshape(3, 4, 5)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def npy(tmp_path) -> bytes:
    np.save(tmp_path / "cube.npy", CUBE)
    return (tmp_path / "cube.npy").read_bytes()


class Site:
    """Answers with one file and its ETag, and counts how often it was sent."""

    def __init__(self, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.content = content
        self.headers = {"ETag": '"1"'} if headers is None else headers
        self.sent = 0

    def __call__(self, request) -> None:
        request.send_response(200)
        for name, value in self.headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(self.content)))
        request.end_headers()
        try:
            request.wfile.write(self.content)
            self.sent += len(self.content)
        except OSError:  # nobody listens
            pass


def kept(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.rglob("*") if path.is_file())


def fails(url: str, cache: Path, *, match: str, track=untracked) -> DatasetError:
    with pytest.raises(DatasetError, match=match) as caught:
        downloaded(url, track=track)
    assert kept(cache) == []
    assert list(cache.glob("downloads/*")) == []
    return caught.value


# Reading


def test_files_of_all_formats_are_read_from_a_web_server(npy, tmp_path):
    np.savez(tmp_path / "two.npz", first=CUBE, second=CUBE[:2])
    write(tmp_path / "a.zip", dataset(CUBE.astype(np.uint8)))
    contents = {name: (tmp_path / name).read_bytes() for name in ("two.npz", "a.zip")}
    with serving(files({"cube.npy?download=1": npy, **contents})) as address:
        stack = read_stack(f"{address}/cube.npy?download=1", feature_axis=0)
        assert stack.name == "cube.npy"
        assert stack.source == StackSource(f"{address}/cube.npy?download=1", None, 0)
        np.testing.assert_array_equal(stack.values, np.moveaxis(CUBE, 0, -1))
        first, second = read_stacks(f"{address}/two.npz")
        assert first.source == StackSource(f"{address}/two.npz", "first")
        assert second.name == "two.npz: second"
        assert array_names(f"{address}/two.npz") == {"first": True, "second": True}
        np.testing.assert_array_equal(read_stack(f"{address}/a.zip").values, CUBE.astype(np.uint8))


def test_file_behind_a_url_is_ours_by_its_name():
    assert looks_like_stack("https://example.org/cube.npy")
    assert not looks_like_stack("https://example.org/cube.txt")
    assert not looks_like_stack("memory://cube.npy")


def test_damaged_file_is_named_by_its_url(npy):
    with serving(files({"cube.npy": npy[:-1]})) as address:
        with pytest.raises(DatasetError, match="truncated array") as caught:
            read_stack(f"{address}/cube.npy")
        assert caught.value.file == f"{address}/cube.npy"


# Kept


def test_file_is_downloaded_again_only_when_it_has_changed(cache, npy):
    site = Site(npy)
    with serving(site) as address:
        path = downloaded(f"{address}/cube.npy")
        assert path.name == "cube.npy"
        assert cache in path.parents
        before = path.stat()
        assert downloaded(f"{address}/cube.npy") == path
        assert path.stat() == before
        site.content, site.headers = npy[:-4] + bytes(4), {"ETag": '"2"'}
        downloaded(f"{address}/cube.npy")
        assert path.read_bytes() == site.content


def test_server_that_tells_no_state_of_the_file_is_asked_for_all_of_it(npy):
    site = Site(npy, headers={})
    with serving(site) as address:
        path = downloaded(f"{address}/cube.npy")
        site.content = bytes(len(npy))
        assert downloaded(f"{address}/cube.npy").read_bytes() == site.content == path.read_bytes()


def test_files_of_one_name_at_two_addresses_are_told_apart(npy):
    with serving(files({"a/cube.npy": npy, "b/cube.npy": b"other"})) as address:
        one, other = (downloaded(f"{address}/{folder}/cube.npy") for folder in "ab")
    assert (one.read_bytes(), other.read_bytes()) == (npy, b"other")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("my%20cube.npy", "my cube.npy"),
        ("a/..%2F..%2Fcube.npy", "cube.npy"),
        ("x" * 300, "x" * 150),
    ],
)
def test_name_is_one_that_a_file_can_have(cache, path, name):
    with serving(files({path: b"abc"})) as address:
        copy = downloaded(f"{address}/{path}")
    assert copy.name == name
    assert copy.parent.parent == cache / "downloads"


def test_what_was_not_used_in_a_long_time_goes(cache):
    with serving(files({"old.npy": b"old", "new.npy": b"new", "more.npy": b"more"})) as address:
        old, new = (downloaded(f"{address}/{name}.npy") for name in ("old", "new"))
        for file in old.parent.iterdir():
            os.utime(file, (time() - 86_401 * DAYS_KEPT,) * 2)
        downloaded(f"{address}/more.npy")
    assert not old.parent.exists()
    assert new.exists()


# Two files


def test_first_companion_that_is_there_comes_along():
    contents = {"a/cube.hdr": b"header", "a/cube.img": b"values", "a/cube.raw": b"other"}
    with serving(files(contents)) as address:
        path = downloaded(f"{address}/a/cube.hdr", companions=("cube", "cube.img", "cube.raw"))
        alone = downloaded(f"{address}/a/cube.raw", companions=("cube.raw.hdr",))
    assert path.with_name("cube.img").read_bytes() == b"values"
    assert not path.with_name("cube.raw").exists()
    assert alone.read_bytes() == b"other"


@pytest.mark.parametrize("suffix", [".hdr", ".img"])
@pytest.mark.parametrize("name", ["cube", "my cube"])
def test_cube_of_two_files_is_read_by_either(tmp_path, name, suffix):
    write_array(tmp_path / "cube.hdr", FeatureStack(values=CUBE, name="cube"))
    contents = {
        quote(f"{name}{path.suffix}"): path.read_bytes() for path in tmp_path.glob("cube.*")
    }
    with serving(files(contents)) as address:
        stack = read_stack(f"{address}/{quote(name)}{suffix}")
    np.testing.assert_array_equal(stack.values, CUBE)
    assert stack.source.location == f"{address}/{quote(name)}{suffix}"


# What goes wrong


@pytest.mark.parametrize("status", [403, 404, 500])
def test_answer_of_another_status_is_told(cache, status):
    with serving(lambda request: request.send_error(status)) as address:
        error = fails(f"{address}/cube.npy", cache, match=f"the answer {status}")
    assert error.file == f"{address}/cube.npy"


def test_no_connection_is_told(cache):
    with serving(files({})) as address:
        pass  # nobody serves there any more
    fails(f"{address}/cube.npy", cache, match="no connection.*Check the connection")


@pytest.mark.parametrize("url", ["http://[bad/cube.npy", "http://a..b/cube.npy", "http://:x/a.npy"])
def test_text_that_is_no_address_is_told(cache, url):
    assert looks_like_stack(url)  # opening it tells why
    error = fails(url, cache, match="no address.*Correct it")
    assert error.file == url


@pytest.mark.parametrize("begun", [False, True])
def test_silent_server_is_given_up(cache, npy, monkeypatch, begun):
    monkeypatch.setattr(transfer, "PATIENCE", 0.1)
    is_over = Event()

    def answer(request):
        if begun:
            send_start(request, len(npy))
            request.wfile.write(npy[:100])
        is_over.wait(10)

    with serving(answer) as address:
        fails(f"{address}/cube.npy", cache, match="no connection, or one that broke off")
        is_over.set()


def test_connection_that_breaks_off_is_told(cache, npy):
    def answer(request):
        send_start(request, len(npy))
        request.wfile.write(npy[:100])

    with serving(answer) as address:
        fails(f"{address}/cube.npy", cache, match="broke off")


@pytest.mark.parametrize("tells_length", [True, False])
def test_file_that_the_disk_has_no_room_for_is_refused(cache, npy, monkeypatch, tells_length):
    usage = download_limit.disk_usage

    def nearly_full(path):
        return usage(path)._replace(free=ROOM_LEFT + 100)

    def answer(request):
        request.send_response(200)
        if tells_length:
            request.send_header("Content-Length", str(10 * STEP))
        request.end_headers()
        request.wfile.write(npy)

    monkeypatch.setattr(download_limit, "disk_usage", nearly_full)
    with serving(answer) as address:
        fails(f"{address}/cube.npy", cache, match=f"100 bytes.*has room.*{CACHE_VARIABLE}")


@pytest.mark.parametrize("tells_length", [True, False])
def test_file_larger_than_the_user_allows_is_refused(cache, npy, monkeypatch, tells_length):
    def answer(request):
        request.send_response(200)
        if tells_length:
            request.send_header("Content-Length", str(len(npy)))
        request.end_headers()
        request.wfile.write(npy)

    with serving(answer) as address:
        monkeypatch.setenv(LARGEST_VARIABLE, "1e-7")
        fails(f"{address}/cube.npy", cache, match=f"at most 100 bytes.*{LARGEST_VARIABLE}")
        monkeypatch.setenv(LARGEST_VARIABLE, "1")
        assert downloaded(f"{address}/cube.npy").read_bytes() == npy


def test_file_that_unpacks_to_more_than_is_allowed_is_refused(cache, monkeypatch):
    site = Site(gzip.compress(bytes(10**8)), {"Content-Encoding": "gzip"})
    monkeypatch.setenv(LARGEST_VARIABLE, "0.001")
    with serving(site) as address:
        assert len(site.content) < 10**6
        fails(f"{address}/cube.npy", cache, match=f"at most 1 MB.*{LARGEST_VARIABLE}")


def test_redirect_to_another_kind_of_address_is_refused(cache):
    def answer(request):
        request.send_response(302)
        request.send_header("Location", "file:///etc/passwd")
        request.end_headers()

    with serving(answer) as address:
        error = fails(f"{address}/cube.npy", cache, match="a redirect from http:// to file://")
    assert error.file == f"{address}/cube.npy"


def test_page_instead_of_the_file_is_refused(cache):
    site = Site(b"<html>Log in</html>", {"Content-Type": "text/html; charset=utf-8"})
    with serving(site) as address:
        fails(f"{address}/cube.npy", cache, match="a web page.*download link")


@pytest.mark.parametrize("url", ["s3://bucket/cube.npy", "memory://cube.npy", "ftp://a/cube.npy"])
def test_other_ways_to_single_files_are_refused(cache, url):
    with pytest.raises(DatasetError, match=r"a URL of a single file.*https://.*Download"):
        read_stack(url)


@pytest.mark.parametrize("says_so", [True, False])
@pytest.mark.parametrize("last", ["Connecting", "Downloading"])
def test_cancelled_download_leaves_nothing(cache, npy, says_so, last):
    def track(iterable, /, *, total, desc):
        if not desc.startswith(last):
            return iterable
        if says_so:
            raise CancelledError
        return []

    with serving(files({"cube.npy": npy})) as address, pytest.raises(CancelledError):
        downloaded(f"{address}/cube.npy", track=track)
    assert kept(cache) == []


def test_cache_that_is_no_folder_is_told(cache, npy):
    cache.touch()
    with (
        serving(files({"cube.npy": npy})) as address,
        pytest.raises(DatasetError, match=f"no way to keep a download.*{CACHE_VARIABLE}"),
    ):
        downloaded(f"{address}/cube.npy")


# Sessions


def test_stack_of_a_session_is_read_from_its_url_again(npy):
    with serving(files({"cube.npy": npy})) as address:
        source = read_stack(f"{address}/cube.npy").source
        session = SavedStack(source=source, shape=CUBE.shape)
        np.testing.assert_array_equal(read_session_stack(session).values, CUBE)
