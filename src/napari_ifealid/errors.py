"""The error raised for bad input."""

from __future__ import annotations

from functools import partial
from os import PathLike, fspath
from pathlib import PurePath, PurePosixPath
from typing import Any

from napari_ifealid.plain_text import LONGEST_MESSAGE, never_markup, one_line

_MOST = 500  # characters of a name, or of what was found, which may be a value of any length


class ShownPlainly:
    """Base of an error or a warning whose text napari shows as it is, never as HTML."""

    @property
    def message(self) -> str:
        """What napari shows instead of the text itself."""
        return never_markup(one_line(str(self), LONGEST_MESSAGE))


class DatasetError(ShownPlainly, ValueError):
    """A file or an array is not a usable feature stack.

    Its text gives the reason first, for those who read the first line of a notification only;
    then the name of the file, what was expected and what to do; and the whole path at the end. It
    is one line, whatever the names and the values in it are.

    Parameters
    ----------
    found : str
        What is there, in a few words: the reason.
    expected : str
        What should be there.
    remedy : str
        What the user can do, a full sentence.
    file : path, optional
        The file concerned.
    member : str, optional
        The part of the file concerned: an entry of a ZIP, an array of an NPZ, a metadata field.
    """

    def __init__(
        self,
        found: str,
        *,
        expected: str,
        remedy: str,
        file: str | PathLike[str] | None = None,
        member: str | None = None,
    ) -> None:
        self.found = found
        self.expected = expected
        self.remedy = remedy
        self.file = None if file is None else fspath(file)
        self.member = member
        super().__init__(self._text())

    def _text(self) -> str:
        name = self.file and last_part(self.file)
        place = ", ".join(one_line(part, _MOST) for part in (name, self.member) if part)
        found, expected = (one_line(part, _MOST) for part in (self.found, self.expected))
        reason = f"{found}: {place}" if place else found
        where = f" In full: {self.file}" if self.file != name else ""
        return one_line(f"{reason}; expected {expected}. {self.remedy}{where}", LONGEST_MESSAGE)

    def __reduce__(self) -> tuple[Any, ...]:
        # an exception is pickled by its text alone, and could not come from another process
        place = {"file": self.file, "member": self.member}
        made_again = partial(
            type(self), self.found, expected=self.expected, remedy=self.remedy, **place
        )
        return made_again, ()

    def inside(self, file: str | PathLike[str], member: str | None = None) -> DatasetError:
        """Return the same error, naming the given file and member."""
        return DatasetError(
            self.found,
            expected=self.expected,
            remedy=self.remedy,
            file=file,
            member=member or self.member,
        )


def last_part(location: str) -> str:
    """Return the name of a file, without the folders or the address that it is in.

    Parameters
    ----------
    location : str
        A path or a URL. One that has no name, such as "/", is returned as it is.
    """
    is_url = "://" in location
    path = PurePosixPath(location.partition("?")[0]) if is_url else PurePath(location)
    return path.name or location


def first_line(error: Exception) -> str:
    """Return the first line of an error's text: others are for programmers."""
    return str(error).partition("\n")[0]


def short_reason(error: Exception) -> str:
    """Return why something failed, in few words: without the path that Python adds to it."""
    reason = error.strerror if isinstance(error, OSError) else None
    return reason or first_line(error) or type(error).__name__
