from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import dask.array as da
import numpy as np
import pytest

from explorer_actions import CLOSE, expected_map, hover
from napari_ifealid.explorer import Explorer, ExplorerState, ReferenceMode
from napari_ifealid.explorer.feature_use import FeatureUse
from napari_ifealid.explorer.map_request import SimilarityRequest
from napari_ifealid.explorer.pixel_reference import PixelReference
from napari_ifealid.explorer.region_reference import RegionReference
from napari_ifealid.explorer.schedulers import ImmediateScheduler
from napari_ifealid.explorer.session import Session
from napari_ifealid.grid import whole_region
from napari_ifealid.measures import COSINE, SPECTRAL_ANGLE, UsedFeatures
from napari_ifealid.preprocessing import preprocessed, step_named
from napari_ifealid.query import Reference, Rule
from napari_ifealid.stack import FeatureStack
from patient_scheduler import PatientScheduler

WHOLE = whole_region((6, 5))


@pytest.fixture
def scheduler():
    return ImmediateScheduler()


@pytest.fixture
def session(viewer, features, scheduler) -> Session:
    return Session(viewer, features, 0, ExplorerState(), scheduler)


@pytest.fixture
def events(session) -> list[str]:
    """The names of the signals that were emitted, in their order."""
    told: list[str] = []
    for name in ("stack_changed", "map_changed", "moved", "vectors_read"):
        getattr(session, name).connect(lambda name=name: told.append(name))
    session.failed.connect(lambda _: told.append("failed"))
    return told


def compare(session: Session, *pixels, rule=Rule.BEST, measure=SPECTRAL_ANGLE) -> None:
    session.compare([PixelReference(pixel) for pixel in pixels], rule, measure, WHOLE)


def test_session_has_a_grid_before_it_has_a_stack(session, events, stack):
    assert session.stack is None
    assert session.grid.shape == (6, 5)
    session.open()
    assert session.stack is stack
    assert events == ["stack_changed"]
    assert session.is_idle
    assert session.map_layer is None


@pytest.mark.parametrize("measure", [SPECTRAL_ANGLE, COSINE])
def test_map_of_what_is_asked_is_shown(session, stack, measure):
    session.open()
    compare(session, (1, 2), (4, 4), measure=measure)
    expected = expected_map(stack, (1, 2), (4, 4), measure=measure)
    np.testing.assert_allclose(session.map_layer.data, expected, atol=CLOSE)
    assert isinstance(session.shown.request, SimilarityRequest)
    assert session.shown.error is None
    assert not session.is_behind


def test_any_vector_can_be_compared_with(session, stack):
    session.open()
    vector = np.arange(9.0)
    session.compare([Reference(vector)], Rule.BEST, SPECTRAL_ANGLE, WHOLE)
    expected = SPECTRAL_ANGLE.definition(stack.real_values(stack.values), vector)
    np.testing.assert_allclose(session.map_layer.data, expected, atol=CLOSE)


def test_question_asked_while_the_stack_is_loaded_is_answered_afterwards(viewer, features, stack):
    scheduler = PatientScheduler()
    session = Session(viewer, features, 0, ExplorerState(), scheduler)
    session.open()
    assert not session.is_idle
    compare(session, (1, 2))
    session.stack_changed.connect(lambda: compare(session, (1, 2)))
    scheduler.run()
    np.testing.assert_allclose(session.map_layer.data, expected_map(stack, (1, 2)), atol=CLOSE)


def test_features_chosen_while_the_stack_is_preprocessed_count_for_what_is_done(
    viewer, features, stack
):
    use, state, scheduler = FeatureUse(), ExplorerState(), PatientScheduler()
    state.preprocessing = step_named("unit sum")
    session = Session(viewer, features, 0, state, scheduler, use)
    told = []
    session.features_changed.connect(lambda: told.append(session.features))
    session.open()
    used = UsedFeatures(tuple(number > 2 for number in range(9)))
    use.choose(features, used)
    scheduler.run()
    assert session.transform.used == session.features == used
    expected = preprocessed(stack, session.transform)
    np.testing.assert_array_equal(session.stack.values, expected.values)
    assert len(told) == 1


def test_map_is_behind_until_it_is_that_of_what_was_asked(viewer, features):
    scheduler = PatientScheduler()
    session = Session(viewer, features, 0, ExplorerState(), scheduler)
    session.open()
    scheduler.run()
    compare(session, (1, 2))
    assert session.is_behind
    scheduler.run()
    assert not session.is_behind
    compare(session, (3, 3))
    assert session.is_behind


@pytest.fixture
def lazy(viewer, scheduler, monkeypatch):
    """A session on a stack that is read when needed, and its values."""
    monkeypatch.setattr("napari_ifealid.explorer.sources.fits_memory", lambda _: False)
    values = np.random.default_rng(0).random((9, 6, 5))
    layer = viewer.add_image(da.from_array(values, chunks=5), name="lazy")
    return Session(viewer, layer, 0, ExplorerState(), scheduler), np.moveaxis(values, 0, -1)


def test_references_of_a_lazy_stack_are_read_first(lazy):
    session, values = lazy
    session.open()
    compare(session, (1, 2), (3, 3), rule=Rule.MEAN)
    expected = SPECTRAL_ANGLE.definition(values, (values[1, 2] + values[3, 3]) / 2)
    np.testing.assert_allclose(session.map_layer.data, expected, atol=CLOSE)
    assert session.is_idle


def test_block_that_cannot_be_read_leaves_a_blank_and_rest(viewer, scheduler, monkeypatch):
    monkeypatch.setattr("napari_ifealid.explorer.sources.fits_memory", lambda _: False)
    broken = False

    def read(block: np.ndarray) -> np.ndarray:
        if broken:
            raise OSError("the disk is gone")
        return block

    values = da.random.random((9, 6, 5), chunks=5).map_blocks(read, dtype=float)
    layer = viewer.add_image(values, name="lazy", contrast_limits=(0, 1))
    session = Session(viewer, layer, 0, ExplorerState(), scheduler)
    errors: list[Exception] = []
    session.failed.connect(errors.append)
    session.open()
    compare(session, (1, 1))
    assert np.isfinite(session.map_layer.data).all()
    broken = True
    compare(session, (2, 2))
    assert session.is_idle
    assert session.shown is None
    assert np.isnan(session.map_layer.data).all()
    assert "can't be read" in str(errors[0])
    broken = False
    compare(session, (3, 3))
    assert session.map_layer.data[3, 3] == 1.0


def test_layer_that_cannot_be_compared_tells_why(viewer, scheduler):
    layer = viewer.add_image(np.zeros((4, 5)))
    session = Session(viewer, layer, 0, ExplorerState(), scheduler)
    errors: list[Exception] = []
    session.failed.connect(errors.append)
    session.open()
    assert "(5, 4)" in str(errors[0])
    assert session.is_idle
    assert session.stack is None


def test_map_goes_along_with_a_layer_that_is_moved(session, features, events):
    session.open()
    compare(session, (1, 2))
    features.translate = (0, 10, 20)
    assert "moved" in events
    for pixel in ((0, 0), (5, 4)):
        place = features.data_to_world((0, *pixel))[1:]
        np.testing.assert_allclose(session.map_layer.data_to_world(pixel), place)
        assert session.grid.pixel_at(place) == pixel


def test_closed_session_removes_its_map_and_does_nothing_any_more(
    viewer, session, features, events
):
    session.open()
    compare(session, (1, 2))
    map_layer = session.map_layer
    session.close()
    events.clear()
    assert map_layer not in viewer.layers
    features.translate = (0, 1, 1)
    compare(session, (2, 2))
    assert events == []
    assert session.is_idle


def test_closed_session_leaves_nothing_in_memory(viewer, features, stack):
    session = Session(viewer, features, 0, ExplorerState(), ImmediateScheduler())
    session.open()
    compare(session, (1, 2))
    session.close()
    gone = weakref.ref(session)
    del session
    gc.collect()
    assert gone() is None


@pytest.fixture
def pair(viewer, add_stack, make_stack):
    """Two stacks of one image, one of them much coarser."""
    fine, coarse = make_stack("fine", shape=(24, 20, 4)), make_stack("coarse", shape=(6, 5, 9))
    coarse = replace(coarse, overlay=fine.overlay)
    return {stack.name: (stack, add_stack(viewer, stack)) for stack in (fine, coarse)}


def linked(explorer, layer):
    """Link a stack and show its map."""
    session = explorer.link(layer, 0)
    session.wake()
    return session


def test_two_sessions_follow_one_cursor_each_with_its_right_map(viewer, pair):
    (fine, fine_layer), (coarse, coarse_layer) = pair.values()
    explorer = Explorer(viewer)
    explorer.state.layer = fine_layer
    other = linked(explorer, coarse_layer)
    for place in [(1.2, 2.3), (17.9, 19.4), (9.6, 3.4)]:
        hover(viewer, fine_layer, 0, *place)
        pixels = [tuple(np.round(place).astype(int))]
        np.testing.assert_allclose(explorer.map_layer.data, expected_map(fine, *pixels), atol=CLOSE)
        world = fine_layer.data_to_world((0, *place))
        coarse_pixel = tuple(np.round(coarse_layer.world_to_data(world)).astype(int)[1:])
        assert coarse_pixel == tuple(np.round((np.array(place) - 1.5) / 4).astype(int))
        np.testing.assert_allclose(
            other.map_layer.data, expected_map(coarse, coarse_pixel), atol=CLOSE
        )
    assert explorer.is_idle
    assert explorer.sessions == [explorer.session, other]


def test_pins_are_pixels_of_each_of_two_sessions(viewer, pair):
    (fine, fine_layer), (coarse, coarse_layer) = pair.values()
    explorer = Explorer(viewer)
    explorer.state.layer = fine_layer
    other = linked(explorer, coarse_layer)
    for pixel in [(2, 2), (21, 10)]:
        explorer.toggle_pin_at(pixel)
    explorer.state.reference = ReferenceMode.BEST
    expected = expected_map(fine, (2, 2), (21, 10))
    np.testing.assert_allclose(explorer.map_layer.data, expected, atol=CLOSE)
    expected = expected_map(coarse, (0, 0), (5, 2))
    np.testing.assert_allclose(other.map_layer.data, expected, atol=CLOSE)


def test_linked_session_goes_with_its_layer_and_leaves_the_other_alone(viewer, pair):
    (fine, fine_layer), (_, coarse_layer) = pair.values()
    explorer = Explorer(viewer)
    explorer.state.layer = fine_layer
    other = linked(explorer, coarse_layer)
    map_layer = other.map_layer
    viewer.layers.remove(coarse_layer)
    assert map_layer not in viewer.layers
    assert explorer.sessions == [explorer.session]
    hover(viewer, fine_layer, 0, 3, 3)
    np.testing.assert_allclose(explorer.map_layer.data, expected_map(fine, (3, 3)), atol=CLOSE)
    explorer.close()
    assert explorer.sessions == []


def test_stack_of_other_features_and_axes_is_linked_as_well(viewer, make_stack, add_stack):
    features = add_stack(viewer, make_stack("plane", image=None))
    values = np.random.default_rng(0).random((3, 6, 5, 7)).astype(np.float32)
    volume = add_stack(viewer, FeatureStack(values=values, name="volume"))
    explorer = Explorer(viewer)
    explorer.state.layer = features
    other = linked(explorer, volume)
    viewer.dims.set_point(1, 2)
    hover(viewer, features, 0, 1, 4)
    expected = SPECTRAL_ANGLE.definition(values[2], values[2, 1, 4])
    np.testing.assert_allclose(other.map_layer.data[2], expected, atol=CLOSE)
    volume.translate = (0, 0, 9, 0)  # outside: the middle of the slice is compared with
    hover(viewer, features, 0, 1, 3)
    expected = SPECTRAL_ANGLE.definition(values[2], values[2, 3, 2])
    np.testing.assert_allclose(other.map_layer.data[2], expected, atol=CLOSE)


def cube_with_a_gap(kind: str) -> FeatureStack:
    """A cube whose pixel 1, 2 has no data in its feature 4."""
    values = np.random.default_rng(3).integers(1, 200, (6, 5, 9)).astype(np.int16)
    if kind == "nodata":
        values[1, 2, 4] = -999
        return FeatureStack(values=values, name="cube", nodata=-999.0)
    floats = values.astype(np.float32)
    floats[1, 2, 4] = np.nan
    if kind == "lazy":
        return FeatureStack(values=da.from_array(floats, chunks=3), name="cube")
    return FeatureStack(values=floats, name="cube")


@pytest.mark.parametrize("kind", ["nodata", "NaN", "lazy"])
def test_pixel_without_data_is_no_reference_unless_others_are_used(
    viewer, add_stack, kind, monkeypatch
):
    monkeypatch.setattr("napari_ifealid.explorer.sources.fits_memory", lambda _: kind != "lazy")
    stack, use = cube_with_a_gap(kind), FeatureUse()
    layer = add_stack(viewer, stack)
    session = Session(viewer, layer, 0, ExplorerState(), ImmediateScheduler(), use)
    session.open()
    compare(session, (3, 3))
    assert not session.has_no_data
    assert np.argwhere(np.isnan(session.map_values)).tolist() == [[1, 2]]  # transparent
    compare(session, (1, 2))
    assert session.has_no_data
    assert session.lacks_data(PixelReference((1, 2)))
    assert session.shown is None
    assert np.isnan(session.map_layer.data).all()
    assert session.is_idle
    use.choose(layer, UsedFeatures(tuple(number != 4 for number in range(9))))
    compare(session, (1, 2))
    assert not session.has_no_data
    assert session.map_values[1, 2] == 1.0
    assert np.isfinite(session.map_values).all()
    use.undo(layer)
    window = RegionReference(np.array([6, 7, 8]))
    assert session.region_vector(window).count == 2
    use.choose(layer, UsedFeatures(tuple(number != 4 for number in range(9))))
    assert session.region_vector(window).count == 3
