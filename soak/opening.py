"""Large stacks opened, hovered and removed, one after the other; and the same by napari alone."""

from __future__ import annotations

from itertools import cycle, islice
from pathlib import Path
from time import perf_counter

import napari
import numpy as np
from napari.layers import Image
from qtpy.QtTest import QTest

from soak.counts import sample
from soak.recorder import Recorder
from soak.running import errors_shown, fill_interned_strings, start_threads, watched
from soak.stacks import OPENED_SHAPE, features, write_opened
from soak.window import Window

_SHOWN = 200  # milliseconds that the window has to draw
_HOVERED = 5  # each fifth one is hovered as well, for which a preview is built


def open_and_remove(count: int, folder: Path, recorder: Recorder) -> None:
    """Open so many stacks of 105 MB, one after the other, and count what is left of each.

    Parameters
    ----------
    count : int
    folder : path
        Where the stacks are written.
    recorder : Recorder
    """
    paths = write_opened(folder)
    window = Window()
    base = _add_base(window.viewer)
    fill_interned_strings()
    start_threads()
    start = perf_counter()
    with errors_shown(recorder.errors):
        for number, path in enumerate(islice(cycle(paths), count)):
            with watched():
                _open_and_remove(window, path, 0 if number % _HOVERED else 3, base)
            recorder.acts[path.name] += 1
            recorder.add(sample((perf_counter() - start) / 60))


def add_and_remove(count: int, recorder: Recorder) -> None:
    """Add so many images of such a size to a viewer without the plugin, and count what is left.

    Parameters
    ----------
    count : int
    recorder : Recorder
    """
    values = features(OPENED_SHAPE, 4)
    viewer, start = napari.Viewer(), perf_counter()
    _add_base(viewer)
    for _ in range(count):
        layer = viewer.add_image(values, name="features")
        QTest.qWait(_SHOWN)
        viewer.layers.remove(layer)
        QTest.qWait(_SHOWN)
        recorder.add(sample((perf_counter() - start) / 60))


def _add_base(viewer: napari.Viewer) -> Image:
    """Add a small image that stays.

    In an empty window drivers keep what was drawn last, and napari shows its welcome.
    """
    return viewer.add_image(np.zeros((64, 64), np.uint8), name="base")


def _open_and_remove(window: Window, path: Path, moves: int, base: Image) -> None:
    window.new_layers(lambda: window.viewer.open(path, plugin="napari-ifealid"))
    window.wait_for(lambda: window.explorer.map_layer is not None, f"the map of {path.name}")
    window.settle()
    window.sweep(moves)
    window.remove([layer for layer in window.viewer.layers if layer is not base])
