from __future__ import annotations

from qtpy.QtCore import Qt

from napari_ifealid.widgets.plain_label import PlainLabel


def test_text_is_never_html(qtbot):
    label = PlainLabel("<b>bold</b>")
    qtbot.addWidget(label)
    assert label.text() == "<b>bold</b>"
    assert label.textFormat() == Qt.TextFormat.PlainText


def test_control_characters_are_visible_but_for_new_lines(qtbot):
    label = PlainLabel()
    qtbot.addWidget(label)
    label.setText("a\nb\x1b\u202e")
    assert label.text() == "a\nb\\x1b\\u202e"


def test_long_text_is_cut(qtbot):
    label = PlainLabel("a" * 10**6)
    qtbot.addWidget(label)
    assert label.text() == "a" * 999 + "…"
