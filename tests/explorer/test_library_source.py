from __future__ import annotations

import gc
from dataclasses import replace
from weakref import ref

import dask.array as da
import numpy as np
import pytest

from explorer_actions import CLOSE, hover
from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer import AskedKind, Explorer, ReferenceMode
from napari_ifealid.libraries import Library, LibraryEntry, MatchKind, Mismatch
from napari_ifealid.measures import MEASURES, SPECTRAL_ANGLE, Needs
from napari_ifealid.query import Origin, Rule
from patient_scheduler import PatientScheduler

SIMPLE = [measure for measure in MEASURES if measure.needs is Needs.NOTHING]
OTHERS = [measure for measure in MEASURES if measure.needs is not Needs.NOTHING]
NANOMETRES = tuple(f"{450 + 10 * number} nm" for number in range(9))
MICROMETRES = tuple(f"{0.45 + number / 100:.2f} µm" for number in range(9))
SHIFTED = tuple(f"{445 + 10 * number} nm" for number in range(11))


def library_of(*rows, labels=None, name="minerals") -> Library:
    entries = [LibraryEntry(np.array(row), f"entry {n}") for n, row in enumerate(rows)]
    return Library(entries, labels, name)


def random_library(count=3, features=9, labels=None) -> Library:
    return library_of(*np.random.default_rng(1).random((count, features)), labels=labels)


@pytest.fixture
def explorer(viewer, features) -> Explorer:
    return Explorer(viewer)


@pytest.fixture
def wavelengths(viewer, add_stack, stack) -> Explorer:
    """An explorer of the small stack with wavelengths."""
    add_stack(viewer, replace(stack, feature_labels=NANOMETRES))
    return Explorer(viewer)


def names(explorer: Explorer) -> list[str]:
    return [entry.name for entry in explorer.library.entries]


def count(signal) -> list:
    seen: list = []
    signal.connect(lambda: seen.append(None))
    return seen


def assert_map_is_of(explorer: Explorer, *vectors) -> None:
    values = explorer.stack.real_values(explorer.stack.values)
    expected = np.max([SPECTRAL_ANGLE.definition(values, vector) for vector in vectors], axis=0)
    np.testing.assert_allclose(explorer.session.map_values, expected, atol=CLOSE)


def assert_map_is_of_pixel(explorer: Explorer, pixel) -> None:
    assert_map_is_of(explorer, explorer.stack.vector(pixel))


def test_tick_shows_the_map_of_an_entry_at_once(explorer):
    library = random_library()
    explorer.library.open(library)
    assert explorer.asked.kind is AskedKind.CURSOR
    explorer.library.tick(1, True)
    assert_map_is_of(explorer, library.vectors[1])
    assert explorer.asked.kind is AskedKind.COLLECTED
    explorer.library.tick(2, True)
    assert_map_is_of(explorer, *library.vectors[1:])


def test_last_tick_turns_back_to_the_cursor(viewer, features, explorer):
    explorer.library.open(random_library())
    explorer.library.tick(1, True)
    assert explorer.state.reference is ReferenceMode.BEST
    hover(viewer, features, 4, 3, 2)
    explorer.library.tick(1, False)
    assert explorer.state.reference is ReferenceMode.CURSOR
    assert_map_is_of_pixel(explorer, (3, 2))


def test_difference_takes_entries_of_both_signs(explorer):
    library = random_library()
    explorer.library.open(library)
    explorer.library.tick(0, True)
    explorer.library.set_sign([2], -1)
    assert_map_is_of(explorer, library.vectors[0])
    explorer.state.reference = ReferenceMode.DIFFERENCE
    assert explorer.asked.rule is Rule.DIFFERENCE
    assert [one.label for one in explorer.asked.unliked] == ["entry 2"]
    values = explorer.stack.real_values(explorer.stack.values)
    like, unlike = (SPECTRAL_ANGLE.definition(values, library.vectors[n]) for n in (0, 2))
    expected = 0.5 + (like - unlike) / 2
    np.testing.assert_allclose(explorer.session.map_values, expected, atol=CLOSE)


def test_sign_ticks_an_entry_and_keeps_the_colour_of_one_that_is(explorer):
    source = explorer.library
    source.open(random_library())
    source.tick(0, True)
    colour = source.ticks[0].colour
    source.set_sign([0, 1], -1)
    assert [tick and tick.sign for tick in source.ticks] == [-1, -1, None]
    assert source.ticks[0].colour == colour != source.ticks[1].colour
    source.undo()
    assert [tick and tick.sign for tick in source.ticks] == [1, None, None]


def test_nothing_that_is_looked_for_turns_back_to_the_cursor(explorer):
    source = explorer.library
    source.open(random_library())
    source.set_sign([0], -1)
    assert explorer.state.reference is ReferenceMode.CURSOR
    source.set_sign([0], 1)
    assert explorer.state.reference is ReferenceMode.BEST
    source.set_sign([0], -1)
    assert explorer.state.reference is ReferenceMode.CURSOR
    assert_map_is_of_pixel(explorer, explorer.pixel)


def test_mode_that_the_user_chose_stays(explorer):
    explorer.state.reference = ReferenceMode.MEAN
    explorer.library.open(random_library())
    explorer.library.tick(0, True)
    explorer.library.tick(0, False)
    assert explorer.state.reference is ReferenceMode.MEAN


def test_ticked_entries_and_pins_are_asked_together(explorer):
    library = random_library()
    explorer.library.open(library)
    explorer.toggle_pin_at((2, 3))
    explorer.library.tick(0, True)
    assert_map_is_of(explorer, library.vectors[0], explorer.stack.vector((2, 3)))
    assert [one.origin for one in explorer.collected_in(explorer.session)] == [
        Origin.PIN,
        Origin.LIBRARY,
    ]


def test_features_are_matched_by_label(wavelengths):
    library = random_library(labels=MICROMETRES[::-1])
    wavelengths.library.open(library)
    wavelengths.library.tick(0, True)
    assert wavelengths.library.match_in(wavelengths.session).kind is MatchKind.LABEL
    assert_map_is_of(wavelengths, library.vectors[0, ::-1])


def test_other_features_show_no_map_of_the_library(explorer):
    explorer.library.open(random_library(features=4))
    explorer.library.tick(0, True)
    assert isinstance(explorer.library.match_in(explorer.session), Mismatch)
    assert not explorer.library.is_compared_in(explorer.session)
    assert explorer.asked.kind is AskedKind.CURSOR
    assert_map_is_of_pixel(explorer, explorer.pixel)
    assert explorer.library.similarities(explorer.session, np.ones(9)) is None


def test_resampled_entries_are_asked_once_the_user_agrees(wavelengths):
    library = random_library(features=11, labels=SHIFTED)
    source, session = wavelengths.library, wavelengths.session
    source.open(library)
    source.tick(0, True)
    assert wavelengths.asked.kind is AskedKind.CURSOR
    source.agree(session)
    middle = (library.vectors[0, :-2] + library.vectors[0, 1:-1]) / 2
    assert_map_is_of(wavelengths, middle)


def test_agreement_is_remembered_for_the_stack_and_the_library(
    wavelengths, viewer, add_stack, make_stack
):
    source, library = wavelengths.library, random_library(features=11, labels=SHIFTED)
    source.open(library)
    source.agree(wavelengths.session)
    layer = wavelengths.state.layer
    other = add_stack(viewer, replace(make_stack("other"), feature_labels=NANOMETRES))
    wavelengths.state.layer = other
    assert not source.is_compared_in(wavelengths.session)
    wavelengths.state.layer = layer
    assert source.is_compared_in(wavelengths.session)
    source.rename(0, "kaolinite")
    assert source.is_compared_in(wavelengths.session)
    source.open(replace(library, name="other minerals"))
    assert not source.is_compared_in(wavelengths.session)


@pytest.mark.parametrize("measure", SIMPLE, ids=lambda measure: measure.name)
def test_similarities_are_those_of_the_map(explorer, measure):
    library = random_library()
    explorer.library.open(library)
    explorer.state.measure = measure
    found = explorer.library.similarities(explorer.session, explorer.stack.vector((2, 3)))
    for number in range(3):
        explorer.library.tick(number, True)
        assert explorer.session.map_values[2, 3] == pytest.approx(found[number], abs=CLOSE)
        explorer.library.tick(number, False)


@pytest.mark.parametrize("measure", OTHERS, ids=lambda measure: measure.name)
def test_measures_that_need_all_of_the_stack_give_maps_only(explorer, measure):
    explorer.library.open(random_library())
    explorer.state.measure = measure
    vector = explorer.stack.vector((2, 3))
    assert explorer.library.similarities(explorer.session, vector) is None
    explorer.library.tick(0, True)
    assert np.isfinite(explorer.session.map_values).all()


def test_each_stack_gets_the_entries_that_match_it(explorer, viewer, add_stack, make_stack):
    library = random_library(labels=None)
    layer = explorer.state.layer
    linked = explorer.link(add_stack(viewer, make_stack("fewer", shape=(6, 5, 4))), 0)
    explorer.state.layer = layer
    explorer.library.open(library)
    explorer.library.tick(0, True)
    assert len(explorer.library.references_in(explorer.session)) == 1
    assert explorer.library.references_in(linked) == []


def test_references_are_the_same_objects_until_something_changes(explorer):
    explorer.library.open(random_library())
    explorer.library.tick(0, True)
    before = explorer.library.references_in(explorer.session)
    assert explorer.library.references_in(explorer.session) is before
    explorer.library.tick(1, True)
    assert len(explorer.library.references_in(explorer.session)) == 2


def test_pixel_is_added_with_its_place_and_source(viewer, features, explorer):
    hover(viewer, features, 4, 3, 2)
    explorer.add_to_library()
    (entry,) = explorer.library.entries
    assert (entry.name, entry.pixel, entry.source) == ("pixel 3, 2", (3, 2), features.name)
    np.testing.assert_array_equal(entry.vector, explorer.stack.vector((3, 2)))
    assert explorer.session.grid.pixel_at(entry.place) == (3, 2)
    assert explorer.library.library.features == explorer.stack.feature_labels


def test_pixel_of_a_lazy_stack_is_added_once_it_is_read(viewer, free_memory):
    values = np.random.default_rng(3).random((4, 6, 5))
    viewer.add_image(da.from_array(values, chunks=5), name="lazy")
    scheduler = PatientScheduler()
    with free_memory(values.nbytes):
        explorer = Explorer(viewer, scheduler)
        explorer.state.feature_axis = 0
        scheduler.run()
        assert explorer.stack.is_lazy
        explorer.add_to_library((1, 2), "late")
        assert names(explorer) == []
        scheduler.run()
    (entry,) = explorer.library.entries
    np.testing.assert_array_equal(entry.vector, values[:, 1, 2])


def test_added_pixel_has_the_features_of_the_library(wavelengths):
    wavelengths.library.open(random_library(labels=MICROMETRES[::-1]))
    wavelengths.add_to_library((1, 2))
    vector = wavelengths.stack.vector((1, 2))
    np.testing.assert_array_equal(wavelengths.library.entries[-1].vector, vector[::-1])
    assert wavelengths.library.library.features == MICROMETRES[::-1]


def test_pixel_of_other_features_is_not_added(explorer):
    explorer.library.open(random_library(features=4))
    errors = []
    explorer.library.failed.connect(errors.append)
    explorer.add_to_library((1, 2))
    assert len(explorer.library.entries) == 3
    assert isinstance(errors[0], DatasetError)
    assert "other features than those of the library" in str(errors[0])


def test_entries_are_renamed_moved_and_removed(explorer):
    explorer.library.open(random_library())
    explorer.library.rename(1, "alunite")
    explorer.library.move(1, -5)
    assert names(explorer) == ["alunite", "entry 0", "entry 2"]
    explorer.library.move(0, 1)
    assert names(explorer) == ["entry 0", "alunite", "entry 2"]
    explorer.library.remove([0, 2])
    assert names(explorer) == ["alunite"]


def test_ticks_go_along_with_their_entries(explorer):
    explorer.library.open(random_library())
    explorer.library.tick(2, True)
    explorer.library.move(2, -2)
    assert explorer.library.ticked == [0]
    explorer.library.rename(0, "alunite")
    explorer.library.remove([1])
    assert explorer.library.ticked == [0]
    assert explorer.collected_in(explorer.session)[0].label == "alunite"


def test_cleared_list_takes_other_features(explorer):
    explorer.library.open(random_library(features=4))
    explorer.library.clear()
    explorer.add_to_library((1, 2))
    assert len(explorer.library.library.features) == 9


def test_each_change_is_undone(explorer):
    source = explorer.library
    before = random_library()
    source.open(before)
    source.rename(0, "alunite")
    source.tick(0, True)
    source.clear()
    source.undo()
    assert source.ticked == [0]
    source.undo()
    source.undo()
    assert source.library.entries == before.entries
    source.undo()
    assert not source.entries
    assert not source.can_undo
    source.undo()


def test_colours_of_ticked_entries_differ(explorer):
    explorer.library.open(random_library())
    for number in range(3):
        explorer.library.tick(number, True)
    assert len({tick.colour for tick in explorer.library.ticks}) == 3


def test_signals_tell_only_of_changes(explorer):
    source = explorer.library
    source.open(random_library())
    changed, listed = count(source.changed), count(source.listed)
    source.rename(0, "entry 0")
    source.tick(0, False)
    source.remove([])
    source.move(0, -1)
    source.set_sign([], -1)
    source.agree(explorer.session)
    assert (len(changed), len(listed)) == (0, 0)
    source.rename(0, "alunite")
    source.move(0, 1)
    assert (len(changed), len(listed)) == (0, 2)
    source.tick(0, True)
    assert (len(changed), len(listed)) == (1, 3)
    source.set_sign([0], 1)
    assert (len(changed), len(listed)) == (1, 3)
    source.set_sign([0], -1)
    assert (len(changed), len(listed)) == (2, 4)


def test_library_keeps_no_stack_in_memory(viewer, explorer):
    explorer.library.open(random_library())
    explorer.library.tick(0, True)
    explorer.add_to_library((1, 1))
    session = ref(explorer.session)
    viewer.layers.clear()
    gc.collect()
    assert session() is None
