"""Text of files that looks like HTML, keys or commands, everywhere in a real window."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QAbstractItemModel, QModelIndex, Qt
from qtpy.QtGui import QAction
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QMenu,
    QWidget,
)

from napari_ifealid import write_stack
from napari_ifealid.errors import DatasetError
from napari_ifealid.libraries import Library, LibraryEntry, write_library
from napari_ifealid.stack import FeatureStack
from napari_ifealid.widgets.chart_binding import Order

EVIL = "<img src=x><b>bold</b> a & b $x_$ &lt;i&gt; \x1b[31m\r\u202ered"
SHOWN = r"<img src=x><b>bold</b> a & b $x_$ &lt;i&gt; \x1b[31m\r\u202ered"
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def labels() -> tuple[str, ...]:
    return tuple(f"{number} {EVIL}" for number in range(9))


@pytest.fixture
def evil(stack, labels, tmp_path, window, qtbot):
    """The panel, with two such stacks of one image, a pin, a library and whatever else tells."""
    for number in range(2):
        one = FeatureStack(
            values=np.roll(stack.values, number, 0),
            name=f"{EVIL} {number}",
            overlay=stack.overlay,
            feature_labels=labels,
        )
        write_stack(tmp_path / f"{number}.zip", one)
    files = [str(tmp_path / f"{number}.zip") for number in range(2)]
    window.open(files, plugin="napari-ifealid")
    _, widget = window.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    is_idle = partial(qtbot.waitUntil, lambda: widget.explorer.is_idle, timeout=20_000)
    is_idle()
    entries = [LibraryEntry(np.arange(9.0) + number, f"{EVIL} {number}") for number in range(3)]
    write_library(tmp_path / "a.csv", Library(entries, labels, EVIL))
    widget.library.open_file(tmp_path / "a.csv")
    qtbot.waitUntil(lambda: len(widget.explorer.library.entries) == 3)
    widget.chart_dock.panel.order.value = Order.RELEVANCE
    widget.explorer.show_pixel((3, 3))
    is_idle()
    widget.explorer.toggle_pin_at((3, 3))
    widget.explorer.library.tick(0, True)
    is_idle()
    widget.explorer.show_pixel((1, 2))
    is_idle()
    widget.links.fill_menu()
    widget.search.search(3, 1.0)
    qtbot.waitUntil(lambda: not widget.search.is_searching, timeout=20_000)
    qtbot.wait(700)  # the chart and the texts follow
    return widget


def widgets() -> list[QWidget]:
    return [widget for widget in QApplication.allWidgets() if not isinstance(widget, QMenu)]


def guessed_texts() -> list[str]:
    """All texts in all windows of which Qt guesses whether they are HTML."""
    automatic = [one for one in widgets() if isinstance(one, QLabel)]
    texts = [one.text() for one in automatic if one.textFormat() == Qt.TextFormat.AutoText]
    actions = [action for one in QApplication.allWidgets() for action in one.actions()]
    tips = [one.toolTip() for one in (*widgets(), *actions)]
    return texts + tips + cells(Qt.ItemDataRole.ToolTipRole)


def plain_texts() -> list[str]:
    """All other texts in all windows."""
    found = [one.text() for one in widgets() if isinstance(one, QLabel | QAbstractButton)]
    boxes = [one for one in widgets() if isinstance(one, QComboBox)]
    found += [box.itemText(number) for box in boxes for number in range(box.count())]
    return found + cells(Qt.ItemDataRole.DisplayRole)


def cells(role: Qt.ItemDataRole) -> list[str]:
    views = [one for one in widgets() if isinstance(one, QAbstractItemView)]
    models = [view.model() for view in views if view.model() is not None]
    return [text for model in models for text in cells_of(model, role)]


def cells_of(model: QAbstractItemModel, role: Qt.ItemDataRole) -> list[str]:
    top = QModelIndex()
    indices = [model.index(row, column) for row in range(model.rowCount(top)) for column in (0, 1)]
    found = [model.data(index, role) for index in indices if index.isValid()]
    return [text for text in found if isinstance(text, str)]


def keys() -> list[str]:
    """All texts in which & marks a key."""
    actions = [action for one in QApplication.allWidgets() for action in one.actions()]
    buttons = [one for one in widgets() if isinstance(one, QAbstractButton)]
    return [one.text() for one in (*actions, *buttons) if isinstance(one, QAction | QWidget)]


def test_no_text_of_a_file_is_taken_for_html_for_a_key_or_for_a_command(evil, window):
    guessed, plain = guessed_texts(), plain_texts()
    assert sum("bold" in text for text in plain) > 10
    assert sum("bold" in text for text in guessed) > 10
    for text in guessed:
        assert not ("bold" in text and Qt.mightBeRichText(text)), text
    for text in (*guessed, *plain):
        assert not ("bold" in text and CONTROLS.search(text)), text
    for text in keys():
        assert not ("bold" in text and re.search("(?<!&)&(?!&)", text)), text


def test_each_place_shows_it_as_it_is(evil, stack, add_stack, window, qtbot):
    made = add_stack(window, replace(stack, name=EVIL))
    window.status = made.get_status((0.0, 10.0, 10.0))  # of layers from files it names the file
    (status,) = (one for one in widgets() if one.objectName() == "layer_base status")
    legend = evil.chart_dock.panel.chart.legend
    rows = evil.library.list.rows
    places = {
        "napari's list of layers": [layer.name for layer in window.layers],
        "napari's status bar": status,
        "the choice of a stack": evil.choice.layer.native,
        "the list of linked stacks": evil.links.menu,
        "the list of features": evil.chart_dock.panel.relevance,
        "the legend": legend,
        "the library": [rows.data(rows.index(row, 0)) for row in range(3)],
        "the best places": evil.places.rows,
    }
    missing = [where for where, place in places.items() if not any(map(is_shown, texts_of(place)))]
    assert missing == []


def test_reference_is_named_as_it_is(evil, qtbot):
    evil.explorer.pins.clear()
    qtbot.waitUntil(lambda: is_shown(evil.texts.reference.text()))


def texts_of(place) -> list[str]:
    if isinstance(place, QComboBox):
        return [place.itemText(number) for number in range(place.count())]
    if isinstance(place, QMenu):
        return [action.text().replace("&&", "&") for action in place.actions()]
    if isinstance(place, QLabel):
        return [place.text()]
    if isinstance(place, QAbstractItemView):
        return cells_of(place.model(), Qt.ItemDataRole.DisplayRole)
    if isinstance(place, QWidget):
        buttons = place.findChildren(QAbstractButton)
        return [button.text().replace("&&", "&") for button in buttons]
    return place


def is_shown(text: str) -> bool:
    return SHOWN in text.replace("\u2060", "")


def test_axis_of_the_chart_shows_a_unit_as_it_is(stack, add_stack, window, qtbot):
    labels = [f"{450 + number} <b>bold</b>" for number in range(9)]
    add_stack(window, replace(stack, feature_labels=labels))
    _, widget = window.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    qtbot.waitUntil(lambda: widget.explorer.is_idle, timeout=20_000)
    axis = widget.chart_dock.panel.chart.plot.getPlotItem().getAxis("bottom")
    qtbot.waitUntil(lambda: axis.label.toPlainText().strip() == "in <b>bold</b>")


def test_notifications_of_errors_show_names_as_they_are(evil, window):
    notification_manager.records.clear()
    evil.explorer._errors.report(
        DatasetError(EVIL, expected="another", remedy="Change it.", file=f"/a/{EVIL}.npy")
    )
    (shown,) = notification_manager.records
    assert is_shown(shown.message)
    assert not Qt.mightBeRichText(shown.message)


def test_label_of_a_million_characters_is_cut_everywhere(stack, window, add_stack, qtbot):
    labels = [f"{number}{'x' * 10**6}" for number in range(9)]
    add_stack(window, replace(stack, name="y" * 10**6, feature_labels=labels))
    _, widget = window.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    qtbot.waitUntil(lambda: widget.explorer.is_idle, timeout=20_000)
    qtbot.wait(700)
    assert max(map(len, guessed_texts() + plain_texts() + keys())) < 10_000
