"""Files sent by a web server, piece by piece, in a bounded time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from math import ceil
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from napari_ifealid.errors import short_reason
from napari_ifealid.formats.content_encoding import decoded
from napari_ifealid.patience import within
from napari_ifealid.sizes import size_text
from napari_ifealid.tracking import Track, every_item

if TYPE_CHECKING:
    from requests import Response, Session

PATIENCE = 10
"""Seconds without a sign of life after which a download is given up."""

MOST_REDIRECTS = 5
"""Redirects that are followed to the file."""

GRACE = 30
"""Seconds that a download may take, however small it is."""

SLOWEST = 10_000
"""Bytes that must arrive per second, on average, after the first `GRACE` seconds."""

SCHEMES = ("http", "https")
"""Of the addresses that files are downloaded from."""

STEP = 2**16
"""Bytes between two steps of the progress of a file that is not large."""

_LARGEST_STEP = 2**22
_MOST_STEPS = 1000
_MOST_DIGITS = 18  # of a length; Python refuses to convert some thousands of them


class TransferError(Exception):
    """A file was not sent.

    Parameters
    ----------
    reason : str
        Why, in a few words.
    status : int, optional
        Of the server's answer, if there was one.
    """

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class AddressError(TransferError):
    """There is no such address."""


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
    TransferError
        If there is no answer in time, none with the file, or a redirect that is not followed: one
        too many, to another scheme, or from https:// to http://.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.
    """
    from requests import Session  # takes long to import

    with Session() as session:
        session.max_redirects = MOST_REDIRECTS
        session.hooks["response"] = [_check_redirect]
        desc = f"Connecting to {urlsplit(url).netloc.rpartition('@')[2]}"
        (answer,) = every_item(track, (_ask(session, one) for one in [url]), total=1, desc=desc)
        try:
            if not answer.ok:
                reason = f"the answer {answer.status_code} {answer.reason}"
                raise TransferError(reason, answer.status_code)
            yield answer
        finally:
            _end(answer)


def length_of(answer: Response) -> int | None:
    """Return how many bytes are sent, None where the server does not tell it."""
    length = answer.headers.get("Content-Length", "")
    is_number = length.isascii() and length.isdecimal() and len(length) <= _MOST_DIGITS
    return int(length) if is_number else None


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
    TransferError
        If the connection breaks off, if nothing arrives for `PATIENCE` seconds, if it takes longer
        than `GRACE` seconds and what `SLOWEST` allows, or if a compression can't be undone.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.
    """
    size, desc = length_of(answer) or 0, f"Downloading {title}"
    step = min(_LARGEST_STEP, max(STEP, size // _MOST_STEPS))
    pieces = _in_steps(_content(answer), step)
    yield from track(pieces, total=ceil(size / step), desc=desc)
    if next(pieces, None) is not None:  # some progress bars just end when they are cancelled
        raise CancelledError(f"{desc}: cancelled")


def redirect_fault(url: str, location: str) -> str:
    """Return why a redirect is not followed, in a few words; "" if it is.

    Parameters
    ----------
    url : str
        That was asked for.
    location : str
        Where the file is instead, as the server tells it.
    """
    before, after = (urlsplit(one).scheme.lower() for one in (url, urljoin(url, location)))
    is_safe = after in SCHEMES and (before, after) != ("https", "http")
    return "" if is_safe else f"a redirect from {before}:// to {after}://"


def _ask(session: Session, url: str) -> Response:
    from requests import TooManyRedirects, codes
    from urllib3.exceptions import HTTPError

    # a server that compresses tells another length than that of the file
    headers = {"Accept-Encoding": "identity"}
    try:
        return within(
            (MOST_REDIRECTS + 1) * PATIENCE,
            lambda: session.get(url, headers=headers, stream=True, timeout=PATIENCE),
        )
    except TooManyRedirects as error:
        raise TransferError(f"more than {MOST_REDIRECTS} redirects", codes.found) from error
    except ValueError as error:  # also that of a redirect
        raise AddressError(short_reason(error)) from error
    except (HTTPError, OSError) as error:
        raise _no_connection(error) from error


def _end(answer: Response) -> None:
    with suppress(RuntimeError, ValueError, OSError):  # one that has ended has no socket
        answer.raw.shutdown()  # else closing waits for the thread that still reads
    answer.close()


def _check_redirect(answer: Response, *_: object, **__: object) -> None:
    """Let no redirect lead to another kind of address, and leave out what is sent with it."""
    if not answer.is_redirect:
        return
    answer.close()  # else requests reads all of it, however much that is
    fault = redirect_fault(answer.url, answer.headers["Location"])
    if fault:
        raise TransferError(fault, answer.status_code)


def _content(answer: Response) -> Iterator[bytes]:
    try:
        yield from decoded(_received(answer), answer.headers.get("Content-Encoding", ""))
    except ValueError as error:
        raise TransferError(str(error)) from error


def _received(answer: Response) -> Iterator[bytes]:
    """Yield what was sent as it arrives."""
    count, waited = 0, 0.0
    while True:
        start = monotonic()
        piece = _next_piece(answer)
        count, waited = count + len(piece), waited + monotonic() - start
        if not piece:
            break
        if waited > GRACE + count / SLOWEST:
            raise TransferError(
                f"a download of {size_text(count)} in {waited:.0f} seconds, "
                f"less than {size_text(SLOWEST)} per second"
            )
        yield piece
    length = length_of(answer)
    if length not in (None, count):
        raise TransferError(f"a download that broke off after {count:,} of {length:,} bytes")


def _next_piece(answer: Response) -> bytes:
    """Return what has arrived, b"" at the end."""
    from urllib3.exceptions import HTTPError

    raw: Any = answer.raw
    try:
        # `read` waits for all of the bytes, `read1` for one of them
        piece: bytes = within(2 * PATIENCE, lambda: raw.read1(STEP, decode_content=False))
    except (HTTPError, OSError) as error:
        raise _no_connection(error) from error
    return piece


def _no_connection(error: Exception) -> TransferError:
    return TransferError(f"no connection, or one that broke off ({type(error).__name__})")


def _in_steps(pieces: Iterable[bytes], step: int) -> Iterator[bytes]:
    """Yield the same bytes, so many at once."""
    gathered = bytearray()
    for piece in pieces:
        gathered += piece
        while len(gathered) >= step:
            yield bytes(gathered[:step])
            del gathered[:step]
    if gathered:
        yield bytes(gathered)
