"""The metadata of bands in a GeoTIFF, as GDAL writes them: XML in a tag of its own.

Source: "GTiff -- GeoTIFF File Format" and "Raster Data Model", GDAL documentation. The names of
the items are those of GDAL, of ENVI and of EnMAP-Box.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any
from xml.etree import ElementTree

from napari_ifealid.bands import Bands
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.location import Location
from napari_ifealid.formats.metadata_warning import unless_wrong
from napari_ifealid.numeric_labels import are_mere_numbers, number_and_unit, numeric_labels
from napari_ifealid.stack import FeatureStack
from napari_ifealid.wavelength_units import NANOMETRES, known_unit, wavelength_labels

_MEMBER = "GDAL_METADATA"
_WAVELENGTH = ("wavelength", "wavelengths", "center_wavelength", "central_wavelength")
_UNIT = ("wavelength_units", "wavelength_unit", "wavelengths_units", "wavelengths_unit")
_WIDTH = ("fwhm",)
_GOOD = ("bbl", "bad_band_multiplier")
_IN_UNITS = {"_um": "µm", "_nm": "nm"}  # endings of items that have the unit in their names
_NO_UNIT = {"unknown", "index", "none", "wavenumber index"}
_UNKNOWN = {"", "none", "nan", "n/a", "unknown"}
_DOMAINS = ("", "envi", "imagery")  # the first ones count where an item is in several
_SHOWN = ("red", "green", "blue")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, kw_only=True)
class BandMetadata:
    """What the metadata tell of each of C bands.

    Parameters
    ----------
    labels : tuple of str or float, length C, optional
        Their wavelengths, else their names.
    bands : Bands
    scales, offsets : tuple of float, length C
        The real value is scale · stored + offset.
    """

    labels: tuple[str | float, ...] | None
    bands: Bands
    scales: tuple[float, ...]
    offsets: tuple[float, ...]

    def repeated(self, count: int) -> BandMetadata:
        """Return how the values of so many pages are stored that are like this single band."""
        return BandMetadata(
            labels=None, bands=Bands(), scales=self.scales * count, offsets=self.offsets * count
        )


@dataclass(frozen=True)
class _Item:
    name: str
    band: int | None
    role: str
    domain: str
    text: str


def band_metadata(xml: str, count: int, file: Location | None = None) -> BandMetadata:
    """Return what the metadata tell of the bands.

    Lists of another length than there are bands are left out: they stay behind where a program
    has taken some of the bands.

    Parameters
    ----------
    xml : str
        The value of the tag; empty where there is none.
    count : int
        Number of bands, C.
    file : path or URL, optional
        That they are in, for warnings.

    Raises
    ------
    DatasetError
        If a scale or an offset is no finite number, or a scale is 0: values would be wrong.

    Warns
    -----
    MetadataWarning
        If it is no such XML, or if another number is something else: it is left out.
    """
    items = _Items(unless_wrong(lambda: _parsed(xml), [], file), count, file)
    wavelengths, unit = items.lengths(_WAVELENGTH)
    widths, width_unit = items.lengths(_WIDTH)
    if widths is not None and width_unit != unit and {width_unit, unit} <= NANOMETRES.keys():
        widths = tuple(width * NANOMETRES[width_unit] / NANOMETRES[unit] for width in widths)
    labels = None if wavelengths is None else wavelength_labels(wavelengths, unit)
    good = items.numbers(_GOOD, 1.0)
    return BandMetadata(
        labels=items.names() if labels is None else labels,
        bands=Bands(
            widths=widths,
            is_good=None if good is None else tuple(flag != 0.0 for flag in good),
            shown=items.shown(),
        ),
        scales=items.scales(),
        offsets=items.factors("offset", 0.0),
    )


class _Items:
    """The items of the metadata, found by name."""

    def __init__(self, items: Sequence[_Item], count: int, file: Location | None) -> None:
        self._items = sorted(items, key=lambda item: _rank(item.domain))
        self._count = count
        self._file = file

    def lengths(self, names: Sequence[str]) -> tuple[tuple[float, ...] | None, str]:
        """Return the wavelengths or the widths of all bands, and their unit."""
        pairs = [number_and_unit(text) for text in self._of(names) or ()]
        units = {"" if pair is None else pair[1] for pair in pairs}
        if len(units) == 1 and "" not in units:  # such as "450 nm"
            return tuple(pair[0] for pair in pairs if pair is not None), known_unit(units.pop())
        numbers = self.numbers(names)
        if numbers is not None:
            return numbers, self._unit()
        for ending, unit in _IN_UNITS.items():
            numbers = self.numbers([f"{name}{ending}" for name in names])
            if numbers is not None:
                return numbers, unit
        return None, ""

    def numbers(
        self, names: Sequence[str], missing: float | None = None
    ) -> tuple[float, ...] | None:
        """Return a number of each band; None where there are none, or where one has none."""
        texts = self._of(names) or []
        numbers: list[float | None] = unless_wrong(
            lambda: [missing if text.lower() in _UNKNOWN else _number(text) for text in texts],
            [],
            self._file,
        )
        known = tuple(number for number in numbers if number is not None)
        return known if len(known) == self._count else None

    def names(self) -> tuple[str, ...] | None:
        """Return the names of the bands where they tell them apart."""
        texts = self._texts(lambda item: item.role == "description") or self._texts(
            lambda item: item.name in ("description", "band_names", "band_name")
        )
        is_usable = texts is not None and all(texts) and len(set(texts)) == self._count
        return tuple(texts) if is_usable and texts is not None else None

    def factors(self, role: str, missing: float) -> tuple[float, ...]:
        """Return the scale or the offset of each band."""
        texts = self._texts(lambda item: item.role == role)
        if texts is None:
            return (missing,) * self._count
        return tuple(_number(text) if text else missing for text in texts)

    def scales(self) -> tuple[float, ...]:
        """Return the scale of each band, none of them 0."""
        scales = self.factors("scale", 1.0)
        if 0.0 in scales:
            raise _wrong("the scale 0")
        return scales

    def shown(self) -> tuple[int, ...]:
        """Return the bands for red, green and blue."""
        colours = {
            item.text.lower(): item.band
            for item in self._items
            if item.role == "colorinterp" and self._is_band(item)
        }
        found = [colours.get(colour) for colour in _SHOWN]
        return () if None in found else tuple(band for band in found if band is not None)

    def _unit(self) -> str:
        texts = (item.text for item in self._items if item.name in _UNIT)
        text = next(filter(None, texts), "")
        return "" if text.lower() in _NO_UNIT else known_unit(text)

    def _of(self, names: Sequence[str]) -> list[str] | None:
        return self._texts(lambda item: item.name in names)

    def _texts(self, is_meant: Callable[[_Item], bool]) -> list[str] | None:
        """Return the text of each band, "" where it has none; None where no band has one."""
        meant = [item for item in self._items if is_meant(item)]
        of_bands = {item.band: item.text for item in reversed(meant) if self._is_band(item)}
        if of_bands:
            return [of_bands.get(band, "") for band in range(self._count)]
        for item in meant:
            texts = [text.strip() for text in item.text.strip("{}").split(",")]
            if item.band is None and len(texts) == self._count:
                return texts
        return None

    def _is_band(self, item: _Item) -> bool:
        return item.band is not None and 0 <= item.band < self._count


def _rank(domain: str) -> int:
    return _DOMAINS.index(domain) if domain in _DOMAINS else len(_DOMAINS)


def _parsed(xml: str) -> list[_Item]:
    if not xml.strip("\0 \n"):
        return []
    if "<!DOCTYPE" in xml:  # its entities could grow beyond all bounds
        raise _wrong("XML with a document type")
    try:
        root = ElementTree.fromstring(xml.strip("\0 \n"))
    except ElementTree.ParseError as error:
        raise _wrong(f"no XML ({error})") from error
    return [_item(element) for element in root.iter("Item")]


def _item(element: ElementTree.Element) -> _Item:
    sample = element.get("sample")
    if sample is not None and not sample.strip().isdecimal():
        raise _wrong(f"the band {sample!r}")
    return _Item(
        name="_".join(element.get("name", "").lower().replace("-", " ").split()),
        band=None if sample is None else int(sample),
        role=element.get("role", "").lower(),
        domain=element.get("domain", "").lower(),
        text=(element.text or "").strip(),
    )


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise _wrong(f"the value {text[:60]!r}") from error
    if not isfinite(number):
        raise _wrong(f"the value {text!r}")
    return number


def _wrong(found: str) -> DatasetError:
    return DatasetError(
        found,
        expected="XML as GDAL writes it, with a finite number where one belongs",
        remedy="Correct it, e.g. with gdal_edit.py, or write the file again.",
        member=_MEMBER,
    )


def metadata_text(stack: FeatureStack) -> str:
    """Return the metadata of a stack's bands.

    Parameters
    ----------
    stack : FeatureStack
        Whose values are stored as they are, beside its gain.
    """
    assert stack.feature_labels is not None
    names = () if are_mere_numbers(stack.feature_labels) else stack.feature_labels
    lines = [_line("DESCRIPTION", band, name, "description") for band, name in enumerate(names)]
    lines += [line for band in range(stack.feature_count) for line in _band_items(stack, band)]
    known = numeric_labels(names)
    if known is not None:
        for band, number in enumerate(known.numbers):
            lines.append(_line("wavelength", band, float(number)))
            if known.unit:
                lines.append(_line("wavelength_units", band, known.unit))
    return "\n".join(["<GDALMetadata>", *lines, "</GDALMetadata>", ""]) if lines else ""


def _band_items(stack: FeatureStack, band: int) -> Iterable[str]:
    if stack.gain != 1.0:
        yield _line("OFFSET", band, 0, "offset")
        yield _line("SCALE", band, stack.gain, "scale")
    if stack.bands.widths is not None and all(map(isfinite, stack.bands.widths)):
        yield _line("fwhm", band, stack.bands.widths[band])
    if stack.bands.is_good is not None:
        yield _line("bbl", band, int(stack.bands.is_good[band]))
    if len(stack.bands.shown) == len(_SHOWN) and band in stack.bands.shown:
        colour = _SHOWN[stack.bands.shown.index(band)].capitalize()
        yield _line("COLORINTERP", band, colour, "colorinterp")


def _line(name: str, band: int, value: Any, role: str = "") -> str:
    roles = f' role="{role}"' if role else ""
    text = _NOT_XML.sub("", str(value))
    from xml.sax.saxutils import escape, quoteattr  # brings urllib along, which takes long

    return f'  <Item name={quoteattr(name)} sample="{band}"{roles}>{escape(text)}</Item>'
