from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from napari_ifealid.bands import Bands
from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.backdrop import BACKDROP_NAME
from napari_ifealid.explorer.pictures import Pictures
from napari_ifealid.picture import PictureKind, stack_picture
from napari_ifealid.stack import FeatureStack
from patient_scheduler import PatientScheduler

LABELS = tuple(f"{number} nm" for number in range(440, 901, 20))


def cube(shape=(6, 5), name="cube", **more) -> FeatureStack:
    values = np.random.default_rng(3).random((*shape, len(LABELS))).astype(np.float32)
    return FeatureStack(values=values, name=name, feature_labels=LABELS, **more)


@pytest.fixture
def add(viewer, add_stack):
    return lambda stack: add_stack(viewer, stack)


def backdrop(viewer):
    return next((layer for layer in viewer.layers if layer.name == BACKDROP_NAME), None)


def test_picture_lies_under_the_map_in_grey_or_in_colour(viewer, add):
    stack = cube()
    add(stack)
    explorer = Explorer(viewer)
    assert [layer.name for layer in viewer.layers] == ["cube features", BACKDROP_NAME, "similarity"]
    grey = backdrop(viewer).data
    assert (grey[..., 0] == grey[..., 2]).all()
    assert explorer.state.base == 0.1
    explorer.state.overlay_in_colour = True
    colours = stack_picture(stack, PictureKind.TRUE_COLOUR)
    np.testing.assert_array_equal(backdrop(viewer).data, colours)
    np.testing.assert_allclose(backdrop(viewer).extent.world, viewer.layers[-1].extent.world)


def test_choice_is_remembered_for_each_stack(viewer, add):
    one, other = add(cube()), add(cube(name="other"))
    explorer = Explorer(viewer)
    explorer.state.layer = one
    explorer.pictures.choose(one, PictureKind.NONE)
    assert backdrop(viewer) is None
    assert explorer.state.base == 1.0
    explorer.state.layer = other
    assert explorer.pictures.kind_of(explorer.session) is PictureKind.TRUE_COLOUR
    assert backdrop(viewer) is not None
    explorer.state.layer = one
    assert backdrop(viewer) is None
    explorer.pictures.choose(one, PictureKind.INFRARED)
    explorer.state.overlay_in_colour = True
    expected = stack_picture(cube(), PictureKind.INFRARED)
    np.testing.assert_array_equal(backdrop(viewer).data, expected)


def test_kind_that_is_not_possible_is_not_shown(viewer, add):
    layer = add(cube())
    explorer = Explorer(viewer)
    explorer.pictures.choose(layer, PictureKind.CHANNELS)
    assert explorer.pictures.kind_of(explorer.session) is PictureKind.TRUE_COLOUR


def test_stack_with_an_image_of_its_own_has_no_picture(viewer, add):
    add(cube(overlay=np.zeros((6, 5, 3), np.uint8)))
    explorer = Explorer(viewer)
    assert explorer.pictures.kinds_of(explorer.session) == [PictureKind.NONE]
    assert backdrop(viewer).data.shape == (6, 5, 3)


def test_plain_features_have_one_where_it_is_chosen(viewer, add):
    layer = add(FeatureStack(values=np.random.default_rng(0).random((6, 5, 9)), name="plain"))
    explorer = Explorer(viewer)
    assert backdrop(viewer) is None
    explorer.pictures.choose(layer, PictureKind.MEAN)
    assert backdrop(viewer).data.shape == (6, 5, 4)


def test_volume_shows_the_picture_of_its_slice(viewer, add):
    stack = cube((3, 6, 5))
    add(stack)
    explorer = Explorer(viewer)
    explorer.state.overlay_in_colour = True
    for number in (0, 2):
        viewer.dims.set_current_step(1, number)
        expected = stack_picture(stack, PictureKind.TRUE_COLOUR, (number,))
        np.testing.assert_array_equal(backdrop(viewer).data, expected)


def test_smaller_picture_reaches_over_the_whole_stack(viewer, add, monkeypatch):
    monkeypatch.setattr("napari_ifealid.picture.maker.LARGEST", 4)
    layer = add(cube((10, 6)))
    Explorer(viewer)
    layer.translate = (0, 3, 4)
    assert backdrop(viewer).data.shape == (4, 4, 4)
    edges = [backdrop(viewer).data_to_world(corner) for corner in ((-0.5, -0.5), (3.5, 3.5))]
    np.testing.assert_allclose(edges, [(2.5, 3.5), (12.5, 9.5)])


def test_picture_is_made_in_the_background_and_the_newest_wins(viewer, add):
    stack = cube((3, 6, 5))
    add(stack)
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    while backdrop(viewer) is None:
        scheduler.run_one()
    assert backdrop(viewer).data.shape == (1, 1, 4)
    explorer.state.overlay_in_colour = True
    for number in (1, 2):
        viewer.dims.set_current_step(1, number)
    scheduler.run()
    expected = stack_picture(stack, PictureKind.TRUE_COLOUR, (2,))
    np.testing.assert_array_equal(backdrop(viewer).data, expected)


def test_no_picture_is_shown_until_that_of_the_slice_is_there(viewer, add):
    add(cube((3, 6, 5)))
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    scheduler.run()
    assert backdrop(viewer).data.any()
    viewer.dims.set_current_step(1, 2)
    assert not backdrop(viewer).data.any()
    scheduler.run()
    assert backdrop(viewer).data.any()
    explorer.pictures.choose(explorer.state.layer, PictureKind.INFRARED)
    assert backdrop(viewer).data.any()  # of the same place, until its own is there


def session_and_pictures(viewer, scheduler) -> tuple:
    return Explorer(viewer).session, Pictures(viewer.dims, scheduler)


def test_progress_is_shown_and_a_picture_that_is_cancelled_is_no_error(viewer, add):
    add(cube())
    scheduler = PatientScheduler()
    session, pictures = session_and_pictures(viewer, scheduler)
    errors = []
    pictures.failed.connect(errors.append)
    assert pictures.of(session) is None
    run = scheduler.background[-1]
    assert (run.description, run.total) == ("Picture of cube", 2)
    run.cancelled_by_user()
    assert pictures.of(session) is None
    assert not errors
    assert len(scheduler.background) == 1


def test_picture_of_a_closed_session_is_not_made(viewer, add):
    add(cube())
    scheduler = PatientScheduler()
    session, pictures = session_and_pictures(viewer, scheduler)
    pictures.of(session)
    session.close()
    changed = []
    pictures.changed.connect(changed.append)
    run = scheduler.background[-1]
    run()
    assert run.is_cancelled
    assert not changed


def test_values_that_cannot_be_read_are_reported(viewer, add, free_memory):
    def fail(block):
        raise OSError("gone")

    values = da.zeros((6, 5, 24), chunks=(3, 5, 24)).map_blocks(fail, dtype=np.float32)
    with free_memory(100):
        add(FeatureStack(values=values, name="lazy", feature_labels=LABELS))
        scheduler = PatientScheduler()
        explorer = Explorer(viewer, scheduler)
        scheduler.run_events()
        while explorer.stack is None:
            scheduler.run_one()
    scheduler = PatientScheduler()
    pictures = Pictures(viewer.dims, scheduler)
    errors = []
    pictures.failed.connect(errors.append)
    pictures.of(explorer.session)
    scheduler.run()
    assert isinstance(errors[0], DatasetError)


def test_proposed_bands_come_first_where_true_colours_are_not_possible(viewer, add):
    labels = tuple(f"{number} nm" for number in (490, 560, 665, 842))
    values = np.random.default_rng(0).random((6, 5, 4))
    bands = Bands(shown=(2, 1, 0))
    add(FeatureStack(values=values, name="x", feature_labels=labels, bands=bands))
    explorer = Explorer(viewer)
    assert explorer.pictures.kind_of(explorer.session) is PictureKind.PROPOSED
