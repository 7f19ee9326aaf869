from __future__ import annotations

import gzip
from contextlib import suppress
from threading import Event

import numpy as np
import pytest
import zarr

from example_server import files, serving

pytest.importorskip("aiohttp", reason="fsspec reads http:// with aiohttp only")

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import read_stack, web_client
from napari_ifealid.formats.transfer import MOST_REDIRECTS

CUBE = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
START = b"HTTP/1.0 200 OK\r\n"


@pytest.fixture
def is_over():
    """Set at the end, so that the server ends."""
    event = Event()
    yield event
    event.set()


@pytest.fixture
def contents(tmp_path) -> dict[str, bytes]:
    """The files of a Zarr array."""
    zarr.create_array(tmp_path / "cube.zarr", data=CUBE)
    paths = (path for path in tmp_path.rglob("*") if path.is_file())
    return {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in paths}


def sending(is_over: Event, start: bytes, piece: bytes, pause: float = 0.0):
    """Answer with the same bytes again and again, until nobody listens."""

    def answer(request) -> None:
        with suppress(OSError):
            request.wfile.write(start)
            while not is_over.wait(pause):
                request.wfile.write(piece)
                request.wfile.flush()

    return answer


def refused(answer, *, match: str) -> None:
    with serving(answer) as address, pytest.raises(DatasetError, match=match) as caught:
        read_stack(f"{address}/cube.zarr")
    assert caught.value.file == f"{address}/cube.zarr"


def test_file_without_end_is_not_read_on(monkeypatch, is_over):
    monkeypatch.setattr(web_client, "LARGEST_FILE", 10**6)
    refused(sending(is_over, START + b"\r\n", bytes(2**16)), match="a file of more than 1 MB")


def test_compressed_file_that_unpacks_to_too_much_is_not_read_on(monkeypatch):
    monkeypatch.setattr(web_client, "LARGEST_FILE", 10**6)
    bomb = gzip.compress(bytes(10**8))
    start = START + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    refused(lambda request: request.wfile.write(start + bomb), match="a file of more than 1 MB")


def test_server_that_drips_is_given_up(monkeypatch, is_over):
    monkeypatch.setattr(web_client, "GRACE", 0.2)
    refused(sending(is_over, START + b"\r\n", b"x", 0.02), match=r"bytes in 0 seconds")


@pytest.mark.parametrize("begun", [b"", START + b"X-Long: ", START + b"\r\n{"])
@pytest.mark.parametrize("drips", [True, False])
def test_server_that_never_comes_to_an_end_is_given_up(monkeypatch, is_over, begun, drips):
    monkeypatch.setattr(web_client, "PATIENCE", 0.2)
    monkeypatch.setattr(web_client, "GRACE", 0.2)
    piece = b"x" if drips and begun else b""
    refused(sending(is_over, begun, piece, 0.02), match="nothing that can be read")


@pytest.mark.parametrize("scheme", ["file", "ftp"])
def test_redirect_to_another_scheme_is_refused(scheme):
    def answer(request):
        request.send_response(302)
        request.send_header("Location", f"{scheme}:///etc/passwd")
        request.end_headers()

    refused(answer, match=f"a redirect from http:// to {scheme}://|{scheme}:")


def test_few_redirects_are_followed(contents):
    def answer(request):
        count, _, path = request.path.removeprefix("/").partition("/")
        if int(count):
            request.send_response(302)
            request.send_header("Location", f"/{int(count) - 1}/{path}")
            request.end_headers()
        else:
            request.path = f"/{path}"
            files(contents)(request)

    with serving(answer) as address:
        stack = read_stack(f"{address}/{MOST_REDIRECTS - 1}/cube.zarr")
        np.testing.assert_array_equal(stack.values, CUBE)
        with pytest.raises(DatasetError, match="nothing that can be read"):
            read_stack(f"{address}/{MOST_REDIRECTS + 2}/cube.zarr")
