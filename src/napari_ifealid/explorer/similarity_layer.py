"""The napari layer that shows the similarity map, or a single feature's image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image
from numpy.typing import NDArray

from napari_ifealid.explorer.late_followers import LateFollowers
from napari_ifealid.explorer.ramps import Ramps, plain_name
from napari_ifealid.explorer.sources import SIMILARITY_KEY, SIMILARITY_NAME
from napari_ifealid.explorer.state import ExplorerState

_VISIBLE_STEP = 1.0 / 512  # half a colour of a table of 256


class SimilarityLayer:
    """Writes maps into a napari layer and keeps its display as the state says, both ways.

    Parameters
    ----------
    viewer : napari viewer
    state : ExplorerState
    similarity : array of float32, shape (...)
        The first map.
    source_name : str
        Name of the layer compared.
    placement : dict
        ``scale``, ``translate`` and ``affine`` of the layer.
    later : callable
        Calls a function once the next frame is on the screen.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        state: ExplorerState,
        similarity: NDArray[np.float32],
        source_name: str,
        placement: dict[str, Any],
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        self._state = state
        self._ramps = Ramps()
        self._raw = similarity
        self._is_similarity = True
        # made here, since what a plugin's viewer makes comes in a slow wrapper
        self.layer = Image(
            np.array(similarity),
            name=SIMILARITY_NAME,
            metadata={SIMILARITY_KEY: source_name},
            rgb=False,
            blending="translucent",
            interpolation2d="nearest",
            opacity=state.opacity,
            colormap=self._ramps.colormap(state.colormap, state.base),
            contrast_limits=self._limits(),
            **placement,
        )
        self.layer.contrast_limits_range = (0.0, 1.0)
        self.layer.colorbar.box = False  # napari builds its shader anew whenever the limits change
        self.layer.colorbar.visible = True
        viewer.add_layer(self.layer)
        self._followers = LateFollowers(self.layer, later)
        self._own_name = self.layer.name
        self._write()
        self.layer.events.colormap.connect(self._on_layer_colormap)
        self.layer.events.opacity.connect(self._on_layer_opacity)
        state.events.colormap.connect(self._apply_colormap)
        state.events.base.connect(self._apply_colormap)
        state.events.opacity.connect(self._apply_opacity)
        state.events.threshold.connect(self._write)
        state.events.stretch.connect(self._apply_limits)

    def show(self, raw: NDArray[np.float32], feature_name: str | None = None) -> None:
        """Show another map of the same shape.

        Parameters
        ----------
        raw : array of float32, shape (...)
        feature_name : str, optional
            Of the feature whose image it is; None for a similarity.
        """
        self._raw = raw
        is_change = (feature_name is None) != self._is_similarity
        self._is_similarity = feature_name is None
        self._write()
        if is_change:
            low, high = self._limits()
            self.layer.contrast_limits_range = (min(0.0, low), max(1.0, high))
        if self._state.stretch or is_change or not self._is_similarity:
            self._apply_limits()
        self._rename(feature_name or SIMILARITY_NAME)

    def pixel_at(self, world: Any) -> tuple[int, ...] | None:
        """Return the pixel at a world position, None outside of the map."""
        pixel = tuple(int(np.floor(x + 0.5)) for x in self.layer.world_to_data(world))
        inside = all(0 <= x < n for x, n in zip(pixel, self._raw.shape, strict=True))
        return pixel if inside else None

    def place(self, placement: dict[str, Any]) -> None:
        """Lie elsewhere in the world."""
        for name, value in placement.items():
            setattr(self.layer, name, value)

    def close(self) -> None:
        """Leave the layer to the user as it is."""
        self._rename(SIMILARITY_NAME)
        self._followers.close()
        self.layer.events.disconnect(self)
        self._state.events.disconnect(self._apply_colormap)
        self._ramps.release()

    def _write(self) -> None:
        np.copyto(self.layer.data, self._raw)
        if self._is_similarity and self._state.threshold > 0.0:
            self.layer.data[self._raw < self._state.threshold] = np.nan
        self.layer.refresh(thumbnail=False, extent=False, highlight=False)

    def _rename(self, name: str) -> None:
        """Name the layer after what it shows, unless the user has given it a name."""
        if self.layer.name == self._own_name != name:
            self.layer.name = name
            self._own_name = self.layer.name

    def _limits(self) -> tuple[float, float]:
        if self._is_similarity and not self._state.stretch:
            return 0.0, 1.0
        finite = self._raw[np.isfinite(self._raw)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        if low < high:
            return low, high
        return (0.0, 1.0) if 0.0 <= low <= 1.0 else (low - 0.5, low + 0.5)

    def _apply_limits(self) -> None:
        new, old = np.array(self._limits()), np.array(self.layer.contrast_limits)
        # napari's sliders follow the limits, which costs more than the map itself
        if np.abs(new - old).max() > _VISIBLE_STEP * (new[1] - new[0]):
            self.layer.contrast_limits = tuple(new)

    def _apply_colormap(self) -> None:
        self.layer.colormap = self._ramps.colormap(self._state.colormap, self._state.base)

    def _apply_opacity(self) -> None:
        self.layer.opacity = self._state.opacity

    def _on_layer_colormap(self) -> None:
        if not self._ramps.owns(self.layer.colormap):
            self._state.colormap = plain_name(self.layer.colormap.name)
            self._apply_colormap()

    def _on_layer_opacity(self) -> None:
        self._state.opacity = self.layer.opacity
