from __future__ import annotations

import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.envi_header import EnviHeader, header_text, parse_fields, read_header

TEXT = """ENVI
; a comment = no field
Samples   = 3
wavelength  units = Micrometers
description = {a text, with an equals sign = and
 two lines}
wavelength = {
 0.45, 0.46,
 0.47}
"""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_fields_are_read_whatever_ends_a_line(end):
    header = EnviHeader(parse_fields(TEXT.replace("\n", end)), "a.hdr")
    assert header.number("samples") == 3
    assert header.text("wavelength units") == "Micrometers"
    assert header.text("description").startswith("a text, with an equals sign = and")
    assert header.numbers("wavelength") == [0.45, 0.46, 0.47]
    assert header.items("spectra names") == []


def test_header_reads_back_as_it_was_written():
    fields = {"samples": 20, "file type": "ENVI", "names": [f"n {number}" for number in range(20)]}
    header = EnviHeader(parse_fields(header_text(fields)), "a.hdr")
    assert header.number("samples") == 20
    assert header.items("names") == fields["names"]


def test_field_that_is_missing_or_no_number_is_named():
    header = EnviHeader({"samples": "many"}, "a.hdr")
    with pytest.raises(DatasetError, match=r"the value 'many': a.hdr, samples"):
        header.number("samples")
    with pytest.raises(DatasetError, match=r"no such field: a.hdr, lines"):
        header.number("lines")
    with pytest.raises(DatasetError, match="an item that is no number"):
        header.numbers("samples")
    assert header.number("byte order", 0) == 0


def test_old_encodings_are_read(tmp_path):
    (tmp_path / "a.hdr").write_bytes("ENVI\nsensor type = Gerät\n".encode("latin-1"))
    assert read_header(tmp_path / "a.hdr").text("sensor type") == "Gerät"


def test_other_file_is_no_header(tmp_path):
    (tmp_path / "a.hdr").write_bytes(b"\x01\x02")
    with pytest.raises(DatasetError, match=r"no header of ENVI: a\.hdr"):
        read_header(tmp_path / "a.hdr")
