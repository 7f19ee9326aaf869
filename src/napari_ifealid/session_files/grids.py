"""Where the pixels of a saved stack lie in the world, without napari."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.grid import Grid
from napari_ifealid.layers import default_grid
from napari_ifealid.session_files.content import SavedPlacement, SavedStack
from napari_ifealid.stack import FeatureStack


def saved_grid(saved: SavedStack, stack: FeatureStack) -> Grid:
    """Return where the pixels of a stack lay when its session was saved.

    Parameters
    ----------
    saved : SavedStack
        Its features lie along the first axis of its layer.
    stack : FeatureStack
        What is in its file.
    """
    if saved.placement is None:
        return default_grid(stack)
    matrix = _matrix(saved.placement)[1:, 1:]  # without the features
    return Grid(stack.spatial_shape, matrix)


def _matrix(placement: SavedPlacement) -> NDArray[np.float64]:
    """Return the matrix from a layer's data to the world, as napari puts it together."""
    count = len(placement.scale)
    shear = np.eye(count)
    shear[np.triu_indices(count, 1)] = placement.shear
    inner = np.eye(count + 1)
    inner[:-1, :-1] = np.array(placement.rotate) @ shear @ np.diag(placement.scale)
    inner[:-1, -1] = placement.translate
    matrix: NDArray[np.float64] = np.array(placement.affine) @ inner
    return matrix
