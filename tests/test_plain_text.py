from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from napari_ifealid.plain_text import (
    LONGEST,
    lines,
    never_markup,
    one_line,
    plain_message,
    shown_name,
    with_markup,
    without_mnemonic,
)

MARKUP = ["<b>bold</b>", "<img src=x>", "a <br> b", "&lt;b&gt;", "<?xml", "<!-- a -->", "< b >"]

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


@pytest.mark.parametrize("text", ["a & b", "50 > 3", "$x_$", "&amp;"])
def test_text_that_nobody_takes_for_markup_stays_as_it_is(text):
    assert never_markup(text) == plain_message(text) == shown_name(text) == text


@pytest.mark.parametrize("text", MARKUP)
def test_markup_is_never_taken_for_such_and_comes_back(text):
    shown = never_markup(text)
    assert shown.replace("\u2060", "") == text == with_markup(shown)
    assert never_markup(shown) == shown
    for part in (shown, f"a {shown} b", shown[1:]):
        assert not Qt.mightBeRichText(part)


@pytest.mark.parametrize("text", MARKUP[:4])
def test_qt_would_take_it_for_markup(text):
    assert Qt.mightBeRichText(text)


def test_message_keeps_its_lines_and_a_name_does_not():
    assert plain_message("a\n\x1b<b>") == "a\n\\x1b<\u2060b>"
    assert shown_name("a\n\x1b<b>") == "a\\n\\x1b<\u2060b>"
    assert len(shown_name("a" * 10**6)) == LONGEST


def test_ampersand_marks_no_key():
    assert without_mnemonic("a & b") == "a && b"
