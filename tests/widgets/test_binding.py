from __future__ import annotations

from magicgui.widgets import FloatSlider

from napari_ifealid.explorer import ExplorerState
from napari_ifealid.widgets.binding import bind_both_ways


def test_control_shows_the_setting_and_changes_it(qapp):
    state, slider = ExplorerState(opacity=0.5), FloatSlider(min=0, max=1)
    bind_both_ways(state, opacity=slider)
    assert slider.value == 0.5
    slider.value = 0.25
    assert state.opacity == 0.25
    state.opacity = 0.75
    assert slider.value == 0.75
