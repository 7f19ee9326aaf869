from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton, QWidget

from napari_ifealid.bands import Bands
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.stack import FeatureStack
from napari_ifealid.widgets.feature_use_dialog import FeatureUseDialog

WAVELENGTHS = [f"{number} nm" for number in range(400, 2500, 100)]  # 21 of them
COUNT = len(WAVELENGTHS)
GOOD = (False, *(True,) * (COUNT - 2), False)


@pytest.fixture
def make(qtbot):
    """Returns a dialog, and the list of what it chose."""
    parent = QWidget()
    qtbot.addWidget(parent)

    def make(labels=WAVELENGTHS, good=GOOD, used=None):
        values = np.ones((2, 3, len(labels)))
        stack = FeatureStack(
            values=values, name="cube", feature_labels=labels, bands=Bands(is_good=good)
        )
        chosen = []
        dialog = FeatureUseDialog(stack, used, lambda flags: chosen.append(flags.tolist()), parent)
        dialog.show()
        return dialog, chosen

    return make


def press(qtbot, button) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def text(dialog) -> str:
    return dialog.text.toPlainText()


def test_text_has_what_is_left_out_and_how_many_are_used(make):
    dialog, _ = make(used=UsedFeatures(GOOD))
    assert text(dialog) == "400 nm, 2400 nm"
    assert dialog.message.text() == "19 of 21 features are used."
    assert dialog.bad.isChecked()
    dialog, _ = make()
    assert text(dialog) == ""
    assert not dialog.bad.isChecked()


def test_text_can_be_edited_and_is_what_is_chosen(make, qtbot):
    dialog, chosen = make()
    dialog.text.setPlainText("1.3–1.5 µm, 2400")
    assert dialog.message.text() == "17 of 21 features are used."
    press(qtbot, dialog.accept_button)
    left_out = [number for number, used in enumerate(chosen[0]) if not used]
    assert left_out == [9, 10, 11, 20]
    assert not dialog.isVisible()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("blue", "“blue” is no range; write such as “400–500 nm”, and commas between several."),
        ("400–2400", "At least one feature must stay in use."),
        ("3000 nm", "No feature lies at 3000; the nearest is 2400 nm."),
    ],
)
def test_text_that_is_wrong_can_not_be_chosen(make, qtbot, wrong, message):
    dialog, chosen = make()
    dialog.text.setPlainText(wrong)
    assert dialog.message.text() == message
    assert not dialog.accept_button.isEnabled()
    dialog.accept()
    assert (chosen, dialog.isVisible()) == ([], True)
    press(qtbot, dialog.everything)
    assert dialog.accept_button.isEnabled()


def test_range_is_left_out_used_again_or_alone(make, qtbot):
    dialog, _ = make(used=UsedFeatures(GOOD))
    dialog.first.setText("900")
    dialog.last.setText("0.7 µm")
    press(qtbot, dialog.leave_out)
    assert text(dialog) == "400 nm, 700–900 nm, 2400 nm"
    dialog.first.setText("800")
    dialog.last.setText("")
    press(qtbot, dialog.use_again)
    assert text(dialog) == "400 nm, 700 nm"
    dialog.first.setText("500")
    dialog.last.setText("2300")
    press(qtbot, dialog.only)
    assert text(dialog) == "400 nm, 2400 nm"
    dialog.first.setText("blue")
    press(qtbot, dialog.leave_out)
    assert dialog.message.text().startswith("“blue–2300 nm” is no range")
    assert text(dialog) == "400 nm, 2400 nm"


def test_bad_bands_of_the_file_are_ticked(make, qtbot):
    dialog, _ = make()
    dialog.text.setPlainText("700 nm")
    dialog.bad.click()
    assert text(dialog) == "400 nm, 700 nm, 2400 nm"
    dialog.bad.click()
    assert text(dialog) == "700 nm"
    press(qtbot, dialog.reset)
    assert text(dialog) == "400 nm, 2400 nm"
    assert dialog.bad.isChecked()
    press(qtbot, dialog.everything)
    assert text(dialog) == ""


def test_water_vapour_is_offered_where_labels_are_wavelengths(make, qtbot):
    dialog, _ = make()
    press(qtbot, dialog.water)
    assert text(dialog) == "1400 nm, 1800–1900 nm"
    dialog, _ = make(labels=range(COUNT), good=None)
    assert not dialog.water.isVisible()
    assert not dialog.bad.isVisible()


def test_fits_a_small_screen_and_the_keyboard(make, qtbot):
    dialog, _ = make(used=UsedFeatures(tuple(number % 2 == 0 for number in range(COUNT))))
    size = dialog.sizeHint()
    assert (size.width() <= 640, size.height() <= 480) == (True, True)
    controls = [*dialog.findChildren(QPushButton), dialog.first, dialog.last, dialog.text]
    assert all(one.focusPolicy() & Qt.FocusPolicy.TabFocus for one in [*controls, dialog.bad])
    told = [dialog.first, dialog.last, dialog.text, dialog.bad, dialog.water, dialog.everything]
    told += [dialog.reset, dialog.leave_out, dialog.use_again, dialog.only]
    assert all(one.toolTip() for one in told)
    assert dialog.text.tabChangesFocus()
