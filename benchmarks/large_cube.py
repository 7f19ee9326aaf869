"""Opens a large cube where only 2 GB of memory are free; prints how long it takes, and the peak.

Usage: python large_cube.py file
"""

from __future__ import annotations

import json
import sys
from time import perf_counter
from unittest.mock import patch

FREE = 2_000_000_000  # bytes


def main(path: str) -> None:
    """Open a cube in a window, and wait for the first part of its map.

    Parameters
    ----------
    path : str
    """
    import psutil

    free = psutil.virtual_memory()._replace(available=FREE, total=FREE)
    with patch("psutil.virtual_memory", lambda: free):  # before anything has imported it by name
        print(json.dumps(opened(path)))


def opened(path: str) -> dict[str, float]:
    """Return seconds to each step, and the memory that they have taken at most."""
    import dask.array  # noqa: F401
    import napari
    import numba  # noqa: F401  # what libraries take is not counted
    import psutil
    from qtpy.QtCore import QEventLoop, QTimer
    from qtpy.QtWidgets import QApplication

    import napari_ifealid.widgets  # noqa: F401

    process = psutil.Process()
    viewer = napari.Viewer()
    _, widget = viewer.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    QApplication.processEvents()
    before, peak = process.memory_info().rss, 0
    steps: dict[str, float] = {}
    loop = QEventLoop()

    def look() -> None:
        nonlocal peak
        peak = max(peak, process.memory_info().rss)

    watch = QTimer()
    watch.timeout.connect(look)
    watch.start(20)
    start = perf_counter()
    viewer.open(path, plugin="napari-ifealid")
    steps["to layers"] = perf_counter() - start
    explorer = widget.explorer
    explorer.map_changed.connect(lambda: loop.quit() if explorer.session.shown else None)
    if explorer.session is None or explorer.session.shown is None:
        loop.exec()
    steps["to the first part of the map"] = perf_counter() - start
    while not explorer.session.is_exact:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        look()
    steps["to the whole map"] = perf_counter() - start
    wait_for_preview(explorer, look)
    steps["to the preview"] = perf_counter() - start
    steps["memory at the peak, MB"] = (peak - before) / 1e6
    viewer.close()
    return steps


def wait_for_preview(explorer, look) -> None:
    """Wait until hovering has previews."""
    from qtpy.QtCore import QEventLoop
    from qtpy.QtWidgets import QApplication

    while explorer.session.previews.preview is None:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        look()


if __name__ == "__main__":
    main(sys.argv[1])
