"""A web server on this machine that answers as the tests tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from napari_ifealid.example_datasets import SOURCE_VARIABLE

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """Give the address of a server that answers each request meanwhile."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            """Tell nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def serving_examples(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> Iterator[str]:
    """Let the examples be downloaded from such a server, even by those behind a proxy."""
    with serving(answer) as address:
        monkeypatch.setenv(SOURCE_VARIABLE, address)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield address


def files(contents: dict[str, bytes]) -> Answer:
    """Answer with the files of these names, which are at the top."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        content = contents.get(request.path.removeprefix("/"))
        if content is None:
            request.send_error(404)
        else:
            send_start(request, len(content))
            request.wfile.write(content)

    return answer


def send_start(request: BaseHTTPRequestHandler, length: int) -> None:
    """Send all that comes before a file."""
    request.send_response(200)
    request.send_header("Content-Length", str(length))
    request.end_headers()
