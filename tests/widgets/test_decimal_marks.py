from __future__ import annotations

from collections.abc import Iterator

import pytest
from qtpy.QtCore import QLocale, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QDoubleSpinBox, QLineEdit, QVBoxLayout, QWidget

from napari_ifealid.widgets.decimal_marks import accept_any_decimal_mark


@pytest.fixture(params=["C", "de_DE"])
def field(request, qtbot) -> Iterator[QDoubleSpinBox]:
    holder = QWidget()
    qtbot.addWidget(holder)
    field = QDoubleSpinBox()
    QVBoxLayout(holder).addWidget(field)
    field.setLocale(QLocale(request.param))
    field.setRange(0.0, 9999.0)
    accept_any_decimal_mark(holder)
    holder.show()
    field.findChild(QLineEdit).selectAll()
    yield field
    holder.close()


@pytest.mark.parametrize("typed", ["1234.5", "1234,5"])
def test_point_and_comma_are_decimal_marks(field, typed):
    QTest.keyClicks(field, typed)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.value() == 1234.5


@pytest.mark.parametrize("pasted", ["2.5", "2,5"])
def test_number_may_be_pasted(field, pasted):
    edit = field.findChild(QLineEdit)
    edit.selectAll()
    edit.insert(pasted)
    field.interpretText()
    assert field.value() == 2.5


def test_groups_of_digits_are_not_taken_for_a_fraction(field):
    QTest.keyClicks(field, "1.234,5")
    assert field.value() == 1.23  # the second mark was not let in
