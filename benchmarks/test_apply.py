"""A session applied to 200 small ZIPs on two workers, beside half of the reading and the maps.

The latter are those of one worker alone. Both need two cores that nobody else uses.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from time import perf_counter

import pytest
from distributed import Client, LocalCluster

from napari_ifealid import FeatureStack, read_stack, write_stack
from napari_ifealid.batch import Cluster, Question, apply_question, question_of
from napari_ifealid.grid import whole_region
from napari_ifealid.query import Rule
from napari_ifealid.session_files import PlaceReference, SavedSession, SavedStack
from napari_ifealid.similarity import region_map
from napari_ifealid.threads import limited_threads

COUNT, DIFFERENT = 200, 10
SHAPE = (40, 26, 1024)  # as conv4_x of the example from COCO
WORKERS = 2


@pytest.fixture
def files(tmp_path, make_stack) -> list[Path]:
    """ZIPs of 1 MB of features, a few of which are repeated."""
    values = make_stack((SHAPE[0] + DIFFERENT, *SHAPE[1:])).values
    paths = [tmp_path / f"{number}.zip" for number in range(COUNT)]
    for number, path in enumerate(paths[:DIFFERENT]):
        part = values[number : number + SHAPE[0]]
        write_stack(path, FeatureStack(values=part, name=path.stem), precision=8)
    for number, path in enumerate(paths[DIFFERENT:]):
        shutil.copyfile(paths[number % DIFFERENT], path)
    return paths


@pytest.fixture
def question(files) -> Question:
    """The best of two pins, with a threshold."""
    stack = read_stack(files[0])
    assert stack.source is not None
    session = SavedSession(
        stacks=(SavedStack(stack.source, SHAPE),),
        references=tuple(PlaceReference(place, "#e69f00") for place in ((3.0, 4.0), (30.0, 20.0))),
        rule=Rule.BEST,
        threshold=0.4,
    )
    return question_of(session, files[0])


@pytest.fixture
def cluster():
    with LocalCluster(
        n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster


@pytest.mark.timeout(1200)
def test_apply_on_two_workers(benchmark, tmp_path, files, question, cluster):
    runner = Cluster(cluster.scheduler_address)
    apply_question(question, files[: 4 * WORKERS], tmp_path / "first", runner=runner)
    rounds = iter(range(100))

    def apply() -> None:
        folder = tmp_path / f"out{next(rounds)}"
        report = apply_question(question, files, folder, runner=runner)
        assert len(report.outcomes) == COUNT
        assert not report.problems

    # on a worker, too: dask has the memory of its workers managed in another way
    with Client(cluster, set_as_default=False) as client:
        alone = min(
            client.submit(_reading_and_maps, files, question, pure=False).result() for _ in range(2)
        )
    benchmark.pedantic(apply, rounds=2)
    ratio = benchmark.stats.stats.min / (alone / WORKERS)
    benchmark.extra_info["reading and maps, s"] = alone
    benchmark.extra_info["times half of the reading and the maps"] = ratio
    print(f"{ratio:.3f} times half of the reading and the maps, {alone:.2f} s")


def _reading_and_maps(files: list[Path], question: Question) -> float:
    """Return how many seconds one thread reads all files and makes their maps."""
    start = perf_counter()
    with limited_threads(1):
        for path in files:
            stack = read_stack(path)
            region_map(stack, question.of(stack).query_of(stack), whole_region(SHAPE[:2]))
    return perf_counter() - start
