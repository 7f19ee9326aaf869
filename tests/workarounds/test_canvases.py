from __future__ import annotations

from qtpy.QtWidgets import QLabel, QWidget

from napari_ifealid.workarounds.canvases import all_canvases, canvases


def test_canvases_are_those_of_the_own_window(make_napari_viewer, qtbot):
    first, second = make_napari_viewer(), make_napari_viewer()
    labels = [QLabel("1"), QLabel("2")]
    docks = [
        viewer.window.add_dock_widget(label)
        for viewer, label in zip((first, second), labels, strict=True)
    ]
    docks[1].setFloating(True)
    own = [canvas for label in labels for canvas in canvases(label)]
    assert len(own) == len(set(own)) == 2
    assert set(own) <= set(all_canvases())


def test_widget_on_its_own_has_none(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    assert canvases(widget) == []
