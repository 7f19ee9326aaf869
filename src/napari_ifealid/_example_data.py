"""The samples that are downloaded: the example datasets of the IFeaLiD paper."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from napari_ifealid._progress import late_progress
from napari_ifealid.example_datasets import EXAMPLES, example_path
from napari_ifealid.formats import read_stack
from napari_ifealid.layers import LayerData, layer_data


def __getattr__(name: str) -> Callable[[], list[LayerData]]:
    """Return the function that opens the example of that key: the manifest names all of them."""
    if name not in EXAMPLES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return partial(_example_layers, name)


def _example_layers(name: str) -> list[LayerData]:
    """Return the overlay and the features.

    In a window that was closed meanwhile, the CancelledError goes on to napari, which keeps quiet
    then; it would complain about a sample without layers.
    """
    return layer_data(read_stack(example_path(name, track=late_progress), track=late_progress))
