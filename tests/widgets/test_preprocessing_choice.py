from __future__ import annotations

import pytest
from napari.components import ViewerModel

from napari_ifealid.explorer import Explorer
from napari_ifealid.preprocessing import STEPS, step_named
from napari_ifealid.widgets.preprocessing_choice import PreprocessingChoice


@pytest.fixture
def choice(qtbot):
    explorer = Explorer(ViewerModel())
    choice = PreprocessingChoice(explorer)
    qtbot.addWidget(choice)
    yield choice, explorer.state
    choice.stop()
    explorer.close()


def test_choice_and_state_follow_each_other(choice):
    widget, state = choice
    assert state.preprocessing is None
    for number, step in enumerate(STEPS, 1):
        widget.box.setCurrentIndex(number)
        assert state.preprocessing == step
        assert step.summary in widget.box.toolTip()
    state.preprocessing = step_named("unit sum")
    assert widget.box.currentText() == "unit sum"
    state.preprocessing = None
    assert widget.box.currentIndex() == 0
