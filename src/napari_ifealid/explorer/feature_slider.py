"""Napari's slider along the feature axis of a layer."""

from __future__ import annotations

from collections.abc import Callable

from napari.components import ViewerModel
from napari.layers import Image

from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.explorer.sources import layer_shape


class FeatureSlider:
    """Follows napari's slider where it is that of the explored features, and moves it.

    It is not where another visible layer has something along the same axis, such as slices. Its
    range is made that of the explored features, which other hidden stacks may exceed.

    Parameters
    ----------
    viewer : napari viewer
    layer : napari Image layer
        Whose features are explored, no photo.
    axis : int
        The one along which its features lie.
    scheduler : Scheduler
    moved : callable
        `moved(feature)`, called when the user moves the slider.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        layer: Image,
        axis: int,
        scheduler: Scheduler,
        moved: Callable[[int], None],
    ) -> None:
        self._viewer = viewer
        self._scheduler = scheduler
        self._layer = layer
        self._axis = axis % layer.ndim
        self._moved = moved
        self._is_closed = False
        self._connections = Connections()
        self._fit_range()
        self._known = self._place
        self._connections.connect(viewer.dims.events.range, self._fit_range_soon)
        self._connections.connect(viewer.dims.events.current_step, self._on_step)

    def close(self) -> None:
        """Stop following the slider."""
        self._is_closed = True
        self._connections.close()

    def move_to(self, feature: int) -> None:
        """Move the slider to a feature."""
        dims = self._viewer.dims
        position = list(self._layer.world_to_data(dims.point))
        position[self._axis] = feature
        world = self._layer.data_to_world(position)[self._axis]
        self._known = None  # what comes is no move of the user's
        dims.set_point(self._dims_axis, float(world))
        self._known = self._place

    @property
    def _dims_axis(self) -> int:
        return int(self._viewer.dims.ndim - self._layer.ndim + self._axis)

    @property
    def _place(self) -> tuple[object, ...] | None:
        """Where the slider is, among what else there is: a change of the rest is no move of it."""
        dims = self._viewer.dims
        if dims.ndim < self._layer.ndim:
            return None
        return dims.ndim, dims.range[self._dims_axis], dims.point[self._dims_axis]

    @property
    def _is_own(self) -> bool:
        """Whether no other visible layer has more than one place along the axis."""
        from_last = self._axis - self._layer.ndim
        return not any(
            layer.visible
            and layer != self._layer
            and layer.ndim >= -from_last
            and layer.extent.world[1][from_last] > layer.extent.world[0][from_last]
            for layer in self._viewer.layers
        )

    def _fit_range_soon(self) -> None:
        self._scheduler.soon(self._fit_range)  # after napari, which takes all layers for it

    def _fit_range(self) -> None:
        if self._is_closed:
            return
        if self._layer in self._viewer.layers and self._is_own:
            last = layer_shape(self._layer)[self._axis] - 1
            ends = [
                float(self._layer.data_to_world(self._at(feature))[self._axis])
                for feature in (0, last)
            ]
            fitting = min(ends), max(ends), abs(float(self._layer.scale[self._axis]))
            if fitting != tuple(self._viewer.dims.range[self._dims_axis]):
                self._known = None  # what comes is no move of the user's
                self._viewer.dims.set_range(self._dims_axis, fitting)
                self._known = self._place

    def _at(self, feature: int) -> list[float]:
        position = [0.0] * self._layer.ndim
        position[self._axis] = feature
        return position

    def _on_step(self) -> None:
        place, known = self._place, self._known
        if known is None or place is None:
            return
        self._known = place
        if place[:2] == known[:2] and place[2] != known[2] and self._is_own:
            self._moved(self._feature)

    @property
    def _feature(self) -> int:
        position = float(self._layer.world_to_data(self._viewer.dims.point)[self._axis])
        last = layer_shape(self._layer)[self._axis] - 1
        return int(min(max(round(position), 0), last))
