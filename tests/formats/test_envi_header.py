from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.envi_header import (
    STORED_TYPES,
    EnviHeader,
    header_text,
    parse_fields,
    read_header,
)

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


def test_lists_may_begin_on_the_next_line_and_end_in_a_comma_and_have_comments():
    text = "a =\n {1,\n; not = this {\n2, }\nempty = {}\nnone =\nlast = 3\n"
    header = EnviHeader(parse_fields(text), "a.hdr")
    assert header.numbers("a") == [1.0, 2.0]
    assert header.numbers("empty") == header.numbers("missing") == header.numbers("none") == []
    assert header.number("last") == 3


def test_long_lines_without_a_field_take_no_time():
    assert parse_fields("ENVI\n" + " " * 10**6 + "\na = 1" + "\n" * 10**6) == {"a": "1"}


@pytest.mark.parametrize("order", [None, 0, 1])
@pytest.mark.parametrize("code", STORED_TYPES)
def test_types_of_real_numbers_are_known(code, order):
    fields = {"data type": str(code)} | ({} if order is None else {"byte order": str(order)})
    stored = EnviHeader(fields, "a.hdr").stored_type()
    assert stored == np.dtype("<>"[order or 0] + STORED_TYPES[code])


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "no such field: a.hdr, data type"),
        ({"data type": "7"}, r"the value 7: a.hdr, data type; expected one of \[1, 2, 3,"),
        ({"data type": "6"}, r"complex numbers \(data type 6\): a.hdr, data type; expected real"),
        ({"data type": "9"}, r"complex numbers \(data type 9\): a.hdr, data type; expected real"),
        ({"data type": "9" * 5000}, "the value '999"),
        ({"data type": "4", "byte order": "2"}, "the value 2: a.hdr, byte order; expected 0 or 1"),
    ],
)
def test_other_types_are_refused(fields, reason):
    with pytest.raises(DatasetError, match=f"^{reason}"):
        EnviHeader(fields, "a.hdr").stored_type()


def test_old_encodings_are_read(tmp_path):
    (tmp_path / "a.hdr").write_bytes("ENVI\nsensor type = Gerät\n".encode("latin-1"))
    assert read_header(tmp_path / "a.hdr").text("sensor type") == "Gerät"


def test_other_file_is_no_header(tmp_path):
    (tmp_path / "a.hdr").write_bytes(b"\x01\x02")
    with pytest.raises(DatasetError, match=r"no header of ENVI: a\.hdr"):
        read_header(tmp_path / "a.hdr")
