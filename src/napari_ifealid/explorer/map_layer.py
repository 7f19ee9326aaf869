"""The napari layer that shows the map, or a single feature's image."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image
from numpy.typing import NDArray

from napari_ifealid.colour_limits import (
    ColourRange,
    Limits,
    colour_limits,
    hidden_levels,
    stretched,
    with_a_level_at,
)
from napari_ifealid.explorer.alpha_colormaps import AlphaColormaps, plain_name
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.map_place import MapPlace
from napari_ifealid.explorer.sources import MAP_KEY, MAP_NAME, SHARP_NAME
from napari_ifealid.explorer.state import ExplorerState
from napari_ifealid.grid import Region
from napari_ifealid.measures import Measure
from napari_ifealid.plain_text import shown_name
from napari_ifealid.workarounds.late_followers import LateFollowers

_VISIBLE_STEP = 1.0 / 512  # half a colour of a table of 256


class MapLayer:
    """Writes maps into a napari layer and keeps its display as the state says, both ways.

    The layer holds the values themselves, NaN where there is none or where it was not asked for.
    What lies below the threshold is hidden by the colormap alone.

    Parameters
    ----------
    viewer : napari viewer
    state : ExplorerState
    place : MapPlace
    source_name : str
        Name of the layer compared.
    later : callable
        Calls a function once the next frame is on the screen.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        state: ExplorerState,
        *,
        place: MapPlace,
        source_name: str,
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        self._state = state
        self._colormaps = AlphaColormaps()
        self._measure: Measure | None = state.measure
        self._content: Hashable = None
        self._shown: NDArray[np.float32] = np.zeros(0, np.float32)
        self._written: list[Region] = []
        self._hidden = 0  # levels of the colormap
        self._sets_limits = False
        self._connections = Connections()
        # made here, since what a plugin's viewer makes comes in a slow wrapper
        self.layer = Image(
            np.full(place.shape, np.nan, np.float32),
            name=MAP_NAME,
            metadata={MAP_KEY: source_name},
            rgb=False,
            multiscale=False,
            blending="translucent",
            interpolation2d="nearest",
            opacity=state.opacity,
            colormap=self._colormaps.colormap(state.colormap, state.base),
            contrast_limits=state.measure.limits,
            **place.placement,
        )
        self._values: NDArray[np.float32] = self.layer.data.reshape(place.spatial_shape)
        self.layer.colorbar.box = False  # napari builds its shader anew whenever the limits change
        viewer.add_layer(self.layer)
        self._followers = LateFollowers(self.layer, later)
        self._own_name = self.layer.name
        self._meant_name = MAP_NAME  # napari adds a number where another layer has the name
        self._connect()

    @property
    def values(self) -> NDArray[np.float32]:
        """All that is shown, over the spatial axes. Not a copy."""
        return self._values

    def show(
        self,
        values: NDArray[np.float32],
        region: Region,
        content: Hashable,
        measure: Measure | None,
        name: str = MAP_NAME,
    ) -> None:
        """Show a map, or a part of one.

        Parameters
        ----------
        values : array of float32
        region : tuple of slice
            Where they lie.
        content : hashable
            What they are; other values in the layer are removed unless they are the same.
        measure : Measure or None
            What the values were compared by; None for a feature's own.
        name : str, optional
            What the layer is called.
        """
        if content != self._content:
            self._remove_values(but=region)
        if region not in self._written:
            self._written.append(region)
        self._content = content
        self._values[region] = values
        self.layer.refresh(thumbnail=False, extent=False, highlight=False)
        self._shown = values
        is_change, self._measure = measure != self._measure, measure
        if is_change:
            self._widen_range(values)
        if is_change or self._state.colour_range.is_of_each_map or measure is None:
            self._apply_limits()
        self._hide_levels()
        self._rename(name)

    def blank(self) -> None:
        """Show nothing."""
        self._values[...] = np.nan
        self._written.clear()
        self._content = None
        self.layer.refresh(thumbnail=False, extent=False, highlight=False)

    def move_to(self, place: MapPlace) -> None:
        """Lie elsewhere in the world; a layer of another shape is empty at first."""
        if place.spatial_shape != self._values.shape:
            self._written.clear()
            self._content = None
            self.layer.data = np.full(place.shape, np.nan, np.float32)
            self._values = self.layer.data.reshape(place.spatial_shape)
        for name, value in place.placement.items():
            setattr(self.layer, name, value)

    def close(self, *, is_kept: bool) -> None:
        """Release the layer, which the user keeps as it is, or which is removed."""
        if self._meant_name != SHARP_NAME:
            self._rename(MAP_NAME)
        self._followers.close()
        self._connections.close()
        if not is_kept:
            self._colormaps.release()

    def _connect(self) -> None:
        events, state = self.layer.events, self._state.events
        self.layer.contrast_limits_range = self._state.measure.limits
        for signal, callback in (
            (events.colormap, self._on_layer_colormap),
            (events.opacity, self._on_layer_opacity),
            (events.contrast_limits, self._on_layer_limits),
            (events.gamma, self._hide_levels),
            (state.colormap, self._apply_colormap),
            (state.base, self._apply_colormap),
            (state.opacity, self._apply_opacity),
            (state.threshold, self._on_threshold),
            (state.colour_range, self._apply_limits),
        ):
            self._connections.connect(signal, callback)

    def _remove_values(self, but: Region) -> None:
        """Remove what was written and will not be written over."""
        for region in self._written:
            if region != but:
                self._values[region] = np.nan
        self._written = [region for region in self._written if region == but]

    def _rename(self, name: str) -> None:
        """Name the layer after what it shows, unless the user has given it a name."""
        if name == self._meant_name:
            return
        self._meant_name = name
        if self.layer.name == self._own_name:
            self.layer.name = shown_name(name)
            self._own_name = self.layer.name

    @property
    def _threshold(self) -> float | None:
        """The value below which nothing is shown; None where all is."""
        measure, threshold = self._measure, self._state.threshold
        is_set = measure is not None and threshold > measure.limits[0]
        return threshold if is_set else None

    def _widen_range(self, values: NDArray[np.float32]) -> None:
        """Let the layer's own slider reach all values of what is shown now."""
        low, high = stretched(values)
        if self._measure is not None:
            least, most = self._measure.limits
            low, high = min(least, low), max(most, high)
        with self._own_limits():
            self.layer.contrast_limits_range = low, high

    def _apply_limits(self) -> None:
        new = self._limits()
        # with a threshold, a level begins exactly at it
        step = _VISIBLE_STEP * (new[1] - new[0]) if self._threshold is None else 0.0
        # napari's sliders follow the limits, which costs more than the map itself
        if max(map(abs, np.subtract(new, self.layer.contrast_limits))) > step:
            with self._own_limits():
                self.layer.contrast_limits = new

    def _limits(self) -> Limits:
        state = self._state
        if self._measure is None:  # the limits of a similarity mean nothing for a feature
            return stretched(self._shown)
        every, mine = self._measure.limits, state.own_limits
        limits = colour_limits(state.colour_range, self._shown, every, mine)
        threshold = self._threshold
        if threshold is None or (threshold <= limits[0] and not (self._shown < threshold).any()):
            return limits
        return with_a_level_at(limits, threshold)

    @contextmanager
    def _own_limits(self) -> Iterator[None]:
        """Tell a change of the limits from one that the user makes."""
        self._sets_limits = True
        try:
            yield
        finally:
            self._sets_limits = False

    def _on_layer_limits(self) -> None:
        if not self._sets_limits and self._measure is not None:
            self._state.own_limits = tuple(self.layer.contrast_limits)
            self._state.colour_range = ColourRange.MINE
            self._apply_limits()
        self._hide_levels()

    def _apply_colormap(self) -> None:
        self.layer.colormap = self._colormaps.colormap(
            self._state.colormap, self._state.base, self._hidden
        )

    def _apply_opacity(self) -> None:
        self.layer.opacity = self._state.opacity

    def _hide_levels(self) -> None:
        """Make the levels below the threshold transparent."""
        hidden, threshold = 0, self._threshold
        if threshold is not None:
            hidden = hidden_levels(self.layer.contrast_limits, threshold, self.layer.gamma)
        if hidden != self._hidden:
            self._hidden = hidden
            self._apply_colormap()

    def _on_threshold(self) -> None:
        self._apply_limits()
        self._hide_levels()

    def _on_layer_colormap(self) -> None:
        if not self._colormaps.owns(self.layer.colormap):
            self._state.colormap = plain_name(self.layer.colormap.name)
            self._apply_colormap()

    def _on_layer_opacity(self) -> None:
        self._state.opacity = self.layer.opacity
