"""What is hovered → a similarity map in a napari layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Layer
from napari.utils.notifications import show_error, show_warning
from numpy.typing import NDArray
from psygnal import Signal

from napari_ifealid.engines import (
    PreparedBlocks,
    PreparedStack,
    RunningEngine,
    find_renderer,
    plan_engine,
    prepare_stack,
    start_in_steps,
)
from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer.feature_slider import move_slider, slider_feature
from napari_ifealid.explorer.gestures import Gestures
from napari_ifealid.explorer.map_maker import MapMaker
from napari_ifealid.explorer.overlay_colours import show_overlay
from napari_ifealid.explorer.pins import Pins
from napari_ifealid.explorer.preview_builder import PreviewBuilder
from napari_ifealid.explorer.schedulers import ImmediateScheduler, Scheduler
from napari_ifealid.explorer.similarity_layer import SimilarityLayer
from napari_ifealid.explorer.sources import (
    choose_layer,
    feature_stack,
    guess_feature_axis,
    has_features,
    is_feature_layer,
    left_behind_maps,
    placement,
)
from napari_ifealid.explorer.state import ExplorerState
from napari_ifealid.explorer.vectors import PixelVectorReader
from napari_ifealid.explorer.wanted import FeatureImage, Wanted, resolve
from napari_ifealid.stack import FeatureStack

AFTER_THE_MAP = 0.016
"""Seconds by which all else that follows the cursor is later than the map, about a frame.

Where Qt composes the window in software, each place that has changed delays the frame.
"""

_PLACEMENT_EVENTS = ("scale", "translate", "rotate", "shear", "affine")


class Explorer:
    """Shows how similar all pixels are to the one under the cursor.

    Parameters
    ----------
    viewer : napari viewer
    scheduler : Scheduler, optional
        Runs what should not stop the window. Without one, all is done at once.
    """

    engine_changed = Signal(str)
    """Which engine runs and why, in words for the user; empty while none does."""

    map_shown = Signal(object)
    """What the map shows that was written into the layer, a `Wanted`."""

    preview_changed = Signal()
    """A preview is needed, has been built or is gone."""

    vectors_read = Signal()
    """Vectors that were asked for have been read from disk."""

    pixel_changed = Signal(tuple)
    """The pixel under the cursor, an index along each spatial axis."""

    def __init__(self, viewer: ViewerModel, scheduler: Scheduler | None = None) -> None:
        self.state = ExplorerState()
        self._viewer = viewer
        self._scheduler = scheduler or ImmediateScheduler()
        self._opened: list[Layer] = []
        self._source: Image | None = None
        self._stack: FeatureStack | None = None
        self._maker: MapMaker | None = None
        self._previews: PreviewBuilder | None = None
        self._vectors: PixelVectorReader | None = None
        self._shown: SimilarityLayer | None = None
        self._generation = 0  # of stack and engine; what began under an older one is dropped
        self._pixel: tuple[int, ...] | None = None
        self._hovered_feature: int | None = None
        self._is_loading = False
        self._shown_error: float | None = None
        self.state.events.layer.connect(self._on_layer)
        self.state.events.feature_axis.connect(self._restart)
        self.state.events.engine.connect(self._restart)
        self.state.events.overlay_in_colour.connect(self._apply_overlay)
        self.state.events.reference.connect(self._request_map)
        self.state.events.feature.connect(self._on_feature)
        self.state.events.preview_memory.connect(self._on_preview_memory)
        self.pins = Pins(viewer)
        self.pins.changed.connect(self._request_map)
        viewer.dims.events.current_step.connect(self._on_slider)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.mouse_move_callbacks.append(self._on_mouse_move)
        self._gestures = Gestures(viewer, self)
        self.state.layer = choose_layer(viewer)

    @property
    def pixel(self) -> tuple[int, ...] | None:
        """Index of the reference pixel along each spatial axis."""
        return self._pixel

    @property
    def stack(self) -> FeatureStack | None:
        """The stack explored, once it is loaded."""
        return self._stack

    @property
    def similarity_layer(self) -> Image | None:
        """The layer that the maps are written into."""
        return None if self._shown is None else self._shown.layer

    @property
    def preview_error(self) -> float | None:
        """What 95 of 100 similarities shown are off by at most; None if they are exact."""
        return self._shown_error

    @property
    def previews(self) -> PreviewBuilder | None:
        """The preview of the stack explored and what builds it."""
        return self._previews

    @property
    def is_idle(self) -> bool:
        """Whether the map shown is the one wanted, with nothing left to do."""
        return not self._is_loading and (self._maker is None or self._maker.is_idle)

    @property
    def _wanted(self) -> Wanted | None:
        if self._pixel is None:
            return None
        kept, hovered = self.state.feature, self._hovered_feature
        feature = kept if hovered is None else hovered
        return resolve(self.state.reference, self._pixel, self.pins.pixels, feature)

    def vector(self, pixel: tuple[int, ...]) -> NDArray[np.float64] | None:
        """Return the real values of a pixel; None if they are still to be read from disk."""
        return None if self._vectors is None else self._vectors.vector(pixel)

    def pixel_at(self, world: Any) -> tuple[int, ...] | None:
        """Return the pixel of the map at a world position, None outside of it or in 3-D."""
        if self._shown is None or self._viewer.dims.ndisplay != 2:
            return None
        return self._shown.pixel_at(world)

    def show_pixel(self, pixel: tuple[int, ...]) -> None:
        """Compare with this pixel from now on.

        Parameters
        ----------
        pixel : tuple of int
            Index along each spatial axis.
        """
        if pixel != self._pixel:
            self._pixel = pixel
            self._request_map()
            self.pixel_changed.emit(pixel)

    def show_feature(self, feature: int | None) -> None:
        """Show a single feature's image for a while; None ends that.

        Parameters
        ----------
        feature : int, optional
        """
        if feature != self._hovered_feature:
            self._hovered_feature = feature
            self._request_map()

    def close(self) -> None:
        """Stop following the cursor; leave the similarity layer to the user."""
        viewer = self._viewer
        self._opened.clear()  # the choice among them may still be to come
        viewer.layers.events.inserted.disconnect(self._on_inserted)
        viewer.layers.events.removed.disconnect(self._on_removed)
        viewer.dims.events.current_step.disconnect(self._on_slider)
        if self._on_mouse_move in viewer.mouse_move_callbacks:
            viewer.mouse_move_callbacks.remove(self._on_mouse_move)
        self._gestures.close()
        if self._shown is not None:
            self._shown.close()
            self._shown = None
        self.state.layer = None
        self.pins.close()

    def _on_inserted(self, event: Any) -> None:
        if has_features(event.value):
            self._opened.append(event.value)
            # a reader adds several layers, and the choice is made among all of them
            self._scheduler.soon(self._choose_opened)

    def _choose_opened(self) -> None:
        opened = [layer for layer in self._opened if layer in self._viewer.layers]
        self._opened.clear()
        stacks = [layer for layer in opened if is_feature_layer(layer)]
        if stacks:
            self.state.layer = stacks[0]
        elif opened and self._source is None:
            self.state.layer = opened[0]

    def _on_removed(self, event: Any) -> None:
        if event.value in (self._source, self.similarity_layer):
            self.state.layer = None

    def _on_layer(self, layer: Image | None) -> None:
        """Explore another layer, or none."""
        self._leave_source()
        self._source = layer
        if layer is None:
            return
        for name in _PLACEMENT_EVENTS:
            getattr(layer.events, name).connect(self._on_moved)
        layer.events.data.connect(self._restart)
        with self.state.events.feature_axis.blocked():
            self.state.feature_axis = guess_feature_axis(layer)
        self._restart()

    def _leave_source(self) -> None:
        if self._source is not None:
            for name in (*_PLACEMENT_EVENTS, "data"):
                getattr(self._source.events, name).disconnect(self)
        self._remove_similarity_layer()
        self._stop()
        if self._stack is not None:
            show_overlay(self._viewer.layers, self._stack, in_colour=True)
        self._source = self._stack = self._pixel = self._hovered_feature = None
        self._vectors = None
        self.state.feature = None

    def _remove_similarity_layer(self) -> None:
        if self._shown is not None:
            self._shown.close()
            layer, self._shown = self._shown.layer, None
            # not now: napari may be in the middle of removing layers
            self._scheduler.soon(lambda: _remove(self._viewer, layer))

    def _stop(self) -> None:
        """Drop the engine and whatever is under way."""
        self._generation += 1
        if self._maker is not None:
            self._maker.stop()
        if self._vectors is not None:
            self._vectors.stop()
        self._maker = self._previews = None
        self._is_loading = False
        self.engine_changed.emit("")
        self.preview_changed.emit()

    def _restart(self) -> None:
        """Load the source's features anew, with the engine that is chosen."""
        self._stop()
        layer, generation = self._source, self._generation
        if layer is None:
            return
        self._is_loading = True
        axis, choice, renderer = self.state.feature_axis, self.state.engine, find_renderer()

        def load() -> tuple[FeatureStack, PreparedStack | PreparedBlocks]:
            stack = feature_stack(layer, axis)
            return stack, prepare_stack(stack, plan_engine(choice, stack, renderer))

        def loaded(result: tuple[FeatureStack, PreparedStack | PreparedBlocks]) -> None:
            if generation == self._generation:
                self._start(*result)

        def failed(error: Exception) -> None:
            if generation == self._generation:
                self._on_load_failed(error)

        self._scheduler.in_background(load, loaded, failed, f"Loading {layer.name}")

    def _start(self, stack: FeatureStack, prepared: PreparedStack | PreparedBlocks) -> None:
        """Start the engine between the events of the window."""
        generation, steps = self._generation, start_in_steps(prepared)

        def advance() -> None:
            if generation != self._generation:
                steps.close()
                return
            try:
                share = next(steps)
            except StopIteration as end:
                self._on_loaded(stack, end.value)
            else:
                self.engine_changed.emit(f"GPU: {share:.0%} loaded")
                self._scheduler.soon(advance)

        advance()

    def _on_loaded(self, stack: FeatureStack, running: RunningEngine) -> None:
        is_new = self._stack is None
        self._stack = stack
        self._previews = PreviewBuilder(
            stack,
            running,
            self._scheduler,
            budget=self.state.preview_memory,
            changed=self.preview_changed.emit,
            source=None if self._source is None else self._source.source.path,
        )
        self._maker = MapMaker(
            stack,
            running,
            self._scheduler,
            show=self._show,
            engine_replaced=self._tell_engine,
            previews=self._previews,
        )
        self._vectors = PixelVectorReader(stack, self._scheduler, self.vectors_read.emit)
        self._tell_engine(running)
        if is_new:
            has_overlay = stack.overlay is not None or (
                self._source is not None and self._source.rgb
            )
            self.state.base = 0.1 if has_overlay else 1.0
            self._apply_overlay()
        if (
            self._pixel is None
            or len(self._pixel) != len(stack.spatial_shape)
            or any(x >= n for x, n in zip(self._pixel, stack.spatial_shape, strict=True))
        ):
            self._pixel = tuple(n // 2 for n in stack.spatial_shape)
        self._is_loading = False
        self._request_map()
        self.pixel_changed.emit(self._pixel)

    def _on_load_failed(self, error: Exception) -> None:
        self._is_loading = False
        self.state.layer = None
        if not isinstance(error, DatasetError):
            raise error  # napari shows it, with a traceback for us
        show_error(str(error))

    def _tell_engine(self, running: RunningEngine) -> None:
        self.engine_changed.emit(f"{running.engine.name}: {running.reason}")
        if running.has_failed_gpu:
            show_warning(f"The similarity is computed on the CPU, since {running.reason}.")

    def _apply_overlay(self) -> None:
        if self._stack is not None:
            show_overlay(self._viewer.layers, self._stack, in_colour=self.state.overlay_in_colour)

    def _on_preview_memory(self, megabytes: int) -> None:
        if self._previews is not None:
            self._previews.set_budget(megabytes)

    def _on_moved(self) -> None:
        if self._shown is not None and self._source is not None and self._stack is not None:
            where = placement(self._source, self.state.feature_axis)
            self._shown.place(where)
            self.pins.place(self._stack.spatial_shape, where)

    def _on_feature(self, feature: int | None) -> None:
        if feature is not None and self._source is not None and not self._source.rgb:
            move_slider(self._viewer, self._source, self.state.feature_axis, feature)
        self._request_map()

    def _on_slider(self) -> None:
        """Follow napari's slider once a single feature is shown."""
        if self.state.feature is not None and self._source is not None and not self._source.rgb:
            axis = self.state.feature_axis
            self.state.feature = slider_feature(self._viewer, self._source, axis)

    def _on_mouse_move(self, _viewer: ViewerModel, event: Any) -> None:
        if self.state.follow:
            pixel = self.pixel_at(event.position)
            if pixel is not None:
                self.show_pixel(pixel)

    def _request_map(self) -> None:
        wanted = self._wanted
        if self._maker is not None and wanted is not None:
            self._maker.want(wanted)

    def _show(self, wanted: Wanted, raw: NDArray[np.float32], error: float | None) -> None:
        if self._source is None or self._stack is None:
            return
        self._shown_error = error
        if self._shown is None or self._shown.layer.data.shape != raw.shape:
            self._remove_similarity_layer()
            for left_behind in left_behind_maps(self._viewer):
                self._viewer.layers.remove(left_behind)
            where = placement(self._source, self.state.feature_axis)
            self._shown = SimilarityLayer(
                self._viewer, self.state, raw, self._source.name, where, self._after_the_map
            )
            self.pins.place(raw.shape, where)
        feature = wanted.feature if isinstance(wanted, FeatureImage) else None
        self._shown.show(raw, None if feature is None else self._stack.feature_name(feature))
        self.map_shown.emit(wanted)
        self._after_the_map(self._refresh_status)

    def _after_the_map(self, function: Callable[[], None]) -> None:
        self._scheduler.later(AFTER_THE_MAP, function)

    def _refresh_status(self) -> None:
        """Let the status bar, which read the last map, look again."""
        if self._shown is not None:
            cursor = self._viewer.cursor
            cursor.events.position(value=cursor.position)


def _remove(viewer: ViewerModel, layer: Layer) -> None:
    if layer in viewer.layers:
        viewer.layers.remove(layer)
