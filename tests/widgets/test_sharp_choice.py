from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from napari.components import ViewerModel

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.schedulers import ImmediateScheduler
from napari_ifealid.measures import MEASURES, SPECTRAL_ANGLE
from napari_ifealid.widgets import preferences, sharp_choice
from napari_ifealid.widgets.sharp_choice import SharpChoice
from patient_scheduler import PatientScheduler

pytestmark = pytest.mark.sharp_by_itself

DIVERGENCE = next(one for one in MEASURES if one.name == "information divergence")


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def choose(qtbot):
    """Makes the row of an explorer."""

    def choose(explorer: Explorer) -> SharpChoice:
        row = SharpChoice(explorer)
        qtbot.addWidget(row)
        return row

    return choose


@pytest.fixture
def explorer(viewer, add_stack, stack):
    add_stack(viewer, stack)
    explorer = Explorer(viewer, ImmediateScheduler())
    yield explorer
    explorer.close()


@pytest.fixture
def row(explorer, choose) -> SharpChoice:
    return choose(explorer)


def test_box_shows_that_maps_are_sharp_by_themselves(row, explorer):
    assert row.sharp.value
    assert row.sharp.enabled
    assert row.beside.currentWidget() is row.sharpness
    assert "kB" in row.sharp.native.toolTip()


def test_blocks_are_one_click_away(row, explorer):
    row.sharp.native.click()
    assert explorer.state.sharp is False
    assert not explorer.session.is_sharp
    assert not row.sharpness.isEnabled()
    row.sharp.native.click()
    assert explorer.session.is_sharp


def test_choice_is_remembered(row, explorer, viewer, choose):
    row.sharp.native.click()
    other = Explorer(viewer, ImmediateScheduler())
    assert choose(other).sharp.value is False
    assert other.state.sharp is False
    other.close()


def test_choice_is_kept_in_the_settings(monkeypatch):
    settings = SimpleNamespace(maps=SimpleNamespace(sharp="where the stack is coarse"))
    monkeypatch.setattr(preferences, "_settings", lambda: settings)
    assert preferences.remembered_sharp() is None
    preferences.remember_sharp(False)
    assert settings.maps.sharp == "never"
    assert preferences.remembered_sharp() is False
    preferences.remember_sharp(True)
    assert preferences.remembered_sharp() is True


def test_choices_are_those_of_the_manifest(settings_of_napari):
    settings = settings_of_napari()
    if settings is None:
        pytest.skip("this napari has no settings of plugins")
    default = type(settings.maps).model_fields["sharp"].default
    assert default in preferences._SHARP_TEXTS
    assert preferences._SHARP_TEXTS[default] is None


def test_sharpness_changes_the_weights(row, explorer):
    before = explorer.session.grid
    row.sharpness.setValue(100)
    assert explorer.state.sharpness.colour == pytest.approx(sharp_choice._SHARPEST)
    row.sharpness.setValue(0)
    assert explorer.state.sharpness.colour == pytest.approx(sharp_choice._SOFTEST)
    assert explorer.session.is_sharp
    assert explorer.session.grid.shape == before.shape


@pytest.mark.parametrize("position", [0, 17, 50, 100])
def test_positions_of_the_slider_are_sharpnesses(position):
    assert sharp_choice._position(sharp_choice._deviation(position)) == position


def test_stack_without_an_image_says_why_its_maps_are_blocks(viewer, add_stack, stack, choose):
    add_stack(viewer, replace(stack, overlay=None))
    explorer = Explorer(viewer, ImmediateScheduler())
    row = choose(explorer)
    assert not row.sharp.enabled
    assert not row.sharp.value
    assert row.beside.currentWidget() is row.reason
    assert "no original image" in row.reason.text()
    explorer.close()


def test_measure_without_sharp_maps_is_told_and_the_choice_kept(row, explorer):
    explorer.state.measure = DIVERGENCE
    assert not row.sharp.enabled
    assert "dot products" in row.reason.text()
    explorer.state.measure = SPECTRAL_ANGLE
    assert row.sharp.enabled
    assert row.sharp.value


def test_what_is_being_built_is_told(viewer, add_stack, stack, choose):
    add_stack(viewer, stack)
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    row = choose(explorer)
    while explorer.stack is None:
        scheduler.run_one()
    assert row.sharp.native.text() == "Sharp …"
    assert row.beside.currentWidget() is row.sharpness  # it may be under the mouse
    scheduler.run()
    assert row.sharp.native.text() == "Sharp"
    explorer.close()
