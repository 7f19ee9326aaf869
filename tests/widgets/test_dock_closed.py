from __future__ import annotations

import gc

import pytest
from qtpy.QtWidgets import QWidget

from napari_ifealid.widgets.dock_closed import call_when_closed


@pytest.fixture
def widget(qapp):
    return QWidget()


def test_function_is_called_once_when_its_dock_lets_go_of_a_widget_and_it_is_destroyed(
    widget, qtbot
):
    told = []
    dock = QWidget()
    widget.setParent(dock)
    call_when_closed(widget, lambda: told.append(1))
    widget.setParent(None)
    assert told == [1]
    with qtbot.waitSignal(widget.destroyed):
        widget.deleteLater()
    assert told == [1]


def test_function_is_called_also_where_the_collector_of_garbage_destroys_the_widget(qapp):
    told = []
    widget = QWidget()
    widget.itself = widget
    call_when_closed(widget, lambda: told.append(1))
    del widget
    gc.collect()
    assert told == [1]
