from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from batch_files import SHAPE, make_file
from napari.components import ViewerModel

from explorer_actions import CLOSE
from napari_ifealid import read_stack, write_stack
from napari_ifealid.bands import Bands
from napari_ifealid.batch import question_of
from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.session_capture import captured_session
from napari_ifealid.explorer.session_restore import restore_session
from napari_ifealid.grid import whole_region
from napari_ifealid.measures import COSINE, MEASURES
from napari_ifealid.preprocessing import STEPS
from napari_ifealid.query import Rule
from napari_ifealid.session_files import (
    PlaceReference,
    SavedCursor,
    SavedStack,
    SessionWarning,
    VectorReference,
    read_session_stacks,
)
from napari_ifealid.similarity import region_map
from napari_ifealid.stack import StackSource

FILE = Path("s.ifealid.json")


def vectors(question) -> np.ndarray:
    return np.array([one.vector for one in question.of_stacks[0].references])


def test_places_are_vectors_of_the_sessions_own_stack(session, files):
    question = question_of(session, FILE)
    stack = read_stack(files[0])
    np.testing.assert_array_equal(vectors(question), [stack.vector((1, 2)), stack.vector((5, 0))])
    assert question.threshold == 0.7


def test_slice_that_is_shown_makes_no_other_question(session, files):
    other = replace(session, shown_slice=(3.0, None, None))
    assert question_of(other, FILE).key == question_of(session, FILE).key


LIKE = VectorReference(tuple(map(float, range(9))), "like")
UNLIKE = replace(LIKE, values=(1.0,) * 9, sign=-1)
PLACE = PlaceReference((1.0, 2.0), "#e69f00")
MINUS = PlaceReference((4.0, 0.0), "#56b4e9", -1)
OUTSIDE = PlaceReference((100.0, 2.0), "#e69f00")


@pytest.mark.parametrize("window", [1, 5])
@pytest.mark.parametrize("rule", [None, *Rule])
@pytest.mark.parametrize(
    "references",
    [(PLACE, OUTSIDE), (PLACE, LIKE, UNLIKE), (PLACE, MINUS), (LIKE,), (OUTSIDE, UNLIKE), ()],
    ids=["places", "all", "minus", "vector", "unlike", "none"],
)
def test_map_is_that_of_the_explorer(qapp, session, rule, references, window):
    cursor = SavedCursor((3.0, 3.0))
    session = replace(
        session,
        references=references,
        rule=rule,
        cursor=cursor,
        window=window,
        measure=COSINE,
        threshold=None,
    )
    question = question_of(session, FILE)
    viewer = ViewerModel()
    explorer = Explorer(viewer)
    restore_session(explorer, viewer, session, read_session_stacks(session.stacks))
    stack = explorer.stack
    values = region_map(
        stack, question.of(stack).query_of(stack), whole_region(stack.spatial_shape)
    )
    np.testing.assert_allclose(values, explorer.map_layer.data, atol=CLOSE)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_map_of_each_measure_is_that_of_the_explorer(qapp, session, measure):
    session = replace(
        session,
        references=(PLACE, MINUS, LIKE),
        rule=Rule.DIFFERENCE,
        window=3,
        measure=measure,
        threshold=measure.limits[1] + 0.5,
    )
    question = question_of(session, FILE)
    assert question.threshold == measure.limits[1] + 0.5
    viewer = ViewerModel()
    explorer = Explorer(viewer)
    restore_session(explorer, viewer, session, read_session_stacks(session.stacks))
    stack = explorer.stack
    values = region_map(
        stack, question.of(stack).query_of(stack), whole_region(stack.spatial_shape)
    )
    np.testing.assert_allclose(values, explorer.map_layer.data, atol=CLOSE)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_map_of_what_is_preprocessed_is_that_of_the_explorer(qapp, session, files, step):
    session = replace(
        session,
        references=(PLACE, MINUS, LIKE),
        rule=Rule.DIFFERENCE,
        window=3,
        preprocessing=step,
        threshold=None,
    )
    question = question_of(session, FILE)
    assert question.key != question_of(replace(session, preprocessing=None), FILE).key
    viewer = ViewerModel()
    explorer = Explorer(viewer)
    restore_session(explorer, viewer, session, read_session_stacks(session.stacks))
    assert explorer.session.transform.step == step
    stack = explorer.session.original
    asked = question.of(stack)
    region = whole_region(stack.spatial_shape)
    values = region_map(asked.compared(stack), asked.query_of(stack), region)
    np.testing.assert_allclose(values, explorer.map_layer.data, atol=CLOSE)
    captured = captured_session(explorer, viewer)
    assert captured.preprocessing == step
    assert captured.references[2].values == LIKE.values  # as they were before


def test_reference_that_is_not_finite_is_an_error(session, tmp_path):
    values = np.ones(SHAPE)
    values[1, 2] = np.nan
    np.save(tmp_path / "a.npy", values)
    stacks = (SavedStack(StackSource(str(tmp_path / "a.npy")), SHAPE),)
    with pytest.raises(DatasetError, match="a reference with a NaN"):
        question_of(replace(session, stacks=stacks), FILE)


def test_missing_explored_stack_is_an_error_that_names_it(session, files):
    files[0].unlink()
    with pytest.raises(DatasetError, match=r"a missing file, .*a\.zip"):
        question_of(session, FILE)


def test_measure_and_rule_can_be_others(session, files):
    question = question_of(session, FILE, measure=COSINE, rule=Rule.MEAN, threshold=0.1)
    query = question.of_stacks[0].query_of(read_stack(files[0]))
    assert (query.measure, query.rule, question.threshold) == (COSINE, Rule.MEAN, 0.1)


def test_threshold_of_another_measure_is_not_taken(session):
    with pytest.raises(DatasetError, match="of another measure, spectral angle"):
        question_of(session, FILE, measure=COSINE)
    assert question_of(replace(session, threshold=None), FILE, measure=COSINE).threshold is None


def test_stack_of_other_features_is_told_why(session, files, tmp_path):
    question = question_of(session, FILE)
    other = read_stack(make_file(tmp_path / "other.zip", 1, (6, 5, 8)))
    with pytest.raises(DatasetError, match=r"8 features: other; expected .* 9 as a has"):
        question.of(other)
    labelled = replace(read_stack(files[1]), feature_labels=tuple("abcdefghi"))
    with pytest.raises(DatasetError, match="9 features of other labels: b"):
        question.of(labelled)


def test_other_stack_of_the_session_is_there_for_its_own_features(session, tmp_path):
    path = make_file(tmp_path / "deep.zip", 5, (3, 5, 20))
    both = replace(
        session, stacks=(*session.stacks, SavedStack(StackSource(str(path)), (3, 5, 20)))
    )
    question = question_of(both, FILE)
    assert [one.name for one in question.of_stacks] == ["a", "deep"]
    stack = read_stack(path)
    (only,) = question.of(stack).references
    np.testing.assert_array_equal(only.vector, stack.vector((1, 2)))


def test_other_stacks_that_can_not_be_told_apart_are_not_asked(session, tmp_path):
    paths = [make_file(tmp_path / f"{name}.zip", 5, (6, 5, 20)) for name in ("x", "y")]
    others = [SavedStack(StackSource(str(path)), (6, 5, 20)) for path in paths]
    question = question_of(replace(session, stacks=(*session.stacks, *others)), FILE)
    assert [one.name for one in question.of_stacks] == ["a"]


def test_missing_other_stack_is_a_warning(session, tmp_path):
    other = SavedStack(StackSource(str(tmp_path / "gone.zip")), (6, 5, 20))
    with pytest.warns(SessionWarning, match=r"features of gone\.zip are not compared"):
        question = question_of(replace(session, stacks=(*session.stacks, other)), FILE)
    assert len(question.of_stacks) == 1


def test_key_is_that_of_what_is_asked(session):
    key = question_of(session, FILE).key
    assert question_of(replace(session, look=replace(session.look, opacity=0.5)), FILE).key == key
    for other in (
        replace(session, threshold=0.8),
        replace(session, rule=Rule.MEAN),
        replace(session, window=3),
        replace(session, references=session.references[:1]),
        replace(session, measure=COSINE),
        replace(session, stacks=(replace(session.stacks[0], left_out=((0, 2),)),)),
        replace(session, stacks=(replace(session.stacks[0], left_out=()),)),
    ):
        assert question_of(other, FILE).key != key


def test_question_goes_to_another_process(session, files):
    question = question_of(session, FILE)
    again = pickle.loads(pickle.dumps(question))
    assert again.key == question.key
    stack = read_stack(files[0])
    assert again.of_stacks[0].query_of(stack) == question.of_stacks[0].query_of(stack)


def test_stack_that_is_compared_along_another_axis_is_refused(session):
    stacks = (replace(session.stacks[0], compared_axis=1),)
    with pytest.raises(DatasetError, match="along axis 1 of its layer"):
        question_of(replace(session, stacks=stacks), FILE)


def test_stack_with_an_image_has_its_places_in_the_images_pixels(session, stack, tmp_path):
    write_stack(tmp_path / "b.zip", stack)
    stacks = (SavedStack(StackSource(str(tmp_path / "b.zip")), SHAPE),)
    place = PlaceReference((13.0, 9.0), "#e69f00")  # of 24 × 20 pixels of the image
    question = question_of(replace(session, stacks=stacks, references=(place,)), FILE)
    np.testing.assert_array_equal(
        vectors(question), [read_stack(tmp_path / "b.zip").vector((3, 2))]
    )


@pytest.mark.parametrize("window", [1, 3])
def test_features_that_were_left_out_are_not_compared(qapp, session, files, window):
    stacks = (replace(session.stacks[0], left_out=((0, 1), (4, 4))),)
    session = replace(session, stacks=stacks, window=window)
    question = question_of(session, FILE)
    viewer = ViewerModel()
    explorer = Explorer(viewer)
    restore_session(explorer, viewer, session, read_session_stacks(session.stacks))
    stack = read_stack(files[0])
    query = question.of(stack).query_of(stack)
    assert query.measure.features.numbers.tolist() == [2, 3, 5, 6, 7, 8]
    values = region_map(stack, query, whole_region(stack.spatial_shape))
    np.testing.assert_allclose(values, explorer.map_layer.data, atol=CLOSE)


def test_good_bands_of_each_file_are_compared_unless_others_were_chosen(session, files):
    stack = read_stack(files[1])
    good = replace(stack, bands=Bands(is_good=(False,) * 2 + (True,) * 7))
    asked = question_of(session, FILE).of(stack)
    assert asked.query_of(stack).measure.features is None
    assert asked.query_of(good).measure.features.numbers.tolist() == list(range(2, 9))
    stacks = (replace(session.stacks[0], left_out=()),)
    asked = question_of(replace(session, stacks=stacks), FILE).of(stack)
    assert asked.query_of(good).measure.features is None


def test_reference_may_lack_features_that_are_left_out(session, tmp_path):
    values = np.ones(SHAPE)
    values[1, 2, 4] = np.nan
    np.save(tmp_path / "a.npy", values)
    saved = SavedStack(StackSource(str(tmp_path / "a.npy")), SHAPE, left_out=((4, 4),))
    question = question_of(replace(session, stacks=(saved,)), FILE)
    stack = read_stack(tmp_path / "a.npy")
    query = question.of(stack).query_of(stack)
    assert np.isfinite(query.used_vectors).all()
    asked = replace(question.of(stack), left_out=None)
    with pytest.raises(DatasetError, match="where the file has good bands"):
        asked.query_of(stack)
