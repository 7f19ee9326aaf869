"""Controls bound to the explorer's settings, both ways."""

from __future__ import annotations

from typing import Any

from napari_ifealid.explorer import ExplorerState


def bind_both_ways(state: ExplorerState, **controls: Any) -> None:
    """Show settings in controls, and change them by these.

    Parameters
    ----------
    state : ExplorerState
    **controls : magicgui widget or SegmentedChoice
        Each under the name of its setting.
    """
    for name, control in controls.items():
        control.value = getattr(state, name)
        getattr(state.events, name).connect_setattr(control, "value", maxargs=1)
        control.changed.connect_setattr(state, name, maxargs=1)
