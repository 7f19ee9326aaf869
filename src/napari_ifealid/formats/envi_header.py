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
from typing import Any

import numpy as np

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.location import cannot_open
from napari_ifealid.regular_files import check_regular_file

LIBRARY = "ENVI Spectral Library"
"""The file type of a library."""

STORED_TYPES = {
    1: "u1",
    2: "i2",
    3: "i4",
    4: "f4",
    5: "f8",
    12: "u2",
    13: "u4",
    14: "i8",
    15: "u8",
}
"""Types of real numbers, by their "data type"."""

UNIT_NAMES = {
    "nm": "Nanometers",
    "µm": "Micrometers",
    "mm": "Millimeters",
    "cm": "Centimeters",
    "m": "Meters",
    "å": "Angstroms",
}
"""How "wavelength units" spells a unit."""

_COMPLEX_TYPES = (6, 9)
_BYTE_ORDERS = "<>"
_LARGEST = 2**26  # bytes
_MOST_DIGITS = 18  # of a whole number: more than any file has bytes
_PER_LINE = 6  # items of a list, in a header that is written
_COMMENT = re.compile(r"^[ \t]*;[^\n]*\n?", re.MULTILINE)
_FIELD = re.compile(r"^([^={}\n]+)=(?:\s*(\{[^}]*\}?)|([^\n]*))", re.MULTILINE)
_NOT_PLAIN = re.compile(r"[,{}=;\x00-\x1f\x7f-\xa0]")


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
        if not text.isdecimal() or len(text) > _MOST_DIGITS:
            raise self.wrong(key, f"the value {text!r}" if text else "no such field")
        return int(text)

    def items(self, key: str) -> list[str]:
        """Return the items of a list, none where it is missing."""
        if key not in self.fields:
            return []
        return [" ".join(item.split()) for item in self.fields[key].split(",")]

    def numbers(self, key: str) -> list[float]:
        """Return the items of a list of numbers, none where it is missing or empty.

        Raises
        ------
        DatasetError
            If one of them is no number.
        """
        try:
            items = self.items(key)
            # some write a comma after the last one, too
            return [float(item) for item in (items if any(items[-1:]) else items[:-1])]
        except ValueError as error:
            raise self.wrong(key, f"an item that is no number ({error})") from error

    def stored_type(self) -> np.dtype[Any]:
        """Return the type of the stored values, of the byte order that they have.

        Raises
        ------
        DatasetError
            If it is unknown, or a type of complex numbers.
        """
        code, order = self.number("data type"), self.number("byte order", 0)
        if code in _COMPLEX_TYPES:
            raise self.wrong("data type", f"complex numbers (data type {code})", "real numbers")
        if code not in STORED_TYPES:
            known = f"one of {[*STORED_TYPES]}: real numbers"
            raise self.wrong("data type", f"the value {code}", known)
        if order >= len(_BYTE_ORDERS):
            raise self.wrong("byte order", f"the value {order}", "0 or 1")
        return np.dtype(_BYTE_ORDERS[order] + STORED_TYPES[code])

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
    text = header_file_text(path)
    if not is_envi(text):
        raise DatasetError(
            "no header of ENVI",
            expected="a text file that begins with “ENVI”",
            remedy="Choose the .hdr file that belongs to the data.",
            file=path,
        )
    return EnviHeader(parse_fields(text), str(path))


def is_envi(text: str) -> bool:
    """Return whether a text is that of a header of ENVI."""
    return text.lstrip()[:4] == "ENVI"


def header_file_text(path: str | PathLike[str], most: int = _LARGEST) -> str:
    """Return the text of a file, whatever its encoding.

    Parameters
    ----------
    path : path
    most : int, optional
        Bytes that are read.

    Raises
    ------
    DatasetError
        If the file can't be read.
    """
    check_regular_file(path)
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(most)
    except OSError as error:
        raise cannot_open(path, error) from error
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
    plain = _COMMENT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    found = {}
    for match in _FIELD.finditer(plain):
        key = " ".join(match[1].lower().split())
        found[key] = (match[2] or match[3]).strip().removeprefix("{").removesuffix("}").strip()
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


def plain_item(text: str) -> str:
    """Return a text as an item of ENVI's lists: without commas, braces and new lines."""
    return " ".join(_NOT_PLAIN.sub(" ", text).split())


def shortest(number: float) -> str:
    """Return a number with no more digits than it needs."""
    return repr(float(number)).removesuffix(".0")


def _wrapped(items: list[str]) -> str:
    parts = (items[start : start + _PER_LINE] for start in range(0, len(items), _PER_LINE))
    return ",\n".join(" " + ", ".join(part) for part in parts)
