from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dask
import numpy as np
import psutil
import pytest
from batch_files import make_file

from napari_ifealid import read_stack
from napari_ifealid.batch import Cluster, InTurn, Processes, apply_question, question_of, runners
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import write_array

distributed = pytest.importorskip("distributed")


@pytest.fixture
def question(session, session_file):
    return question_of(session, session_file)


@pytest.fixture(scope="module")
def cluster():
    """A local cluster of two workers."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.is_file() and path.name != "summary.csv"
    }


def test_processes_write_what_one_process_writes(question, files, tmp_path):
    for name, runner in (("one", InTurn()), ("two", Processes(2))):
        report = apply_question(question, files, tmp_path / name, runner=runner)
        assert report.problems == []
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_processes_leave_the_environment_as_it_was(question, files, tmp_path):
    before = dict(os.environ)
    apply_question(question, files[:1], tmp_path / "out", runner=Processes(2))
    assert dict(os.environ) == before


def test_cluster_writes_what_one_process_writes(question, files, tmp_path, cluster):
    cases = (("one", InTurn()), ("many", Cluster(cluster.scheduler_address)))
    for name, runner in cases:
        report = apply_question(question, files, tmp_path / name, runner=runner)
        assert report.problems == []
    assert contents(tmp_path / "one") == contents(tmp_path / "many")


def test_cluster_reports_a_bad_file_and_does_the_others(question, files, tmp_path, cluster):
    files[1].write_bytes(b"PK\x03\x04")
    report = apply_question(
        question, files, tmp_path / "out", runner=Cluster(cluster.scheduler_address)
    )
    assert [problem.file for problem in report.problems] == [str(files[1])]


@pytest.mark.parametrize(
    ("jobs", "threads", "size"), [(1, 2, 1), (200, 2, 8), (40, 2, 2), (200, 64, 1), (10, 0, 1)]
)
def test_tasks_have_so_many_files_that_no_thread_waits_long(jobs, threads, size):
    assert runners._group_size(jobs, threads) == size


def test_file_that_ends_a_worker_of_a_cluster_takes_down_its_own_file_only(
    question, files, tmp_path, monkeypatch
):
    monkeypatch.setattr(runners, "_group_size", lambda *_: len(files))
    monkeypatch.setattr(runners, "_compare_group", _dies_of_b)
    allowed = {"distributed.scheduler.allowed-failures": 0}
    with (
        dask.config.set(allowed),
        distributed.LocalCluster(
            n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
    ):
        runner = Cluster(cluster.scheduler_address)
        report = apply_question(question, files, tmp_path / "out", runner=runner)
    assert [problem.file for problem in report.problems] == [str(files[1])]
    assert "KilledWorker" in report.problems[0].found


def test_finished_files_are_not_done_again_when_their_worker_dies(
    question, files, tmp_path, monkeypatch
):
    monkeypatch.setattr(runners, "_group_size", lambda *_: 1)
    monkeypatch.setattr(runners, "_compare_group", _dies_of_b_after_the_others)
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
    ):
        runner = Cluster(cluster.scheduler_address)
        apply_question(question, files, tmp_path / "out", runner=runner)
    noted = (tmp_path / "out/noted").read_text().split()
    assert noted.count("a") == 1
    assert noted.count("b") == 2


def _dies_of_b_after_the_others(jobs, question):
    """Note the file; die of b the first time, once no result is kept any more or after 10 s."""
    import os
    import time
    from pathlib import Path

    import distributed

    from napari_ifealid.batch.compare_file import compare_file

    (job,) = jobs
    noted = Path(job.folder) / "noted"
    with noted.open("a") as stream:
        stream.write(f"{job.stem} ")
    if job.stem == "b" and noted.read_text().split().count("b") == 1:
        with distributed.worker_client(separate_thread=False) as client:
            end = time.monotonic() + 10
            while client.who_has() and time.monotonic() < end:
                time.sleep(0.05)
        os._exit(1)
    return [compare_file(job, question)]


def _dies_of_b(jobs, question):
    import os

    from napari_ifealid.batch.compare_file import compare_file

    if any(job.stem == "b" for job in jobs):
        os._exit(1)
    return [compare_file(job, question) for job in jobs]


def test_lazy_stack_is_compared_on_a_cluster(question, files, tmp_path, cluster):
    write_array(tmp_path / "a.zarr", read_stack(files[0]))
    for name, runner in (("one", InTurn()), ("many", Cluster(cluster.scheduler_address))):
        apply_question(question, [tmp_path / "a.zarr"], tmp_path / name, runner=runner)
    one, many = (np.load(tmp_path / name / "a.map.npy") for name in ("one", "many"))
    np.testing.assert_allclose(one, many, atol=1e-6)  # blocks of other shapes round otherwise


def test_scheduler_that_does_not_answer_is_an_error(question, files, tmp_path, monkeypatch):
    monkeypatch.setattr(runners, "_PATIENCE", "100ms")
    with pytest.raises(DatasetError, match="no scheduler that answers"):
        apply_question(question, files, tmp_path / "o", runner=Cluster("tcp://127.0.0.1:9"))


def test_missing_package_is_an_error_with_the_command_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(DatasetError, match=r'pip install "napari-ifealid\[cluster\]"'):
        Cluster("tcp://127.0.0.1:8786")


DYING = """
import os, sys
from pathlib import Path
from napari_ifealid.batch import Processes, apply_question, compare_file, question_of, runners
from napari_ifealid.session_files import read_session_file

def compare(job, question):
    if "b.zip" in job.location:
        os.kill(os.getpid(), 9)  # as the system does where memory is short
    return compare_file.compare_file(job, question)

runners.compare_file = compare

if __name__ == "__main__":
    session, folder, *files = sys.argv[1:]
    question = question_of(read_session_file(session), Path(session))
    report = apply_question(question, files, folder, runner=Processes(2))
    print(*(problem.file for problem in report.problems))
"""


def test_process_that_dies_takes_down_its_own_file_only(session_file, files, tmp_path):
    script = tmp_path / "dying.py"
    script.write_text(DYING)
    done = subprocess.run(
        [sys.executable, str(script), str(session_file), str(tmp_path / "out"), *map(str, files)],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.stdout.split() == [str(files[1])], done.stderr
    assert all((tmp_path / "out" / f"{name}.map.npy").exists() for name in "acd")


NOTING = """
import sys, time
from pathlib import Path
from napari_ifealid.batch import Processes, apply_question, compare_file, question_of, runners
from napari_ifealid.session_files import read_session_file

def compare(job, question):
    with Path(sys.argv[3]).open("a") as log:
        log.write(job.stem + "\\n")
    return compare_file.compare_file(job, question)

runners.compare_file = compare

if __name__ == "__main__":
    session, folder, log, *files = sys.argv[1:]
    question = question_of(read_session_file(session), Path(session))
    report = apply_question(question, files, folder, runner=Processes(2))
    print(len(report.outcomes), len(report.problems), report.done_before)
"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes as Linux shows them")
def test_batch_that_was_killed_goes_on_and_does_nothing_twice(question, session_file, tmp_path):
    paths = [
        make_file(tmp_path / "in" / f"{number:02}.zip", number, (40, 40, 9)) for number in range(30)
    ]
    script, out, notes = tmp_path / "noting.py", tmp_path / "out", tmp_path / "out/.napari-ifealid"
    script.write_text(NOTING)
    command = [sys.executable, str(script), str(session_file), str(out), str(tmp_path / "log")]
    first = subprocess.Popen([*command, *map(str, paths)])
    try:
        end = time.monotonic() + 120
        while len(list(notes.glob("*.done.json"))) < 3:
            assert first.poll() is None
            assert time.monotonic() < end
        workers = [child.pid for child in psutil.Process(first.pid).children(recursive=True)]
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    end = time.monotonic() + 60
    while any(map(is_alive, workers)):  # nothing goes on behind our back
        assert time.monotonic() < end
    complete = {path.name.partition(".")[0] for path in notes.glob("*.done.json")}
    assert 3 <= len(complete) < 30
    states = {
        path: path.stat() for stem in complete for path in out.glob(f"{stem}.*") if path.is_file()
    }
    before = (tmp_path / "log").read_text().split()
    done = subprocess.run(
        [*command, *map(str, paths)], capture_output=True, text=True, timeout=240, check=True
    )
    assert done.stdout.split() == ["30", "0", str(len(complete))]
    after = (tmp_path / "log").read_text().split()[len(before) :]
    assert len(after) == len(set(after)) == 30 - len(complete)
    assert complete.isdisjoint(after)
    assert all(path.stat() == state for path, state in states.items())
    whole = tmp_path / "whole"
    apply_question(question, paths, whole, runner=InTurn())
    assert contents(out) == contents(whole)
