from __future__ import annotations

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest

from napari_ifealid.engines import BlockwiseEngine, CpuEngine, classes_of
from napari_ifealid.engines.choice import RunningEngine
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.explorer import classifier as module
from napari_ifealid.explorer.classifier import Classifier
from napari_ifealid.explorer.engine_owner import EngineOwner
from napari_ifealid.grid import whole_region
from napari_ifealid.measures import COSINE, EUCLIDEAN, SPECTRAL_ANGLE
from napari_ifealid.query import Query, Reference
from napari_ifealid.stack import FeatureStack
from patient_scheduler import PatientScheduler

VALUES = np.random.default_rng(0).random((6, 5, 4))
REGION = whole_region((6, 5))


@pytest.fixture
def scheduler() -> PatientScheduler:
    return PatientScheduler()


@pytest.fixture
def missing() -> set[int]:
    """Numbers of the pixels whose vectors are still to be read."""
    return set()


@pytest.fixture
def errors() -> list[Exception]:
    return []


@pytest.fixture
def classifier(scheduler, missing, errors) -> Classifier[int | Reference]:
    """Of references that are numbers of pixels, or have a vector."""
    engine = CpuEngine(PixelVectors.of(FeatureStack(values=VALUES, name="it")))
    owner = EngineOwner(RunningEngine(engine, "it was chosen"), lambda _: None)

    def resolve(number: int | Reference) -> Reference | None:
        if isinstance(number, Reference):
            return number
        return None if number in missing else Reference(VALUES.reshape(-1, 4)[number])

    return Classifier("it", owner, scheduler, resolve, errors.append)


def expected(numbers, measure=SPECTRAL_ANGLE):
    engine = CpuEngine(PixelVectors.of(FeatureStack(values=VALUES, name="it")))
    vectors = tuple(Reference(VALUES.reshape(-1, 4)[number]) for number in numbers)
    classes = classes_of(engine, Query(vectors, measure=measure), REGION)
    return classes.numbers + 1, classes.values


def assert_shown(classifier, numbers, measure=SPECTRAL_ANGLE):
    labels, values = expected(numbers, measure)
    np.testing.assert_array_equal(classifier.shown.labels, labels)
    np.testing.assert_array_equal(classifier.shown.values, values)


def test_pixels_are_classified(classifier, scheduler):
    classifier.ask([1, 2, 3], SPECTRAL_ANGLE, REGION)
    scheduler.run()
    assert_shown(classifier, [1, 2, 3])
    assert classifier.is_idle


def test_threshold_leaves_pixels_out(classifier, scheduler):
    classifier.ask([1, 2], SPECTRAL_ANGLE, REGION)
    scheduler.run()
    labels, values = expected([1, 2])
    kept = np.where(values >= np.float32(0.7), labels, 0)
    np.testing.assert_array_equal(classifier.shown.above(0.7), kept)
    assert len(np.unique(kept)) == 3


def test_classes_follow_the_names_and_colours_of_their_references(classifier, scheduler):
    one = Reference(VALUES[1, 1], label="one")
    classifier.ask([one], SPECTRAL_ANGLE, REGION)
    while scheduler.events:
        scheduler.events.pop(0)()
    classifier.ask([replace(one, label="first")], SPECTRAL_ANGLE, REGION)  # while it is made
    scheduler.run()
    assert [one.label for one in classifier.shown.query.references] == ["first"]
    classifier.ask([replace(one, colour="#112233")], SPECTRAL_ANGLE, REGION)
    assert [one.colour for one in classifier.shown.query.references] == ["#112233"]


def test_newest_question_wins_and_nothing_older_is_shown(classifier, scheduler):
    shown = []
    classifier.changed.connect(lambda: shown.append(classifier.shown))
    for numbers in ([1, 2], [3, 4], [5, 6]):
        classifier.ask(numbers, SPECTRAL_ANGLE, REGION)
        scheduler.run_events()  # the first one is begun in the background
    scheduler.run()
    assert [one for one in shown if one is not None] == [classifier.shown]
    assert_shown(classifier, [5, 6])


def test_slow_classes_are_blank_until_they_are_there(classifier, scheduler, monkeypatch):
    monkeypatch.setattr(module, "_FRAME", 0.0)
    classifier.ask([1, 2], SPECTRAL_ANGLE, REGION)
    scheduler.run()
    classifier.ask([1, 2], COSINE, REGION)
    scheduler.run_events()
    assert classifier.shown is None
    assert not classifier.is_idle
    scheduler.run()
    assert_shown(classifier, [1, 2], COSINE)


def test_quick_classes_are_made_between_events(classifier, scheduler, monkeypatch):
    monkeypatch.setattr(module, "_FRAME", 1e9)
    classifier.ask([1, 2], SPECTRAL_ANGLE, REGION)
    scheduler.run()
    classifier.ask([1, 3], SPECTRAL_ANGLE, REGION)
    scheduler.run_events()
    assert_shown(classifier, [1, 3])


def test_same_question_is_answered_once(classifier, scheduler):
    classifier.ask([1, 2], SPECTRAL_ANGLE, REGION)
    scheduler.run()
    before = classifier.shown
    classifier.ask([1, 2], SPECTRAL_ANGLE, REGION)
    scheduler.run()
    assert classifier.shown is before


def test_missing_vectors_are_waited_for(classifier, scheduler, missing):
    classifier.ask([1, 2], SPECTRAL_ANGLE, REGION)
    scheduler.run()
    missing.add(3)
    classifier.ask([1, 3], SPECTRAL_ANGLE, REGION)
    scheduler.run()
    assert classifier.shown is None
    assert not classifier.is_idle
    missing.clear()
    classifier.resume()
    scheduler.run()
    assert_shown(classifier, [1, 3])


def test_vectors_that_cannot_be_read_are_given_up(classifier, missing):
    missing.add(3)
    classifier.ask([1, 3], SPECTRAL_ANGLE, REGION)
    assert classifier.give_up()
    assert classifier.is_idle
    assert not classifier.give_up()


def test_no_references_show_nothing(classifier, scheduler):
    classifier.ask([1, 2], SPECTRAL_ANGLE, REGION)
    scheduler.run()
    classifier.ask([], SPECTRAL_ANGLE, REGION)
    assert classifier.shown is None
    assert classifier.is_idle


@pytest.mark.parametrize("frame", [0.0, float("inf")])
def test_failure_is_reported_and_ends_at_rest(classifier, scheduler, errors, monkeypatch, frame):
    monkeypatch.setattr(module, "_FRAME", frame)
    with monkeypatch.context() as patch:
        patch.setattr(module, "class_steps", lambda *_: 1 / 0)
        classifier.ask([1, 2], SPECTRAL_ANGLE, REGION)
        scheduler.run()
    assert len(errors) == 1
    assert classifier.shown is None
    assert classifier.is_idle
    classifier.ask([1, 2], SPECTRAL_ANGLE, REGION)
    scheduler.run()
    assert_shown(classifier, [1, 2])


@pytest.fixture
def read() -> list[int]:
    """The blocks that have been classified, once for each time."""
    return []


@pytest.fixture
def blockwise(scheduler, errors, read, monkeypatch) -> Classifier[int]:
    """The same of a stack that is read in six blocks, a row each."""
    monkeypatch.setattr("napari_ifealid.lazy_arrays.BLOCK_BYTES", 5 * 4 * 8)
    stack = FeatureStack(values=da.from_array(VALUES, chunks=(1, 5, 4)), name="large")
    engine = BlockwiseEngine(stack)
    class_parts = engine.class_parts

    def noted(query, region):
        for place, classes in class_parts(query, region):
            read.append(place[0].start)
            yield place, classes

    monkeypatch.setattr(engine, "class_parts", noted)
    owner = EngineOwner(RunningEngine(engine, "it was chosen"), lambda _: None)
    return Classifier(
        "large", owner, scheduler, lambda n: Reference(VALUES.reshape(-1, 4)[n]), errors.append
    )


def test_blocks_are_counted_and_nothing_is_shown_before_the_last_one(blockwise, scheduler, read):
    blockwise.ask([1, 2, 3], SPECTRAL_ANGLE, REGION)
    scheduler.run_events()
    (run,) = scheduler.background
    assert (run.description, run.total) == ("Classifying large", 6)
    advanced = []
    step, run.step = run.step, lambda item: (advanced.append(blockwise.shown), step(item))
    scheduler.run_background()
    assert advanced == [None] * 6
    assert sorted(read) == list(range(6))
    assert_shown(blockwise, [1, 2, 3])
    assert blockwise.is_idle


def test_blocks_that_are_measured_first_are_counted_too(blockwise, scheduler, monkeypatch):
    monkeypatch.setattr(module, "_FRAME", 0.0)  # else a quick machine does the second ones at once
    blockwise.ask([1, 2], EUCLIDEAN, REGION)
    scheduler.run_events()
    assert scheduler.background[0].total == 12
    scheduler.run()
    assert_shown(blockwise, [1, 2], EUCLIDEAN)
    blockwise.ask([1, 3], EUCLIDEAN, REGION)
    scheduler.run_events()
    assert scheduler.background[0].total == 6


def test_cancelled_classes_are_not_shown_and_not_asked_again_until_they_are_others(
    blockwise, scheduler, errors
):
    cancelled = []
    blockwise.cancelled.connect(lambda: cancelled.append(blockwise.shown))
    blockwise.ask([1, 2], SPECTRAL_ANGLE, REGION)
    scheduler.run_events()
    scheduler.background[0](2)
    scheduler.background.pop().cancelled_by_user()
    assert cancelled == [None]
    assert errors == []
    assert blockwise.is_idle
    scheduler.run()
    assert blockwise.shown is None
    blockwise.ask([1, 3], SPECTRAL_ANGLE, REGION)
    scheduler.run()
    assert_shown(blockwise, [1, 3])


def test_blocks_of_an_outdated_question_are_read_no_further(blockwise, scheduler, read):
    blockwise.ask([1, 2], SPECTRAL_ANGLE, REGION)
    scheduler.run_events()
    outdated = scheduler.background[0]
    blockwise.ask([3, 4], SPECTRAL_ANGLE, REGION)
    assert outdated.is_cancelled
    scheduler.run()
    assert len(read) == 6
    assert_shown(blockwise, [3, 4])


def test_resting_classifier_reads_no_further(blockwise, scheduler, read):
    blockwise.ask([1, 2], SPECTRAL_ANGLE, REGION)
    scheduler.run_events()
    blockwise.rest()
    assert scheduler.background[0].is_cancelled
    assert blockwise.is_idle
    scheduler.run()
    assert read == []


def test_stopped_classifier_reports_nothing(classifier, scheduler, errors):
    changes = []
    classifier.changed.connect(lambda: changes.append(classifier.shown))
    classifier.ask([1, 2], SPECTRAL_ANGLE, REGION)
    scheduler.run_events()
    classifier.stop()
    scheduler.run()
    assert changes == errors == []


def test_resting_classifier_shows_nothing_that_comes_later(classifier, scheduler):
    classifier.ask([1, 2], SPECTRAL_ANGLE, REGION)
    scheduler.run_events()
    classifier.rest()
    scheduler.run()
    assert classifier.shown is None
