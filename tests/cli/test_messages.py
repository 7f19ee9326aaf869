from __future__ import annotations

import logging
import re
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_ifealid import write_stack
from napari_ifealid.cli import main
from napari_ifealid.cli.messages import print_result, tell
from napari_ifealid.libraries import Library, LibraryEntry, write_library
from napari_ifealid.query import Rule
from napari_ifealid.session_files import SavedSession, SavedStack, write_session_file
from napari_ifealid.session_files.content import VectorReference
from napari_ifealid.stack import FeatureStack, StackSource

EVIL = "\x1b[31mred\r\x07\x9b\u202e\nINJECTED"
SHOWN = r"\x1b[31mred\r\x07\x9b\u202e\nINJECTED"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="names of files can't be such")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """A folder of an evil name with files of such names, whose contents are no better."""
    folder = tmp_path / f"folder {EVIL}"
    folder.mkdir()
    monkeypatch.chdir(folder)
    values = np.random.default_rng(0).integers(1, 255, (6, 5, 4), np.uint8)
    labels = tuple(f"{number} {EVIL}" for number in range(4))
    stack = FeatureStack(values=values, name=EVIL, feature_labels=labels)
    write_stack(f"{EVIL}.zip", replace(stack, overlay=np.zeros((24, 20, 3), np.uint8)))
    np.save(f"{EVIL}.npy", values)
    np.savez(f"{EVIL}.npz", **{EVIL: values, "other": values, f"flat{EVIL}": values[0, 0]})
    Path(f"damaged{EVIL}.npy").write_bytes(b"\x93NUMPY")
    Path(f"labels{EVIL}.txt").write_text(f"only one{EVIL}")
    entries = tuple(LibraryEntry(np.arange(4.0) + n, f"{n}{EVIL}") for n in range(3))
    write_library(f"{EVIL}.csv", Library(entries, labels, EVIL))
    Image.fromarray(values[..., :3]).save(f"{EVIL}.png")
    saved = SavedStack(StackSource(str(Path(f"{EVIL}.zip").absolute())), values.shape)
    reference = VectorReference((1.0, 2.0, 3.0, 4.0), EVIL, feature_labels=labels)
    session = SavedSession(stacks=(saved,), references=(reference,), rule=Rule.BEST)
    write_session_file(f"{EVIL}.ifealid.json", session)
    return folder


COMMANDS = {
    "info": ["info", f"{EVIL}.zip"],
    "info of arrays": ["info", f"{EVIL}.npz"],
    "info of a library": ["info", f"{EVIL}.csv"],
    "info as JSON": ["info", f"{EVIL}.zip", "--json"],
    "info of a library as JSON": ["info", f"{EVIL}.csv", "--json"],
    "info of nothing": ["info", f"missing{EVIL}.npy"],
    "info of another kind": ["info", f"a.{EVIL}"],
    "info of damage": ["info", f"damaged{EVIL}.npy"],
    "info of a URL": ["info", f"http://127.0.0.1:1/{EVIL}.npy"],
    "create": ["create", f"{EVIL}.npy", "--name", EVIL],
    "create again": ["create", f"{EVIL}.npy", "-o", f"{EVIL}.zip"],
    "create with labels": ["create", f"{EVIL}.npy", "--labels", f"labels{EVIL}.txt"],
    "create of many": ["create", f"{EVIL}.npz"],
    "create of none": ["create", f"{EVIL}.npz", "--array", f"none{EVIL}"],
    "convert": ["convert", f"{EVIL}.zip", f"new{EVIL}.npy"],
    "convert to an image": ["convert", f"{EVIL}.zip", f"new{EVIL}.tif"],
    "convert to another kind": ["convert", f"{EVIL}.zip", f"new.{EVIL}"],
    "convert again": ["convert", f"{EVIL}.zip", f"{EVIL}.npy"],
    "extract": ["extract", f"{EVIL}.png", "-m", "filters", "-o", f"out{EVIL}"],
    "extract a stage": ["extract", f"{EVIL}.png", "-m", "filters", "-s", EVIL, "-o", "out"],
    "extract nothing": ["extract", f"missing{EVIL}.png", "-m", "filters", "-o", "out"],
    "extract of no model": ["extract", f"{EVIL}.png", "-m", f"./{EVIL}", "-o", "out"],
    "up-sample by nothing": ["extract", f"{EVIL}.png", "--upsample", f"{EVIL}:x", "-o", "out"],
    "apply": ["apply", f"{EVIL}.ifealid.json", f"{EVIL}.zip", "-o", f"out{EVIL}", "--jobs", "1"],
    "apply to damage": [
        *["apply", f"{EVIL}.ifealid.json", f"damaged{EVIL}.npy"],
        *["-o", f"out{EVIL}", "--jobs", "1"],
    ],
    "apply nothing": ["apply", f"missing{EVIL}.ifealid.json", f"{EVIL}.zip", "-o", "out"],
    "apply another measure": ["apply", "a.ifealid.json", "a.npy", "-o", "out", "--measure", EVIL],
    "figure": [f"{EVIL}.zip", "--figure", f"new{EVIL}.png"],
    "figure of another kind": [f"{EVIL}.zip", "--figure", f"new.{EVIL}"],
    "window of nothing": [f"missing{EVIL}.npy"],
    "window of damage": [f"damaged{EVIL}.npy"],
    "pixel that is none": ["--at", EVIL],
    "measure that is none": ["--measure", EVIL],
    "option that is none": [f"--{EVIL}"],
    "option of a subcommand": ["info", "a.npy", f"--{EVIL}"],
}


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_no_command_prints_a_control_character(arguments, capfd):
    with suppress(SystemExit):  # of argparse
        main(arguments)
    for told in capfd.readouterr():
        assert not re.findall("[^\n\x20-\x7e\xa0-\u2027\u2030-\u2065\u2070-\uffff]", told)
        assert not any(line.startswith("INJECTED") for line in told.splitlines())


@pytest.mark.parametrize("command", ["info", "create", "convert", "extract", "apply", "figure"])
def test_names_are_shown_in_a_visible_form(command, capfd):
    assert main(COMMANDS[command]) == 0
    assert SHOWN in capfd.readouterr().out


@pytest.mark.parametrize(
    "command", ["info of nothing", "create again", "extract nothing", "window of damage"]
)
def test_errors_show_names_in_a_visible_form(command, capfd):
    assert main(COMMANDS[command]) != 0
    error = capfd.readouterr().err
    assert SHOWN in error
    assert error.count("\n") == 1


def test_very_long_name_is_cut(capfd):
    labels = tuple(f"{number}{'x' * 10**5}" for number in range(4))
    stack = FeatureStack(
        values=np.ones((3, 3, 4), np.uint8), name="y" * 10**5, feature_labels=labels
    )
    write_stack("long.zip", stack)
    assert main(["info", "long.zip"]) == 0
    assert len(capfd.readouterr().out) < 5000


def test_message_is_one_line(capfd):
    tell(f"a {EVIL}")
    assert capfd.readouterr().err == f"napari-ifealid: a {SHOWN}\n"


def test_result_may_have_several_lines(capfd):
    print_result("a\nb\x1b")
    assert capfd.readouterr().out == "a\nb\\x1b\n"


def test_what_other_packages_log_is_a_plain_line(capfd, monkeypatch):
    from napari_ifealid.cli import info

    monkeypatch.setattr(info, "run", lambda _: logging.getLogger("other").warning(EVIL))
    assert main(["info", "a.npy"]) == 0
    assert capfd.readouterr().err == f"napari-ifealid: warning: {SHOWN}\n"
    assert not [one for one in logging.getLogger().handlers if "cli" in type(one).__module__]
