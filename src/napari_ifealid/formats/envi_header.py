"""The header of an ENVI file: fields in a text file of their own.

Source: "ENVI Header Files", NV5 Geospatial documentation. All of it was tried out on the files of
EnMAP-Box's and PlantCV's test data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.location import cannot_open

_LARGEST = 2**26  # bytes
_PER_LINE = 6  # items of a list, in a header that is written
_FIELD = re.compile(r"^([^={}\n;]+?)[ \t]*=[ \t]*(\{[^}]*\}?|[^\n]*)", re.MULTILINE)


@dataclass(frozen=True)
class EnviHeader:
    """The fields of a header.

    Parameters
    ----------
    fields : mapping of str to str
        Their names in lower case; lists without their braces.
    path : str
        Of the header.
    """

    fields: Mapping[str, str]
    path: str

    def text(self, key: str) -> str:
        """Return a field, "" where it is missing."""
        return self.fields.get(key, "")

    def number(self, key: str, default: int | None = None) -> int:
        """Return a field that is a whole number, not below 0.

        Raises
        ------
        DatasetError
            If it is something else, or missing without a default.
        """
        text = self.text(key)
        if not text and default is not None:
            return default
        if not text.isdecimal():
            raise self.wrong(key, f"the value {text!r}" if text else "no such field")
        return int(text)

    def items(self, key: str) -> list[str]:
        """Return the items of a list, none where it is missing."""
        if key not in self.fields:
            return []
        return [" ".join(item.split()) for item in self.fields[key].split(",")]

    def numbers(self, key: str) -> list[float]:
        """Return the items of a list of numbers, none where it is missing.

        Raises
        ------
        DatasetError
            If one of them is no number.
        """
        try:
            return [float(item) for item in self.items(key)]
        except ValueError as error:
            raise self.wrong(key, f"an item that is no number ({error})") from error

    def wrong(self, key: str, found: str, expected: str = "") -> DatasetError:
        """Return the error for a field."""
        return DatasetError(
            found,
            expected=expected or "a number, as ENVI writes it",
            remedy="Correct the header, which is a text file, or export the data again.",
            file=self.path,
            member=key,
        )


def read_header(path: str | PathLike[str]) -> EnviHeader:
    """Read a header.

    Parameters
    ----------
    path : path

    Raises
    ------
    DatasetError
        If the file can't be read, or is no header of ENVI.
    """
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(_LARGEST)
    except OSError as error:
        raise cannot_open(path, error) from error
    if content.removeprefix(b"\xef\xbb\xbf").lstrip()[:4] != b"ENVI":
        raise DatasetError(
            "no header of ENVI",
            expected="a text file that begins with “ENVI”",
            remedy="Choose the .hdr file that belongs to the data.",
            file=path,
        )
    return EnviHeader(parse_fields(_decoded(content)), str(path))


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")  # never fails


def parse_fields(text: str) -> dict[str, str]:
    """Return the fields of a header's text; of one that is there twice, the last.

    Parameters
    ----------
    text : str
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    found = {}
    for match in _FIELD.finditer(plain):
        key = " ".join(match[1].lower().split())
        found[key] = match[2].strip().removeprefix("{").removesuffix("}").strip()
    return found


def header_text(fields: Mapping[str, str | int | Iterable[str]]) -> str:
    """Return the text of a header.

    Parameters
    ----------
    fields : mapping
        A text, a number, or a list of texts without commas and braces.
    """
    lines = ["ENVI"]
    for key, value in fields.items():
        if isinstance(value, str | int):
            lines.append(f"{key} = {value}")
        else:
            lines.append(f"{key} = {{\n{_wrapped(list(value))}}}")
    return "\n".join([*lines, ""])


def _wrapped(items: list[str]) -> str:
    parts = (items[start : start + _PER_LINE] for start in range(0, len(items), _PER_LINE))
    return ",\n".join(" " + ", ".join(part) for part in parts)
