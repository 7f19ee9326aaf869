"""Where the receptive fields of a network's maps are centred on its input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

Pair = tuple[float, float]

_GRID = "_receptive_field_grid"  # attribute of a tensor


@dataclass(frozen=True)
class Grid:
    """Where the cells of a map lie on the network's input, along y and x.

    Cell i is centred at stride · i + offset, in pixels of the input, whose first has its centre
    at 0.

    Parameters
    ----------
    stride, offset : (float, float)
    size : (int, int)
        Number of cells.
    features_last : bool, optional
        Whether the features are the last axis of the map, where its shape leaves that open.
    """

    stride: Pair
    offset: Pair
    size: tuple[int, int]
    features_last: bool = False

    def subsampled(self, first: Pair, step: Pair, size: tuple[int, int]) -> Grid:
        """Return the grid of the cells at `first`, `first + step`, … of this one."""
        (oy, ox), (sy, sx) = self.offset, self.stride
        offset = oy + sy * first[0], ox + sx * first[1]
        stride = sy * step[0], sx * step[1]
        return replace(self, stride=stride, offset=offset, size=size)

    def resampled(self, size: tuple[int, int]) -> Grid:
        """Return the grid of so many cells over the same area."""
        y, x = self.size[0] / size[0], self.size[1] / size[1]
        return self.subsampled(((y - 1) / 2, (x - 1) / 2), (y, x), size)


def grid_of(tensor: Any) -> Grid | None:
    """Return the grid that a tensor was found to have, None if it has none."""
    return getattr(tensor, _GRID, None)


class ReceptiveFields(TorchFunctionMode):  # type: ignore[misc]
    """Follows an image through a network: within it, each tensor made gets its grid.

    Convolutions, poolings, paddings, slices and changes of resolution move the grid. What is made
    of several tensors takes that of the largest, or their mean where they are concatenated, as in
    a merging of patches. Anything else keeps it.

    Parameters
    ----------
    image : tensor, shape (1, channels, height, width)

    Attributes
    ----------
    strides : set of int
        Of all maps that were made by going over another in steps.
    """

    def __init__(self, image: torch.Tensor) -> None:
        super().__init__()
        self.image = image
        self.strides = {1}
        height, width = image.shape[-2:]
        setattr(image, _GRID, Grid((1.0, 1.0), (0.0, 0.0), (height, width)))

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Any,  # the name is torch's
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call the function and give what it makes its grid."""
        kwargs = kwargs or {}
        sources = [tensor for tensor in _tensors((args, kwargs)) if grid_of(tensor)]
        made = function(*args, **kwargs)
        if sources:
            source = max(sources, key=torch.Tensor.numel)
            follow = _FOLLOWED.get(function.__name__, _kept)
            for tensor in _tensors(made):
                grid = follow(source, tensor, args, kwargs)  # type: ignore[no-untyped-call]
                setattr(tensor, _GRID, grid)
                steps = function.__name__ in _STEPPING and grid.stride != _kept(source).stride
                if steps and min(grid.size) > 1:
                    self.strides.update(map(ceil, grid.stride))
        return made


def spatial_axes(tensor: torch.Tensor, grid: Grid) -> tuple[int, int] | None:
    """Return which axes of a tensor have the size of a grid, None if it is no map."""
    if tensor.ndim == 4:
        likely = ((1, 2), (2, 3)) if grid.features_last else ((2, 3), (1, 2))
        for axes in likely:
            if tuple(tensor.shape[axis] for axis in axes) == grid.size:
                return axes
    return None


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _tensors(part)


def _kept(source: torch.Tensor, *_: Any) -> Grid:
    grid = grid_of(source)
    assert grid is not None
    return grid


def _windowed(names: tuple[str, ...]) -> Callable[..., Grid]:
    """Return what follows a convolution or pooling whose arguments have these names."""

    def follow(
        source: torch.Tensor, made: torch.Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Grid:
        given = dict(zip(names, args, strict=False)) | kwargs
        kernel = given["weight"].shape[-2:] if "weight" in given else _pair(given["kernel_size"])
        step = _pair(given.get("stride") or (kernel if "kernel_size" in given else 1))
        dilation = _pair(given.get("dilation", 1))
        reach = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        padding = given.get("padding", 0)
        if padding == "same":
            padding = [r // 2 for r in reach]
        before = (0, 0) if padding == "valid" else _pair(padding)
        first = reach[0] / 2 - before[0], reach[1] / 2 - before[1]
        return _kept(source).subsampled(first, step, tuple(made.shape[-2:]))

    return follow


def _pair(value: Any) -> Any:
    """Return an option along y and x, of which one is given where both are the same."""
    values = tuple(value) if isinstance(value, list | tuple) else (value,)
    return values * 2 if len(values) == 1 else values


def _padded(
    source: torch.Tensor, made: torch.Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Grid:
    grid = _kept(source)
    axes = spatial_axes(source, grid)
    if axes is None:
        return grid
    padding = kwargs["pad"] if "pad" in kwargs else args[1]
    before = dict(zip(range(source.ndim - 1, -1, -1), padding[::2], strict=False))
    first = -before.get(axes[0], 0), -before.get(axes[1], 0)
    return grid.subsampled(first, (1, 1), (made.shape[axes[0]], made.shape[axes[1]]))


def _sliced(source: torch.Tensor, made: torch.Tensor, args: tuple[Any, ...], _: Any) -> Grid:
    grid = _kept(source)
    axes = spatial_axes(source, grid)
    index = args[1] if isinstance(args[1], tuple) else (args[1],)
    if axes is None or made.ndim != source.ndim:
        return grid
    at = next((at for at, part in enumerate(index) if part is Ellipsis), None)
    if at is not None:
        whole = (slice(None),) * (source.ndim - len(index) + 1)
        index = (*index[:at], *whole, *index[at + 1 :])
    cuts = [index[axis] if axis < len(index) else slice(None) for axis in axes]
    if not all(isinstance(cut, slice) for cut in cuts):
        return grid
    ranges = [range(source.shape[a])[cut] for a, cut in zip(axes, cuts, strict=True)]
    y, x = ranges
    return grid.subsampled((y.start, x.start), (y.step, x.step), (len(y), len(x)))


def _concatenated(
    source: torch.Tensor, _: torch.Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Grid:
    largest = _kept(source)
    grids = [grid for tensor in _tensors((args, kwargs)) if (grid := grid_of(tensor))]
    alike = [grid for grid in grids if (grid.stride, grid.size) == (largest.stride, largest.size)]
    y, x = (sum(grid.offset[axis] for grid in alike) / len(alike) for axis in (0, 1))
    return replace(largest, offset=(y, x))


def _permuted(
    source: torch.Tensor, made: torch.Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Grid:
    grid = _kept(source)
    if made.ndim != 4:
        return grid
    order = kwargs["dims"] if "dims" in kwargs else args[1:]
    order = order[0] if isinstance(order[0], list | tuple) else order
    features = 3 if grid.features_last else 1
    return replace(grid, features_last=order[3] % 4 == features)


def _reshaped(source: torch.Tensor, made: torch.Tensor, *_: Any) -> Grid:
    grid = _kept(source)
    if made.ndim != 4 or source.ndim == 4:
        return grid
    return replace(grid, features_last=made.shape[-1] == source.shape[-1])


def _resampled(source: torch.Tensor, made: torch.Tensor, *_: Any) -> Grid:
    return _kept(source).resampled(tuple(made.shape[-2:]))


_FOLLOWED: dict[str, Callable[..., Grid]] = {
    "conv2d": _windowed(("input", "weight", "bias", "stride", "padding", "dilation")),
    "max_pool2d": _windowed(("input", "kernel_size", "stride", "padding", "dilation")),
    "max_pool2d_with_indices": _windowed(("input", "kernel_size", "stride", "padding", "dilation")),
    "avg_pool2d": _windowed(("input", "kernel_size", "stride", "padding")),
    "lp_pool2d": _windowed(("input", "norm_type", "kernel_size", "stride")),
    "pad": _padded,
    "__getitem__": _sliced,
    "cat": _concatenated,
    "concat": _concatenated,
    "stack": _concatenated,
    "permute": _permuted,
    "reshape": _reshaped,
    "view": _reshaped,
    "interpolate": _resampled,
    "adaptive_avg_pool2d": _resampled,
    "adaptive_max_pool2d": _resampled,
    "conv_transpose2d": _resampled,
    "pixel_shuffle": _resampled,
    "pixel_unshuffle": _resampled,
}

# other changes of resolution give maps of any size of any image
_STEPPING = {
    "conv2d",
    "max_pool2d",
    "max_pool2d_with_indices",
    "avg_pool2d",
    "lp_pool2d",
    "pixel_unshuffle",
    "__getitem__",
}
