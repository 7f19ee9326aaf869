from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Layer

from explorer_actions import CLOSE, expected_map, hover
from napari_ifealid import read_stack, write_stack
from napari_ifealid.colour_limits import ColourRange
from napari_ifealid.explorer import Explorer, ReferenceMode
from napari_ifealid.explorer.session_capture import captured_session
from napari_ifealid.explorer.session_restore import restore_session
from napari_ifealid.formats.loading import loaded
from napari_ifealid.layers import layer_data
from napari_ifealid.measures import COSINE
from napari_ifealid.query import Rule
from napari_ifealid.session_files import (
    VectorReference,
    read_session_file,
    read_session_stacks,
    write_session_file,
)


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


def test_vectors_are_compared_with_where_the_features_are_theirs(saved, tmp_path):
    _, path = saved
    session = read_session_file(path)
    vector = VectorReference((1.0,) * 9, "flat")
    other = VectorReference((1.0,) * 8, "of other features")
    named = VectorReference((1.0,) * 9, "of other labels", feature_labels=tuple("abcdefghi"))
    changed = replace(session, references=(vector, other, named), rule=Rule.BEST)
    write_session_file(tmp_path / "b.json", changed)
    again, explorer = restored(tmp_path / "b.json")
    stack = explorer.stack
    expected = COSINE.definition(stack.real_values(stack.values), np.ones(9))
    np.testing.assert_allclose(explorer.map_layer.data, expected, atol=CLOSE)
    assert captured_session(explorer, again).references == (vector,)


def test_sessions_of_like_and_unlike_vectors_ask_for_the_difference(saved, tmp_path):
    _, path = saved
    ramp = tuple(map(float, range(9)))
    references = VectorReference((1.0,) * 9, "like"), VectorReference(ramp, "unlike", -1)
    session = replace(
        read_session_file(path), references=references, rule=Rule.DIFFERENCE, threshold=None
    )
    write_session_file(tmp_path / "b.json", session)
    again, explorer = restored(tmp_path / "b.json")
    assert captured_session(explorer, again) == session
    values = explorer.stack.real_values(explorer.stack.values)
    like, unlike = COSINE.definition(values, np.ones(9)), COSINE.definition(values, np.array(ramp))
    np.testing.assert_allclose(explorer.map_layer.data, (like - unlike) / 2, atol=CLOSE)


def test_linked_stacks_are_linked_again(viewer, files, tmp_path):
    first, second = (add_file(viewer, path) for path in files)
    before = Explorer(viewer)
    before.state.layer = first
    before.link(second, 0)
    path = tmp_path / "a.json"
    write_session_file(path, captured_session(before, viewer))
    again, explorer = restored(path)
    assert captured_session(explorer, again) == read_session_file(path)
    assert len(explorer.sessions) == 2


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
    from napari_ifealid.formats import write_array

    write_array(tmp_path / "a.zarr", make_stack("a", image=None))
    add_file(viewer, tmp_path / "a.zarr")
    before = Explorer(viewer)
    before.show_pixel((2, 2))
    write_session_file(tmp_path / "a.json", captured_session(before, viewer))
    _, explorer = restored(tmp_path / "a.json")
    expected = expected_map(loaded(explorer.stack), (2, 2))
    np.testing.assert_allclose(explorer.map_layer.data, expected, atol=CLOSE)
