from __future__ import annotations

import gc

from qtpy.QtWidgets import QMessageBox

from napari_ifealid.widgets.message_button import add_button


def test_button_stays_in_its_box_while_nobody_else_has_it(qtbot):
    box = QMessageBox()
    qtbot.addWidget(box)
    add_button(box, "Save", QMessageBox.ButtonRole.AcceptRole, "Save what there is")
    gc.collect()
    (button,) = box.buttons()
    assert (button.text(), button.toolTip()) == ("Save", "Save what there is")
    assert box.buttonRole(button) == QMessageBox.ButtonRole.AcceptRole
