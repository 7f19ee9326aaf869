from __future__ import annotations

import numpy as np
from napari.layers import Labels, Layer

from napari_ifealid._sample_data import chelsea
from napari_ifealid.overview import components_picture, principal_components


def test_overview_is_made_by_the_mouse_while_the_window_lives(window, qtbot, press):
    for data in chelsea():
        window.add_layer(Layer.create(*data))
    _, widget = window.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    qtbot.waitUntil(lambda: widget.explorer.is_idle, timeout=20_000)
    stack, group = widget.explorer.stack, widget.overview
    press(group.components)
    name = f"{stack.name}: components"
    qtbot.waitUntil(lambda: name in window.layers, timeout=20_000)
    expected = components_picture(principal_components(stack))
    np.testing.assert_array_equal(window.layers[name].data, expected)
    assert group.summary.text().startswith("PC1–3: ")
    press(group.segments)
    name = f"{stack.name}: 8 segments"
    qtbot.waitUntil(lambda: name in window.layers, timeout=20_000)
    assert isinstance(window.layers[name], Labels)
    assert window.layers.index(name) < window.layers.index(widget.explorer.map_layer)
    assert widget.explorer.stack is stack
