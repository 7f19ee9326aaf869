from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from psygnal import Signal

from explorer_actions import hover
from napari_ifealid.explorer import AskedKind, Explorer, ReferenceMode
from napari_ifealid.explorer.pixel_reference import PixelReference
from napari_ifealid.explorer.references import References
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.query import Origin, Reference, Rule
from napari_ifealid.stack import FeatureStack
from patient_scheduler import PatientScheduler


class Source:
    changed = Signal()

    def references_in(self, session):
        return [Reference(np.ones(9), -1, "flat", Origin.GIVEN)]


@pytest.fixture
def explorer(viewer, features) -> Explorer:
    return Explorer(viewer)


@pytest.fixture
def references(viewer, explorer) -> References:
    return References(viewer.dims, explorer.state, explorer.cursor, explorer.pins)


def test_pixel_is_the_middle_one_unless_the_cursor_is_inside(
    viewer, features, explorer, references
):
    session = explorer.session
    assert references.pixel_in(session) == session.grid.middle
    hover(viewer, features, 0, 4, 1)
    assert references.cursor_in(session) == PixelReference((4, 1))
    explorer.cursor.move_to((-100.0, -100.0))
    assert references.pixel_in(session) == session.grid.middle


def test_pins_come_first_and_sources_follow(explorer, references):
    references.add_source(Source())
    explorer.toggle_pin_at((1, 2))
    explorer.pins.set_sign(0, -1)
    pin, flat = references.collected_in(explorer.session)
    assert (pin.pixel, pin.label, pin.origin, pin.sign) == ((1, 2), "pin 1, 2", Origin.PIN, -1)
    assert flat.label == "flat"


def test_window_lies_around_the_cursor_and_each_pin(explorer, references):
    explorer.toggle_pin_at((0, 0))
    explorer.show_pixel((2, 3))
    explorer.state.window = 3
    (pin,) = references.collected_in(explorer.session)
    assert (pin.pixels.tolist(), pin.origin) == ([0, 1, 5, 6], Origin.PIN)
    cursor = references.cursor_in(explorer.session)
    assert cursor.pixels.tolist() == [7, 8, 9, 12, 13, 14, 17, 18, 19]


def test_what_is_asked_goes_by_the_mode(explorer, references):
    session = explorer.session
    assert references.asked_of(session).kind is AskedKind.CURSOR
    references.add_source(Source())
    explorer.toggle_pin_at((1, 2))
    explorer.state.reference = ReferenceMode.DIFFERENCE
    asked = references.asked_of(session)
    assert (asked.rule, len(asked.liked), len(asked.unliked)) == (Rule.DIFFERENCE, 1, 1)
    assert references.sources[0].references_in(session)[0].label == "flat"


def test_pins_without_data_count_for_nothing(viewer, add_stack):
    values = np.random.default_rng(0).random((6, 5, 9))
    values[1, 2, 3] = np.nan
    layer = add_stack(viewer, FeatureStack(values=values, name="gap"))
    explorer = Explorer(viewer)
    explorer.state.reference = ReferenceMode.BEST
    explorer.toggle_pin_at((1, 2))
    (void,) = explorer.pins.pins
    assert explorer.pins_without_data == [void]
    assert explorer.asked.kind is AskedKind.CURSOR
    explorer.toggle_pin_at((4, 1))
    assert [one.pixel for one in explorer.asked.references] == [(4, 1)]
    assert explorer.map_layer.data[4, 1] == 1.0
    assert len(explorer.collected_in(explorer.session)) == 2
    assert [one.pixel for one in explorer.counted_in(explorer.session)] == [(4, 1)]
    explorer.feature_use.choose(layer, UsedFeatures((True, True, True, False) + (True,) * 5))
    assert explorer.pins_without_data == []
    assert len(explorer.asked.references) == 2


def test_lazy_pin_without_data_counts_for_nothing_once_it_is_read(viewer, add_stack, monkeypatch):
    monkeypatch.setattr("napari_ifealid.explorer.sources.fits_memory", lambda _: False)
    values = np.random.default_rng(0).random((6, 5, 9))
    values[1, 2] = np.nan
    add_stack(viewer, FeatureStack(values=da.from_array(values, chunks=3), name="gap"))
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    scheduler.run()
    explorer.state.reference = ReferenceMode.BEST
    explorer.toggle_pin_at((1, 2))
    explorer.toggle_pin_at((4, 1))
    assert len(explorer.asked.references) == 2
    scheduler.run()
    assert [one.pixel for one in explorer.asked.references] == [(4, 1)]
    assert explorer.map_layer.data[4, 1] == 1.0
