"""The machine that goes through sequences, and the files that it opens."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from abuse_files import LARGE, write_files
from abused_window import AbusedWindow
from complaints import Complaints
from window_machine import WindowMachine

_HAS_PLUGIN = not os.environ.get("NAPARI_IFEALID_CONTROL")


@pytest.fixture(scope="session")
def abuse_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("abuse")
    write_files(folder)
    return folder


@pytest.fixture
def machine(
    make_napari_viewer, qtbot, monkeypatch, abuse_folder, plugins
) -> Iterator[type[WindowMachine]]:
    """The class of sequences, of which one at a time has the window."""
    monkeypatch.setattr("napari_ifealid.explorer.sources.fits_memory", lambda count: count < LARGE)
    complaints = Complaints()
    window = AbusedWindow(
        lambda: make_napari_viewer(show=True),
        qtbot,
        abuse_folder,
        complaints,
        has_plugin=_HAS_PLUGIN,
    )
    WindowMachine.window, WindowMachine.done = window, []
    gc.collect()
    gc.freeze()  # napari collects garbage whenever a layer goes, which takes long else
    with complaints.listening():
        yield WindowMachine
        window.close_another()
    gc.unfreeze()
