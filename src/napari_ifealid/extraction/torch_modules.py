"""Features from the layers of any torch module."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from math import isqrt, lcm
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError, first_line
from napari_ifealid.extraction.extractor import ExtractionWarning, check_layers
from napari_ifealid.extraction.feature_maps import feature_map, not_a_map
from napari_ifealid.extraction.mosaic import check_tile, on_the_image, paste, room_for
from napari_ifealid.extraction.receptive_fields import Grid, Pair, ReceptiveFields
from napari_ifealid.extraction.rgb_images import as_rgb
from napari_ifealid.extraction.tiles import tiles
from napari_ifealid.stack import FeatureStack, Placement
from napari_ifealid.thread_warnings import warn
from napari_ifealid.tracking import Track, every_item, untracked

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

MOST_PIXELS = 1 << 21
"""Default number of pixels that are processed at once."""

OVERLAP = 256
"""Default overlap of neighbouring tiles, in pixels."""

_LEAST_PIXELS = 1 << 16  # smaller tiles are mostly overlap
_PROBE = 224  # pixels a side; the usual strides and patches divide it
_CPU = torch.device("cpu")

Run = Callable[[torch.Tensor, Sequence[str]], Mapping[str, Any]]


@dataclass(frozen=True)
class TorchExtractor:
    """Extracts features with a torch module: an `Extractor`.

    The image is padded to a multiple of the largest stride with copies of its edge pixels, and
    the padding is cut off the maps. Large images are worked on in overlapping tiles, smaller
    ones where memory is short, and on the CPU where the device has too little for any.

    Parameters
    ----------
    module : torch.nn.Module
    layers : tuple of str
    run : callable
        `run(image, layers)` takes a tensor of shape (1, 3, H, W) and returns a mapping from the
        name of each of these layers to its output.
    mean, std : (float, float, float), optional
        What the network's input is normalised by: (rgb − mean) / std, for colours from 0 to 1.
    device : torch.device, optional
        Where the module is unless given.
    half : bool, optional
        Whether the features are float16 instead of float32.
    most_pixels : int, optional
        Of a tile.
    overlap : int, optional
        Pixels that neighbouring tiles have in common.
    """

    module: torch.nn.Module
    layers: tuple[str, ...]
    run: Run
    mean: Sequence[float] = IMAGENET_MEAN
    std: Sequence[float] = IMAGENET_STD
    device: torch.device | None = None
    half: bool = False
    most_pixels: int = MOST_PIXELS
    overlap: int = OVERLAP

    def extract(
        self,
        image: NDArray[Any],
        layers: Sequence[str] | None = None,
        *,
        name: str = "image",
        track: Track = untracked,
    ) -> list[FeatureStack]:
        """Extract the features of an image, as an `Extractor` does.

        Warns
        -----
        ExtractionWarning
            If smaller tiles or the CPU were used because memory is short.
        """
        rgb = as_rgb(image)
        chosen = list(self.layers if layers is None else layers)
        check_layers(chosen, self.layers)
        device, most_pixels = self.device or _device_of(self.module), self.most_pixels
        while True:
            try:
                with running(self.module, device):
                    maps = self._maps(rgb, chosen, device, most_pixels, name, track)
                break
            except (MemoryError, RuntimeError) as error:
                if not _is_memory_short(error):
                    raise
                pixels = min(most_pixels, rgb.shape[0] * rgb.shape[1])
                device, most_pixels = self._next_try(device, pixels, name, error)
        overlay = np.rint(rgb * 255).astype(np.uint8)
        return [
            FeatureStack(
                values=values,
                name=f"{name} {layer}",
                overlay=overlay,
                placement=Placement(grid.stride, grid.offset),
            )
            for layer, (values, grid) in maps.items()
        ]

    def _maps(
        self,
        rgb: NDArray[np.float32],
        layers: list[str],
        device: torch.device,
        most_pixels: int,
        name: str,
        track: Track,
    ) -> dict[str, tuple[NDArray[Any], Grid]]:
        multiple, strides = self._multiple_and_strides(layers, device)
        height, width = rgb.shape[:2]
        padded = self._prepared(rgb, multiple)
        plan = tiles(
            *padded.shape[-2:], multiple=multiple, overlap=self.overlap, most_pixels=most_pixels
        )
        maps: dict[str, tuple[NDArray[Any], Grid]] = {}
        description = f"Extracting features of {name}"
        for tile in every_item(track, plan, total=len(plan), desc=description):
            fields = self._fields(padded[..., *tile.seen], device)
            for layer, (values, grid) in self._run(fields, layers).items():
                if len(plan) == 1:
                    maps[layer] = values, grid
                else:
                    check_tile(layer, values, strides[layer], fields.image.shape[-2:])
                    if layer not in maps:
                        maps[layer] = room_for(values, grid, padded.shape[-2:]), grid
                    paste(maps[layer][0], values, grid, tile)
        return {
            layer: (np.ascontiguousarray(values[*on_the_image((height, width), grid)]), grid)
            for layer, (values, grid) in maps.items()
        }

    def _multiple_and_strides(
        self, layers: list[str], device: torch.device
    ) -> tuple[int, dict[str, Pair]]:
        """Return what the image's sides must be multiples of, and the layers' strides."""
        fields = self._fields(torch.zeros(1, 3, _PROBE, _PROBE), device)
        maps = self._run(fields, layers)
        for layer, (values, _) in maps.items():
            if values.shape[:2] == (1, 1):
                raise not_a_map(f"a single pixel for an image of {_PROBE} × {_PROBE} pixels", layer)
        strides = {layer: grid.stride for layer, (_, grid) in maps.items()}
        whole = [int(stride) for pair in strides.values() for stride in pair if stride % 1 == 0]
        return lcm(*fields.strides, *whole), strides

    def _prepared(self, rgb: NDArray[np.float32], multiple: int) -> torch.Tensor:
        """Return the network's input, shape (1, 3, H, W), padded to a multiple."""
        mean, std = (np.array(values, np.float32) for values in (self.mean, self.std))
        normalised = (rgb - mean) / std
        missing = [(0, -length % multiple) for length in rgb.shape[:2]]
        padded = np.pad(normalised, [*missing, (0, 0)], mode="edge")
        return torch.from_numpy(np.ascontiguousarray(padded.transpose(2, 0, 1)))[np.newaxis]

    def _fields(self, image: torch.Tensor, device: torch.device) -> ReceptiveFields:
        """Return receptive fields to follow through the module, with padding it can handle."""
        return ReceptiveFields(image.to(device, _precision_of(self.module)))

    def _run(
        self, fields: ReceptiveFields, layers: list[str]
    ) -> dict[str, tuple[NDArray[Any], Grid]]:
        """Return a map of shape (h, w, C) and its grid for each layer."""
        kind = torch.float16 if self.half else torch.float32
        try:
            with fields:
                outputs = self.run(fields.image, layers)
        except Exception as error:  # whatever a module may raise
            if _is_memory_short(error):
                raise
            raise DatasetError(
                f"a network that fails on an image of shape {tuple(fields.image.shape)} "
                f"({type(error).__name__}: {first_line(error)})",
                expected="one that takes images of any height and width",
                remedy="Make the image one of the size that it takes, or choose another network.",
            ) from error
        for layer in layers:
            if layer not in outputs:
                raise not_a_map("no output", layer)
        maps = {layer: feature_map(outputs[layer], layer, fields.image) for layer in layers}
        return {
            layer: (np.ascontiguousarray(values.to(kind).cpu().numpy()), grid)
            for layer, (values, grid) in maps.items()
        }

    def _next_try(
        self, device: torch.device, most_pixels: int, name: str, error: Exception
    ) -> tuple[torch.device, int]:
        """Return where and with which tiles to try again."""
        if most_pixels // 4 >= _LEAST_PIXELS:
            side = isqrt(most_pixels // 4)
            warn(
                ExtractionWarning(
                    f"{name}: memory is short on {device}; going on in tiles of about "
                    f"{side} × {side} pixels"
                ),
                stacklevel=3,
            )
            return device, most_pixels // 4
        if device != _CPU:
            warn(
                ExtractionWarning(f"{name}: memory is short on {device}; going on on the CPU"),
                stacklevel=3,
            )
            return _CPU, self.most_pixels
        raise DatasetError(
            f"too little memory for the network ({first_line(error)})",
            expected=f"room for its work on {most_pixels:,} pixels at once",
            remedy="Close other programs, or choose a smaller model.",
            file=name,
        ) from error


def extract_features(
    module: torch.nn.Module,
    image: NDArray[Any],
    layers: Sequence[str],
    *,
    name: str = "image",
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
    half: bool = False,
    most_pixels: int = MOST_PIXELS,
    overlap: int = OVERLAP,
    track: Track = untracked,
) -> list[FeatureStack]:
    """Extract what layers of a network make of an image.

    The module runs where it is, in evaluation mode and without gradients. The image is padded to
    a multiple of the largest stride with copies of its edge pixels, and the padding is cut off
    the maps.

    Parameters
    ----------
    module : torch.nn.Module
        Takes images of shape (1, 3, H, W), of any height and width.
    image : array, shape (H, W), (H, W, 3) or (H, W, 4)
        A grey, RGB or RGBA image of any real type. Opacity is left out. Of other types than
        uint8, the smallest value is black and the largest white.
    layers : sequence of str
        Names of submodules, as in `module.named_modules()`, such as "layer3.5". Their outputs are
        maps, or sequences of tokens with one token a patch, as in a vision transformer: class and
        register tokens are dropped and the grid is restored. Of a layer that runs more than once,
        it is the last output.
    name : str, optional
        What the image is called. Its stacks are called "<name> <layer>".
    mean, std : (float, float, float), optional
        What the network's input is normalised by: (rgb − mean) / std, for colours from 0 to 1;
        ImageNet's unless given.
    half : bool, optional
        Whether the features are float16 instead of float32.
    most_pixels : int, optional
        Larger images are worked on in overlapping tiles of no more pixels.
    overlap : int, optional
        Pixels that neighbouring tiles have in common. Where it is larger than the receptive
        fields, tiles make no difference.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Returns
    -------
    list of FeatureStack
        One a layer, of shape (h, w, C), with the image as the overlay and with the place of its
        pixels on it.

    Raises
    ------
    DatasetError
        If the array is no such image, if there is no such layer, if its output is no map, if the
        network refuses the image, or if memory is short.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.

    Warns
    -----
    ExtractionWarning
        If smaller tiles or the CPU were used because memory is short.

    Examples
    --------
    >>> stacks = extract_features(resnet, photo, layers=["layer1", "layer3.5"])
    """
    names = tuple(name for name, _ in module.named_modules() if name)
    extractor = TorchExtractor(
        module,
        names,
        _hooked(module),
        mean=mean,
        std=std,
        half=half,
        most_pixels=most_pixels,
        overlap=overlap,
    )
    return extractor.extract(image, layers, name=name, track=track)


def _hooked(module: torch.nn.Module) -> Run:
    """Return a function that runs a module and returns the outputs of layers."""

    def run(image: torch.Tensor, layers: Sequence[str]) -> dict[str, Any]:
        outputs: dict[str, Any] = {}
        handles = [
            module.get_submodule(layer).register_forward_hook(
                lambda _module, _input, output, layer=layer: outputs.update({layer: output})
            )
            for layer in layers
        ]
        try:
            module(image)
        finally:
            for handle in handles:
                handle.remove()
        return outputs

    return run


@contextmanager
def running(module: torch.nn.Module, device: torch.device | None = None) -> Iterator[torch.device]:
    """Put a module into evaluation mode meanwhile, without gradients, and restore it afterwards.

    Parameters
    ----------
    module : torch.nn.Module
    device : torch.device, optional
        Where it is put; it stays where it is unless given.

    Yields
    ------
    torch.device
        Where it is.
    """
    before = _device_of(module)
    training = [(part, part.training) for part in module.modules()]
    device = device or before
    try:
        module.to(device).eval()
        with torch.no_grad():  # what it keeps in inference mode can't be trained with
            yield device
    finally:
        module.to(before)
        for part, was_training in training:
            part.training = was_training


def _device_of(module: torch.nn.Module) -> torch.device:
    return next((tensor.device for tensor in _tensors(module)), _CPU)


def _precision_of(module: torch.nn.Module) -> torch.dtype:
    kinds = (tensor.dtype for tensor in _tensors(module) if tensor.is_floating_point())
    return next(kinds, torch.float32)


def _tensors(module: torch.nn.Module) -> Iterator[torch.Tensor]:
    return chain(module.parameters(), module.buffers())


def _is_memory_short(error: Exception) -> bool:
    message = str(error).lower()
    return (
        isinstance(error, MemoryError | torch.OutOfMemoryError)
        or "out of memory" in message
        or "defaultcpuallocator" in message
    )
