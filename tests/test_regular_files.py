from __future__ import annotations

import os
import shutil
import socket
import sys
from functools import partial

import numpy as np
import pytest

from napari_ifealid import read_stack
from napari_ifealid._reader import get_reader
from napari_ifealid._session_reader import get_session_reader
from napari_ifealid.cli import main
from napari_ifealid.errors import DatasetError
from napari_ifealid.extraction.upsampler_loading import load_upsampler
from napari_ifealid.formats import (
    all_suffixes,
    array_names,
    read_overlay,
    read_stacks,
    stack_names,
    write_array,
    write_stack,
)
from napari_ifealid.formats.atomic_folder import written_folder
from napari_ifealid.formats.atomic_write import written_file
from napari_ifealid.formats.weights_place import weights_path
from napari_ifealid.formats.zarr_writer import is_zarr
from napari_ifealid.libraries.files import LIBRARY_SUFFIXES, read_library
from napari_ifealid.regular_files import check_file_or_folder, check_regular_file, special_kind
from napari_ifealid.session_files import read_session_file
from napari_ifealid.sharpening.weights_file import read_weights

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes and devices"),
    pytest.mark.timeout(60),  # who opens a pipe waits for ever
]

FILES_ONLY = [suffix for suffix in all_suffixes() if suffix != ".zarr"]


def pipe(path) -> str:
    os.mkfifo(path)
    return "a pipe (FIFO), not a file"


def endless(path) -> str:
    path.symlink_to("/dev/zero")
    return "a device, not a file"


def folder(path) -> str:
    path.mkdir()
    return "a folder, not a file"


def refusal(read, *arguments) -> str:
    with pytest.raises(DatasetError) as caught:
        read(*arguments)
    return str(caught.value)


@pytest.mark.parametrize("make", [pipe, endless])
def test_pipes_and_devices_are_neither_file_nor_folder(tmp_path, make):
    reason = make(tmp_path / "a.npy")
    for check in (check_file_or_folder, check_regular_file):
        assert refusal(check, tmp_path / "a.npy").startswith(f"{reason}: a.npy; expected a file.")


def test_socket_is_neither_file_nor_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("a.npy")
        assert special_kind("a.npy") == "a socket"


def test_file_is_a_file_and_folder_a_folder(tmp_path):
    (tmp_path / "a.npy").touch()
    check_regular_file(tmp_path / "a.npy")
    check_file_or_folder(tmp_path)
    assert refusal(check_regular_file, tmp_path).startswith("a folder, not a file")


def test_what_is_missing_is_left_to_who_opens_it(tmp_path):
    for path in (tmp_path / "missing", "a\0b", tmp_path / "missing" / "a"):
        check_regular_file(path)
        assert special_kind(path) is None


@pytest.mark.parametrize("suffix", FILES_ONLY)
@pytest.mark.parametrize("make", [pipe, endless, folder])
def test_no_reader_opens_what_is_no_file(tmp_path, suffix, make):
    path = tmp_path / f"a{suffix}"
    reason = make(path)
    for read in (read_stack, read_stacks, array_names, stack_names):
        assert refusal(read, path).startswith(f"{reason}: a{suffix}")


@pytest.mark.parametrize("suffix", all_suffixes())
@pytest.mark.parametrize("make", [pipe, endless])
def test_reader_of_the_window_says_what_is_no_file(tmp_path, suffix, make):
    path = tmp_path / f"a{suffix}"
    reason = make(path)
    # napari's own readers would open it
    assert refusal(get_reader(str(path)), str(path)).startswith(reason)


@pytest.mark.parametrize("make", [pipe, endless, folder])
def test_no_other_file_of_a_stack_is_opened_where_it_is_none(tmp_path, make, stack):
    write_stack(tmp_path / "a.zip", stack)
    weights = weights_path(tmp_path / "a.zip")
    reason = make(weights)
    assert refusal(read_weights, weights).startswith(reason)
    reason = make(tmp_path / "photo.jpg")
    assert refusal(read_overlay, tmp_path / "photo.jpg").startswith(reason)


@pytest.mark.parametrize("suffix", LIBRARY_SUFFIXES)
@pytest.mark.parametrize("make", [pipe, endless, folder])
def test_no_library_is_read_from_what_is_no_file(tmp_path, suffix, make):
    reason = make(tmp_path / f"a{suffix}")
    assert refusal(read_library, tmp_path / f"a{suffix}").startswith(reason)


@pytest.mark.parametrize("make", [pipe, endless])
def test_no_session_is_read_from_what_is_no_file(tmp_path, make):
    path = tmp_path / "a.ifealid.json"
    reason = make(path)
    assert refusal(read_session_file, path).startswith(reason)
    assert get_session_reader(str(path)) is not None


@pytest.mark.parametrize("make", [pipe, endless, folder])
def test_no_up_sampler_is_run_from_what_is_no_file(tmp_path, make):
    reason = make(tmp_path / "a.py")
    assert refusal(load_upsampler, f"{tmp_path / 'a.py'}:up").startswith(reason)


@pytest.mark.parametrize("make", [pipe, endless])
@pytest.mark.parametrize(
    "arguments",
    [
        ("bad.npy",),
        ("bad.npy", "--at", "1,1", "--figure", "a.pdf"),
        ("bad.ifealid.json",),
        ("info", "bad.npy"),
        ("info", "bad.hdr"),
        ("info", "bad.csv"),
        ("convert", "bad.zip", "b.npy"),
        ("create", "bad.npy"),
        ("create", "a.npy", "--overlay", "bad.jpg"),
        ("create", "a.npy", "--labels", "bad.txt"),
        ("apply", "bad.ifealid.json", "a.npy", "-o", "out"),
    ],
    ids=" ".join,
)
def test_no_command_opens_what_is_no_file(tmp_path, monkeypatch, capsys, arguments, make):
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", np.ones((3, 4, 5), np.float32))
    before = sorted(path.name for path in tmp_path.iterdir())
    (bad,) = (one for one in arguments if one.startswith("bad."))
    reason = make(tmp_path / bad)
    assert main(list(arguments)) == 2
    assert f"napari-ifealid: {reason}: {bad}" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*before, bad])


@pytest.mark.parametrize("make", [pipe, endless])
@pytest.mark.parametrize(
    "write", [written_file, partial(written_folder, kind="Zarr", replaces=is_zarr)]
)
def test_no_pipe_or_device_is_replaced(tmp_path, make, write):
    make(tmp_path / "a")

    def replace() -> None:
        with write(tmp_path / "a", force=True):
            pass

    assert " of this name: a" in refusal(replace)
    assert special_kind(tmp_path / "a") is not None


@pytest.mark.parametrize("suffix", [".npy", ".tif"])
def test_file_that_became_a_pipe_while_it_is_hovered_is_noticed(
    tmp_path, free_memory, suffix, stack
):
    path = tmp_path / f"a{suffix}"
    write_array(path, stack)
    with free_memory(100):
        opened = read_stack(path)
    assert opened.is_lazy
    shutil.move(path, tmp_path / "kept")
    pipe(path)
    with pytest.raises(DatasetError, match="changed or replaced"):
        opened.vector((1, 1))
