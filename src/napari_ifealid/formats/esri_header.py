"""The header of a BIL, BIP or BSQ file as Esri's software writes it, in the terms of ENVI.

Source: "BIL, BIP, and BSQ raster files", ArcGIS documentation.
"""

from __future__ import annotations

from os import PathLike

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.envi_header import EnviHeader

_LIST, _LIST_END = "wavelengths", "wavelengths_end"
_TYPES = {
    ("unsignedint", 8): 1,
    ("signedint", 16): 2,
    ("signedint", 32): 3,
    ("float", 32): 4,
    ("float", 64): 5,
    ("unsignedint", 16): 12,
    ("unsignedint", 32): 13,
    ("signedint", 64): 14,
    ("unsignedint", 64): 15,
}
_PIXEL_TYPES = {"int": "signedint", "signed": "signedint", "unsigned": "unsignedint"}
_BYTE_ORDERS = {"i": "0", "l": "0", "m": "1", "b": "1"}  # Intel, LSBFIRST; Motorola, MSBFIRST, BIG
_PLACE = ("ulxmap", "ulymap", "xdim", "ydim")
_COPIED = {"nrows": "lines", "ncols": "samples", "nbands": "bands", "skipbytes": "header offset"}
_COPIED |= {"nodata": "data ignore value", "nodata_value": "data ignore value"}
_COPIED |= {"layout": "interleave", "interleaving": "interleave"}


def is_esri(text: str) -> bool:
    """Return whether a text is a header of this kind, not that of a single grid of Arc/Info.

    Parameters
    ----------
    text : str
    """
    keys = _words(text)[0].keys()
    return "\0" not in text and keys >= {"nrows", "ncols"} and "cellsize" not in keys


def esri_header(text: str, path: str | PathLike[str]) -> EnviHeader:
    """Return the fields of a header as ENVI would call them.

    Parameters
    ----------
    text : str
    path : path
        Of the header.

    Raises
    ------
    DatasetError
        If values are of a type that can't be read, or rows have bytes between them.
    """
    words, wavelengths = _words(text)
    _check_no_gaps(words, path)
    fields = {"interleave": "bil", "bands": "1"}
    fields |= {_COPIED[key]: value for key, value in words.items() if key in _COPIED}
    fields["data type"] = str(_data_type(words, path))
    fields["byte order"] = _byte_order(words, path)
    if wavelengths:
        fields["wavelength"] = ",".join(wavelengths)
        fields["wavelength units"] = words.get("wavelength_units", "Nanometers")
    if words.keys() >= set(_PLACE):
        place = ",".join(words[key] for key in _PLACE)  # of the centre of the first pixel
        unit = words.get("xyunits", "").lower()
        fields["map info"] = f"Arbitrary,1.5,1.5,{place}" + (f",units={unit}" if unit else "")
    return EnviHeader(fields, str(path))


def _words(text: str) -> tuple[dict[str, str], list[str]]:
    """Return the keywords with their values, and the list of wavelengths."""
    words: dict[str, str] = {}
    wavelengths: list[str] = []
    is_in_list = False
    for line in text.splitlines():
        key, _, value = line.strip().replace("\t", " ").partition(" ")
        key = key.lower()
        if key in (_LIST, _LIST_END):
            is_in_list = key == _LIST
        elif is_in_list and key:
            wavelengths.append(key)
        elif key and not key.startswith("#"):
            words[key] = value.strip()
    return words, wavelengths


def _data_type(words: dict[str, str], path: str | PathLike[str]) -> int:
    kind = words.get("pixeltype", "unsignedint").lower()
    kind = _PIXEL_TYPES.get(kind, kind)
    bits = words.get("nbits", "32" if kind == "float" else "8")
    code = _TYPES.get((kind, int(bits))) if bits.isdecimal() and len(bits) < 4 else None
    if code is None:
        raise _wrong(
            f"values of {bits} bits that are {kind.upper()}",
            "UNSIGNEDINT of 8 bits or more, SIGNEDINT of 16 or more, or FLOAT of 32 or 64",
            path,
            "NBITS",
        )
    return code


def _byte_order(words: dict[str, str], path: str | PathLike[str]) -> str:
    order = words.get("byteorder", words.get("byte_order", "I"))
    if order[:1].lower() not in _BYTE_ORDERS:
        raise _wrong(f"the value {order!r}", "I (Intel) or M (Motorola)", path, "BYTEORDER")
    return _BYTE_ORDERS[order[:1].lower()]


def _check_no_gaps(words: dict[str, str], path: str | PathLike[str]) -> None:
    """Raise if rows are longer than their values."""
    numbers = [words.get(key, default) for key, default in (("ncols", ""), ("nbits", "8"))]
    bands, layout = words.get("nbands", "1"), words.get("layout", "bil").lower()
    if not all(number.isdecimal() and len(number) < 18 for number in (*numbers, bands)):
        return  # which is reported elsewhere
    of_a_band = int(numbers[0]) * int(numbers[1]) // 8
    of_a_row = of_a_band * (1 if layout == "bsq" else int(bands))
    wanted = {"bandrowbytes": of_a_band, "totalrowbytes": of_a_row, "bandgapbytes": 0}
    if layout != "bil":
        del wanted["bandrowbytes"]
    for key, count in wanted.items():
        if words.get(key, str(count)) not in (str(count), "0"):
            raise _wrong(
                f"the value {words[key]!r}: bytes between rows or bands",
                f"{count}: rows without bytes between them",
                path,
                key.upper(),
            )


def _wrong(found: str, expected: str, path: str | PathLike[str], key: str) -> DatasetError:
    return DatasetError(
        found,
        expected=expected,
        remedy="Export the data again, as a file of ENVI or in another type.",
        file=path,
        member=key,
    )
