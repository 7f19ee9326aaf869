"""A machine whose window is open, and which knows what an empty window holds."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from abuse_files import LARGE, write_files
from abused_window import AbusedWindow
from complaints import Complaints
from held_things import held_things
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
    with complaints.listening():
        _do_all_once()
        complaints.take()
        gc.collect()
        gc.freeze()  # napari collects garbage whenever a layer goes
        WindowMachine.held_before = held_things(window.viewer)
        yield WindowMachine
        window.close_another()
        gc.unfreeze()


def _do_all_once() -> None:
    """Do what makes things that are kept from then on."""
    state = WindowMachine()
    state.open_two_of_one_image()
    state.wait_and_look()
    state.link_those_of_one_image()
    state.choose_engine(number=1)
    state.hover(x=0.5, y=0.5)
    state.wait_and_look()
    state.choose_engine(number=2)
    state.click(x=0.5, y=0.5)
    state.choose_mode(mode="BEST")
    state.choose_threshold(share=0.5)
    state.make_regions()
    state.draw_a_shape(kind="rectangle", number=0)
    state.wait_and_look()
    state.make_labels(number=0)
    state.make_labels(number=3)
    state.add_to_library()
    state.change_library(number=0, how="tick")
    state.show_side_by_side()
    state.wait_and_look()
    state.find_places(number=1)
    state.make_overview(is_segments=True)
    state.choose_preprocessing(number=1)
    state.wait_and_look()
    state.add_array(kind="slow")
    state.open_file(file="long.zarr")
    state.wait_and_look()
    state.add_array(kind="photo")
    state.show_volume(is_volume=True)
    state.wait_and_look()
    state.window.settle()
    state.window.empty()
