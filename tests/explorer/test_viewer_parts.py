from __future__ import annotations

from types import SimpleNamespace

from napari_ifealid.explorer.viewer_parts import camera, canvas_grid


def test_grid_and_camera_of_this_napari_are_found(viewer):
    assert canvas_grid(viewer).enabled is False
    assert camera(viewer).zoom > 0


def test_grid_and_camera_are_found_where_they_were_before_0_9():
    old = SimpleNamespace(grid="the grid", camera="the camera")
    assert (canvas_grid(old), camera(old)) == ("the grid", "the camera")
