from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtWidgets import QFileDialog

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.schedulers import ImmediateScheduler
from napari_ifealid.libraries import Library, LibraryEntry, read_library, write_library
from napari_ifealid.measures import CEM, UsedFeatures
from napari_ifealid.widgets import library_group
from napari_ifealid.widgets.library_group import LibraryGroup
from napari_ifealid.widgets.library_model import NAME, SIMILARITY
from patient_scheduler import PatientScheduler

NANOMETRES = tuple(f"{450 + 10 * number} nm" for number in range(9))


@pytest.fixture
def explorer(qapp, add_stack, stack) -> Explorer:
    viewer = ViewerModel()
    add_stack(viewer, replace(stack, feature_labels=NANOMETRES))
    return Explorer(viewer)


@pytest.fixture
def group(explorer, qtbot) -> LibraryGroup:
    group = LibraryGroup(explorer, ImmediateScheduler())
    qtbot.addWidget(group)
    return group


def library_with(features, count=3) -> Library:
    vectors = np.random.default_rng(2).random((count, len(features)))
    entries = [LibraryEntry(vector, f"entry {n}") for n, vector in enumerate(vectors)]
    return Library(entries, features, "minerals")


def shown(group: LibraryGroup) -> list[tuple[str, str]]:
    rows = group.list.rows
    return [
        (rows.data(rows.index(row, NAME)), rows.data(rows.index(row, SIMILARITY)))
        for row in range(rows.rowCount())
    ]


def ranked(explorer: Explorer, library: Library, pixel) -> list[tuple[str, str]]:
    vector = explorer.stack.vector(pixel)
    values = explorer.state.measure.definition(library.vectors, vector)
    pairs = sorted(zip(values, library.entries, strict=True), key=lambda pair: -pair[0])
    return [(entry.name, f"{value:.3f}") for value, entry in pairs]


def test_says_what_to_do_without_entries(group):
    assert group.text.text().startswith("No entries. L over the picture adds the pixel")
    assert not group.save.isEnabled()
    assert not group.remove.isEnabled()
    assert group.add.isEnabled()


def test_entries_are_ranked_by_the_pixel_under_the_cursor(group, explorer, qtbot):
    library = library_with(NANOMETRES)
    explorer.library.open(library)
    for pixel in [(1, 2), (5, 4)]:
        explorer.show_pixel(pixel)
        qtbot.waitUntil(lambda pixel=pixel: shown(group) == ranked(explorer, library, pixel))
        assert f"Similarity to pixel {pixel[0]}, {pixel[1]}. 3 entries, compared by label" in (
            group.text.text()
        )


def test_entries_are_ranked_by_the_features_in_use(group, explorer, qtbot):
    library = library_with(NANOMETRES)
    explorer.library.open(library)
    explorer.show_pixel((1, 2))
    qtbot.waitUntil(lambda: shown(group) == ranked(explorer, library, (1, 2)))
    before = dict(shown(group))
    explorer.feature_use.choose(explorer.session.layer, UsedFeatures((False,) * 6 + (True,) * 3))
    measure = explorer.state.measure.over(explorer.session.features)
    values = measure.values(library.vectors, explorer.stack.vector((1, 2)))
    expected = {f"entry {n}": f"{value:.3f}" for n, value in enumerate(values)}
    assert expected != before
    qtbot.waitUntil(lambda: dict(shown(group)) == expected)


def test_empty_list_can_be_ordered(group):
    group.best_first.value = False
    assert shown(group) == []


def test_own_order_is_kept_if_wanted(group, explorer):
    explorer.library.open(library_with(NANOMETRES))
    group.best_first.value = False
    assert [name for name, _ in shown(group)] == ["entry 0", "entry 1", "entry 2"]


def test_folded_group_ranks_nothing(explorer, qtbot):
    parent = library_group.QWidget()
    qtbot.addWidget(parent)
    group = LibraryGroup(explorer, ImmediateScheduler())
    layout = library_group.QVBoxLayout(parent)
    layout.addWidget(group)
    group.hide()
    parent.show()
    explorer.library.open(library_with(NANOMETRES))
    assert {value for _, value in shown(group)} == {None}
    group.show()
    assert None not in {value for _, value in shown(group)}


def test_agreeing_compares_after_resampling(group, explorer):
    explorer.library.open(library_with([f"{445 + 10 * n} nm" for n in range(12)]))
    assert group.text.text() == (
        "The library has 12 features from 445 to 555 nm, the stack 9 from 450 to "
        "530 nm: compare after linear resampling?"
    )
    assert group.agree.text() == "Resample"
    assert not group.agree.isHidden()
    assert {value for _, value in shown(group)} == {None}
    group.agree.click()
    assert group.agree.isHidden()
    assert "compared by linear resampling" in group.text.text()
    assert None not in {value for _, value in shown(group)}


def test_features_beyond_the_library_can_be_left_out(group, explorer):
    explorer.library.open(library_with([f"{465 + 10 * n} nm" for n in range(5)]))
    assert "5 lie beyond the library" in group.text.text()
    assert group.agree.text() == "Leave them out"
    group.agree.click()
    assert explorer.stack.feature_labels == NANOMETRES[2:6]
    assert "compare after linear resampling?" in group.text.text()


def test_features_that_do_not_match_give_the_reason(group, explorer):
    explorer.library.open(library_with(["red", "green"]))
    assert "“450 nm” of the stack is not in the library" in group.text.text()
    assert group.agree.isHidden()


def test_measure_that_needs_all_of_the_stack_orders_nothing(group, explorer, qtbot):
    explorer.library.open(library_with(NANOMETRES))
    explorer.state.measure = CEM
    qtbot.waitUntil(lambda: group.text.text().startswith(f"No order by {CEM.name}, which needs"))
    assert {value for _, value in shown(group)} == {None}


def test_library_without_a_stack_says_so(group, explorer):
    explorer.library.open(library_with(NANOMETRES))
    explorer.state.layer = None
    assert group.text.text() == "3 entries. No stack to compare with"
    assert not group.add.isEnabled()


def test_added_pixel_is_named_in_its_row(group, explorer):
    group.show()
    explorer.show_pixel((2, 3))
    group.add.click()
    assert [entry.pixel for entry in explorer.library.entries] == [(2, 3)]
    assert group.list.keeps_order  # while the name is edited


def test_pixel_and_pins_are_offered_where_there_are_pins(group, explorer):
    explorer.show_pixel((0, 1))
    for pixel in [(1, 1), (2, 2)]:
        explorer.toggle_pin_at(pixel)
    menu = group.menu_of_pixels()
    actions = {action.text(): action for action in menu.actions()}
    assert list(actions) == ["Pixel 0, 1", "Pin 1, 1", "Pin 2, 2", "All 2 pins"]
    actions["Pin 2, 2"].trigger()
    actions["All 2 pins"].trigger()
    actions["Pixel 0, 1"].trigger()
    pixels = [entry.pixel for entry in explorer.library.entries]
    assert pixels == [(2, 2), (1, 1), (2, 2), (0, 1)]


def test_chosen_entries_are_removed(group, explorer):
    explorer.library.open(library_with(NANOMETRES))
    group.list.choose(1)
    group.remove.click()
    assert [entry.name for entry in explorer.library.entries] == ["entry 0", "entry 2"]


def test_library_is_saved_and_opened(group, explorer, monkeypatch, tmp_path):
    explorer.library.open(library_with(NANOMETRES))
    path = str(tmp_path / "saved.sli")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (path, "ENVI (*.sli)"))
    group.save.click()
    assert len(read_library(path).entries) == 3
    explorer.library.clear()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (path, ""))
    group.open.click()
    assert explorer.library.library.name == "saved"
    assert len(shown(group)) == 3


def test_file_that_cannot_be_read_is_reported_and_the_list_stays(
    group, explorer, monkeypatch, tmp_path
):
    explorer.library.open(library_with(NANOMETRES))
    errors = []
    monkeypatch.setattr(library_group, "show_error", errors.append)
    group.list.file_dropped.emit(tmp_path / "missing.csv")
    assert errors[0].startswith("no such file: missing.csv")
    assert len(explorer.library.entries) == 3


def test_stopped_group_follows_nothing(explorer, qtbot, tmp_path):
    write_library(tmp_path / "late.csv", library_with(NANOMETRES))
    scheduler = PatientScheduler()
    group = LibraryGroup(explorer, scheduler)
    qtbot.addWidget(group)
    group.open_file(Path(tmp_path / "late.csv"))
    group.stop()
    scheduler.run()
    assert not explorer.library.entries
    explorer.library.open(library_with(NANOMETRES))
    assert shown(group) == []


def test_group_keeps_its_height_and_fits_a_narrow_dock(group, explorer):
    before = group.sizeHint().height()
    assert group.minimumSizeHint().width() <= 248
    explorer.library.open(library_with(NANOMETRES, count=40))
    assert group.sizeHint().height() == before
