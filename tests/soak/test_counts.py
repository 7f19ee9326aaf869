from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QTimer
from qtpy.QtTest import QTest
from vispy import gloo

from napari_ifealid.engines.engine import EngineUnavailableError
from napari_ifealid.engines.gl_context import OffscreenContext
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.workarounds.canvases import all_canvases
from soak.counts import sample


@pytest.fixture
def context(qapp) -> OffscreenContext:
    try:
        return OffscreenContext()
    except EngineUnavailableError as error:
        pytest.skip(str(error))


def test_textures_of_an_engine_are_counted_until_they_are_deleted(context):
    before = sample(0.0)
    textures = []
    with context.current():
        for _ in range(3):
            textures.append(gloo.Texture2D(np.zeros((4, 4, 4), np.float32)))
            context.hold(textures[-1])
    assert sample(0.0).gl_objects == before.gl_objects + 3
    with context.current():
        for one in textures:
            one.delete()
    assert sample(0.0).gl_objects == before.gl_objects


def test_contexts_are_counted(context):
    before = sample(0.0).gl_contexts
    other = OffscreenContext()
    assert sample(0.0).gl_contexts == before + 1
    del other
    assert sample(0.0).gl_contexts == before


def test_memory_of_one_frame_is_not_counted(qapp):
    before = sample(0.0).memory
    frame = [np.ones(25_000_000, np.uint8)]
    QTimer.singleShot(0, frame.clear)  # with the next turn of Qt's event loop
    assert abs(sample(0.0).memory - before) < 2e6


def test_canvases_are_drawn_anew_while_memory_is_counted(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    QTest.qWait(500)  # until it is at rest
    (canvas,) = all_canvases()
    drawn = []
    canvas.frameSwapped.connect(lambda: drawn.append(True))
    sample(0.0)
    assert len(drawn) >= 2
    viewer.close()


def test_memory_that_is_kept_is_counted(qapp):
    before = sample(0.0).memory
    kept = np.ones(25_000_000, np.uint8)
    assert 24e6 < sample(0.0).memory - before < 27e6
    del kept
    assert abs(sample(0.0).memory - before) < 2e6


def test_open_files_are_handles(qapp, tmp_path):
    before = sample(0.0).handles
    with (tmp_path / "open").open("w"):
        assert sample(0.0).handles == before + 1


def test_objects_are_counted_by_their_types(qapp):
    name = "napari_ifealid.explorer.connections.Connections"
    before = sample(0.0).objects.get(name, 0)
    kept = [Connections() for _ in range(5)]
    assert sample(0.0).objects[name] == before + len(kept)
