"""The library: from a new pixel under the cursor to the painted list."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer
from qtpy.QtWidgets import QApplication

from napari_ifealid.explorer import Explorer
from napari_ifealid.layers import layer_data
from napari_ifealid.libraries import Library, LibraryEntry
from napari_ifealid.stack import FeatureStack
from napari_ifealid.widgets.library_list import LibraryList


@pytest.mark.parametrize(("entries", "features"), [(75, 177), (1000, 256)])
def test_pixel_to_ranked_list(benchmark, qtbot, entries, features):
    rng = np.random.default_rng(0)
    stack = FeatureStack(values=rng.random((8, 8, features)), name="noise")
    viewer = ViewerModel()
    for data in layer_data(stack):
        viewer.add_layer(Layer.create(*data))
    explorer = Explorer(viewer)
    library = Library([LibraryEntry(vector) for vector in rng.random((entries, features))])
    explorer.library.open(library)
    rows = LibraryList(explorer.library)
    qtbot.addWidget(rows)
    rows.show()
    qtbot.waitExposed(rows)
    updates = iter(range(10**9))
    ranked: list[tuple[np.ndarray, int]] = []

    def update() -> None:
        pixel = divmod(next(updates) % 64, 8)
        values = explorer.library.similarities(explorer.session, stack.vector(pixel))
        rows.show_similarities(values)
        QApplication.processEvents()
        ranked[:] = [(values, rows.rows.entry_at(0))]

    benchmark(update)
    ((values, best),) = ranked
    assert best == values.argmax()
