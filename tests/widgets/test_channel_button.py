from __future__ import annotations

import numpy as np
from napari.components import ViewerModel

from napari_ifealid.layers import STACK_KEY
from napari_ifealid.widgets import channel_button
from napari_ifealid.widgets.channel_button import ChannelButton

IMAGE = np.arange(48.0).reshape(8, 6)


def test_button_is_shown_while_several_channels_are_selected(qtbot, monkeypatch):
    viewer = ViewerModel()
    told: list[str] = []
    monkeypatch.setattr(channel_button, "show_error", told.append)
    button = ChannelButton(viewer)
    qtbot.addWidget(button)
    assert button.isHidden()
    layers = [viewer.add_image(IMAGE, name=name) for name in "ab"]
    assert button.isHidden()
    viewer.layers.selection = set(layers)
    assert not button.isHidden()
    layers[1].scale = (2, 2)
    button.click()
    assert [text.partition(":")[0] for text in told] == ["a layer in another place"]
    layers[1].scale = (1, 1)
    button.click()
    assert viewer.layers[-1].metadata[STACK_KEY].feature_labels == ("a", "b")
    viewer.layers.selection = set(layers)
    button.stop()
    viewer.layers.selection = {layers[0]}
    assert not button.isHidden()


def test_panel_offers_it_before_there_is_a_stack_and_after(make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    layers = [viewer.add_image(IMAGE * factor, name=f"{factor}") for factor in (1, 2)]
    _, panel = viewer.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    viewer.layers.selection = set(layers)
    panel.empty_page.channels.click()
    qtbot.waitUntil(lambda: panel.explorer.stack is not None)
    assert panel.explorer.stack.feature_labels == ("1", "2")
    assert panel.channels.isHidden()  # the new layer is selected alone
    viewer.layers.selection = set(layers)
    assert not panel.channels.isHidden()
