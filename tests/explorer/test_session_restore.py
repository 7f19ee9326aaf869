from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Layer
from safetensors.numpy import save_file

from explorer_actions import CLOSE, expected_map, hover
from napari_ifealid import read_stack, write_stack
from napari_ifealid.batch.question import question_of
from napari_ifealid.colour_limits import ColourRange
from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer import Explorer, ReferenceMode
from napari_ifealid.explorer.session_capture import captured_session, placement_of
from napari_ifealid.explorer.session_restore import restore_session
from napari_ifealid.formats import write_array
from napari_ifealid.formats.loading import loaded
from napari_ifealid.layers import layer_data
from napari_ifealid.libraries import Library, LibraryEntry
from napari_ifealid.measures import (
    ACE,
    CEM,
    COSINE,
    EUCLIDEAN,
    SPECTRAL_ANGLE,
    UsedFeatures,
)
from napari_ifealid.preprocessing import STEPS
from napari_ifealid.query import Rule
from napari_ifealid.session_files import (
    VectorReference,
    read_session_file,
    read_session_stacks,
    write_session_file,
)
from napari_ifealid.similarity import similarity_map
from napari_ifealid.stack import FeatureStack
from patient_scheduler import PatientScheduler


def add_file(viewer: ViewerModel, path) -> Image:
    return [viewer.add_layer(Layer.create(*data)) for data in layer_data(read_stack(path))][-1]


def restored(path) -> tuple[ViewerModel, Explorer]:
    """Open a session in a viewer without anything."""
    viewer = ViewerModel()
    explorer = Explorer(viewer)
    open_again(explorer, viewer, path)
    return viewer, explorer


def open_again(explorer: Explorer, viewer: ViewerModel, path) -> None:
    session = read_session_file(path)
    restore_session(explorer, viewer, session, read_session_stacks(session.stacks))


def change_all(explorer: Explorer) -> None:
    """Set everything that a session has to what it is not by default."""
    state = explorer.state
    state.measure = COSINE
    state.threshold = 0.25
    state.reference = ReferenceMode.MEAN
    state.colormap = "viridis"
    state.own_limits = (-0.5, 0.75)
    state.colour_range = ColourRange.MINE
    state.opacity = 0.875
    state.base = 0.5
    state.overlay_in_colour = True


@pytest.fixture
def files(tmp_path, make_stack):
    """Two datasets."""
    paths = [tmp_path / "data" / f"{name}.zip" for name in ("a", "b")]
    paths[0].parent.mkdir()
    for path, shape in zip(paths, [(6, 5, 9), (3, 5, 9)], strict=True):
        write_stack(path, make_stack(path.stem, shape=shape))
    return paths


@pytest.fixture
def saved(viewer, files, tmp_path):
    """An explorer of both datasets with two pins, all settings changed, and its session file."""
    layers = [add_file(viewer, path) for path in files]
    explorer = Explorer(viewer)
    explorer.state.layer = layers[1]
    explorer.toggle_pin_at((0, 1))
    explorer.toggle_pin_at((2, 3))
    hover(viewer, layers[1], 0, 1, 2)
    change_all(explorer)
    path = tmp_path / "one.ifealid.json"
    write_session_file(path, captured_session(explorer, viewer))
    return explorer, path


def test_session_restored_and_saved_again_is_equal(saved):
    _, path = saved
    viewer, explorer = restored(path)
    assert captured_session(explorer, viewer) == read_session_file(path)


def test_map_is_that_of_the_saved_references(saved):
    before, path = saved
    _, explorer = restored(path)
    np.testing.assert_array_equal(explorer.map_layer.data, before.map_layer.data)
    stack = explorer.stack
    mean = (stack.vector((0, 1)) + stack.vector((2, 3))) / 2
    expected = COSINE.definition(stack.real_values(stack.values), mean)
    np.testing.assert_allclose(explorer.map_layer.data, expected, atol=CLOSE)


def test_map_looks_as_it_was_saved(saved):
    before, path = saved
    _, explorer = restored(path)
    for name in ("opacity", "contrast_limits"):
        assert getattr(explorer.map_layer, name) == getattr(before.map_layer, name)
    np.testing.assert_array_equal(
        explorer.map_layer.colormap.colors, before.map_layer.colormap.colors
    )


@pytest.mark.parametrize("name", ["000000015746.jpg.C1.npz.8.zip", "000000015746.jpg.C3.npz.8.zip"])
def test_map_of_a_real_stack_is_that_of_the_saved_pins(viewer, shared_data, tmp_path, name):
    add_file(viewer, shared_data / name)
    before = Explorer(viewer)
    before.toggle_pin_at((7, 3))
    before.toggle_pin_at((21, 17))
    before.state.reference = ReferenceMode.BEST
    path = tmp_path / "real.ifealid.json"
    write_session_file(path, captured_session(before, viewer))
    again, explorer = restored(path)
    assert captured_session(explorer, again) == read_session_file(path)
    expected = expected_map(explorer.stack, (7, 3), (21, 17))
    np.testing.assert_allclose(explorer.map_layer.data, expected, atol=5e-4)
    np.testing.assert_array_equal(explorer.map_layer.data, before.map_layer.data)


def test_pixel_under_the_cursor_is_restored_and_held(viewer, files, tmp_path):
    layer = add_file(viewer, files[0])
    before = Explorer(viewer)
    hover(viewer, layer, 0, 4, 2)
    before.state.follow = False
    write_session_file(tmp_path / "a.json", captured_session(before, viewer))
    again, explorer = restored(tmp_path / "a.json")
    assert explorer.pixel == (4, 2)
    hover(again, explorer.state.layer, 0, 1, 1)
    assert explorer.pixel == (4, 2)
    np.testing.assert_allclose(
        explorer.map_layer.data, expected_map(explorer.stack, (4, 2)), atol=CLOSE
    )


def test_middle_pixel_that_was_compared_with_is_so_again_wherever_the_cursor_is(
    viewer, files, tmp_path
):
    add_file(viewer, files[0])
    before = Explorer(viewer)
    write_session_file(tmp_path / "a.json", captured_session(before, viewer))
    hover(viewer, before.state.layer, 0, 0, 0)
    open_again(before, viewer, tmp_path / "a.json")
    assert before.pixel == (3, 2)


def test_stack_that_is_open_already_is_not_opened_again(saved):
    explorer, path = saved
    count = len(explorer._viewer.layers)
    open_again(explorer, explorer._viewer, path)
    assert len(explorer._viewer.layers) == count


def test_stack_whose_layer_was_moved_lies_there_again_and_its_pins_with_it(viewer, files, tmp_path):
    layer = add_file(viewer, files[0])
    layer.translate = (0.0, 100.0, -7.5)
    layer.rotate = [[1, 0, 0], [0, 0, 1], [0, -1, 0]]
    layer.scale = (1.0, 0.3, 0.1)
    before = Explorer(viewer)
    before.toggle_pin_at((5, 1))
    before.state.reference = ReferenceMode.BEST
    path = tmp_path / "a.json"
    write_session_file(path, captured_session(before, viewer))
    again, explorer = restored(path)
    assert captured_session(explorer, again) == read_session_file(path)
    assert [pixel for pixel, _ in explorer.pinned] == [(5, 1)]


def test_own_pins_are_replaced_and_come_back_by_one_undo(saved):
    explorer, path = saved
    explorer.pins.clear()
    explorer.toggle_pin_at((1, 1))
    own = explorer.pins.pins
    open_again(explorer, explorer._viewer, path)
    assert [pixel for pixel, _ in explorer.pinned] == [(0, 1), (2, 3)]
    explorer.pins.undo()
    assert explorer.pins.pins == own


def test_vectors_are_compared_with_where_the_features_are_theirs(saved, tmp_path, monkeypatch):
    _, path = saved
    session = read_session_file(path)
    vector = VectorReference((1.0,) * 9, "flat", colour="#0072b2")
    other = VectorReference((1.0,) * 8, "of other features")
    named = VectorReference((1.0,) * 9, "of other labels", feature_labels=tuple("abcdefghi"))
    changed = replace(session, references=(vector, other, named), rule=Rule.BEST)
    write_session_file(tmp_path / "b.json", changed)
    messages = []
    monkeypatch.setattr("napari_ifealid.explorer.session_restore.show_warning", messages.append)
    again, explorer = restored(tmp_path / "b.json")
    (message,) = messages
    assert "of other features, of other labels" in message
    stack = explorer.stack
    expected = COSINE.definition(stack.real_values(stack.values), np.ones(9))
    np.testing.assert_allclose(explorer.map_layer.data, expected, atol=CLOSE)
    assert captured_session(explorer, again).references == (vector,)


def test_sessions_of_like_and_unlike_vectors_ask_for_the_difference(saved, tmp_path):
    _, path = saved
    ramp = tuple(map(float, range(9)))
    references = (
        VectorReference((1.0,) * 9, "like", colour="#0072b2"),
        VectorReference(ramp, "unlike", -1, colour="#000000"),
    )
    session = replace(
        read_session_file(path), references=references, rule=Rule.DIFFERENCE, threshold=None
    )
    write_session_file(tmp_path / "b.json", session)
    again, explorer = restored(tmp_path / "b.json")
    assert captured_session(explorer, again) == session
    values = explorer.stack.real_values(explorer.stack.values)
    like, unlike = COSINE.definition(values, np.ones(9)), COSINE.definition(values, np.array(ramp))
    np.testing.assert_allclose(explorer.map_layer.data, (like - unlike) / 2, atol=CLOSE)


@pytest.fixture
def linked(viewer, files, tmp_path):
    """The session file of an explored dataset to which the other one is linked."""
    first, second = (add_file(viewer, path) for path in files)
    before = Explorer(viewer)
    before.state.layer = first
    before.link(second, 0)
    path = tmp_path / "a.json"
    write_session_file(path, captured_session(before, viewer))
    return path


def test_linked_stacks_are_linked_again(linked):
    again, explorer = restored(linked)
    assert captured_session(explorer, again) == read_session_file(linked)
    assert len(explorer.sessions) == 2


def entries(explorer: Explorer) -> list[tuple[str, int | None]]:
    """Return the name and the sign of each entry of the library."""
    source = explorer.library
    return [
        (entry.name, tick and tick.sign)
        for entry, tick in zip(source.entries, source.ticks, strict=True)
    ]


@pytest.fixture
def everything(viewer, files):
    """An explorer of one dataset with references of each kind and of both signs."""
    add_file(viewer, files[0])
    explorer = Explorer(viewer)
    explorer.toggle_pin_at((0, 1))
    explorer.toggle_pin_at((4, 3))
    explorer.pins.set_sign(1, -1)
    # along the image's 24 × 20 pixels, 4 of which are one of the features
    shapes = [
        np.array([[8, 0], [8, 12], [16, 12], [16, 0]]),
        np.array([[0, 8], [0, 19], [7, 19], [7, 8]]),
    ]
    explorer.regions.choose(
        viewer.add_shapes(np.array(shapes), features={"name": ["field", "wood"]})
    )
    explorer.regions.set_sign(1, -1)
    rows = np.random.default_rng(2).random((3, 9))
    explorer.library.open(Library([LibraryEntry(row, f"entry {n}") for n, row in enumerate(rows)]))
    explorer.library.tick(0, True)
    explorer.library.set_sign([2], -1)
    explorer.state.reference = ReferenceMode.DIFFERENCE
    return explorer


@pytest.mark.parametrize("window", [1, 5])
@pytest.mark.parametrize("mode", ReferenceMode)
@pytest.mark.parametrize("measure", [SPECTRAL_ANGLE, EUCLIDEAN, ACE, CEM], ids=lambda one: one.name)
def test_map_of_each_measure_window_and_kind_of_reference_is_the_same(
    viewer, everything, tmp_path, window, mode, measure
):
    state = everything.state
    state.window, state.reference, state.measure = window, mode, measure
    state.scale, state.threshold = measure.scales[-1], measure.limits[0] + 1.25
    everything.show_pixel((1, 4))
    path = tmp_path / "a.json"
    write_session_file(path, captured_session(everything, viewer))
    again, explorer = restored(path)
    assert captured_session(explorer, again) == read_session_file(path)
    np.testing.assert_allclose(explorer.map_layer.data, everything.map_layer.data, atol=1e-6)
    assert explorer.map_layer.data.std() > 0.01


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_map_of_regions_that_are_preprocessed_is_the_same(viewer, everything, tmp_path, step):
    everything.library.tick(0, False)
    state = everything.state
    state.preprocessing, state.measure, state.window = step, EUCLIDEAN, 3
    write_session_file(tmp_path / "a.json", captured_session(everything, viewer))
    _, explorer = restored(tmp_path / "a.json")
    np.testing.assert_allclose(explorer.map_layer.data, everything.map_layer.data, atol=1e-6)
    assert explorer.map_layer.data.std() > 0.01
    question = question_of(read_session_file(tmp_path / "a.json"), tmp_path / "a.json")
    asked = question.of(explorer.session.original)
    stack = asked.compared(explorer.session.original)
    values = similarity_map(stack, asked.query_of(explorer.session.original))
    np.testing.assert_allclose(values, everything.map_layer.data, atol=CLOSE)


def test_regions_and_entries_are_ticked_in_the_library(viewer, everything, tmp_path):
    write_session_file(tmp_path / "a.json", captured_session(everything, viewer))
    _, explorer = restored(tmp_path / "a.json")
    expected = [("field", 1), ("wood", -1), ("entry 0", 1), ("entry 2", -1)]
    assert entries(explorer) == expected
    assert [pin.sign for pin in explorer.pins.pins] == [1, -1]
    explorer.library.undo()
    assert entries(explorer) == []


def test_session_opened_where_it_was_saved_asks_for_the_same(viewer, everything, tmp_path):
    before = everything.map_layer.data.copy()
    write_session_file(tmp_path / "a.json", captured_session(everything, viewer))
    everything.library.tick(1, True)
    open_again(everything, viewer, tmp_path / "a.json")
    assert entries(everything) == [
        ("entry 0", 1),
        ("entry 1", None),
        ("entry 2", -1),
        ("field", 1),
        ("wood", -1),
    ]
    np.testing.assert_allclose(everything.map_layer.data, before, atol=1e-6)
    everything.library.undo()
    assert entries(everything) == [("entry 0", 1), ("entry 1", 1), ("entry 2", -1)]


def test_library_of_other_features_comes_back_by_an_undo(viewer, everything, tmp_path, monkeypatch):
    write_session_file(tmp_path / "a.json", captured_session(everything, viewer))
    again, explorer = restored(tmp_path / "a.json")
    own = Library([LibraryEntry(np.ones(4), "own")])
    explorer.library.open(own)
    messages = []
    monkeypatch.setattr("napari_ifealid.explorer.session_restore.show_warning", messages.append)
    open_again(explorer, again, tmp_path / "a.json")
    assert len(entries(explorer)) == 4
    (message,) = messages
    assert "instead of your entry" in message
    explorer.library.undo()
    assert explorer.library.entries == own.entries


def test_session_without_vectors_unticks_the_library(saved):
    explorer, path = saved
    before = explorer.map_layer.data.copy()
    explorer.library.open(Library([LibraryEntry(np.arange(9.0), "own")]))
    explorer.library.tick(0, True)
    open_again(explorer, explorer._viewer, path)
    assert entries(explorer) == [("own", None)]
    np.testing.assert_array_equal(explorer.map_layer.data, before)


def test_reference_held_in_another_image_is_restored_as_a_vector(viewer, files, tmp_path):
    first, second = (add_file(viewer, path) for path in files)
    second.translate = (0.0, 1000.0, 0.0)  # another image
    before = Explorer(viewer)
    before.state.layer = first
    before.link(second, 0)
    before.show_pixel((4, 2))
    before.look_at(second)
    assert before.asking is not before.session
    path = tmp_path / "a.json"
    write_session_file(path, captured_session(before, viewer))
    again, explorer = restored(path)
    assert entries(explorer) == [(f"pixel 4, 2 of {first.name}", 1)]
    np.testing.assert_allclose(explorer.map_layer.data, before.map_layer.data, atol=1e-6)
    (reference,) = captured_session(explorer, again).references
    assert read_session_file(path).references == (replace(reference, colour=""),)


@pytest.mark.parametrize("window", [1, 3])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_reference_held_in_another_image_is_saved_if_it_is_preprocessed_in_the_same_way(
    viewer, files, tmp_path, step, window
):
    first, second = (add_file(viewer, path) for path in files)
    second.translate = (0.0, 1000.0, 0.0)  # another image
    before = Explorer(viewer)
    before.state.layer = first
    before.link(second, 0)
    before.show_pixel((4, 2))
    before.look_at(second)
    before.state.preprocessing, before.state.window = step, window
    if step.needs_mean:
        with pytest.raises(DatasetError, match="a reference held in a"):
            captured_session(before, viewer)
        return
    path = tmp_path / "a.json"
    write_session_file(path, captured_session(before, viewer))
    _, explorer = restored(path)
    np.testing.assert_allclose(explorer.map_layer.data, before.map_layer.data, atol=CLOSE)


def test_placement_that_can_not_be_restored_changes_nothing(saved):
    explorer, path = saved
    session = read_session_file(path)
    explorer.library.open(Library([LibraryEntry(np.arange(9.0), "own")]))
    flat = replace(placement_of(explorer.state.layer), affine=((0.0,) * 4,) * 4)
    stacks = tuple(replace(one, placement=flat) for one in session.stacks)
    bad = replace(session, stacks=stacks, references=())
    before = explorer.pins.pins, explorer.state.measure, entries(explorer)
    with pytest.raises(DatasetError, match="placement that no layer can have"):
        restore_session(explorer, explorer._viewer, bad, read_session_stacks(bad.stacks))
    assert (explorer.pins.pins, explorer.state.measure, entries(explorer)) == before


def test_signs_of_pins_and_the_window_around_them_are_restored(saved, tmp_path):
    explorer, _ = saved
    explorer.pins.set_sign(1, -1)
    explorer.state.window = 3
    explorer.state.reference = ReferenceMode.DIFFERENCE
    session = captured_session(explorer, explorer._viewer)
    assert [one.sign for one in session.references] == [1, -1]
    write_session_file(tmp_path / "b.json", session)
    again, other = restored(tmp_path / "b.json")
    assert captured_session(other, again) == session
    np.testing.assert_array_equal(other.map_layer.data, explorer.map_layer.data)


def test_colormap_that_is_not_known_becomes_the_plugins_own(saved, tmp_path):
    _, path = saved
    session = read_session_file(path)
    look = replace(session.look, colormap="a map of another program")
    write_session_file(tmp_path / "b.json", replace(session, look=look))
    _, explorer = restored(tmp_path / "b.json")
    assert explorer.state.colormap == "IFeaLiD fire"


def test_lazy_stack_is_opened_again_as_such(viewer, tmp_path, make_stack):
    write_array(tmp_path / "a.zarr", make_stack("a", image=None))
    add_file(viewer, tmp_path / "a.zarr")
    before = Explorer(viewer)
    before.show_pixel((2, 2))
    write_session_file(tmp_path / "a.json", captured_session(before, viewer))
    _, explorer = restored(tmp_path / "a.json")
    expected = expected_map(loaded(explorer.stack), (2, 2))
    np.testing.assert_allclose(explorer.map_layer.data, expected, atol=CLOSE)


@pytest.fixture
def volume(viewer, tmp_path):
    """An explorer of a volume that was moved, and its session file while its slice 2 is shown."""
    path = tmp_path / "volume.npy"
    write_array(path, FeatureStack(values=np.random.default_rng(0).random((4, 6, 5, 3)), name="v"))
    layer = add_file(viewer, path)
    layer.scale, layer.translate = (1, 2.5, 1, 1), (0, 100, 0, 0)
    explorer = Explorer(viewer)
    viewer.dims.set_point(1, 105)
    return explorer, layer, tmp_path / "volume.ifealid.json"


@pytest.mark.parametrize("mode", [ReferenceMode.CURSOR, ReferenceMode.BEST])
@pytest.mark.parametrize("is_held", [False, True])
def test_slice_is_restored_and_a_reference_held_elsewhere_stays_there(
    volume, viewer, mode, is_held
):
    before, layer, path = volume
    before.state.reference = mode
    before.toggle_pin_at((1, 2, 2))
    hover(viewer, layer, 0, 0, 4, 1)
    before.state.follow = not is_held
    viewer.dims.set_point(1, 107.5)
    session = captured_session(before, viewer)
    write_session_file(path, session)
    again, explorer = restored(path)
    assert again.dims.point[1] == 107.5
    assert explorer.pixel == before.pixel == ((2 if is_held else 3), 4, 1)
    assert captured_session(explorer, again) == session
    np.testing.assert_array_equal(explorer.map_layer.data[3], before.map_layer.data[3])
    assert np.isfinite(explorer.map_layer.data[3]).all()


def test_slice_is_restored_along_the_last_axes_of_a_larger_world(volume, viewer):
    before, _, path = volume
    write_session_file(path, captured_session(before, viewer))
    again = ViewerModel()
    again.add_image(np.zeros((2, 2, 3, 4, 6, 5)), name="series", visible=False)
    explorer = Explorer(again)
    open_again(explorer, again, path)
    assert again.dims.point[3] == 105
    assert explorer.pixel == before.pixel


def test_session_without_a_slice_leaves_the_one_that_is_shown(volume, viewer):
    before, _, path = volume
    session = replace(captured_session(before, viewer), shown_slice=(), cursor=None)
    write_session_file(path, session)
    open_again(before, viewer, path)
    assert viewer.dims.point[1] == 105


def test_features_that_are_used_are_those_that_were_chosen(viewer, files, tmp_path):
    layers = [add_file(viewer, path) for path in files]
    before = Explorer(viewer)
    before.state.layer = layers[1]
    before.feature_use.choose(layers[1], UsedFeatures((False, False) + (True,) * 6 + (False,)))
    hover(viewer, layers[1], 0, 1, 2)
    path = tmp_path / "a.json"
    write_session_file(path, captured_session(before, viewer))
    assert [one.left_out for one in read_session_file(path).stacks] == [None, ((0, 1), (8, 8))]
    again, explorer = restored(path)
    assert explorer.session.features.numbers.tolist() == [2, 3, 4, 5, 6, 7]
    np.testing.assert_array_equal(explorer.map_layer.data, before.map_layer.data)
    assert captured_session(explorer, again) == read_session_file(path)


def test_session_without_a_choice_takes_that_of_an_open_stack_back(viewer, files, tmp_path):
    layer = add_file(viewer, files[0])
    explorer = Explorer(viewer)
    write_session_file(tmp_path / "a.json", captured_session(explorer, viewer))
    explorer.feature_use.choose(layer, UsedFeatures((False,) + (True,) * 8))
    open_again(explorer, viewer, tmp_path / "a.json")
    assert explorer.session.features is None


def test_axes_that_the_user_agreed_to_are_not_asked_for_again(viewer, tmp_path):
    paths = [tmp_path / f"{name}.safetensors" for name in "ab"]
    for path, seed in zip(paths, (0, 1), strict=True):
        values = np.random.default_rng(seed).random((5, 4, 6)).astype(np.float32)
        save_file({"layer": values}, path)
    first, second = (add_file(viewer, path) for path in paths)
    explorer = Explorer(viewer)
    explorer.state.layer = first
    assert explorer.stack is None  # it is asked for
    explorer.state.feature_axis = 0
    explorer.link(second, 0)
    session = captured_session(explorer, viewer)
    assert [stack.compared_axis for stack in session.stacks] == [0, 0]
    write_session_file(tmp_path / "s.ifealid.json", session)
    _, again = restored(tmp_path / "s.ifealid.json")
    assert again.stack.feature_count == 5
    assert [one.layer.name for one in again.sessions] == [first.name, second.name]


@dataclass
class Patient:
    """A window with another stack, whose scheduler a test lets run, and warnings that it shows."""

    viewer: ViewerModel
    explorer: Explorer
    scheduler: PatientScheduler
    other: Image
    messages: list[str]


@pytest.fixture
def patient(add_stack, make_stack, monkeypatch) -> Patient:
    messages: list[str] = []
    monkeypatch.setattr("napari_ifealid.explorer.session_restore.show_warning", messages.append)
    viewer, scheduler = ViewerModel(), PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    other = add_stack(viewer, make_stack("other", shape=(3, 5, 9)))
    scheduler.run()
    return Patient(viewer, explorer, scheduler, other, messages)


def test_nothing_of_a_session_applies_to_a_stack_that_was_chosen_while_its_own_was_loaded(
    saved, patient
):
    explorer, scheduler, other = patient.explorer, patient.scheduler, patient.other
    explorer.toggle_pin_at((1, 1))
    pins, measure = explorer.pins.pins, explorer.state.measure
    open_again(explorer, patient.viewer, saved[1])
    scheduler.run_events()
    opened = explorer.state.layer
    assert opened is not other
    explorer.state.layer = other
    scheduler.run()
    assert explorer.stack.name == "other"
    assert (explorer.pins.pins, explorer.state.measure) == (pins, measure)
    assert explorer.state.reference is ReferenceMode.CURSOR
    assert len(patient.messages) == 1
    explorer.state.layer = opened  # which is too late
    scheduler.run()
    assert (explorer.pins.pins, explorer.state.measure) == (pins, measure)


def test_session_waits_for_its_stack_that_was_left_and_chosen_again(saved, patient):
    explorer, scheduler = patient.explorer, patient.scheduler
    open_again(explorer, patient.viewer, saved[1])
    scheduler.run_events()
    opened = explorer.state.layer
    explorer.state.layer = patient.other
    explorer.state.layer = opened
    scheduler.run()
    assert captured_session(explorer, patient.viewer).measure is COSINE
    assert len(explorer.pins.pins) == 2
    assert not patient.messages


@pytest.mark.parametrize("when", ["before it is chosen", "while it is loaded"])
def test_explored_stack_that_the_user_removes_at_once_is_not_compared(saved, patient, when):
    viewer, explorer = patient.viewer, patient.explorer
    open_again(explorer, viewer, saved[1])
    if when == "while it is loaded":
        patient.scheduler.run_events()
    viewer.layers.remove("b features")
    patient.scheduler.run()
    assert explorer.state.layer in (None, *viewer.layers)
    assert not patient.messages


def test_linked_stack_that_the_user_removes_at_once_is_not_linked(linked):
    again, scheduler = ViewerModel(), PatientScheduler()
    explorer = Explorer(again, scheduler)
    open_again(explorer, again, linked)
    again.layers.remove("b features")
    scheduler.run()
    assert [one.layer.name for one in explorer.sessions] == ["a features"]


def test_stack_that_is_open_is_compared_along_the_axis_of_the_session(viewer, files, tmp_path):
    layer, path = add_file(viewer, files[0]), tmp_path / "one.ifealid.json"
    explorer = Explorer(viewer)
    write_session_file(path, captured_session(explorer, viewer))
    explorer.state.feature_axis = 1
    open_again(explorer, viewer, path)
    assert explorer.session.layer is layer
    assert (explorer.session.axis, explorer.stack.feature_count) == (0, 9)
