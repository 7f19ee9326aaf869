"""The vector chart: from a new vector to the painted chart."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication

from napari_ifealid.widgets.chart_curves import PinnedVector
from napari_ifealid.widgets.vector_chart import VectorChart

FEATURES = 1024


@pytest.mark.parametrize("size", [(300, 250), (1200, 130)], ids="{0[0]}x{0[1]}".format)
@pytest.mark.parametrize("marked", [None, 300], ids=["plain", "marked"])
@pytest.mark.parametrize("pins", [0, 2], ids="{}-pins".format)
def test_cursor_vector_to_painted_chart(benchmark, qtbot, pins, marked, size):
    chart = VectorChart()
    qtbot.addWidget(chart)
    chart.resize(*size)
    chart.show()
    qtbot.waitExposed(chart)
    rng = np.random.default_rng(0)
    vectors = np.maximum(rng.standard_normal((64, FEATURES)), 0.0)
    chart.set_features(range(FEATURES))
    pinned = [PinnedVector(vectors[i], "#ff8800", f"0, {i}") for i in range(pins)]
    chart.set_pinned_vectors(pinned)
    chart.mark_feature(marked)
    updates = iter(range(10**9))
    paints: list[None] = []
    chart.plot.scene().sigPrepareForPaint.connect(lambda: paints.append(None))

    def update() -> None:
        chart.set_cursor_vector(vectors[next(updates) % len(vectors)])
        QApplication.processEvents()

    update()
    benchmark(update)
    assert len(paints) >= next(updates)
