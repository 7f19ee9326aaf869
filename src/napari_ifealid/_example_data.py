"""The samples that are downloaded: the example datasets of the IFeaLiD paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from functools import partial
from itertools import islice
from typing import TypeVar

import numpy as np
from qtpy.QtWidgets import QApplication

from napari_ifealid._background import awaited
from napari_ifealid._progress import late_progress
from napari_ifealid.example_datasets import EXAMPLES, example_path
from napari_ifealid.formats import read_stack
from napari_ifealid.layers import LayerData, layer_data

_TICK = 0.05  # seconds that the window may wait for the network
# napari complains about a sample without layers, and adds none for an image of no channels
_NOTHING: list[LayerData] = [(np.empty((0, 1, 1)), {"channel_axis": 0}, "image")]

Item = TypeVar("Item")


def __getattr__(name: str) -> Callable[[], list[LayerData]]:
    """Return the function that opens the example of that key: the manifest names all of them."""
    if name not in EXAMPLES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return partial(_example_layers, name)


def _example_layers(name: str) -> list[LayerData]:
    """Return the overlay and the features, or nothing to a window that was closed meanwhile."""
    try:
        path = example_path(name, track=_lively_progress)
        return awaited(lambda track: layer_data(read_stack(path, track=track)), f"Opening {name}")
    except CancelledError:
        return _NOTHING


def _lively_progress(iterable: Iterable[Item], /, *, total: int, desc: str) -> Iterator[Item]:
    """Show napari's progress bar, and keep the window alive while the next item is waited for."""
    return late_progress(_awaited(iter(iterable), desc), total=total, desc=desc)


def _awaited(iterator: Iterator[Item], desc: str) -> Iterator[Item]:
    with ThreadPoolExecutor(1) as thread:
        while True:
            coming = thread.submit(lambda: [*islice(iterator, 1)])
            for _ in late_progress(_ticks(coming), total=0, desc=f"{desc}: waiting"):
                QApplication.processEvents()
            if not (items := coming.result()):
                return
            yield from items


def _ticks(coming: Future[list[Item]]) -> Iterator[None]:
    while not wait([coming], _TICK).done:
        yield
