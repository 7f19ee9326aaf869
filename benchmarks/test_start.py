"""What there is to wait for before the first map: imports, the file, the engine, the map."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

from maps import map_of
from napari_ifealid.engines import (
    EngineChoice,
    find_renderer,
    plan_engine,
    prepare_stack,
    start_engine,
)
from napari_ifealid.formats import read_stack

DATA = (Path(__file__).resolve().parents[1] / "../shared/data").resolve()
CONV2_X = DATA / "000000015746.jpg.C1.npz.8.zip"

pytestmark = pytest.mark.benchmark(group="start, conv2_x of COCO")


@pytest.fixture
def path() -> Path:
    if not CONV2_X.is_file():
        pytest.skip(f"the example datasets are not here: {DATA} is missing")
    return CONV2_X


@pytest.mark.parametrize(
    "code",
    [
        "pass",
        "import napari_ifealid",
        "from napari_ifealid import read_stack",
        "import napari",
        "import napari; import napari_ifealid.widgets",
        "import napari; import napari_ifealid.widgets, dask.array",
    ],
    ids=[
        "Python",
        "the package",
        "its readers",
        "napari",
        "napari and the widgets",
        "the same, with dask",
    ],
)
def test_importing(benchmark, code):
    benchmark.pedantic(
        subprocess.run, ([sys.executable, "-c", code],), {"check": True}, rounds=5, warmup_rounds=1
    )


@pytest.mark.parametrize("engine", [EngineChoice.CPU, EngineChoice.GPU], ids=lambda e: e.value)
def test_from_python_to_the_first_map_on_the_screen(benchmark, path, engine):
    """All of it in a new process, and what its steps take."""
    script = Path(__file__).with_name("start_up.py")
    reports: list[dict[str, float]] = []

    def start() -> None:
        command = [sys.executable, script, path, engine.value]
        process = subprocess.run(command, check=True, capture_output=True, text=True)
        reports.append(json.loads(process.stdout.splitlines()[-1]))

    benchmark.pedantic(start, rounds=5, warmup_rounds=1)
    benchmark.extra_info |= {
        f"{step}, ms": 1000 * median(steps[step] for steps in reports[1:]) for step in reports[0]
    }


def test_reading_the_file(benchmark, path):
    assert benchmark(read_stack, path).feature_count == 256


@pytest.mark.parametrize("engine", [EngineChoice.CPU, EngineChoice.GPU], ids=lambda e: e.value)
def test_measuring_the_vectors(benchmark, qapp, path, engine):
    stack = read_stack(path)
    plan = plan_engine(engine, stack, find_renderer())
    benchmark(prepare_stack, stack, plan)


@pytest.mark.parametrize("engine", [EngineChoice.CPU, EngineChoice.GPU], ids=lambda e: e.value)
def test_starting_the_engine(benchmark, qapp, path, engine):
    """On the GPU: the shader is compiled, the features are uploaded, and a map is checked."""
    stack = read_stack(path)
    prepared = prepare_stack(stack, plan_engine(engine, stack, find_renderer()))
    benchmark.pedantic(lambda: start_engine(prepared).engine.close(), rounds=10, warmup_rounds=1)


@pytest.mark.parametrize("engine", [EngineChoice.CPU, EngineChoice.GPU], ids=lambda e: e.value)
def test_first_map(benchmark, qapp, path, engine):
    stack = read_stack(path)
    prepared = prepare_stack(stack, plan_engine(engine, stack, find_renderer()))

    def started() -> tuple[tuple, dict]:
        return (start_engine(prepared),), {}

    def first_map(running) -> None:
        map_of(running.engine, stack, (80, 53))

    benchmark.pedantic(first_map, setup=started, rounds=10)
