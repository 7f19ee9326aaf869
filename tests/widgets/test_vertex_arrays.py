from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import napari
import numpy as np
from qtpy.QtTest import QTest
from napari_ifealid.widgets.vertex_arrays import guard_removals

viewer = napari.Viewer()
guard_removals(viewer)
viewer.add_image(np.zeros((64, 64)))
for _ in range(3):
    layer = viewer.add_image(np.eye(16))
    layer.colorbar.visible = True
    QTest.qWait(500)
    viewer.layers.remove(layer)
    QTest.qWait(200)
    viewer.add_image(np.eye(16))
    QTest.qWait(200)
viewer.close()
print("drawn to the end")
"""

SWITCHING = """
import napari
from qtpy.QtTest import QTest

viewer = napari.Viewer()
viewer.open_sample("napari-ifealid", "chelsea")
_, widget = viewer.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
stacks = [layer for layer in viewer.layers if layer.name.endswith("features")]
for layer in stacks * 2:
    widget.layer.value = layer
    while not widget.explorer.is_idle:
        QTest.qWait(20)
    QTest.qWait(300)
viewer.layers.remove(viewer.layers["similarity"])
QTest.qWait(300)
viewer.close()
print("drawn to the end")
"""


def assert_drawn_to_the_end(script: str) -> None:
    """Run a script by itself, for a crash ends the whole process."""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.endswith("drawn to the end\n"), done.stderr


def test_layer_with_a_colour_bar_is_removed_without_a_crash():
    assert_drawn_to_the_end(SCRIPT)


def test_stacks_of_different_sizes_are_explored_one_after_the_other_without_a_crash():
    assert_drawn_to_the_end(SWITCHING)
