from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from batch_files import SHAPE
from napari.components import ViewerModel

from napari_ifealid.batch.session_references import SessionReferences
from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.session_capture import captured_session
from napari_ifealid.explorer.session_restore import restore_session
from napari_ifealid.preprocessing import step_named, transform_of
from napari_ifealid.query import Origin, Rule
from napari_ifealid.session_files import (
    PlaceReference,
    SavedCursor,
    VectorReference,
    read_session_stacks,
)
from napari_ifealid.stack import FeatureStack

LIKE = VectorReference(tuple(map(float, range(9))), "like")
UNLIKE = replace(LIKE, values=(1.0,) * 9, sign=-1)
PLACE = PlaceReference((1.0, 2.0), "#e69f00")
MINUS = PlaceReference((4.0, 0.0), "#56b4e9", -1)
OUTSIDE = PlaceReference((100.0, 2.0), "#e69f00")
STACK = FeatureStack(values=np.random.default_rng(0).random(SHAPE), name="x")


def joined(session, stack=STACK, transform=None, **changes) -> tuple:
    session = replace(session, **changes)
    return SessionReferences(session, session.stacks[0], stack, None, transform, stack).joined()


def vectors(references) -> np.ndarray:
    return np.array([one.vector for one in references])


@pytest.mark.parametrize(
    ("asked", "references", "rule", "count"),
    [
        (Rule.DIFFERENCE, (PLACE, MINUS, OUTSIDE), Rule.DIFFERENCE, 2),
        (Rule.DIFFERENCE, (PLACE, LIKE), Rule.BEST, 2),
        (Rule.MEAN, (PLACE, LIKE, UNLIKE), Rule.MEAN, 2),
        (Rule.BEST, (PLACE, LIKE, UNLIKE), Rule.BEST, 2),
        (Rule.BEST, (OUTSIDE, UNLIKE), Rule.BEST, 1),
        (None, (PLACE, LIKE), Rule.BEST, 1),
    ],
)
def test_references_are_joined_as_the_window_does(session, asked, references, rule, count):
    cursor = SavedCursor((3.0, 3.0))
    found, joined_by = joined(session, rule=asked, references=references, cursor=cursor)
    assert (joined_by, len(found)) == (rule, count)
    is_of_cursor = found[0].origin is Origin.CURSOR
    assert is_of_cursor == (count == 1)
    place = (3, 3) if is_of_cursor else (1, 2)
    np.testing.assert_array_equal(found[0].vector, STACK.vector(place))


def test_vectors_are_matched_by_label(session):
    stack = replace(STACK, feature_labels=[f"{400 + 10 * n} nm" for n in range(9)])
    labels = tuple(f"{0.40 + 0.01 * n:.2f} µm" for n in reversed(range(9)))
    vector = replace(LIKE, feature_labels=labels)
    found, _ = joined(session, stack, references=(vector, LIKE))
    np.testing.assert_array_equal(vectors(found), [LIKE.values[::-1]])


def test_vectors_of_a_library_are_preprocessed_as_the_stack_was(session):
    transform = transform_of(STACK, step_named("unit sum"))
    found, _ = joined(session, transform=transform, references=(PLACE, LIKE))
    np.testing.assert_array_equal(vectors(found)[0], STACK.vector((1, 2)))
    np.testing.assert_allclose(vectors(found)[1], np.arange(9) / 36)


def test_pixels_that_are_not_finite_are_left_out_of_a_window(session):
    values = np.ones(SHAPE)
    values[1, 3] = np.nan
    found, _ = joined(session, replace(STACK, values=values), references=(PLACE,), window=3)
    np.testing.assert_array_equal(vectors(found), np.ones((1, 9)))


def test_places_are_found_in_a_stack_whose_layer_was_moved(qapp, session):
    viewer = ViewerModel()
    explorer = Explorer(viewer)
    restore_session(explorer, viewer, session, read_session_stacks(session.stacks))
    layer = explorer.state.layer
    layer.scale, layer.translate = (1.0, 0.3, 0.1), (0.0, 100.0, -7.5)
    layer.rotate = [[1, 0, 0], [0, 0, 1], [0, -1, 0]]
    layer.affine = [[1, 0, 0, 0], [0, 1, 0.25, 3], [0, 0, 2, 4], [0, 0, 0, 1]]
    explorer.pins.clear()
    explorer.toggle_pin_at((4, 1))
    found, _ = joined(captured_session(explorer, viewer), explorer.stack)
    np.testing.assert_array_equal(vectors(found), [explorer.stack.vector((4, 1))])


def test_session_without_a_reference_in_its_stack_is_an_error(session):
    with pytest.raises(DatasetError, match=r"no reference in the stack: a\.zip"):
        joined(session, references=(OUTSIDE,))
