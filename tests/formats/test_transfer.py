from __future__ import annotations

import gzip
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from time import monotonic

import pytest

from example_server import send_start, serving
from napari_ifealid.formats import transfer
from napari_ifealid.formats.transfer import (
    GRACE,
    MOST_REDIRECTS,
    SLOWEST,
    STEP,
    AddressError,
    TransferError,
    answered,
    length_of,
    pieces_of,
)
from napari_ifealid.tracking import untracked


def sent(address: str) -> bytes:
    """Return a file as it arrives."""
    with answered(address, track=untracked) as answer:
        return b"".join(pieces_of(answer, track=untracked, title="a"))


def redirecting_to(location: str) -> Callable[..., None]:
    def answer(request) -> None:
        request.send_response(302)
        request.send_header("Location", location)
        request.end_headers()

    return answer


def counting_down(request) -> None:
    """Answer with a redirect to the address with a number less, and at 0 with a file."""
    number = int(request.path.removeprefix("/"))
    if number:
        redirecting_to(f"/{number - 1}")(request)
    else:
        send_start(request, 3)
        request.wfile.write(b"abc")


def writing_for_ever(is_over: Event, piece: bytes, pause: float) -> Callable[..., None]:
    """Return a function that sends the same bytes again and again, until nobody listens."""

    def write(request) -> None:
        with suppress(OSError):
            while not is_over.wait(pause):
                request.wfile.write(piece)
                request.wfile.flush()

    return write


@pytest.fixture
def is_over():
    """Set at the end, so that the server ends."""
    event = Event()
    yield event
    event.set()


# Redirects


def test_redirects_are_followed_up_to_a_limit():
    with serving(counting_down) as address:
        with answered(f"{address}/{MOST_REDIRECTS}", track=untracked) as answer:
            assert length_of(answer) == 3
            assert list(pieces_of(answer, track=untracked, title="a")) == [b"abc"]
        with pytest.raises(TransferError, match=f"^more than {MOST_REDIRECTS} redirects$"):
            sent(f"{address}/{MOST_REDIRECTS + 1}")


@pytest.mark.parametrize("scheme", ["file", "ftp", "javascript", "data", "gopher"])
def test_redirect_to_another_scheme_is_refused(scheme):
    with (
        serving(redirecting_to(f"{scheme}://example.org/a")) as address,
        pytest.raises(TransferError, match=f"^a redirect from http:// to {scheme}://$") as caught,
    ):
        sent(address)
    assert caught.value.status == 302


def test_redirect_from_https_to_http_is_refused():
    answer = Redirect("https://example.org/a", "http://example.org/a")
    with pytest.raises(TransferError, match=r"^a redirect from https:// to http://$"):
        transfer._check_redirect(answer)
    assert answer.is_closed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("http://a.org/1", "https://a.org/2"),
        ("https://a.org/1", "https://b.org/2"),
        ("https://a.org/1", "/2"),
        ("https://a.org/1", "//b.org/2"),
    ],
)
def test_redirect_that_is_as_safe_is_followed(before, after):
    transfer._check_redirect(Redirect(before, after))


class Redirect:
    """An answer that no server of a test can give: it would need a certificate."""

    is_redirect = True
    status_code = 302

    def __init__(self, url: str, location: str) -> None:
        self.url = url
        self.headers = {"Location": location}
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True


def test_what_is_sent_with_a_redirect_is_not_read(is_over):
    written = []
    write = writing_for_ever(is_over, bytes(STEP), 0)

    def answer(request):
        if request.path == "/file":
            send_start(request, 3)
            request.wfile.write(b"abc")
        else:
            redirecting_to("/file")(request)
            write(request)
            written.append(request.path)

    with serving(answer) as address:
        assert sent(f"{address}/start") == b"abc"
        is_over.set()
    assert written == ["/start"]


def test_redirect_that_is_no_text_is_told():
    def answer(request):
        request.send_response_only(302)
        request.wfile.write(b"HTTP/1.0 302 Found\r\nLocation: /\xff\xfe\r\n\r\n")

    with serving(answer) as address, pytest.raises(AddressError):
        sent(address)


# Time


def test_limits_are_the_documented_ones():
    assert (GRACE, SLOWEST, MOST_REDIRECTS, transfer.PATIENCE) == (30, 10_000, 5, 10)


def test_server_that_drips_is_given_up(monkeypatch, is_over):
    monkeypatch.setattr(transfer, "GRACE", 0.2)
    drip = writing_for_ever(is_over, b"x", 0.02)

    def answer(request):
        send_start(request, 100_000_000)
        drip(request)

    start = monotonic()
    with serving(answer) as address, pytest.raises(TransferError, match="less than 10 kB per sec"):
        sent(address)
    assert monotonic() - start < transfer.PATIENCE  # the limit of silence alone would never end it


@pytest.mark.parametrize("part", ["headers", "trailers"])
def test_server_that_drips_before_or_after_the_file_is_given_up(monkeypatch, is_over, part):
    monkeypatch.setattr(transfer, "PATIENCE", 0.1)
    drip = writing_for_ever(is_over, b"X", 0.02)

    def answer(request):
        request.protocol_version = "HTTP/1.1"
        if part == "headers":
            request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        else:
            request.send_response(200)
            request.send_header("Transfer-Encoding", "chunked")
            request.end_headers()
            request.wfile.write(b"3\r\nabc\r\n0\r\nX-Long: ")
        drip(request)
        request.close_connection = True

    with serving(answer) as address, pytest.raises(TransferError, match="broke off"):
        sent(address)


def test_slow_server_that_is_fast_enough_is_waited_for(monkeypatch):
    monkeypatch.setattr(transfer, "GRACE", 0)

    def answer(request):
        send_start(request, 10 * STEP)
        for _ in range(10):
            request.wfile.write(bytes(STEP))
            Event().wait(0.05)

    with serving(answer) as address:
        assert len(sent(address)) == 10 * STEP


# Size


def test_file_that_is_sent_compressed_is_unpacked():
    content = bytes(range(256)) * 1000

    def answer(request):
        request.send_response(200)
        request.send_header("Content-Encoding", "gzip")
        request.send_header("Content-Length", str(len(gzip.compress(content))))
        request.end_headers()
        request.wfile.write(gzip.compress(content))

    with serving(answer) as address:
        assert sent(address) == content


def test_unknown_compression_is_told():
    def answer(request):
        request.send_response(200)
        request.send_header("Content-Encoding", "br")
        request.end_headers()
        request.wfile.write(b"abc")

    with serving(answer) as address, pytest.raises(TransferError, match="the compression 'br'"):
        sent(address)


def test_file_that_breaks_off_is_told():
    def answer(request):
        send_start(request, 1000)
        request.wfile.write(b"abc")

    with serving(answer) as address, pytest.raises(TransferError, match="broke off"):
        sent(address)


@pytest.mark.parametrize("length", ["many", "-1", "1e3", "", "9" * 5000])
def test_length_that_is_no_sensible_number_is_passed_over(length):
    def answer(request):
        request.send_response(200)
        request.send_header("Content-Length", length)
        request.end_headers()
        request.wfile.write(b"abc")

    with serving(answer) as address, answered(address, track=untracked) as got:
        assert length_of(got) is None
        assert list(pieces_of(got, track=untracked, title="a")) == [b"abc"]


def test_large_file_is_shown_in_no_more_steps_than_can_be_seen():
    told = []

    def track(iterable, /, *, total, desc):
        told.append(total)
        return iterable

    def answer(request):
        send_start(request, 2000 * STEP)
        request.wfile.write(bytes(2000 * STEP))

    with serving(answer) as address, answered(address, track=untracked) as got:
        pieces = [len(piece) for piece in pieces_of(got, track=track, title="a")]
    assert (told, len(pieces), sum(pieces)) == ([1000], 1000, 2000 * STEP)
