from __future__ import annotations

from itertools import pairwise

import dask.array
import numpy as np
import pytest
from magicgui.widgets import Widget
from napari.layers import Image
from napari.utils.colormaps import AVAILABLE_COLORMAPS
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QMessageBox,
    QScrollArea,
    QSlider,
    QWidget,
)

from napari_ifealid.engines import EngineChoice
from napari_ifealid.explorer import KEYS, ColourRange
from napari_ifealid.explorer.alpha_colormaps import FIRE
from napari_ifealid.measures import COSINE, SPECTRAL_ANGLE
from napari_ifealid.stack import FeatureStack
from napari_ifealid.widgets.folding_group import FoldingGroup


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def features(viewer, add_stack, stack):
    return add_stack(viewer, stack)


@pytest.fixture
def open_widget(viewer, qtbot):
    """Opens the dock widget through the manifest and waits for its first map."""

    def open_():
        dock, widget = viewer.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
        qtbot.waitUntil(lambda: widget.explorer.is_idle)
        return dock, widget

    return open_


@pytest.fixture
def widget(open_widget, features):
    return open_widget()[1]


def test_opens_without_a_layer(open_widget):
    _, widget = open_widget()
    assert widget.choice.layer.value is None
    assert widget.texts.engine.text() == ""


def test_first_map_comes_by_itself(widget, features, qtbot):
    assert widget.choice.layer.value is features
    qtbot.waitUntil(lambda: widget.texts.reference.text() == "Pixel 3, 2")
    assert widget.texts.engine.text().startswith("Runs on CPU: OpenGL runs in software here")


def control_of(widget, name):
    """Return a control, whichever group it is in."""
    groups = (widget.question, widget.result, widget.look, widget.advanced)
    return next(getattr(group, name) for group in groups if hasattr(group, name))


@pytest.mark.parametrize(
    ("control", "value"),
    [
        ("colormap", "viridis"),
        ("threshold", 0.25),
        ("opacity", 0.5),
        ("base", 0.75),
        ("colour_range", ColourRange.ALL),
        ("overlay_in_colour", True),
        ("follow", False),
        ("engine", EngineChoice.GPU),
    ],
)
def test_control_and_state_follow_each_other(widget, qtbot, control, value):
    state = widget.explorer.state
    before = getattr(state, control)
    shown = control_of(widget, control)
    shown.value = value
    assert getattr(state, control) == value
    setattr(state, control, before)
    assert shown.value == before
    qtbot.waitUntil(lambda: widget.explorer.is_idle)


def test_opacity_in_naparis_own_controls_reaches_the_widget(widget):
    widget.explorer.map_layer.opacity = 0.3
    assert widget.look.opacity.value == pytest.approx(0.3)


def test_colormap_in_naparis_own_controls_keeps_the_ramp(widget):
    layer = widget.explorer.map_layer
    layer.colormap = "viridis"
    assert widget.look.colormap.value == "viridis"
    assert layer.colormap.colors[0, 3] == pytest.approx(0.1)
    np.testing.assert_allclose(layer.colormap.colors[-1], (0.993, 0.906, 0.144, 1), atol=0.01)


def test_colour_made_in_naparis_own_controls_keeps_the_ramp(widget):
    layer = widget.explorer.map_layer
    layer.colormap = "#12ab34"
    assert widget.look.colormap.value == "#12ab34"
    assert layer.colormap.colors[0, 3] == pytest.approx(0.1)
    np.testing.assert_allclose(layer.colormap.colors[-1, :3], (0.071, 0.671, 0.204), atol=0.01)


def test_colormaps_are_all_of_naparis_and_fire_by_default(widget):
    assert widget.look.colormap.value == FIRE
    assert {"viridis", "gray", "magma", "turbo"} <= set(widget.look.colormap.choices)
    assert set(widget.look.colormap.choices) - {FIRE} <= set(AVAILABLE_COLORMAPS)


def test_layers_to_choose_from_are_those_with_features(widget, viewer, features):
    viewer.add_image(np.zeros((8, 8)), name="flat")
    viewer.add_points(name="points")
    cube = viewer.add_image(np.ones((3, 8, 8)), name="cube")
    overlay = viewer.layers["small overlay"]
    assert list(widget.choice.layer.choices) == [None, overlay, features, cube]


def test_measure_gives_the_threshold_its_range(widget, qtbot):
    widget.result.threshold.value = 0.5
    for measure in (COSINE, SPECTRAL_ANGLE):
        widget.explorer.state.measure = measure
        assert (widget.result.threshold.min, widget.result.threshold.max) == measure.limits
        assert widget.result.threshold.value == widget.explorer.state.threshold == measure.limits[0]
    qtbot.waitUntil(lambda: widget.explorer.is_idle)


def test_memory_of_previews_is_asked_for_only_where_there_is_one(
    widget, viewer, features, qtbot, monkeypatch
):
    monkeypatch.setattr("napari_ifealid.explorer.sources.fits_memory", lambda _: False)
    assert widget.advanced.preview_memory.native.isHidden()
    values = dask.array.random.random((16, 200, 900), chunks=1000)
    labels = ("feature", "y", "x")
    widget.choice.layer.value = viewer.add_layer(Image(values, name="lazy", axis_labels=labels))
    qtbot.waitUntil(lambda: "; preview 3" in widget.texts.stack.toolTip())
    assert not widget.advanced.preview_memory.native.isHidden()
    widget.advanced.preview_memory.value = 0
    qtbot.waitUntil(lambda: "preview" not in widget.texts.stack.toolTip())
    widget.choice.layer.value = features
    qtbot.waitUntil(lambda: widget.explorer.stack is not None and widget.explorer.is_idle)
    assert widget.advanced.preview_memory.native.isHidden()


def test_preview_is_offered_no_more_memory_than_it_can_take(widget, viewer, qtbot, monkeypatch):
    monkeypatch.setattr("napari_ifealid.explorer.sources.fits_memory", lambda _: False)
    before = widget.explorer.state.preview_memory
    values = dask.array.random.random((16, 200, 900), chunks=1000)
    labels = ("feature", "y", "x")
    widget.choice.layer.value = viewer.add_layer(Image(values, name="lazy", axis_labels=labels))
    qtbot.waitUntil(lambda: "; preview 3" in widget.texts.stack.toolTip())
    assert widget.advanced.preview_memory.max == widget.advanced.preview_memory.value == 3
    assert widget.explorer.state.preview_memory == before > 3
    widget.advanced.preview_memory.value = 2
    assert widget.explorer.state.preview_memory == 2


def test_renamed_layer_is_listed_under_its_new_name(widget, features):
    features.name = "renamed"
    assert widget.choice.layer.current_choice == "renamed"


def test_grey_or_colour_is_only_offered_with_an_overlay(widget, viewer, add_stack, qtbot):
    assert widget.look.overlay_in_colour.enabled
    add_stack(viewer, FeatureStack(values=np.ones((3, 4, 5), np.uint8), name="plain"))
    qtbot.waitUntil(lambda: widget.choice.layer.value.name == "plain features")
    qtbot.waitUntil(lambda: widget.explorer.is_idle)
    assert not widget.look.overlay_in_colour.enabled


def test_every_control_has_a_tooltip(widget):
    question = widget.question
    parts = (
        widget.choice,
        question,
        question.sharp,
        widget.result,
        widget.look,
        widget.advanced,
    )
    values = [value for part in parts for value in vars(part).values()]
    controls = [value for value in values if isinstance(value, Widget)]
    assert len(controls) == 19
    assert all(control.tooltip for control in controls)


def test_closing_the_dock_stops_following_and_opening_it_again_works(
    open_widget, viewer, features, qtbot
):
    callbacks = len(viewer.mouse_move_callbacks)
    _, widget = open_widget()
    first, following = widget.explorer, len(viewer.mouse_move_callbacks)
    assert following > callbacks
    viewer.window.remove_dock_widget(widget)
    assert len(viewer.mouse_move_callbacks) == callbacks
    assert first.state.layer is None
    _, again = open_widget()
    qtbot.waitUntil(lambda: again.explorer.is_idle)
    assert len(viewer.mouse_move_callbacks) == following
    assert sum(layer.name.startswith("similarity") for layer in viewer.layers) == 1


def test_removing_the_layer_empties_the_choice(widget, viewer, features, qtbot):
    viewer.layers.remove(features)
    assert widget.choice.layer.value is None
    assert widget.texts.engine.text() == ""
    qtbot.waitUntil(lambda: "similarity" not in viewer.layers)


def test_panel_is_empty_when_the_map_is_deleted(widget, viewer, features, qtbot):
    qtbot.waitUntil(lambda: bool(widget.texts.reference.text()))
    viewer.layers.remove(widget.explorer.map_layer)
    qtbot.wait(100)
    labels = (widget.texts.stack, widget.texts.engine, widget.texts.reference, widget.texts.colours)
    assert [label.text() for label in labels] == [""] * 4
    assert widget.chart_dock.panel.chart.curves == []
    assert not widget.advanced.save_button.isEnabled()
    assert not widget.look.overlay_in_colour.enabled
    assert widget.choice.layer.value is None
    widget.choice.layer.value = features
    qtbot.waitUntil(lambda: widget.advanced.save_button.isEnabled())
    qtbot.waitUntil(lambda: widget.explorer.is_idle)


def test_bad_layer_is_told_of_and_nothing_changes(widget, viewer, monkeypatch, qtbot):
    errors: list[str] = []
    monkeypatch.setattr(widget.explorer._errors, "_show", errors.append)
    monkeypatch.setattr(
        "napari_ifealid.explorer.opening.feature_stack",
        lambda *_: FeatureStack(values=np.ones((2, 2)), name="flat"),
    )
    cube = viewer.add_image(np.ones((3, 8, 9)), name="cube", axis_labels=("c", "y", "x"))
    widget.choice.layer.value = cube
    qtbot.waitUntil(lambda: bool(errors))
    assert "expected at least three axes" in errors[0]
    assert widget.choice.layer.value is None
    assert cube in viewer.layers


@pytest.mark.parametrize("control", ["colormap", "engine", "feature", "threshold"])
def test_wheel_over_a_control_without_the_focus_changes_nothing(widget, qtbot, control):
    shown = control_of(widget, control)
    native, before = shown.native, shown.value
    for target in (native, *native.findChildren(QWidget)):
        at = QPointF(3, 3)
        no_button, no_key = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
        turn = QWheelEvent(
            at,
            target.mapToGlobal(at),
            QPoint(0, -120),
            QPoint(0, -120),
            no_button,
            no_key,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(target, turn)
    assert shown.value == before


def test_layers_that_go_while_one_is_explored_break_nothing(widget, viewer, qtbot):
    viewer.layers.clear()
    qtbot.wait(100)
    assert widget.choice.layer.value is None
    assert len(viewer.layers) == 0


def test_widget_that_qt_has_deleted_hears_of_no_layer_any_more(widget, viewer, features, qtbot):
    viewer.window.remove_dock_widget(widget)
    widget.deleteLater()
    qtbot.wait(50)
    features.name = "renamed"
    viewer.add_image(np.zeros((3, 4, 5)))
    viewer.layers.clear()


def test_colour_scale_is_told_with_its_ends_and_the_threshold(widget, qtbot):
    low, high = widget.explorer.map_layer.contrast_limits
    told = f"Colours from {low:.3g} to {high:.3g} of this map"
    qtbot.waitUntil(lambda: widget.texts.colours.text() == told)
    widget.result.threshold.value = 0.6
    qtbot.waitUntil(lambda: widget.texts.colours.text().endswith(", transparent below 0.6"))
    widget.look.colour_range.value = ColourRange.ALL
    qtbot.waitUntil(
        lambda: widget.texts.colours.text() == "Colours from 0 to 1, transparent below 0.6"
    )


def test_help_lists_all_keys(widget, qtbot):
    widget.advanced.help_button.click()
    (box,) = widget.findChildren(QMessageBox)
    assert all(key in box.text() for key in KEYS)
    box.close()


def test_spin_box_steps_through_features(widget, qtbot):
    widget.look.shows_feature.value = True
    assert widget.explorer.state.feature == 0
    widget.look.feature.value = 5
    assert widget.explorer.state.feature == 5
    assert widget.look.feature.max == 8
    qtbot.waitUntil(lambda: widget.explorer.is_idle)


def unfold_all(widget):
    for group in widget.findChildren(FoldingGroup):
        group.unfold()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_nothing_is_clipped_in_a_narrow_dock(widget, viewer, qtbot, theme):
    viewer.theme = theme
    widget.window().show()
    unfold_all(widget)
    for pixel in ((1, 1), (2, 2)):
        widget.explorer.toggle_pin_at(pixel)
    widget.explorer.add_regions()
    (scroll,) = (one for one in widget.findChildren(QScrollArea) if one.widget())
    room = 280 - scroll.verticalScrollBar().sizeHint().width()
    assert scroll.widget().minimumSizeHint().width() <= room
    qtbot.waitUntil(lambda: widget.explorer.is_idle)


def tooltip(part):
    """Return the tooltip of a control, or of what it is a part of."""
    while part is not None and not part.toolTip():
        part = part.parentWidget()
    return "" if part is None else part.toolTip()


def controls_of(widget):
    """Return what is shown in the groups, from a folded one on."""
    unfold_all(widget)
    kinds = QAbstractButton, QComboBox, QAbstractSpinBox, QAbstractItemView, QLabel, QSlider
    parts = [part for kind in kinds for part in widget.findChildren(kind)]
    return [part for part in parts if part.isVisibleTo(widget)]


def test_all_controls_have_tooltips(widget):
    controls = controls_of(widget)
    assert len(controls) > 40
    assert [part for part in controls if not tooltip(part)] == []


def test_tab_goes_from_top_to_bottom(widget, qtbot):
    widget.window().show()
    controls, order = controls_of(widget), []
    last = widget.advanced.engine.native
    qtbot.waitUntil(lambda: last.mapTo(widget, QPoint()).y() > 800)  # all is laid out
    part = widget.nextInFocusChain()
    while widget.isAncestorOf(part):  # PySide6 keeps all that the chain leads to, napari's as well
        if part in controls and part.focusPolicy() & Qt.FocusPolicy.TabFocus:
            order.append(part.mapTo(widget, QPoint(0, part.height() // 2)))
        part = part.nextInFocusChain()
    rows = [place.y() // 10 for place in order]
    assert len(rows) > 30
    assert all(after >= before - 1 for before, after in pairwise(rows))
