from __future__ import annotations

from concurrent.futures import CancelledError

import dask.array as da
import numpy as np
import pytest

from napari_ifealid.cache_folder import CACHE_VARIABLE
from napari_ifealid.engines import EngineChoice, plan_engine, prepare_stack, start_engine
from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.explorer import preview_builder
from napari_ifealid.explorer.engine_owner import EngineOwner
from napari_ifealid.explorer.preview_builder import PreviewBuilder, default_budget
from napari_ifealid.stack import FeatureStack
from patient_scheduler import PatientScheduler

LARGE = 1000  # so many bytes that there is one for each of 12 features of 600 pixels


@pytest.fixture(autouse=True)
def kilobytes(monkeypatch):
    """Budgets in kilobytes: small stacks are quick."""
    monkeypatch.setattr(preview_builder, "MEGABYTE", 1000)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(2).random((30, 20, 12))


@pytest.fixture
def scheduler() -> PatientScheduler:
    return PatientScheduler()


@pytest.fixture
def changes() -> list[int]:
    """How many axes the preview had at each change; 0 for none."""
    return []


@pytest.fixture
def errors() -> list[Exception]:
    """Why a preview could not be built."""
    return []


@pytest.fixture
def make(values, scheduler, changes, errors, tmp_path):
    source = tmp_path / "cube.npy"
    np.save(source, values)

    def make(*, is_lazy: bool, budget: int = LARGE) -> PreviewBuilder:
        on_disk = da.from_array(values, chunks=(10, 10, 12))
        stack = FeatureStack(values=on_disk if is_lazy else values, name="x")
        plan = plan_engine(EngineChoice.CPU, stack, None)
        builder = PreviewBuilder(
            stack,
            EngineOwner(start_engine(prepare_stack(stack, plan)), pytest.fail),
            scheduler,
            budget=budget,
            changed=lambda: changes.append(axis_count(builder)),
            failed=errors.append,
            source=str(source),
        )
        return builder

    return make


def axis_count(builder: PreviewBuilder) -> int:
    return 0 if builder.preview is None else builder.preview.codes.shape[1]


def test_nothing_is_built_that_is_not_needed(make, scheduler):
    builder = make(is_lazy=True)
    builder.set_budget(2)
    assert not builder.is_begun
    assert scheduler.background == []


@pytest.mark.parametrize("is_lazy", [True, False])
@pytest.mark.parametrize(("budget", "count"), [(LARGE, 12), (6, 10), (1, 1), (0, 0)])
def test_preview_is_as_large_as_the_budget_allows(make, scheduler, changes, is_lazy, budget, count):
    builder = make(is_lazy=is_lazy, budget=budget)
    builder.begin()
    builder.begin()
    assert builder.is_begun
    assert len(scheduler.background) == 1
    scheduler.run()
    assert axis_count(builder) == count
    assert changes == ([0, count] if count else [0])


@pytest.mark.parametrize("is_lazy", [True, False])
def test_other_budget_makes_another_preview(make, scheduler, changes, is_lazy):
    builder = make(is_lazy=is_lazy)
    builder.begin()
    scheduler.run()
    before = builder.preview
    builder.set_budget(LARGE - 1)  # is enough for as many axes
    assert builder.preview is before
    builder.set_budget(3)
    assert builder.preview is None
    scheduler.run()
    builder.set_budget(0)
    scheduler.run()
    assert changes == [0, 12, 0, 5, 0]


def test_other_budget_ends_what_is_being_built(make, scheduler):
    builder = make(is_lazy=True)
    builder.begin()
    (first,) = scheduler.background
    builder.set_budget(3)
    assert first.is_cancelled
    scheduler.run()
    assert axis_count(builder) == 5


def test_progress_is_of_as_many_steps_as_there_are(make, scheduler):
    make(is_lazy=True).begin()
    (building,) = scheduler.background
    assert len(list(building.steps())) == building.total


def test_failure_is_told(make, scheduler, errors, monkeypatch):
    builder = make(is_lazy=False)
    monkeypatch.setattr(CpuEngine, "preview_steps", lambda *_: 1 / 0)
    builder.begin()
    scheduler.run()
    assert [type(error) for error in errors] == [ZeroDivisionError]
    assert builder.preview is None


def test_user_who_cancels_does_without_until_the_budget_changes(make, scheduler, errors):
    builder = make(is_lazy=True)
    builder.begin()
    scheduler.background.pop().failed(CancelledError())
    assert errors == []
    builder.begin()
    assert scheduler.background == []
    builder.set_budget(3)
    scheduler.run()
    assert axis_count(builder) == 5


def test_nothing_is_built_after_the_end(make, scheduler):
    builder = make(is_lazy=True)
    builder.begin()
    builder.stop()
    scheduler.run()
    assert builder.preview is None


def test_preview_of_a_file_is_kept_for_the_next_time(make, scheduler):
    make(is_lazy=True).begin()
    scheduler.run()
    builder = make(is_lazy=True)
    builder.begin()
    (building,) = scheduler.background
    assert len(list(building.steps())) == 1  # no block is read
    scheduler.run()
    assert axis_count(builder) == 12


def test_kept_preview_of_another_budget_is_built_anew(make, scheduler):
    make(is_lazy=True).begin()
    scheduler.run()
    builder = make(is_lazy=True, budget=3)
    builder.begin()
    scheduler.run()
    assert axis_count(builder) == 5


def test_budget_is_never_more_than_the_free_memory(make, scheduler, monkeypatch):
    memory = type("Memory", (), {"available": 3000})
    monkeypatch.setattr(preview_builder, "virtual_memory", lambda: memory)
    builder = make(is_lazy=True)
    builder.begin()
    scheduler.run()
    assert axis_count(builder) == 5


def test_default_budget_is_a_small_part_of_the_free_memory(monkeypatch):
    memory = type("Memory", (), {"available": 8000})
    monkeypatch.setattr(preview_builder, "virtual_memory", lambda: memory)
    assert default_budget() == 1


def test_largest_preview_has_one_byte_for_each_value(make):
    assert make(is_lazy=True).largest == 8  # 30 × 20 pixels of 12 features, in kilobytes
