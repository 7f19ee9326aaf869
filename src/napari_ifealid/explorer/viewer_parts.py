"""Parts of a viewer that napari 0.9 has moved, and earlier versions have elsewhere."""

from __future__ import annotations

from typing import Any

from napari.components import ViewerModel


def canvas_grid(viewer: ViewerModel) -> Any:
    """Return napari's grid of cells: ``stride``, ``shape``, ``spacing``, ``enabled``."""
    return viewer.canvas.grid if hasattr(viewer, "canvas") else viewer.grid


def camera(viewer: ViewerModel) -> Any:
    """Return napari's camera: ``center``, ``zoom``, ``angles``."""
    return viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera
