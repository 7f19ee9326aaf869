from __future__ import annotations

import pytest

from napari_ifealid.plain_text import (
    LONGEST,
    lines,
    never_markup,
    one_line,
    without_mnemonic,
)

SHOWN = {
    "\x1b[31mred": r"\x1b[31mred",
    "a\rb\nc\td": r"a\rb\nc\td",
    "\x00\x07\x7f\x9b": r"\x00\x07\x7f\x9b",
    "\u202egnp.exe": r"\u202egnp.exe",
    "\u2066a\u2069": r"\u2066a\u2069",
    "a\u2028b\u2029": r"a\u2028b\u2029",
    "\udcff.npy": r"\udcff.npy",
}


@pytest.mark.parametrize(("text", "shown"), SHOWN.items())
def test_control_characters_are_visible(text, shown):
    assert one_line(text) == shown


@pytest.mark.parametrize(
    "text", ["", "a b", "µm", "naïve", "ロール", "שלום", "👩‍🔬", "C:\\new", "50 %"]
)
def test_other_text_stays_as_it_is(text):
    assert one_line(text) == lines(text) == text


def test_lines_stay_lines():
    assert lines("a\nb\x1b\r\n") == "a\nb\\x1b\\r\n"


def test_long_text_is_cut():
    assert one_line("a" * LONGEST) == "a" * LONGEST
    assert one_line("a" * 10**6) == "a" * (LONGEST - 1) + "…"
    assert one_line("abc", most=2) == "a…"


@pytest.mark.parametrize("text", ["a & b", "50 > 3", "$x_$", "&amp;", "two\nlines"])
def test_text_that_nobody_takes_for_markup_stays_as_it_is(text):
    assert never_markup(text) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("<b>&</b>", "<span>&lt;b&gt;&amp;&lt;/b&gt;</span>"),
        ("a\n<b>", "<span>a<br>&lt;b&gt;</span>"),
        ("&lt;", "<span>&amp;lt;</span>"),
    ],
)
def test_markup_is_escaped(text, escaped):
    assert never_markup(text) == escaped


def test_ampersand_marks_no_key():
    assert without_mnemonic("a & b") == "a && b"
