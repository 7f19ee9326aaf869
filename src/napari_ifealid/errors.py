"""The error raised for bad input."""

from __future__ import annotations

from functools import partial
from os import PathLike, fspath
from typing import Any


class DatasetError(ValueError):
    """A file or an array is not a usable feature stack.

    Parameters
    ----------
    found : str
        What is there.
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
        place = ", ".join(part for part in (self.file, member) if part)
        prefix = f"{place}: " if place else ""
        super().__init__(f"{prefix}found {found}; expected {expected}. {remedy}")

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


def first_line(error: Exception) -> str:
    """Return the first line of an error's text: others are for programmers."""
    return str(error).partition("\n")[0]
