from __future__ import annotations

import pytest
from napari.components import ViewerModel
from napari.layers import Labels
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.overview_maker import OverviewMaker
from napari_ifealid.overview import Aspect
from napari_ifealid.widgets.overview_group import OverviewGroup
from patient_scheduler import PatientScheduler


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def scheduler() -> PatientScheduler:
    return PatientScheduler()


@pytest.fixture
def group(viewer, add_stack, stack, scheduler, qtbot) -> OverviewGroup:
    add_stack(viewer, stack)
    group = OverviewGroup(OverviewMaker(viewer, Explorer(viewer), scheduler))
    qtbot.addWidget(group)
    group.resize(260, group.sizeHint().height())
    group.show()
    return group


def names(viewer: ViewerModel) -> list[str]:
    return [layer.name for layer in viewer.layers]


def test_button_makes_a_picture(group, viewer, scheduler):
    group.components.click()
    scheduler.run()
    assert "small: components" in names(viewer)
    assert group.summary.text().startswith("PC1–3: ")


def test_button_makes_as_many_segments_as_were_chosen(group, viewer, scheduler):
    group.count.value = 5
    group.segments.click()
    scheduler.run()
    (labels,) = (layer for layer in viewer.layers if isinstance(layer, Labels))
    assert labels.name == "small: 5 segments"
    assert group.summary.text().startswith("5 segments, from ")


def test_what_counts_can_be_chosen(group, viewer, scheduler):
    group.aspect.value = Aspect.VALUES
    group.components.click()
    scheduler.run()
    assert "small: components by values" in names(viewer)


def test_number_of_segments_is_from_two_to_twenty(group):
    assert (group.count.min, group.count.max) == (2, 20)


def test_progress_is_shown_in_the_place_of_the_summary_and_nothing_moves(group, scheduler, qtbot):
    places = [group.sizeHint(), group.aspect.native.geometry(), group.components.geometry()]
    group.components.click()
    assert group.bar.isVisible()
    assert not group.summary.isVisible()
    assert not group.components.isEnabled()
    assert not group.segments.isEnabled()
    assert group.cancel.hasFocus() or not group.isActiveWindow()
    now = [group.sizeHint(), group.aspect.native.geometry(), group.components.geometry()]
    assert now == places
    scheduler.background[0](1)
    assert group.bar.value() == 500
    scheduler.run()
    assert group.summary.isVisible()
    assert group.components.isEnabled()
    assert group.sizeHint() == places[0]


def test_button_cancels(group, viewer, scheduler):
    group.segments.click()
    group.cancel.click()
    scheduler.run()
    assert not any(isinstance(layer, Labels) for layer in viewer.layers)
    assert group.segments.isEnabled()
    assert not group.bar.isVisible()


@pytest.fixture
def dock(group, qtbot):
    """A narrow dock with the group, and a label under it."""
    dock, below = QWidget(), QLabel("below")
    qtbot.addWidget(dock)
    layout = QVBoxLayout(dock)
    for part in (group, below):
        layout.addWidget(part)
    layout.addStretch()
    dock.resize(280, 400)
    dock.show()
    yield dock
    group.setParent(None)


@pytest.mark.parametrize("style", ["", "QLabel {font-size: 13px; padding: 2px}"])
def test_nothing_moves_under_the_group_and_the_summary_has_room(dock, group, scheduler, style):
    dock.setStyleSheet(style)  # napari's comes after the widgets are made

    def place() -> int:
        dock.layout().activate()
        return dock.layout().itemAt(1).widget().y()

    at_first = place()
    group.segments.click()
    assert group.bar.isVisible()
    assert place() == at_first
    scheduler.run()
    for text in (group.summary.text(), "PC1–3: 71.3 %, 12.3 %, 4.56 % of the variance"):
        group.summary.setText(text)
        assert place() == at_first
        assert group.summary.heightForWidth(group.summary.width()) <= group.summary.height()


def test_everything_has_a_tooltip_and_is_reached_by_keys(group):
    for control in (group.components, group.segments, group.count.native, group.aspect.native):
        assert control.toolTip()
        assert control.focusPolicy().value & 1
    for control in (group.bar, group.cancel, group.summary):
        assert control.toolTip()


def test_without_a_stack_nothing_can_be_made(viewer, qtbot):
    group = OverviewGroup(OverviewMaker(viewer, Explorer(viewer)))
    qtbot.addWidget(group)
    assert not group.components.isEnabled()
    assert not group.segments.isEnabled()


def test_stopped_group_follows_nothing(group, viewer, scheduler, add_stack, stack):
    group.components.click()
    group.stop()
    scheduler.run()
    assert "small: components" not in names(viewer)
    viewer.layers.clear()
    assert not group.components.isEnabled()
