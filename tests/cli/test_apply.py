from __future__ import annotations

import signal
import subprocess
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from napari_ifealid import batch, read_stack
from napari_ifealid.cli import main
from napari_ifealid.query import Rule
from napari_ifealid.session_files import (
    PlaceReference,
    SavedSession,
    SavedStack,
    read_session_file,
    write_session_file,
)
from napari_ifealid.sharpness import Sharpness


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    for name in "abc":
        np.save(tmp_path / f"{name}.npy", rng.random((6, 5, 9), np.float32))
    return [tmp_path / f"{name}.npy" for name in "abc"]


@pytest.fixture
def session(files, tmp_path):
    stack = SavedStack(read_stack(files[0]).source, (6, 5, 9))
    places = PlaceReference((2.0, 3.0), "#e69f00"), PlaceReference((4.0, 4.0), "#56b4e9")
    saved = SavedSession(stacks=(stack,), references=places, rule=Rule.BEST, threshold=0.7)
    write_session_file(tmp_path / "s.ifealid.json", saved)
    return tmp_path / "s.ifealid.json"


@pytest.fixture
def apply(session, tmp_path):
    def apply(*arguments: object) -> int:
        output = ["-o", str(tmp_path / "out"), "--jobs", "1"]
        return main(["apply", str(session), *map(str, arguments), *output])

    return apply


def test_files_are_compared_and_the_summary_is_told(apply, files, tmp_path, capsys):
    assert apply(*files) == 0
    assert capsys.readouterr().out == f"Wrote {tmp_path / 'out/summary.csv'}: 3 of 3 files\n"
    assert apply(*files) == 0
    assert "3 of 3 files, 3 of them before" in capsys.readouterr().out
    assert apply(*files, "--again") == 0
    assert "before" not in capsys.readouterr().out


def test_maps_of_a_sharp_session_are_said_to_be_blocks(apply, session, files, capsys):
    sharp = replace(read_session_file(session), sharpness=Sharpness())
    write_session_file(session, sharp, force=True)
    assert apply(*files) == 0
    assert "exact blocks" in capsys.readouterr().err


def test_bad_file_is_told_at_the_end_with_status_1(apply, files, tmp_path, capsys):
    files[1].write_bytes(b"\x93NUMPY")
    assert apply(*files) == 1
    told = capsys.readouterr()
    assert str(files[1]) in told.err
    assert "2 of 3 files; 1 could not be compared" in told.out
    assert (tmp_path / "out" / "c.map.npy").exists()


def test_options_stand_in_for_what_the_session_says(apply, files, tmp_path):
    options = ["--measure", "cosine", "--rule", "mean", "--threshold", "0.25", "--format", "tif"]
    assert apply(files[1], *options) == 0
    (row,) = pd.read_csv(tmp_path / "out" / "summary.csv").to_dict("records")
    assert (row["measure"], row["rule"], row["threshold"]) == ("cosine", "mean", 0.25)
    assert row["map"] == "b.map.tif"


def test_threshold_of_another_measure_is_bad_input(apply, files, capsys):
    assert apply(*files, "--measure", "cosine") == 2
    assert "--threshold" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "reason"),
    [("{", "damaged JSON"), ("{}", "a file that is no session"), (None, "no such file")],
)
def test_bad_session_is_bad_input(apply, session, files, capsys, content, reason):
    session.unlink()
    if content is not None:
        session.write_text(content)
    assert apply(*files) == 2
    assert reason in capsys.readouterr().err


def test_missing_stack_of_the_session_is_bad_input(apply, files, capsys):
    files[0].rename(files[0].with_name("moved.npy"))
    assert apply(*files[1:]) == 2
    assert "a missing file" in capsys.readouterr().err


def test_file_as_the_output_folder_is_bad_input(session, files, tmp_path, capsys):
    assert main(["apply", str(session), str(files[0]), "-o", str(tmp_path / "out.zip")]) == 2
    assert "a file given as the output folder" in capsys.readouterr().err


def test_jobs_and_a_scheduler_at_once_are_refused(session, files, capsys):
    with pytest.raises(SystemExit):
        main(["apply", str(session), str(files[0]), "-o", "x", "--jobs", "2", "--scheduler", "y"])
    assert "not allowed with" in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--jobs", "0"], ["--threshold", "nan"], ["--rule", "all"]])
def test_bad_option_is_refused(apply, files, option):
    with pytest.raises(SystemExit):
        apply(files[0], *option)


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit):
        main(["apply", "--help"])
    assert "napari-ifealid apply grain.ifealid.json scans/*.zip -o results" in (
        capsys.readouterr().out
    )


def test_interrupted_batch_says_how_to_go_on(apply, files, monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(batch, "apply_question", interrupted)
    assert apply(*files) == 128 + signal.SIGINT
    assert "the same command goes on where it stopped" in capsys.readouterr().err


def test_ctrl_c_ends_all_processes_and_the_same_command_goes_on(command, session, tmp_path):
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{number}.npy" for number in range(40)]
    for path in paths:
        np.save(path, rng.random((300, 300, 9), np.float32))
    out = tmp_path / "out"
    words = [str(command), "apply", str(session), *map(str, paths), "-o", str(out), "--jobs", "2"]
    running = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, start_new_session=True)
    end = time.monotonic() + 120
    while not list(out.glob(".napari-ifealid/*.done.json")):
        assert running.poll() is None
        assert time.monotonic() < end
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 128 + signal.SIGINT
    assert "goes on where it stopped" in told
    assert "Traceback" not in told
    done = len(list(out.glob(".napari-ifealid/*.done.json")))
    assert 0 < done < 40
    again = subprocess.run(words, capture_output=True, text=True, timeout=240, check=True)
    assert f"40 of 40 files, {done} of them before" in again.stdout
