"""A library as CSV: one line for each entry."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from math import isnan
from os import PathLike
from pathlib import Path

import numpy as np

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.atomic_write import written_file
from napari_ifealid.formats.location import cannot_open
from napari_ifealid.libraries.entry import LibraryEntry
from napari_ifealid.libraries.library import Library
from napari_ifealid.numeric_labels import label_of
from napari_ifealid.utf8 import to_utf8

NAME, POSITION, WORLD_POSITION, SOURCE = "name", "position", "world_position", "source"

_ABOUT = (NAME, POSITION, WORLD_POSITION, SOURCE)
"""The columns before those of the features. A file may lack some of them."""

_REMEDY = "Correct the file, or save the library again."


def write_csv(path: str | PathLike[str], library: Library, *, force: bool = False) -> None:
    """Write a library as CSV in UTF-8.

    The first line holds ``name``, ``position``, ``world_position``, ``source`` and the label of
    each feature. One line for each entry follows: its name; its index along each spatial axis and
    its coordinates in the world, separated by spaces and empty where they are not known; what it
    was taken from; and its values, which read back as the same float64. A NaN is an empty cell.

    Parameters
    ----------
    path : path
    library : Library
    force : bool, optional
        Whether an existing file is replaced.

    Raises
    ------
    DatasetError
        If there is such a file already and `force` is off, or if it can't be written.
    """
    text = StringIO(newline="")
    writer = csv.writer(text)  # lines end in \r\n: else some Pythons leave \r in names unquoted
    writer.writerow([*_ABOUT, *library.features])
    for entry in library.entries:
        about = (entry.name, _joined(entry.pixel), _joined(entry.place), entry.source)
        writer.writerow([*about, *("" if isnan(x) else repr(x) for x in entry.vector.tolist())])
    with written_file(path, force=force) as stream:
        stream.write(to_utf8(text.getvalue()))


def read_csv(path: str | PathLike[str]) -> Library:
    """Read a library that `write_csv` has written, or a similar table.

    Parameters
    ----------
    path : path
        Columns before the features may be missing, or have another order.

    Returns
    -------
    Library
        Called like the file.

    Raises
    ------
    DatasetError
        If the file can't be read, or is no such table.
    """
    rows = list(_rows(path))
    if not rows:
        raise _wrong(path, "an empty file")
    header = rows[0]
    about = _columns_before_features(header)
    labels = tuple(label_of(text) for text in header[len(about) :])
    if not labels:
        raise _wrong(path, "no column of a feature in the first line")
    entries = [
        _entry(path, number, about, len(labels), row) for number, row in enumerate(rows[1:], 2)
    ]
    return Library(tuple(entries), labels, Path(path).stem)


def _rows(path: str | PathLike[str]) -> Iterator[list[str]]:
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong(path, "no text in UTF-8") from error
    except (OSError, ValueError) as error:  # ValueError: a zero in the path
        raise cannot_open(path, error) from error
    try:
        yield from filter(None, csv.reader(StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise _wrong(path, f"no CSV that can be read ({short_reason(error)})") from error


def _columns_before_features(header: Sequence[str]) -> list[str]:
    columns: list[str] = []
    for text in header:
        if text not in _ABOUT or text in columns:
            break
        columns.append(text)
    return columns


def _entry(
    path: str | PathLike[str], number: int, about: Sequence[str], features: int, row: Sequence[str]
) -> LibraryEntry:
    if len(row) != len(about) + features:
        found = f"{len(row)} cells instead of {len(about) + features} in row {number}"
        raise _wrong(path, found)
    cells = dict(zip(about, row, strict=False))
    try:
        values = [float(text or "nan") for text in row[len(about) :]]
        pixel = [int(text) for text in cells.get(POSITION, "").split()]
        place = [float(text) for text in cells.get(WORLD_POSITION, "").split()]
    except ValueError as error:
        raise _wrong(path, f"no number in row {number} ({short_reason(error)})") from error
    return LibraryEntry(
        vector=np.array(values),
        name=cells.get(NAME, ""),
        pixel=tuple(pixel) or None,
        place=tuple(place) or None,
        source=cells.get(SOURCE, ""),
    )


def _joined(numbers: Sequence[float] | None) -> str:
    return " ".join(map(repr, numbers or ()))


def _wrong(path: str | PathLike[str], found: str) -> DatasetError:
    return DatasetError(
        found,
        expected="a table of a library: names, then a column for each feature, separated by commas",
        remedy=_REMEDY,
        file=path,
    )
