"""A library as an ENVI spectral library: a header and a file of values beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from os import PathLike
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.atomic_write import written_files
from napari_ifealid.formats.envi_header import (
    LIBRARY,
    STORED_TYPES,
    UNIT_NAMES,
    EnviHeader,
    header_text,
    parse_fields,
    plain_item,
    read_header,
    shortest,
)
from napari_ifealid.formats.location import cannot_open, check_is_there, is_file
from napari_ifealid.formats.taking_places import how_to_complete
from napari_ifealid.libraries.entry import LibraryEntry
from napari_ifealid.libraries.library import Library
from napari_ifealid.numeric_labels import numeric_labels
from napari_ifealid.utf8 import to_utf8
from napari_ifealid.wavelength_units import known_unit

HEADER_SUFFIX, DATA_SUFFIX = ".hdr", ".sli"

_DATA_SUFFIXES = (DATA_SUFFIX, ".SLI", "", ".esl", ".slb", ".dat", ".bin", ".img", ".raw")
_EXACT = "napari-ifealid"
"""A field of our own, which others skip: what the fields of ENVI can't hold."""

_PIECE = 72  # characters of it on a line


def read_envi_library(path: str | PathLike[str]) -> Library:
    """Read an ENVI spectral library.

    Parameters
    ----------
    path : path
        The header (.hdr) or the file with the values (.sli).

    Returns
    -------
    Library
        Called like the file. Its values are divided by the ``reflectance scale factor``, where
        the header has one, and NaN where they are the ``data ignore value``.

    Raises
    ------
    DatasetError
        If one of the two files is missing, damaged or of another kind.
    """
    header_path, data_path = _both_files(Path(path))
    header = read_header(header_path)
    vectors = _vectors(header, data_path)
    exact = _exact(header, *vectors.shape)
    names = exact.get("names") or _names(header, len(vectors))
    labels = tuple(exact.get("labels", ())) or _labels(header, vectors.shape[1])
    about = exact.get("entries") or [{}] * len(vectors)
    entries = [
        LibraryEntry(
            vector=vector,
            name=name,
            pixel=tuple(known["pixel"]) if "pixel" in known else None,
            place=tuple(known["place"]) if "place" in known else None,
            source=known.get("source", ""),
        )
        for vector, name, known in zip(vectors, names, about, strict=True)
    ]
    return Library(tuple(entries), labels, header_path.stem.removesuffix(DATA_SUFFIX))


def write_envi_library(path: str | PathLike[str], library: Library, *, force: bool = False) -> None:
    """Write an ENVI spectral library: float32 where that is exact, else float64.

    Names are written without commas and braces, which ENVI's lists can't hold; as they are, and
    with the labels and places, in a field of the plugin's own.

    Parameters
    ----------
    path : path
        The header (.hdr) or the file with the values (.sli); both are written.
    library : Library
    force : bool, optional
        Whether existing files are replaced.

    Raises
    ------
    DatasetError
        If there is one of the two already and `force` is off, or if they can't be written.
    """
    path = Path(path)
    _check_header(path.with_suffix(HEADER_SUFFIX))
    fields = _fields(library)
    dtype = STORED_TYPES[int(str(fields["data type"]))]
    both = (path.with_suffix(DATA_SUFFIX), path.with_suffix(HEADER_SUFFIX))
    with written_files(*both, force=force) as (data, header):
        header.write(to_utf8(header_text(fields)))
        data.write(library.vectors.astype(f"<{dtype}").tobytes())


def _check_header(path: Path) -> None:
    """Raise if there is a header of other data, such as an image of the same name."""
    kind = read_header(path).text("file type") if path.exists() else LIBRARY
    if kind.lower() != LIBRARY.lower():
        raise DatasetError(
            "a header of other data",
            expected="none, or that of a library",
            remedy="Choose another name for the library.",
            file=path,
        )


def _fields(library: Library) -> dict[str, Any]:
    vectors = library.vectors
    fields: dict[str, Any] = {
        "description": [plain_item(library.name)],
        "samples": vectors.shape[1],
        "lines": vectors.shape[0],
        "bands": 1,
        "header offset": 0,
        "file type": LIBRARY,
        "data type": 4 if _is_float32(vectors) else 5,
        "interleave": "bsq",
        "byte order": 0,
    }
    numeric = numeric_labels(library.features)
    if numeric is not None:
        unit = known_unit(numeric.unit)
        fields["wavelength units"] = UNIT_NAMES.get(unit, plain_item(unit)) or "Unknown"
        fields["wavelength"] = [shortest(number) for number in numeric.numbers.tolist()]
    fields["spectra names"] = [plain_item(entry.name) for entry in library.entries]
    untold = _untold(fields, library)
    if untold:
        fields[_EXACT] = _packed(untold)
    return fields


def _is_float32(vectors: NDArray[np.float64]) -> bool:
    with np.errstate(over="ignore"):
        return np.array_equal(vectors.astype(np.float32), vectors, equal_nan=True)


def _untold(fields: Mapping[str, Any], library: Library) -> dict[str, Any]:
    """Return what there is to tell of a library that ENVI's own fields can't hold."""
    header = EnviHeader(parse_fields(header_text(fields)), "")
    names = [entry.name for entry in library.entries]
    about = [_about(entry) for entry in library.entries]
    content: dict[str, Any] = {}
    if any(about) or _names(header, len(names)) != names:
        content["names"] = names  # also to know the entries by
    if not _same(_labels(header, len(library.features)), library.features):
        content["labels"] = list(library.features)
    if any(about):
        content["entries"] = about
    return content


def _same(one: tuple[str | float, ...], other: tuple[str | float, ...]) -> bool:
    return [(type(x), x) for x in one] == [(type(x), x) for x in other]


def _about(entry: LibraryEntry) -> dict[str, Any]:
    about: dict[str, Any] = {}
    if entry.pixel is not None:
        about["pixel"] = list(entry.pixel)
    if entry.place is not None:
        about["place"] = list(entry.place)
    if entry.source:
        about["source"] = entry.source
    return about


def _packed(content: Mapping[str, Any]) -> list[str]:
    """Return content without commas, braces and spaces, in lines."""
    text = quote(json.dumps(content, separators=(",", ":")), safe='[]:"')
    return ["\n ".join(text[start : start + _PIECE] for start in range(0, len(text), _PIECE))]


def _exact(header: EnviHeader, count: int, features: int) -> dict[str, Any]:
    """Return what the plugin's own field holds, nothing where ENVI's say something else."""
    text = "".join(header.text(_EXACT).split())
    if not text:
        return {}
    try:
        content = json.loads(unquote(text))
        names, labels = content.get("names"), content.get("labels")
        about = content.get("entries", [{}] * count)
        is_current = (
            len(about) == count
            and all(isinstance(one, dict) for one in about)
            and (
                names is None
                or [plain_item(name) for name in names] == header.items("spectra names")
            )
            and (labels is None or _numbers(labels) == header.numbers("wavelength"))
            and (labels is None or len(labels) == features)
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise header.wrong(_EXACT, "damaged", "what the plugin has written") from error
    return content if is_current else {}


def _numbers(labels: Sequence[str | float]) -> list[float]:
    numeric = numeric_labels(labels)
    return [] if numeric is None else numeric.numbers.tolist()


def _both_files(path: Path) -> tuple[Path, Path]:
    """Return the header and the file of values that a path belongs to."""
    if path.suffix.lower() == HEADER_SUFFIX:
        header, found = path, [path.with_suffix(suffix) for suffix in _DATA_SUFFIXES]
        check_is_there(header)
        data = next((file for file in found if is_file(file)), None)
        if data is None:
            raise _no_companion(path, "the values", path.with_suffix(DATA_SUFFIX))
        return header, data
    check_is_there(path)
    for suffix in (HEADER_SUFFIX, HEADER_SUFFIX.upper()):
        for header in (path.with_suffix(suffix), path.with_name(path.name + suffix)):
            if is_file(header):
                return header, path
    raise _no_companion(path, "the header", path.with_suffix(HEADER_SUFFIX))


def _no_companion(path: Path, what: str, missing: Path) -> DatasetError:
    return DatasetError(
        f"{what} not beside it",
        expected=f"the file {missing.name} in the same folder",
        remedy=how_to_complete(missing) or "Copy both files of the library into one folder.",
        file=path,
    )


def _vectors(header: EnviHeader, path: Path) -> NDArray[np.float64]:
    kind = header.text("file type")
    if kind.lower() != LIBRARY.lower():
        raise header.wrong("file type", f"the value {kind!r}", f"{LIBRARY!r}")
    count, features = header.number("lines"), header.number("samples")
    if header.number("bands", 1) != 1 or 0 in (count, features):
        found = f"{count} lines, {features} samples, {header.number('bands', 1)} bands"
        raise header.wrong("bands", found, "a line per spectrum, a sample per feature, 1 band")
    dtype, offset = header.stored_type(), header.number("header offset", 0)
    stored = _stored(path, dtype, count * features, offset)
    values = stored.reshape(count, features).astype(np.float64)
    ignored = header.text("data ignore value")
    if ignored:
        values[values == _number(header, "data ignore value")] = np.nan
    if header.text("reflectance scale factor"):
        values /= _number(header, "reflectance scale factor")
    return values


def _stored(path: Path, dtype: np.dtype[Any], count: int, offset: int) -> NDArray[Any]:
    wanted = offset + count * dtype.itemsize
    try:
        size = path.stat().st_size
        if size >= wanted:
            return np.fromfile(path, dtype, count, offset=offset)
    except OSError as error:
        raise cannot_open(path, error) from error
    raise DatasetError(
        f"a file of {size:,} bytes",
        expected=f"{wanted:,} bytes, as its header says",
        remedy="Copy both files of the library again.",
        file=path,
    )


def _number(header: EnviHeader, key: str) -> float:
    (number,) = header.numbers(key)[:1] or [1.0]
    if number == 0.0 and key.startswith("reflectance"):
        raise header.wrong(key, "the value 0", "a number other than 0")
    return number


def _names(header: EnviHeader, count: int) -> list[str]:
    names = header.items("spectra names")
    if names and len(names) != count:
        raise header.wrong(
            "spectra names",
            f"{len(names)} names of {count} spectra",
            "one name for each, none with a comma",
        )
    return names or [f"spectrum {number}" for number in range(1, count + 1)]


def _labels(header: EnviHeader, count: int) -> tuple[str | float, ...]:
    numbers = header.numbers("wavelength")
    if not numbers:
        return tuple(range(count))
    if len(numbers) != count:
        raise header.wrong(
            "wavelength", f"{len(numbers)} wavelengths", f"one for each of {count} samples"
        )
    if not all(map(isfinite, numbers)):
        raise header.wrong("wavelength", "an item that is not finite", "finite numbers")
    unit = header.text("wavelength units")
    unit = "" if unit.lower() in ("unknown", "index") else known_unit(unit)
    return tuple(f"{shortest(number)} {unit}" if unit else number for number in numbers)
