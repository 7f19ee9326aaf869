from __future__ import annotations

from concurrent.futures import CancelledError
from math import isnan

import dask.array as da
import numpy as np
import pytest

from explorer_actions import CLOSE
from napari_ifealid import lazy_arrays
from napari_ifealid.engines import EngineChoice, plan_engine, prepare_stack, start_engine
from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.explorer import map_maker
from napari_ifealid.explorer.engine_owner import EngineOwner
from napari_ifealid.explorer.map_maker import MapMaker, MapState
from napari_ifealid.explorer.map_request import FeatureRequest, SimilarityRequest
from napari_ifealid.explorer.preview_builder import PreviewBuilder
from napari_ifealid.grid import Region, whole_region
from napari_ifealid.measures import ACE, COSINE, EUCLIDEAN, Background, spectral_angle_similarity
from napari_ifealid.query import Query, Rule
from napari_ifealid.stack import FeatureStack
from patient_scheduler import PatientScheduler

SLOW, QUICK = 0.0, 1e9  # seconds of a frame that make any map slow, or quick
WHOLE = whole_region((30, 20))
VALUES = np.maximum(
    np.random.default_rng(2).normal(size=(30, 20, 3))
    @ np.random.default_rng(3).normal(size=(3, 12)),
    0,
)


def pixel(*position: int, region: Region = WHOLE) -> SimilarityRequest:
    return SimilarityRequest(Query.to(VALUES[position]), region)


def pins(*positions: tuple[int, int], rule: Rule) -> SimilarityRequest:
    return SimilarityRequest(Query.to(*(VALUES[at] for at in positions), rule=rule), WHOLE)


@pytest.fixture
def values() -> np.ndarray:
    return VALUES


@pytest.fixture
def errors() -> list[Exception]:
    """What could not be made, and why."""
    return []


@pytest.fixture
def scheduler() -> PatientScheduler:
    return PatientScheduler()


@pytest.fixture
def shown() -> list:
    """What was shown: what was wanted, a copy of the map, and its error."""
    return []


@pytest.fixture
def make(scheduler, shown, errors, monkeypatch):
    def make(values, *, frame: float) -> MapMaker:
        monkeypatch.setattr(map_maker, "_FRAME", frame)
        monkeypatch.setattr(lazy_arrays, "BLOCK_BYTES", 10 * 10 * 12 * 8)
        stack = FeatureStack(values=values, name="x")
        running = start_engine(prepare_stack(stack, plan_engine(EngineChoice.CPU, stack, None)))
        owner = EngineOwner(running, pytest.fail)
        previews = PreviewBuilder(
            stack, owner, scheduler, budget=1, changed=lambda: None, failed=pytest.fail
        )
        if stack.is_lazy:
            previews.begin()
        return MapMaker(
            "x",
            owner,
            previews,
            scheduler,
            show=lambda request, map_, error: shown.append((request, map_.copy(), error)),
            failed=errors.append,
        )

    return make


@pytest.fixture(params=["in memory", "on disk"])
def slow(request, make, scheduler, values) -> MapMaker:
    """Makes slow maps, with a preview."""
    is_lazy = request.param == "on disk"
    maker = make(da.from_array(values, chunks=(10, 10, 12)) if is_lazy else values, frame=SLOW)
    for first in (pixel(0, 1), pixel(0, 0)):
        maker.want(first)
        scheduler.run()
    return maker


def assert_exact(map_: np.ndarray, values: np.ndarray, *position: int) -> None:
    np.testing.assert_allclose(
        map_, spectral_angle_similarity(values, values[position]), atol=CLOSE
    )


def test_first_slow_map_is_exact(slow, shown, values):
    wanted, similarity, error = shown[-1]
    assert (wanted, error) == (pixel(0, 0), None)
    assert_exact(similarity, values, 0, 0)
    assert slow.is_idle


def test_preview_is_shown_at_once_and_the_exact_map_after_a_rest(slow, scheduler, shown, values):
    shown.clear()
    slow.want(pixel(5, 6))
    scheduler.run_events()
    ((wanted, similarity, error),) = shown
    assert wanted == pixel(5, 6)
    assert 0 < error < 0.05
    exact = spectral_angle_similarity(values, values[5, 6])
    assert np.percentile(np.abs(similarity - exact), 95) < 0.06
    assert not slow.is_idle
    assert scheduler.background == []
    scheduler.run()
    assert_exact(shown[-1][1], values, 5, 6)
    assert shown[-1][2] is None
    assert slow.is_idle


def test_sweep_makes_previews_and_one_exact_map(slow, scheduler, shown):
    shown.clear()
    swept = [pixel(row, 3) for row in range(1, 9)]
    for wanted in swept:
        slow.want(wanted)
        scheduler.run_events()
    scheduler.run()
    assert [wanted for wanted, _, error in shown if error] == swept
    assert [wanted for wanted, _, error in shown if error is None] == [swept[-1]]


def test_exact_map_of_a_pixel_that_was_left_is_not_shown(slow, scheduler, shown):
    slow.want(pixel(1, 1))
    scheduler.run_events()
    scheduler.rest()
    slow.want(pixel(2, 2))
    scheduler.run_events()
    shown.clear()
    scheduler.run()
    assert all(wanted == pixel(2, 2) for wanted, *_ in shown)
    assert shown[-1][2] is None


def test_pixel_that_is_come_back_to_is_shown_again(slow, scheduler, shown):
    for wanted in (pixel(1, 1), pixel(2, 2), pixel(1, 1)):
        slow.want(wanted)
        scheduler.run()
    assert shown[-1][0] == pixel(1, 1)
    assert slow.is_idle


def test_single_feature_has_no_preview_and_the_similarity_comes_back(
    slow, scheduler, shown, values
):
    feature = FeatureRequest(range(4, 5), WHOLE)
    slow.want(pixel(1, 1))
    scheduler.run_events()
    slow.want(feature)
    scheduler.run()
    assert shown[-1][0] == feature
    np.testing.assert_allclose(shown[-1][1], values[..., 4], rtol=1e-6)
    slow.want(pixel(1, 1))
    scheduler.run()
    assert_exact(shown[-1][1], values, 1, 1)


def test_mean_of_pins_is_previewed(slow, scheduler, shown, values):
    shown.clear()
    slow.want(pins((1, 2), (3, 4), rule=Rule.MEAN))
    scheduler.run_events()
    assert shown[0][2] > 0
    scheduler.run()
    mean = (values[1, 2] + values[3, 4]) / 2
    np.testing.assert_allclose(shown[-1][1], spectral_angle_similarity(values, mean), atol=CLOSE)


def test_best_of_pins_is_previewed(slow, scheduler, shown, values):
    shown.clear()
    slow.want(pins((1, 2), (3, 4), rule=Rule.BEST))
    scheduler.run_events()
    assert shown[0][2] > 0
    scheduler.run()
    best = np.maximum(*(spectral_angle_similarity(values, values[at]) for at in ((1, 2), (3, 4))))
    np.testing.assert_allclose(shown[-1][1], best, atol=CLOSE)


def test_nothing_is_shown_after_the_end(slow, scheduler, shown):
    slow.want(pixel(5, 6))
    scheduler.run_events()
    scheduler.rest()
    slow.stop()
    shown.clear()
    scheduler.run()
    assert shown == []


def test_quick_maps_are_made_at_once_without_previews(make, scheduler, shown, values):
    maker = make(values, frame=QUICK)
    maker.want(pixel(1, 1))
    scheduler.run()
    shown.clear()
    maker.want(pixel(2, 2))
    scheduler.run_events()
    assert scheduler.background == []
    assert_exact(shown[0][1], values, 2, 2)
    assert maker.is_idle


def test_quicker_maps_are_prepared_once_and_not_before_the_first_is_shown(
    make, scheduler, shown, values, monkeypatch
):
    begun: list[int] = []
    monkeypatch.setattr(CpuEngine, "accelerate", lambda _: begun.append(len(shown)))
    maker = make(values, frame=QUICK)
    for wanted in (pixel(1, 1), pixel(2, 2)):
        maker.want(wanted)
        scheduler.run_events()
        scheduler.run_background()
        scheduler.rest()
        assert begun == [1]


def test_parts_are_shown_as_they_arrive(make, scheduler, shown, values, monkeypatch):
    monkeypatch.setattr(map_maker, "_BETWEEN_PARTS", -1.0)
    maker = make(da.from_array(values, chunks=(10, 10, 12)), frame=SLOW)
    scheduler.background.clear()  # there is no preview yet
    maker.want(pixel(3, 4))
    scheduler.run_events()
    scheduler.run_background()
    *parts, (_, whole, error) = shown
    assert error is None
    assert_exact(whole, values, 3, 4)
    missing = [np.isnan(similarity).sum() for _, similarity, _ in parts]
    assert missing == sorted(missing, reverse=True)
    assert all(isnan(error) for *_, error in parts)


@pytest.mark.parametrize("slow", ["on disk"], indirect=True)
def test_parts_of_a_pixel_that_was_left_are_not_read_any_more(slow, scheduler):
    slow.want(pixel(1, 1))
    scheduler.run_events()
    scheduler.rest()
    (reading,) = scheduler.background
    slow.want(pixel(2, 2))
    scheduler.run_events()
    assert reading.is_cancelled


@pytest.mark.parametrize("slow", ["on disk"], indirect=True)
def test_user_who_cancels_keeps_the_preview_until_the_next_pixel(slow, scheduler, shown):
    slow.want(pixel(1, 1))
    scheduler.run_events()
    scheduler.rest()
    (reading,) = scheduler.background
    assert reading.total == len(list(reading.steps())) == 6
    scheduler.background.clear()
    reading.failed(CancelledError())
    assert slow.is_idle
    assert shown[-1][2] > 0
    slow.want(pixel(2, 2))
    scheduler.run()
    assert (shown[-1][0], shown[-1][2]) == (pixel(2, 2), None)


@pytest.fixture
def broken(make, scheduler) -> MapMaker:
    """Makes maps of a stack none of whose blocks can be read."""

    def fail(block: np.ndarray) -> np.ndarray:
        raise OSError("the disk is gone")

    nothing = np.empty((0, 0, 0))
    values = da.ones((30, 20, 12), chunks=10).map_blocks(fail, dtype=float, meta=nothing)
    maker = make(values, frame=SLOW)
    scheduler.background.clear()  # no preview is built
    return maker


def test_block_that_cannot_be_read_leaves_the_maker_at_rest(broken, scheduler, shown, errors):
    broken.want(pixel(1, 1))
    scheduler.run()
    assert [str(error) for error in errors] == ["the disk is gone"]
    assert broken.state is MapState.FAILED
    assert broken.is_idle
    assert shown == []


def test_map_that_failed_is_tried_again_when_it_is_wanted_again(broken, scheduler, errors):
    for _ in range(2):
        broken.want(pixel(1, 1))
        scheduler.run()
    assert len(errors) == 2


def test_states_follow_the_map_on_its_way(slow, scheduler):
    assert slow.state is MapState.IDLE
    slow.want(pixel(5, 6))
    assert slow.state is MapState.REQUESTED
    scheduler.run_events()
    assert slow.state is MapState.PREVIEWED
    scheduler.rest()
    assert slow.state is MapState.MAKING
    scheduler.run()
    assert slow.state is MapState.IDLE
    slow.stop()
    slow.want(pixel(1, 1))
    scheduler.run()
    assert slow.state is MapState.STOPPED
    assert slow.is_idle


def test_region_is_made_and_no_more(slow, scheduler, shown, values):
    region = (slice(4, 9), slice(0, 20))
    slow.want(pixel(5, 6, region=region))
    scheduler.run()
    request, map_, error = shown[-1]
    assert (request.region, error) == (region, None)
    expected = spectral_angle_similarity(values, values[5, 6])[region]
    np.testing.assert_allclose(map_, expected, atol=CLOSE)


def test_while_references_are_read_the_preview_of_nearly_the_map_is_shown(slow, scheduler, shown):
    shown.clear()
    slow.wait_with(pixel(7, 7))
    scheduler.run()
    assert [(request, error > 0) for request, _, error in shown] == [(pixel(7, 7), True)]
    slow.want(pixel(7, 7))
    scheduler.run()
    assert shown[-1][2] is None


def test_nothing_else_is_made_while_references_are_read(slow, scheduler, shown):
    slow.want(pixel(1, 1))
    scheduler.run_events()
    scheduler.rest()
    shown.clear()
    slow.wait_with(None)
    scheduler.run()
    assert shown == []
    assert slow.is_idle


def test_preview_is_not_prepared_after_the_end(make, scheduler, values):
    maker = make(da.from_array(values, chunks=(10, 10, 12)), frame=SLOW)
    maker.stop()
    assert scheduler.background[0].is_cancelled


def by(measure, *position: int) -> SimilarityRequest:
    return SimilarityRequest(Query.to(VALUES[position], measure=measure), WHOLE)


def test_stack_is_measured_in_the_background_before_the_first_map_that_needs_it(
    make, scheduler, shown, values
):
    maker = make(values, frame=QUICK)
    maker.want(pixel(0, 0))
    scheduler.run()
    maker.want(by(ACE, 5, 6))
    scheduler.run_events()
    assert maker.state is MapState.MAKING
    assert len(scheduler.background) == 1
    assert len(shown) == 1
    scheduler.run()
    assert maker.state is MapState.IDLE
    assert shown[-1][0] == by(ACE, 5, 6)
    expected = ACE.values(values, values[5, 6], Background.of(values))
    np.testing.assert_allclose(shown[-1][1], expected, atol=CLOSE)


def test_newer_request_of_the_measure_waits_for_the_same_preparation(make, scheduler, shown):
    maker = make(VALUES, frame=QUICK)
    for position in ((0, 0), (0, 1), (0, 2)):
        maker.want(by(ACE, *position))
        scheduler.run_events()
    assert len(scheduler.background) == 1
    scheduler.run()
    assert maker.is_idle
    assert shown[-1][0] == by(ACE, 0, 2)


def test_request_of_another_measure_does_not_wait_for_a_preparation(make, scheduler, shown):
    maker = make(VALUES, frame=QUICK)
    maker.want(by(EUCLIDEAN, 0, 0))
    scheduler.run_events()
    maker.want(by(COSINE, 0, 1))
    scheduler.run()
    assert maker.is_idle
    assert [request for request, _, _ in shown] == [by(COSINE, 0, 1)]


def test_measure_without_a_preview_is_made_exactly(slow, scheduler, shown, values):
    shown.clear()
    slow.want(by(ACE, 5, 6))
    scheduler.run()
    assert {error for _, _, error in shown[-1:]} == {None}
    expected = ACE.values(values, values[5, 6], Background.of(values))
    np.testing.assert_allclose(shown[-1][1], expected, atol=CLOSE)
