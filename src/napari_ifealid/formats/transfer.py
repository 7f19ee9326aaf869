"""Files sent by a web server, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from math import ceil
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from napari_ifealid.tracking import Track, every_item

if TYPE_CHECKING:
    from requests import RequestException, Response, Session
    from urllib3.exceptions import HTTPError

PATIENCE = 10
"""Seconds without a sign of life after which a download is given up."""

MOST_REDIRECTS = 5
"""Redirects that are followed to the file."""

STEP = 2**16
"""Bytes between two steps of the progress of a file that is not large."""

_LARGEST_STEP = 2**22
_MOST_STEPS = 1000


@contextmanager
def answered(url: str, *, track: Track) -> Iterator[Response]:
    """Ask a web server for a file, and give its answer before the file itself is sent.

    Parameters
    ----------
    url : str
        http:// or https://
    track : callable
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Raises
    ------
    requests.RequestException, urllib3.exceptions.HTTPError
        If there is no answer, none with the file, or one after too many redirects.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.
    """
    from requests import Session  # takes long to import

    with Session() as session:
        session.max_redirects = MOST_REDIRECTS
        desc = f"Connecting to {urlsplit(url).netloc.rpartition('@')[2]}"
        (answer,) = every_item(track, (_ask(session, one) for one in [url]), total=1, desc=desc)
        with answer:
            answer.raise_for_status()
            yield answer


def length_of(answer: Response) -> int | None:
    """Return the size of the file in bytes, None where the server does not tell it."""
    length = answer.headers.get("Content-Length", "")
    return int(length) if length.isascii() and length.isdecimal() else None


def pieces_of(answer: Response, *, track: Track, title: str) -> Iterator[bytes]:
    """Yield a file piece by piece.

    Parameters
    ----------
    answer : Response
    track : callable
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.
    title : str
        Of the file, for the progress.

    Raises
    ------
    requests.RequestException
        If the connection breaks off.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.
    """
    size, desc = length_of(answer) or 0, f"Downloading {title}"
    step = min(_LARGEST_STEP, max(STEP, size // _MOST_STEPS))
    pieces = answer.iter_content(step)
    yield from track(pieces, total=ceil(size / step), desc=desc)
    if next(pieces, None) is not None:  # some progress bars just end when they are cancelled
        raise CancelledError(f"{desc}: cancelled")


def reason_of(error: RequestException | HTTPError) -> str:
    """Return why a file was not sent, in a few words."""
    answer = getattr(error, "response", None)
    if answer is None:
        return f"no connection, or one that broke off ({type(error).__name__})"
    if answer.is_redirect:
        return f"more than {MOST_REDIRECTS} redirects"
    return f"the answer {answer.status_code} {answer.reason}"


def _ask(session: Session, url: str) -> Response:
    # a server that compresses tells another length than that of the file
    headers = {"Accept-Encoding": "identity"}
    return session.get(url, headers=headers, stream=True, timeout=PATIENCE)
