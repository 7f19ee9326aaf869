from __future__ import annotations

import gc
import weakref

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image

from napari_ifealid.engines import EngineChoice
from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer.opening import MOST_FEATURES, Opening
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.preprocessing import Step, step_named
from patient_scheduler import PatientScheduler


def all_but_the_first(stack) -> UsedFeatures:
    return UsedFeatures((False, *[True] * (stack.feature_count - 1)))


@pytest.fixture
def scheduler() -> PatientScheduler:
    return PatientScheduler()


@pytest.fixture
def told() -> list:
    return []


@pytest.fixture
def make(scheduler, told):
    def make(
        layer: Image,
        axis: int = 0,
        choice: EngineChoice = EngineChoice.CPU,
        step: Step | None = None,
    ) -> Opening:
        return Opening(
            layer,
            axis,
            choice,
            step,
            all_but_the_first,
            scheduler,
            opened=lambda *opened: told.append(opened),
            progressed=told.append,
            failed=told.append,
        )

    return make


def test_stack_and_engine_come_at_the_end(make, scheduler, told, features, stack):
    make(features).begin()
    assert told == []
    scheduler.run()
    ((opened, running),) = told
    assert opened.original is opened.stack is stack
    assert opened.transform is None
    assert running.engine.name == "CPU"


def test_stack_is_preprocessed_over_the_features_that_are_used(make, scheduler, told, features):
    step = step_named("unit sum")
    make(features, step=step).begin()
    scheduler.run()
    ((opened, running),) = told
    assert opened.transform.step is step
    assert opened.transform.used == all_but_the_first(opened.original)
    expected = opened.transform.of(opened.original.real_values(opened.original.values))
    np.testing.assert_allclose(opened.stack.values, expected, rtol=1e-6)
    running.engine.close()


def test_share_that_is_on_the_gpu_is_told_meanwhile(make, scheduler, told, features):
    make(features, choice=EngineChoice.GPU).begin()
    scheduler.run()
    *shares, (_, running) = told
    assert shares[0] == 0.0
    assert shares == sorted(shares)
    assert running.engine.name == "GPU"
    running.engine.close()


@pytest.mark.parametrize("choice", [EngineChoice.CPU, EngineChoice.GPU])
@pytest.mark.parametrize("turns", [0, 1, 2])
def test_cancelled_opening_calls_nothing_any_more(make, scheduler, told, features, choice, turns):
    opening = make(features, choice=choice)
    opening.begin()
    for _ in range(turns):
        if scheduler.events or scheduler.background:
            scheduler.run_one()
    told.clear()
    opening.cancel()
    scheduler.run()
    assert told == []


def test_failure_is_told(make, scheduler, told):
    make(Image(np.zeros((4, 5)))).begin()
    scheduler.run()
    assert "(5, 4)" in str(told[0])


def test_work_for_another_thread_holds_no_layer(make, scheduler):
    layer = Image(np.zeros((3, 4, 5)))
    opening = make(layer)
    opening.begin()
    gone = weakref.ref(layer)
    del layer
    gc.collect()
    assert gone() is None
    assert scheduler.background


def test_far_too_many_features_are_refused_before_any_value_is_read(make, scheduler, told):
    unread = da.zeros((MOST_FEATURES + 1, 10**6, 10**6), np.float32)
    make(Image(unread, name="many", contrast_limits=(0, 1), visible=False)).begin()
    scheduler.run()
    (error,) = told
    assert isinstance(error, DatasetError)
    assert error.found == "1,048,577 features of each pixel"
    assert "another axis" in error.remedy
