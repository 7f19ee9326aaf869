"""What the header of an ENVI cube tells: how its values are stored, and what they are.

Source: "ENVI Header Files", NV5 Geospatial documentation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import isfinite, isnan, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.bands import Bands
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.envi_files import is_library
from napari_ifealid.formats.envi_header import EnviHeader
from napari_ifealid.formats.metadata_warning import unless_wrong
from napari_ifealid.formats.missing_value import missing_value
from napari_ifealid.wavelength_units import wavelength_labels

_NO_UNITS = ("unknown", "index")
_FRAMES = ("major frame offsets", "minor frame offsets")


class Interleave(Enum):
    """In which order the axes of a cube are stored; its value is the axis of the bands."""

    BSQ = 0
    BIL = 1
    BIP = 2

    def stored(self, lines: int, samples: int, bands: int) -> tuple[int, ...]:
        """Return the lengths of the axes, in the order of the file."""
        lengths = [lines, samples]
        lengths.insert(self.value, bands)
        return tuple(lengths)


@dataclass(frozen=True)
class CubeLayout:
    """How the values of a cube are stored.

    Parameters
    ----------
    shape : tuple of int
        Lengths of the axes, in the order of the file.
    axis : int
        Of the bands among them.
    dtype : numpy dtype
        Of either byte order.
    offset : int
        Where the values begin, in bytes.
    """

    shape: tuple[int, ...]
    axis: int
    dtype: np.dtype[Any]
    offset: int

    @property
    def size(self) -> int:
        """Bytes of the whole file, at least."""
        return self.offset + prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True, eq=False)
class BandScale:
    """How stored values become real ones: gain · stored + offset.

    Parameters
    ----------
    gains, offsets : array of float64, shape (C,)
    """

    gains: NDArray[np.float64]
    offsets: NDArray[np.float64]

    @property
    def only_gain(self) -> float | None:
        """The gain of all bands, if it is one, positive, and there is no offset."""
        gain = float(self.gains[0])
        is_one = (self.gains == gain).all() and not self.offsets.any() and gain > 0.0
        return gain if is_one else None


def layout_of(header: EnviHeader) -> CubeLayout:
    """Return how the values of a cube are stored.

    Parameters
    ----------
    header : EnviHeader

    Raises
    ------
    DatasetError
        If the header is not that of a cube, or a field is missing or wrong.
    """
    _check_is_cube(header)
    lengths = [_length(header, key) for key in ("lines", "samples", "bands")]
    interleave = header.text("interleave").upper()
    if interleave not in Interleave.__members__:
        found = f"the value {header.text('interleave')!r}" if interleave else "no such field"
        raise header.wrong("interleave", found, "bsq, bil or bip")
    order = Interleave[interleave]
    return CubeLayout(
        shape=order.stored(*lengths),
        axis=order.value,
        dtype=header.stored_type(),
        offset=header.number("header offset", 0),
    )


def labels_of(header: EnviHeader, count: int) -> tuple[str | float, ...] | None:
    """Return the labels of the bands: their wavelengths, else their names; None without either.

    Parameters
    ----------
    header : EnviHeader
    count : int
        Of bands.

    Warns
    -----
    MetadataWarning
        If there are wavelengths, but not one for each band.
    """
    wavelengths, unit = _told(header, "wavelength", count), header.text("wavelength units")
    if wavelengths:
        labels = wavelength_labels(wavelengths, "" if unit.lower() in _NO_UNITS else unit)
        if labels is not None:
            return labels
    names = header.items("band names")
    # a comma in one of them can't be told from one between two
    return tuple(names) if len(names) == count and len(set(names)) == count else None


def bands_of(header: EnviHeader, count: int) -> Bands:
    """Return what else a header tells of the bands.

    Parameters
    ----------
    header : EnviHeader
    count : int
        Of bands.

    Warns
    -----
    MetadataWarning
        If a list has not one item for each band, or items that are no numbers: it is left out.
    """
    widths = _told(header, "fwhm", count)
    is_good = tuple(flag > 0.0 for flag in _told(header, "bbl", count))
    return Bands(
        widths=tuple(widths) or None,
        is_good=is_good if any(is_good) else None,  # without any there is nothing to compare
        shown=unless_wrong(lambda: _shown(header, count), ()),
    )


def scale_of(header: EnviHeader, count: int) -> BandScale:
    """Return how stored values become real ones.

    Gains and offsets count more than the scale factor: both tell the same then. A single one is
    that of all bands.

    Parameters
    ----------
    header : EnviHeader
    count : int
        Of bands.

    Raises
    ------
    DatasetError
        If there is neither one gain or offset nor one for each band, or if one is not finite.

    Warns
    -----
    MetadataWarning
        If the scale factor is not greater than 0: the stored values are the real ones then.
    """
    gains, offsets = (_factors(header, f"data {what} values", count) for what in ("gain", "offset"))
    for what, numbers in (("gain", gains), ("offset", offsets)):
        if not all(map(isfinite, numbers)):
            raise header.wrong(
                f"data {what} values", "an item that is not finite", "finite numbers"
            )
    gain = 1.0 if gains or offsets else 1.0 / unless_wrong(lambda: _scale_factor(header), 1.0)
    return BandScale(
        gains=np.array(gains or [gain] * count),
        offsets=np.array(offsets or [0.0] * count),
    )


def nodata_of(header: EnviHeader, dtype: np.dtype[Any]) -> float | None:
    """Return the stored value that stands for none; None where no stored value can be it.

    Parameters
    ----------
    header : EnviHeader
    dtype : numpy dtype
        Of the stored values.

    Warns
    -----
    MetadataWarning
        If it is no number.
    """
    numbers: list[float] = unless_wrong(lambda: header.numbers("data ignore value"), [])
    (value,) = numbers[:1] or [np.nan]
    missing = missing_value(value, dtype)
    return None if missing is None or isnan(missing) else missing  # NaN is none anyway


def _check_is_cube(header: EnviHeader) -> None:
    kind = header.text("file type")
    if is_library(header):
        raise DatasetError(
            "a spectral library, not an image",
            expected="the header of a cube",
            remedy="Open it as a library, in the group Library of the panel.",
            file=header.path,
        )
    if kind and not kind.lower().startswith("envi"):
        raise header.wrong("file type", f"the value {kind!r}", "ENVI Standard")
    if header.text("file compression") not in ("", "0"):
        raise header.wrong("file compression", "compressed values", "0: values as they are")
    for key in _FRAMES:
        if any(header.numbers(key)):
            raise header.wrong(key, "bytes between rows or bands", "none")


def _length(header: EnviHeader, key: str) -> int:
    length = header.number(key)
    if length == 0:
        raise header.wrong(key, "the value 0", "at least one pixel and one band")
    return length


def _told(header: EnviHeader, key: str, count: int) -> list[float]:
    """Return the numbers of a list that is left out, with a warning, where it is wrong."""
    return unless_wrong(lambda: _of_bands(header, key, count), [])


def _factors(header: EnviHeader, key: str, count: int) -> list[float]:
    """Return the gain or the offset of each band, none where they are missing."""
    numbers = header.numbers(key)
    return numbers * count if len(numbers) == 1 else _of_bands(header, key, count)


def _of_bands(header: EnviHeader, key: str, count: int) -> list[float]:
    """Return the numbers of a list with one for each band, none where it is missing."""
    numbers = header.numbers(key)
    if len(numbers) not in (0, count):
        raise header.wrong(key, f"{len(numbers)} numbers", f"one for each of {count} bands")
    return numbers


def _shown(header: EnviHeader, count: int) -> tuple[int, ...]:
    """Return the bands for a picture: three of those proposed, or the first one for grey."""
    numbers = (number - 1.0 for number in header.numbers("default bands"))
    shown = tuple(int(number) for number in numbers if 0.0 <= number < count)
    return shown if len(shown) == 3 else shown[:1]


def _scale_factor(header: EnviHeader) -> float:
    (factor,) = header.numbers("reflectance scale factor")[:1] or [1.0]
    if not (isfinite(factor) and factor > 0.0 and isfinite(1.0 / factor)):
        found = f"the value {header.text('reflectance scale factor')!r}"
        raise header.wrong("reflectance scale factor", found, "a number greater than 0")
    return factor
