from __future__ import annotations

from napari.qt import get_stylesheet
from qtpy.QtWidgets import QDoubleSpinBox, QLineEdit, QVBoxLayout, QWidget

from napari_ifealid.widgets.narrow_spin_box import make_narrow_field


def test_number_has_the_room_of_the_buttons_in_a_theme_of_napari(qtbot):
    holder, field = QWidget(), QDoubleSpinBox()
    qtbot.addWidget(holder)
    QVBoxLayout(holder).addWidget(field)
    holder.setStyleSheet(get_stylesheet("dark"))
    make_narrow_field(field, 4)
    field.setFixedWidth(47)
    holder.show()
    qtbot.waitExposed(holder)
    edit = field.findChild(QLineEdit)
    assert edit.width() >= edit.fontMetrics().horizontalAdvance("0.00")
