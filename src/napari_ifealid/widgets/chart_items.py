"""The parts of the vector chart: what pyqtgraph draws, with small changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import qtpy.QtCore  # noqa: F401
from numpy.typing import NDArray

# isort: split
import pyqtgraph as pg  # after qtpy: it takes the Qt binding that is loaded already

_LEGEND_LINE_HEIGHT = 16  # pixels


class Plot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph is not typed
    """Reports every move of the pointer; its scene leaves out those within 10 ms."""

    pointer_moved = pg.QtCore.Signal(object)

    def mouseMoveEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Report a move."""
        super().mouseMoveEvent(event)
        self.pointer_moved.emit(self.mapToScene(event.pos()))


class View(pg.ViewBox):  # type: ignore[misc]  # pyqtgraph is not typed
    """A view that follows its content again after "View All"."""

    view_all = pg.QtCore.Signal()

    def autoRange(self, *_: Any, **__: Any) -> None:  # noqa: N802  # the name is pyqtgraph's
        """Show everything, and follow what is shown from then on."""
        self.view_all.emit()
        self.enableAutoRange()


class FeatureAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph is not typed
    """Ticks at whole positions only, with the label of the feature there."""

    labels: Sequence[str] = ()

    def tickSpacing(self, *extent: float) -> list[tuple[float, float]]:  # noqa: N802
        """Return steps of whole features, with their offsets."""
        levels = super().tickSpacing(*extent)
        return [level for level in levels if level[0] >= 1] or [(1, 0)]

    def tickStrings(  # noqa: N802
        self, values: Sequence[float], *_: float
    ) -> list[str]:
        """Return the labels of the features at these positions."""
        places = map(round, values)
        return [self.labels[place] if 0 <= place < len(self.labels) else "" for place in places]


class StepCurve(pg.PlotCurveItem):  # type: ignore[misc]  # pyqtgraph is not typed
    """One step for each feature."""

    def __init__(self, name: str, **options: Any) -> None:
        self.values: NDArray[np.float64] | None = None
        self.bounds: tuple[float, float] | None = None
        super().__init__(name=name, antialias=False, **options)

    def draw(self, values: NDArray[Any] | None, order: NDArray[np.intp]) -> None:
        """Draw the values in an order; None draws nothing."""
        self.values = None if values is None else np.array(values, np.float64)
        shown = np.empty(0) if self.values is None else self.values[order]
        finite = np.isfinite(shown)
        known = shown[finite]
        self.bounds = (float(known.min()), float(known.max())) if known.size else None
        if self.bounds is None:
            self.setData(stepMode=None)
            return
        whole = known.size == shown.size
        self.setData(
            x=np.arange(shown.size + 1) - 0.5,
            y=shown,
            stepMode="center",
            connect="all" if whole else "finite",
            skipFiniteCheck=whole,
        )


class LegendLine(pg.ItemSample):  # type: ignore[misc]  # pyqtgraph is not typed
    """A line of the height of the small font."""

    def __init__(self, curve: StepCurve) -> None:
        super().__init__(curve)
        self.setFixedHeight(_LEGEND_LINE_HEIGHT)
