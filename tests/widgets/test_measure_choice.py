from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from napari_ifealid.colour_limits import ColourRange
from napari_ifealid.measures import ACE, COSINE, EUCLIDEAN, MEASURES, SIMILARITY, SPECTRAL_ANGLE
from napari_ifealid.widgets.measure_choice import MeasureChoice
from napari_ifealid.widgets.status_texts import StatusTexts


@pytest.fixture
def choice(explorer, qtbot) -> MeasureChoice:
    choice = MeasureChoice(explorer)
    qtbot.addWidget(choice)
    return choice


def items(box) -> list[str]:
    return [box.itemText(index) for index in range(box.count())]


def test_every_measure_can_be_chosen_and_says_what_it_is(choice):
    assert items(choice.measure) == [measure.name for measure in MEASURES]
    for index, measure in enumerate(MEASURES):
        assert choice.measure.itemData(index, Qt.ItemDataRole.ToolTipRole) == measure.summary


def test_measure_and_state_follow_each_other(choice, explorer):
    choice.measure.setCurrentIndex(1)
    assert explorer.state.measure is COSINE
    explorer.state.measure = EUCLIDEAN
    assert choice.measure.currentText() == "Euclidean distance"
    assert EUCLIDEAN.summary in choice.measure.toolTip()


def test_scales_are_those_of_the_measure(choice, explorer):
    assert items(choice.scale) == ["similarity", "degrees", "radians"]
    explorer.state.measure = ACE
    assert items(choice.scale) == ["similarity"]
    assert not choice.scale.isEnabled()
    explorer.state.measure = EUCLIDEAN
    assert items(choice.scale) == ["similarity", "distance"]
    assert choice.scale.isEnabled()


def test_scale_and_state_follow_each_other(choice, explorer):
    choice.scale.setCurrentIndex(1)
    assert explorer.state.scale is SPECTRAL_ANGLE.scales[1]
    explorer.state.scale = SIMILARITY
    assert choice.scale.currentIndex() == 0


def test_scale_that_the_next_measure_has_as_well_is_kept(choice, explorer):
    choice.scale.setCurrentIndex(1)
    choice.measure.setCurrentIndex(1)
    assert explorer.state.scale is COSINE.scales[1]
    assert choice.scale.currentText() == "degrees"
    choice.measure.setCurrentIndex(MEASURES.index(ACE))
    assert explorer.state.scale is SIMILARITY


def test_limits_that_the_user_set_for_another_measure_are_not_kept(choice, explorer):
    explorer.state.own_limits, explorer.state.colour_range = (0.4, 0.6), ColourRange.MINE
    explorer.state.threshold = 0.5
    choice.measure.setCurrentIndex(1)
    assert explorer.state.own_limits == (-1.0, 1.0)
    assert explorer.state.colour_range is ColourRange.EACH_MAP
    assert explorer.state.threshold == -1.0


def test_map_of_the_measure_is_shown(choice, explorer):
    values = {}
    for index, measure in enumerate(MEASURES):
        choice.measure.setCurrentIndex(index)
        assert explorer.session.shown.request.query.measure is measure
        values[measure] = explorer.session.shown_values.copy()
        assert values[measure][explorer.pixel] == 1.0
    assert len({one.tobytes() for one in values.values()}) == len(MEASURES)


def test_colours_are_told_in_the_scale(choice, explorer, qtbot):
    texts = StatusTexts(explorer, choice)
    explorer.state.colour_range = ColourRange.ALL
    choice.scale.setCurrentIndex(1)
    qtbot.waitUntil(lambda: texts.colours.text() == "Colours from 90° to 0°")
    explorer.state.threshold = 0.8
    qtbot.waitUntil(lambda: "transparent beyond 18°" in texts.colours.text())
    texts.close()


def test_distance_is_told_in_the_units_of_the_stack(choice, explorer):
    explorer.state.measure = EUCLIDEAN
    choice.scale.setCurrentIndex(1)
    spread = explorer.session.spread
    assert explorer.value_text(0.5) == f"{spread:.3g}"


def test_choice_fits_a_narrow_dock(choice):
    assert choice.minimumSizeHint().width() <= 280


def test_closed_choice_stops_following(choice, explorer):
    choice.stop()
    explorer.state.measure = COSINE
    assert choice.measure.currentText() == "spectral angle"
