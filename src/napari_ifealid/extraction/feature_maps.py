"""The output of a layer as a map of features."""

from __future__ import annotations

from typing import Any

import torch

from napari_ifealid.errors import DatasetError
from napari_ifealid.extraction.receptive_fields import Grid, grid_of, spatial_axes

_MOST_PREFIX_TOKENS = 64


def feature_map(output: Any, layer: str, image: torch.Tensor) -> tuple[torch.Tensor, Grid]:
    """Return the output of a layer as a map.

    Parameters
    ----------
    output : tensor, or a tuple, list or mapping that begins with one
        A map of shape (1, C, h, w) or (1, h, w, C), or a sequence of tokens of shape (1, N, C)
        with one token a patch, before which class and register tokens may come.
    layer : str
    image : tensor, shape (1, 3, H, W)
        What the network was given, within `ReceptiveFields`.

    Returns
    -------
    values : tensor, shape (h, w, C)
    grid : Grid
        Where its cells lie on the image. Where the network could not be followed, the map covers
        the area of what could.

    Raises
    ------
    DatasetError
        If the output is none of these.
    """
    tensor = _first_tensor(output)
    grid = grid_of(tensor) or grid_of(image)
    assert grid is not None
    if isinstance(tensor, torch.Tensor) and tensor.shape[:1] == (1,):
        if tensor.ndim == 4:
            axes = spatial_axes(tensor, grid)
            if axes == (1, 2):
                return tensor[0], grid
            values = tensor[0].permute(1, 2, 0)
            return values, grid if axes else grid.resampled(tuple(values.shape[:2]))
        height, width = grid.size
        if tensor.ndim == 3 and 0 <= tensor.shape[1] - height * width <= _MOST_PREFIX_TOKENS:
            return tensor[0, tensor.shape[1] - height * width :].reshape(height, width, -1), grid
    raise not_a_map(_described(tensor), layer)


def not_a_map(found: str, layer: str) -> DatasetError:
    """Return the error that a layer gets whose output, described by `found`, is no map."""
    return DatasetError(
        f"{found} by the layer {layer!r}",
        expected="a map of shape (1, features, height, width), or tokens of shape (1, tokens, "
        "features), one per patch",
        remedy="Choose another layer.",
    )


def _first_tensor(output: Any) -> Any:
    while isinstance(output, list | tuple | dict) and output:
        output = next(iter(output.values() if isinstance(output, dict) else output))
    return output


def _described(output: Any) -> str:
    if isinstance(output, torch.Tensor):
        return f"an output of shape {tuple(output.shape)}"
    return f"an output of type {type(output).__name__}"
