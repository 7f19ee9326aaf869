from __future__ import annotations

import sys

import pytest
from qtpy.QtWidgets import QLabel, QWidget

from napari_ifealid.workarounds import lost_none
from napari_ifealid.workarounds.lost_none import give_none_references, keep_none, loses_none

COUNTS = pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="Python 3.12 and newer count no references to None"
)
CALLS = 1000


def lost_by_calls(label: QLabel) -> int:
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        label.setText("text")
    return before - sys.getrefcount(None)


@COUNTS
def test_workaround_is_needed_as_long_as_this_binding_loses_references(qtbot):
    """Take `lost_none` out once no version that loses some is in use any more."""
    label = QLabel()
    qtbot.addWidget(label)
    assert (lost_by_calls(label) > CALLS // 2) == loses_none()


@COUNTS
def test_there_are_enough_references_after_some_are_given(monkeypatch):
    monkeypatch.setattr(lost_none, "ENOUGH", sys.getrefcount(None) + 100_000)
    before = sys.getrefcount(None)
    give_none_references()
    assert sys.getrefcount(None) - before == pytest.approx(100_000, abs=10_000)
    give_none_references()
    assert sys.getrefcount(None) - before == pytest.approx(100_000, abs=10_000)


@pytest.mark.parametrize("loses", [True, False])
def test_references_are_given_again_and_again_only_where_some_are_lost(qtbot, monkeypatch, loses):
    given, widget = [], QWidget()
    qtbot.addWidget(widget)
    monkeypatch.setattr(lost_none, "loses_none", lambda: loses)
    monkeypatch.setattr(lost_none, "give_none_references", lambda: given.append(True))
    monkeypatch.setattr(lost_none, "_SECONDS", 0)
    keep_none(widget)
    assert len(given) == loses
    if loses:
        qtbot.waitUntil(lambda: len(given) > 2)
