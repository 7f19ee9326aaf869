"""What napari and Qt themselves leave behind, without a panel."""

from __future__ import annotations

import numpy as np
from held_things import held_things, more_than
from qtpy.QtCore import Qt
from qtpy.QtGui import QImage


def show_a_grid(viewer, qtbot) -> None:
    """Show layers in a grid, in another order of axes, and have an empty window again."""
    viewer.add_image(np.random.default_rng(0).normal(size=(4, 12, 13)))
    for _ in range(3):
        viewer.add_image(np.zeros((11, 12)))
    viewer.grid.enabled = True
    qtbot.wait(50)
    viewer.dims.order = (1, 0, 2)
    qtbot.wait(50)
    viewer.layers.clear()
    viewer.grid.enabled = False
    qtbot.wait(50)


def test_what_napari_keeps_is_left_out_as_long_as_it_keeps_it(make_napari_viewer, qtbot):
    """Take `without_what_others_keep` out once this fails."""
    viewer = make_napari_viewer(show=True)
    qtbot.wait(50)
    for _ in range(3):
        before = held_things(viewer)
        show_a_grid(viewer, qtbot)
    left = more_than(before, held_things(viewer))
    assert any("OpenGL objects" in text for text in left)


def test_threads_that_qt_scales_a_picture_with_are_not_left_behind(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    qtbot.wait(31_000)  # until those of the window's own pictures are gone
    before = held_things(viewer)
    ratio, smooth = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    QImage(1024, 1024, QImage.Format.Format_RGB32).scaled(512, 512, ratio, smooth)
    assert not more_than(before, held_things(viewer))
