from __future__ import annotations

import pytest
from requests import RequestException

from example_server import send_start, serving
from napari_ifealid.formats.transfer import (
    MOST_REDIRECTS,
    STEP,
    answered,
    length_of,
    pieces_of,
    reason_of,
)
from napari_ifealid.tracking import untracked


def redirecting(request) -> None:
    """Answer with a redirect to the address with a number less, and at 0 with a file."""
    number = int(request.path.removeprefix("/"))
    if number:
        request.send_response(302)
        request.send_header("Location", f"/{number - 1}")
        request.end_headers()
    else:
        send_start(request, 3)
        request.wfile.write(b"abc")


def test_redirects_are_followed_up_to_a_limit():
    with serving(redirecting) as address:
        with answered(f"{address}/{MOST_REDIRECTS}", track=untracked) as answer:
            assert length_of(answer) == 3
            assert list(pieces_of(answer, track=untracked, title="a")) == [b"abc"]
        with (
            pytest.raises(RequestException) as caught,
            answered(f"{address}/{MOST_REDIRECTS + 1}", track=untracked),
        ):
            pass
    assert reason_of(caught.value) == f"more than {MOST_REDIRECTS} redirects"


def test_large_file_is_shown_in_no_more_steps_than_can_be_seen():
    told = []

    def track(iterable, /, *, total, desc):
        told.append(total)
        return iterable

    def answer(request):
        send_start(request, 2000 * STEP)
        request.wfile.write(bytes(2000 * STEP))

    with serving(answer) as address, answered(address, track=untracked) as sent:
        pieces = [len(piece) for piece in pieces_of(sent, track=track, title="a")]
    assert (told, len(pieces), sum(pieces)) == ([1000], 1000, 2000 * STEP)
