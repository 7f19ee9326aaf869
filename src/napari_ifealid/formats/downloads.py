"""Files behind URLs, kept in the cache folder while the server has the same ones."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from time import time
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from napari_ifealid.cache_folder import CACHE_VARIABLE, cache_folder
from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.atomic_write import written_file
from napari_ifealid.formats.download_limit import DownloadLimit
from napari_ifealid.formats.location import Location, is_url, name_of
from napari_ifealid.formats.transfer import (
    SCHEMES,
    AddressError,
    TransferError,
    answered,
    length_of,
    pieces_of,
)
from napari_ifealid.tracking import Track, untracked

if TYPE_CHECKING:
    from requests import Response

DAYS_KEPT = 30
"""Days after its last use that a file is kept, at least."""

_STATE_FILE = ".state.json"
_IDENTITY = ("ETag", "Last-Modified", "Content-Length")
_MISSING = (403, 404, 410)  # stores that list no folders deny what is not there
_LONGEST_NAME = 150


def can_be_downloaded(location: Location) -> bool:
    """Return whether a location is a URL that a file is downloaded from."""
    return is_url(location) and _scheme(str(location)) in SCHEMES


def downloaded(url: Location, *, companions: Iterable[str] = (), track: Track = untracked) -> Path:
    """Return the local copy of a file behind a URL. It is downloaded unless there is one.

    The server is asked each time whether it still has the same file. One that tells neither an
    ETag nor a time of change sends it again.

    Parameters
    ----------
    url : str
        http:// or https://
    companions : iterable of str
        Names beside it, of which the first that is there belongs to it.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Returns
    -------
    Path
        Of the same name, in a folder of its own in the user's cache folder, or in the one that
        NAPARI_IFEALID_CACHE names.

    Raises
    ------
    DatasetError
        If it is another kind of URL, if the file can't be downloaded or kept, if it takes too
        long, or if it is too large, for the disk or for anyone. Nothing is kept then.
    concurrent.futures.CancelledError
        If `track` ended the iteration early. Nothing is kept then.
    """
    address = str(url)
    if not can_be_downloaded(address):
        raise DatasetError(
            f"a URL of a single file by {_scheme(address)}://",
            expected="https:// or http:// for single files; only Zarr is read by other ways",
            remedy="Download the file first.",
            file=address,
        )
    _check_address(address)
    folder = cache_folder() / "downloads" / sha256(address.encode()).hexdigest()[:32]
    path = folder / _file_name(address)
    with _folder_for(folder):
        _forget_unused(folder)
        _fetch(address, path, track)
        for name in companions:
            with suppress(_NotThereError):
                _fetch(_beside(address, name), folder / name, track)
                break
    return path


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower()


def _check_address(url: str) -> None:
    try:
        urlsplit(url)
    except ValueError as error:
        raise _no_address(url, error) from error


class _NotThereError(DatasetError):
    """The server has no such file, or a page about it instead."""


def _fetch(url: str, path: Path, track: Track) -> None:
    state = path.with_name(f"{path.name}{_STATE_FILE}")
    try:
        with answered(url, track=track) as answer:
            identity = _identity(answer)
            if identity is None or identity != _kept(state) or not path.is_file():
                _keep(answer, url, path, track)
                with written_file(state, force=True) as stream:
                    stream.write(json.dumps(identity).encode())
    except TransferError as error:
        raise _not_downloaded(url, error) from error
    os.utime(state)  # when it was used last


def _keep(answer: Response, url: str, path: Path, track: Track) -> None:
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        raise _NotThereError(
            "a web page",
            expected="the file itself",
            remedy="Take the address behind the page's download link.",
            file=url,
        )
    limit = DownloadLimit.of(path.parent)
    limit.check(length_of(answer) or 0, url)
    with written_file(path, force=True) as stream:
        for piece in pieces_of(answer, track=track, title=path.name):
            stream.write(piece)
            limit.check(stream.tell(), url)


def _identity(answer: Response) -> list[str | None] | None:
    """Return what changes with the file; None if the server tells nothing of the kind."""
    told = [answer.headers.get(name) for name in _IDENTITY]
    return told if any(told[:2]) else None


def _kept(state: Path) -> object:
    """Return the identity of the file that is kept, None if there is none."""
    try:
        return json.loads(state.read_bytes())
    except (OSError, ValueError):
        return None


@contextmanager
def _folder_for(folder: Path) -> Iterator[None]:
    """Make a folder, and remove it again if it stays empty."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(
            f"no way to keep a download ({short_reason(error)})",
            expected="a folder with enough space that you may write to",
            remedy=f"Make it so, or name another folder in the variable {CACHE_VARIABLE}.",
            file=folder,
        ) from error
    try:
        yield
    finally:
        with suppress(OSError):
            folder.rmdir()


def _forget_unused(but: Path) -> None:
    """Remove what has not been asked for in a long time."""
    limit = time() - DAYS_KEPT * 86_400
    for folder in but.parent.iterdir():
        with suppress(OSError):
            last = max(
                (one.stat().st_mtime for one in folder.glob(f"*{_STATE_FILE}")), default=limit
            )
            if folder != but and last < limit:
                rmtree(folder)


def _file_name(url: str) -> str:
    """Return a name that a file can have, with the ending of the URL's."""
    name = Path(unquote(name_of(url))).name.replace("\0", "")
    return name[-_LONGEST_NAME:] or "file"


def _beside(url: str, name: str) -> str:
    """Return the address of a file in the same folder."""
    parts = urlsplit(url)
    folder = parts.path.rpartition("/")[0]
    return urlunsplit(parts._replace(path=f"{folder}/{quote(name)}"))


def _not_downloaded(url: str, error: TransferError) -> DatasetError:
    if isinstance(error, AddressError):
        return _no_address(url, error)
    is_unknown = error.status is None
    return (_NotThereError if error.status in _MISSING else DatasetError)(
        str(error),
        expected="the file behind this address",
        remedy="Check the connection, and try again." if is_unknown else "Check the address.",
        file=url,
    )


def _no_address(url: str, error: Exception) -> DatasetError:
    return DatasetError(
        f"no address ({short_reason(error)})",
        expected="https:// or http://, the name of a server and the path of a file",
        remedy="Correct it.",
        file=url,
    )
