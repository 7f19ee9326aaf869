from __future__ import annotations

import pytest
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QPushButton

from napari_ifealid.widgets.chart_legend import ChartLegend, LegendEntry

ENTRIES = [LegendEntry("1, 2", "#ff8800"), LegendEntry("A & B", "#ffffff", is_dashed=True)]


@pytest.fixture
def legend(qtbot):
    legend = ChartLegend()
    qtbot.addWidget(legend)
    legend.show_entries(ENTRIES)
    legend.resize(400, 30)
    legend.show()
    qtbot.waitExposed(legend)
    return legend


@pytest.fixture
def clicked(legend):
    clicked: list[int] = []
    legend.clicked.connect(clicked.append)
    return clicked


def buttons(legend) -> list[QPushButton]:
    return [button for button in legend.findChildren(QPushButton) if button.isVisible()]


def test_name_of_a_file_is_one_line_of_text(legend):
    legend.show_entries(
        [LegendEntry("<b>a</b>\x1b\n & b", "#ff8800"), LegendEntry("x" * 10**6, "")]
    )
    shown, cut = (button.text() for button in buttons(legend))
    assert shown == r"<b>a</b>\x1b\n && b"
    assert len(cut) == 200


def test_each_entry_has_a_button_with_its_line(legend):
    assert [button.text() for button in buttons(legend)] == ["1, 2", "A && B"]
    picture = buttons(legend)[0].icon().pixmap(18, 12).toImage()
    colours = {picture.pixelColor(x, 6).name() for x in range(18)}
    assert colours == {"#ff8800"}


def test_other_names_have_the_same_pictures(legend):
    # of each new picture Qt keeps a copy, and the name of the pixel changes with each hover
    before = [button.icon().cacheKey() for button in buttons(legend)]
    legend.show_entries([LegendEntry("3, 4", "#ff8800"), ENTRIES[1]])
    assert [button.icon().cacheKey() for button in buttons(legend)] == before


def test_click_tells_the_entry(legend, clicked, qtbot):
    qtbot.mouseClick(buttons(legend)[1], Qt.MouseButton.LeftButton)
    assert clicked == [1]


def test_marked_entry_is_bold_until_there_are_others(legend):
    legend.mark(1)
    assert [button.font().bold() for button in buttons(legend)] == [False, True]
    legend.show_entries(ENTRIES)
    assert legend.marked == 1
    legend.show_entries(ENTRIES[:1])
    assert legend.marked is None
    assert not buttons(legend)[0].font().bold()


def test_many_entries_need_no_room_and_scroll(legend, qtbot):
    legend.show_entries([LegendEntry(f"{n}, {n}", "#ff8800") for n in range(50)])
    qtbot.waitUntil(lambda: legend.horizontalScrollBar().maximum() > 0)
    assert legend.minimumSizeHint().width() == 0
    turn = QWheelEvent(
        QPointF(5, 5),
        QPointF(legend.mapToGlobal(QPoint(5, 5))),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(legend.viewport(), turn)
    assert legend.horizontalScrollBar().value() > 0
    legend.mark(49)
    assert legend.horizontalScrollBar().value() > 1000
