from __future__ import annotations

from dataclasses import replace
from time import monotonic
from types import SimpleNamespace

import dask.array as da
import napari
import numpy as np
import pytest
from napari.viewer import current_viewer
from qtpy.QtCore import QSize
from qtpy.QtGui import QImage

from napari_ifealid.layers import layer_data
from napari_ifealid.stack import FeatureStack
from napari_ifealid.window import ExploreError, explore


@pytest.fixture
def unreadable(monkeypatch) -> FeatureStack:
    """A stack that is read when needed, and can't be."""
    monkeypatch.setattr("napari_ifealid.explorer.sources.fits_memory", lambda _: False)

    def fail(block: np.ndarray) -> np.ndarray:
        raise OSError("the disk is gone")

    nothing = np.empty((0, 0, 0))
    values = da.ones((9, 8, 4), chunks=4).map_blocks(fail, dtype=float, meta=nothing)
    return FeatureStack(values=values, name="unreadable")


@pytest.fixture(autouse=True)
def opened(make_napari_viewer, monkeypatch) -> list[napari.Viewer]:
    """The windows that were opened."""
    viewers: list[napari.Viewer] = []

    def open_window(**options) -> napari.Viewer:
        viewers.append(make_napari_viewer(**options))
        return viewers[-1]

    monkeypatch.setattr(napari, "Viewer", open_window)
    return viewers


def is_closed(viewer: napari.Viewer) -> bool:
    return current_viewer() is not viewer


def test_picture_of_the_window_is_saved_even_where_the_axis_is_a_guess(opened, stack, tmp_path):
    explore(layer_data(replace(stack, is_axis_guessed=True)), (1, 4), tmp_path / "a.png")
    image = QImage(str(tmp_path / "a.png"))
    assert image.width() > 1000
    assert is_closed(*opened)


def test_window_is_no_larger_than_the_screen(opened, stack, tmp_path, monkeypatch):
    room = QSize(1000, 760)
    screen = SimpleNamespace(availableSize=lambda: room)
    monkeypatch.setattr("napari_ifealid.window.QApplication.primaryScreen", lambda: screen)
    explore(layer_data(stack), (1, 4), tmp_path / "a.png")
    image = QImage(str(tmp_path / "a.png"))
    assert image.width() <= room.width()
    assert image.height() < room.height()


def test_pixel_that_there_is_not_is_refused(opened, stack, tmp_path):
    with pytest.raises(ExploreError, match="6,5"):
        explore(layer_data(stack), (6, 0), tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []
    assert is_closed(*opened)


def test_features_that_cannot_be_compared_end_it_at_once(opened, unreadable, tmp_path):
    start = monotonic()
    with pytest.raises(ExploreError, match="could not be compared"):
        explore(layer_data(unreadable), None, tmp_path / "a.png")
    assert monotonic() - start < 60
    assert list(tmp_path.iterdir()) == []
    assert is_closed(*opened)
