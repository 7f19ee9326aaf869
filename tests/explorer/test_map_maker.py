from __future__ import annotations

from concurrent.futures import CancelledError
from math import isnan

import dask.array as da
import numpy as np
import pytest

from napari_ifealid.engines import (
    CpuEngine,
    EngineChoice,
    plan_engine,
    prepare_stack,
    start_engine,
)
from napari_ifealid.explorer import map_maker
from napari_ifealid.explorer.map_maker import MapMaker
from napari_ifealid.explorer.preview_builder import PreviewBuilder
from napari_ifealid.explorer.wanted import FeatureImage, SimilarityTo
from napari_ifealid.metrics import spectral_angle_similarity
from napari_ifealid.stack import FeatureStack
from patient_scheduler import PatientScheduler

SLOW, QUICK = 0.0, 1e9  # seconds of a frame that make any map slow, or quick


def pixel(*position: int) -> SimilarityTo:
    return SimilarityTo((position,))


@pytest.fixture
def values() -> np.ndarray:
    rng = np.random.default_rng(2)
    return np.maximum(rng.normal(size=(30, 20, 3)) @ rng.normal(size=(3, 12)), 0)


@pytest.fixture
def scheduler() -> PatientScheduler:
    return PatientScheduler()


@pytest.fixture
def shown() -> list:
    """What was shown: what was wanted, a copy of the map, and its error."""
    return []


@pytest.fixture
def make(scheduler, shown, monkeypatch):
    def make(values, *, frame: float) -> MapMaker:
        monkeypatch.setattr(map_maker, "_FRAME", frame)
        stack = FeatureStack(values=values, name="x")
        plan = plan_engine(EngineChoice.CPU, stack, None)
        running = start_engine(prepare_stack(stack, plan))
        return MapMaker(
            stack,
            running,
            scheduler,
            show=lambda wanted, map_, error: shown.append((wanted, map_.copy(), error)),
            engine_replaced=pytest.fail,
            previews=PreviewBuilder(stack, running, scheduler, budget=1, changed=lambda: None),
        )

    return make


@pytest.fixture(params=["in memory", "on disk"])
def slow(request, make, scheduler, values) -> MapMaker:
    """Makes slow maps, with a preview."""
    is_on_disk = request.param == "on disk"
    maker = make(da.from_array(values, chunks=(10, 10, 12)) if is_on_disk else values, frame=SLOW)
    for first in (pixel(0, 1), pixel(0, 0)):
        maker.want(first)
        scheduler.run()
    return maker


def assert_exact(map_: np.ndarray, values: np.ndarray, *position: int) -> None:
    np.testing.assert_allclose(map_, spectral_angle_similarity(values, values[position]), atol=5e-5)


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
    assert {wanted for wanted, *_ in shown} == {pixel(2, 2)}
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
    slow.want(pixel(1, 1))
    scheduler.run_events()
    slow.want(FeatureImage(4))
    scheduler.run()
    assert shown[-1][0] == FeatureImage(4)
    np.testing.assert_allclose(shown[-1][1], values[..., 4], rtol=1e-6)
    slow.want(pixel(1, 1))
    scheduler.run()
    assert_exact(shown[-1][1], values, 1, 1)


def test_mean_of_pins_is_exact_only(slow, scheduler, shown, values):
    shown.clear()
    slow.want(SimilarityTo(((1, 2), (3, 4))))
    scheduler.run()
    assert {error for *_, error in shown} == {None}
    mean = (values[1, 2] + values[3, 4]) / 2
    np.testing.assert_allclose(shown[-1][1], spectral_angle_similarity(values, mean), atol=5e-5)


def test_best_of_pins_is_previewed(slow, scheduler, shown, values):
    shown.clear()
    slow.want(SimilarityTo(((1, 2), (3, 4)), takes_best=True))
    scheduler.run_events()
    assert shown[0][2] > 0
    scheduler.run()
    best = np.maximum(*(spectral_angle_similarity(values, values[at]) for at in ((1, 2), (3, 4))))
    np.testing.assert_allclose(shown[-1][1], best, atol=5e-5)


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
    assert reading.total == len(list(reading.steps()))
    scheduler.background.clear()
    reading.failed(CancelledError())
    assert slow.is_idle
    assert shown[-1][2] > 0
    slow.want(pixel(2, 2))
    scheduler.run()
    assert (shown[-1][0], shown[-1][2]) == (pixel(2, 2), None)


def test_file_that_cannot_be_read_is_told_of(make, scheduler, shown, monkeypatch):
    errors: list[str] = []
    monkeypatch.setattr(map_maker, "show_error", errors.append)

    def broken(block: np.ndarray) -> np.ndarray:
        raise OSError("the disk is gone")

    nothing = np.empty((0, 0, 0))
    values = da.ones((30, 20, 12), chunks=10).map_blocks(broken, dtype=float, meta=nothing)
    maker = make(values, frame=SLOW)
    scheduler.background.clear()
    maker.want(pixel(1, 1))
    scheduler.run()
    assert errors == ["x: found that it can't be read (the disk is gone)."]
    assert shown == []


def test_preview_is_not_prepared_after_the_end(make, scheduler, values):
    maker = make(da.from_array(values, chunks=(10, 10, 12)), frame=SLOW)
    maker.stop()
    assert scheduler.background[0].is_cancelled
