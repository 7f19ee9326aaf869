from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from napari_ifealid import cli
from napari_ifealid.cli import main
from napari_ifealid.cli.exit_status import IncompleteError
from napari_ifealid.cli.progress import terminal_progress
from napari_ifealid.formats import OverlayWarning, suffixes_in_words

SUBCOMMANDS = ["extract", "create", "info", "convert"]


def test_help_lists_the_subcommands(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--help"])
    assert exit_.value.code == 0
    listed = capsys.readouterr().out.partition("subcommands")[2].split()
    assert set(SUBCOMMANDS) <= set(listed)


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_each_subcommand_has_its_own_help(name, capsys):
    with pytest.raises(SystemExit) as exit_:
        main([name, "--help"])
    assert exit_.value.code == 0
    assert f"usage: napari-ifealid {name}" in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["create"], ["info"], ["convert"]], ids=str)
def test_help_names_the_suffixes_of_all_formats(words, capsys):
    with pytest.raises(SystemExit):
        main([*words, "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert suffixes_in_words() in told


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_file_called_like_a_subcommand_can_be_named_by_its_folder(
    name, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(b"")
    assert main([f"./{name}"]) == 2  # it is looked into
    assert f"napari-ifealid: a file of the kind '': {name}; expected" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["create", "a.npy", "--overlay", "a.png"],
        ["info", "a.npy"],
        ["convert", "a.npy", "b.zarr"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_neither_napari_nor_qt_is_imported(npy, picture, arguments):
    code = (
        "import sys, json\n"
        "from napari_ifealid.cli import main\n"
        f"try: status = main({arguments})\n"
        "except SystemExit as exit_: status = exit_.code\n"
        "print(json.dumps([status, list(sys.modules)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=npy.parent, capture_output=True, text=True, timeout=120
    )
    status, modules = json.loads(done.stdout.splitlines()[-1])
    assert status == 0
    assert {"napari", "qtpy", "skimage"}.isdisjoint(modules)
    assert ("vispy" in modules) == (arguments[0] == "info")
    assert ("zarr" in modules) == (arguments[0] == "convert")


@pytest.fixture
def subcommand(monkeypatch):
    """Replaces what a subcommand does."""

    def replaced(run) -> None:
        monkeypatch.setattr(cli.info, "run", lambda options: run())

    return replaced


def test_ctrl_c_is_a_plain_line_and_status_130(subcommand, capsys):
    def interrupted() -> None:
        raise KeyboardInterrupt

    subcommand(interrupted)
    assert main(["info", "a.npy"]) == 130
    assert capsys.readouterr().err == (
        "napari-ifealid: stopped by SIGINT before the end; nothing is left half written\n"
    )


def test_sigterm_is_an_exception_only_while_a_subcommand_runs(subcommand, capsys):
    before = signal.getsignal(signal.SIGTERM)
    subcommand(lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert main(["info", "a.npy"]) == 143
    assert "stopped by SIGTERM" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) == before


def test_short_memory_is_a_plain_line_and_status_2(subcommand, capsys):
    subcommand(lambda: np.empty(2**60, np.uint8))
    assert main(["info", "a.npy"]) == 2
    assert capsys.readouterr().err.startswith("napari-ifealid: too little memory; expected")


def test_work_of_which_some_failed_is_status_1_and_no_further_line(subcommand, capsys):
    def incomplete() -> None:
        raise IncompleteError

    subcommand(incomplete)
    assert main(["info", "a.npy"]) == 1
    assert capsys.readouterr().err == ""


def test_warning_is_a_plain_line(subcommand, capsys):
    subcommand(lambda: warnings.warn("It is grey.", OverlayWarning, stacklevel=1))
    assert main(["info", "a.npy"]) == 0
    assert capsys.readouterr().err == "napari-ifealid: warning: It is grey.\n"


def test_name_that_the_terminal_does_not_know_is_printed(npy, run_command, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = run_command("info", npy.rename(npy.with_name("名.npy")))
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u540d.npy" in done.stdout


def has_begun_to_write(process: subprocess.Popen[str], folder: Path) -> bool:
    """Return whether there is a file, with a name or without, that is not yet complete."""
    unfinished = [path for path in folder.rglob("*") if ".part" in str(path) and path.is_file()]
    for link in Path(f"/proc/{process.pid}/fd").glob("*"):
        try:
            if link.readlink().is_relative_to(folder) and "(deleted)" in str(link.readlink()):
                unfinished.append(link)
        except OSError:
            continue  # closed meanwhile
    try:
        return any(path.stat().st_size > 0 for path in unfinished)
    except OSError:
        return False


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("large") / "large.npy"
    np.save(path, np.random.default_rng(0).random((384, 384, 256), np.float32))
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(
    ("subcommand", "arguments"),
    [
        ("create", ["--precision=32", "--output=a.zip"]),
        ("convert", ["a.npz"]),
        ("convert", ["a.zarr"]),
    ],
    ids=["zip", "npz", "zarr"],
)
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_when_a_signal_ends_it(
    large, tmp_path, command, subcommand, arguments, ending
):
    process = subprocess.Popen(
        [str(command), subcommand, str(large), *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a shell lets its background processes ignore it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    while not has_begun_to_write(process, tmp_path):
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(ending)
    told, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + ending
    assert told == ""
    assert errors == (
        f"napari-ifealid: stopped by {ending.name} before the end; nothing is left half written\n"
    )
    assert list(tmp_path.iterdir()) == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "seconds", "is_shown"),
    [(Terminal(), 0.7, True), (Terminal(), 0, False), (io.StringIO(), 0.7, False)],
    ids=["long", "short", "no terminal"],
)
def test_progress_is_shown_in_a_terminal_after_half_a_second(
    monkeypatch, stream, seconds, is_shown
):
    monkeypatch.setattr(sys, "stderr", stream)
    for _ in terminal_progress(range(4), total=4, desc="Writing a"):
        time.sleep(seconds / 4)
    assert ("Writing a: " in stream.getvalue()) == is_shown
