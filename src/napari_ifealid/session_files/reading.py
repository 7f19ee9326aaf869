"""Session files, read with care: whatever is wrong becomes a DatasetError."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from napari_ifealid.errors import DatasetError, ShownPlainly
from napari_ifealid.formats.location import Location, cannot_open, is_file, is_url
from napari_ifealid.regular_files import check_regular_file, special_kind
from napari_ifealid.session_files.content import SavedSession
from napari_ifealid.session_files.parsing import parsed_session
from napari_ifealid.session_files.writing import FORMAT, VERSION
from napari_ifealid.sizes import size_text
from napari_ifealid.thread_warnings import warn

SESSION_SUFFIX = ".ifealid.json"
"""The ending by which File › Open knows a session."""

LARGEST = 64 << 20
"""Bytes of a session file: thousands of references of a thousand features."""

_REMEDY = "Save the session again, or correct the file; docs/session-files.md describes it."


class SessionWarning(ShownPlainly, UserWarning):
    """A session is opened without something that its file says."""


def read_session_file(path: str | PathLike[str]) -> SavedSession:
    """Read a session file.

    Parameters
    ----------
    path : path

    Returns
    -------
    SavedSession
        Its stacks are where the file says, seen from its own folder; whether they are there is not
        looked at.

    Raises
    ------
    DatasetError
        If the file is missing, damaged, of another kind or of another version.

    Warns
    -----
    SessionWarning
        If a newer version of the plugin has written something that this one does not know.
    """
    path = Path(path)
    try:
        values = _parsed(_content(path))
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise DatasetError(
                "a file that is no session",
                expected=f'JSON with "format": "{FORMAT}"',
                remedy="Choose a file that Save session… has written.",
            )
        is_newer = _checked_version(values.get("version"))
        session, unknown = parsed_session(values, path.parent, _REMEDY)
        if unknown and not is_newer:
            raise DatasetError(
                f"the unknown field {unknown[0]}",
                expected="only fields that a session has",
                remedy=_REMEDY,
            )
    except DatasetError as error:
        raise error.inside(path) from error.__cause__
    if unknown:
        warn(
            SessionWarning(
                f"{path.name} is of a newer version: opened without {', '.join(unknown)}"
            ),
            stacklevel=2,
        )
    return session


def looks_like_session(location: Location) -> bool:
    """Return whether a file is meant to be a session, good or bad.

    Where it is True, `read_session_file` returns the session or raises an error that says what is
    wrong. It is False for other JSON files, for other files and for paths where nothing is.
    """
    if is_url(location):
        return False
    name = Path(location).name.lower()
    if special_kind(location):
        return name.endswith(SESSION_SUFFIX)
    if not (is_file(location) and name.endswith(".json")):
        return False
    try:
        values = _parsed(_content(Path(location)))
    except DatasetError:
        return name.endswith(SESSION_SUFFIX)  # reading it tells what is wrong
    return isinstance(values, dict) and values.get("format") == FORMAT


def _content(path: Path) -> bytes:
    check_regular_file(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise cannot_open(path, error) from error
    if len(content) > LARGEST:
        raise DatasetError(
            f"more than {size_text(LARGEST)}",
            expected="a smaller file",
            remedy="Choose a file that Save session… has written.",
        )
    return content


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(
            content.decode("utf-8-sig"), parse_constant=_no_number, object_pairs_hook=_once_each
        )
    except (ValueError, RecursionError) as error:
        if isinstance(error, DatasetError):
            raise
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise DatasetError(
            f"damaged JSON ({reason})", expected="JSON in UTF-8", remedy=_REMEDY
        ) from error


def _no_number(text: str) -> None:
    raise DatasetError(f"{text} in JSON", expected="finite numbers only", remedy=_REMEDY)


def _once_each(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise DatasetError(f"the field {twice[:60]!r} twice", expected="it once", remedy=_REMEDY)
    return fields


def _checked_version(version: object) -> bool:
    """Return whether a version is a newer one that can be read."""
    found = re.fullmatch(r"(\d{1,6})\.(\d{1,6})", version) if isinstance(version, str) else None
    if found is None:
        raise DatasetError(
            f"the version {json.dumps(version)[:60]}",
            expected='a version such as "1.0"',
            remedy=_REMEDY,
        )
    major, minor = map(int, found.groups())
    if major != VERSION[0]:
        raise DatasetError(
            f"a session of version {version}",
            expected=f"version {VERSION[0]}",
            remedy="Install the version of napari-ifealid that has written it."
            if major < VERSION[0]
            else "Install a newer version of napari-ifealid.",
        )
    return minor > VERSION[1]
