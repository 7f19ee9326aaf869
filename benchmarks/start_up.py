"""From Python's start to the first map of a dataset on the screen; prints what each step took.

Usage: python start_up.py dataset engine
"""

from __future__ import annotations

import json
import sys
from time import perf_counter

from qtpy.QtCore import QEventLoop
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QApplication


def main(dataset: str, engine: str) -> None:
    """Go through all steps.

    Parameters
    ----------
    dataset : str
        Path of an IFeaLiD ZIP.
    engine : str
        Value of an `EngineChoice`.
    """
    steps: dict[str, float] = {}
    last = perf_counter()

    def step(name: str) -> None:
        nonlocal last
        now = perf_counter()
        steps[name], last = now - last, now

    import napari

    viewer = napari.Viewer()
    QApplication.processEvents()
    step("napari's window")
    import napari_ifealid.widgets  # noqa: F401

    step("import of the widget")
    _, widget = viewer.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    explorer = widget.explorer
    explorer.state.engine = next(
        choice for choice in type(explorer.state.engine) if choice.value == engine
    )
    QApplication.processEvents()
    step("the dock widget")
    viewer.open(dataset, plugin="napari-ifealid")
    step("file to layers")
    loop = QEventLoop()
    explorer.map_changed.connect(loop.quit)
    loop.exec()
    step("layers to map")
    canvas = next(
        widget for widget in QApplication.allWidgets() if isinstance(widget, QOpenGLWidget)
    )
    canvas.frameSwapped.connect(loop.quit)
    loop.exec()
    step("map to screen")
    print(json.dumps(steps))
    viewer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
