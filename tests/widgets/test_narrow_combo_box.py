from __future__ import annotations

from qtpy.QtWidgets import QComboBox

from napari_ifealid.widgets.narrow_combo_box import make_narrow


def test_long_text_does_not_widen_the_box(qtbot):
    box = QComboBox()
    qtbot.addWidget(box)
    box.addItem("a name that is much longer than a narrow dock is wide")
    before = box.minimumSizeHint().width()
    make_narrow(box)
    assert box.minimumSizeHint().width() < before / 3
