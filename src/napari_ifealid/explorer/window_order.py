"""The user's order and visibility of layers, grid and view, to be given back."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from typing import Any

from napari.components import ViewerModel
from napari.layers import Layer

from napari_ifealid.explorer.viewer_parts import camera, canvas_grid

_GRID = ("stride", "shape", "spacing", "enabled")
_CAMERA = ("center", "zoom", "angles")


class WindowOrder:
    """Remembers how layers, grid and view are, and which layers it has hidden since.

    Parameters
    ----------
    viewer : napari viewer
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._layers = list(viewer.layers)
        self._visible: dict[Hashable, bool] = {
            layer.unique_id: layer.visible for layer in self._layers
        }
        self._selected = set(viewer.layers.selection)
        self._grid = _settings(canvas_grid(viewer), _GRID)
        self._camera = _settings(camera(viewer), _CAMERA)

    def was_visible(self, layer: Layer) -> bool:
        """Return whether a layer was visible when it was there first, or before it was hidden."""
        return bool(self._visible.get(layer.unique_id))

    def hide(self, layer: Layer) -> None:
        """Hide a layer until visibility is restored."""
        self._visible.setdefault(layer.unique_id, layer.visible)
        layer.visible = False

    def restore_visibility(self, but: Collection[Layer]) -> None:
        """Show and hide the layers as they were.

        Parameters
        ----------
        but : collection of Layer
            Those that are shown or hidden by others.
        """
        for layer in self._viewer.layers:
            if layer.unique_id in self._visible and layer not in but:
                layer.visible = self.was_visible(layer)

    def restore_order(self) -> None:
        """Give back order, selection, grid and view; what is new stays below the same layer."""
        layers = self._viewer.layers
        for name, value in self._grid.items():
            _set(canvas_grid(self._viewer), name, value)
        order = [layer for layer in self._layers if layer in layers]
        above: Layer | None = None
        for layer in reversed(list(layers)):
            if layer not in self._layers:
                order.insert(len(order) if above is None else order.index(above), layer)
            above = layer
        put_on_top(self._viewer, order)
        layers.selection = {layer for layer in self._selected if layer in layers}
        for name, value in self._camera.items():  # last: napari fits the view to another grid
            _set(camera(self._viewer), name, value)


def put_on_top(viewer: ViewerModel, wanted: Sequence[Layer]) -> None:
    """Let layers be the last ones of the list, in the order in which they are given."""
    layers = viewer.layers
    first = len(layers) - len(wanted)
    # one by one: moving several at once gives another order where they lie in between
    for layer in wanted if list(layers)[first:] != list(wanted) else ():
        layers.move(layers.index(layer), len(layers))


def _settings(part: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(part, name) for name in names}


def _set(part: Any, name: str, value: Any) -> None:
    if getattr(part, name) != value:
        setattr(part, name, value)
