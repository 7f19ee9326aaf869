"""What is hovered → a similarity map in a napari layer."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Layer
from napari.utils.notifications import show_error, show_warning
from numpy.typing import NDArray
from psygnal import Signal

from napari_ifealid.engines import (
    PreparedStack,
    RunningEngine,
    cpu_instead,
    find_renderer,
    plan_engine,
    prepare_stack,
    start_engine,
)
from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer.feature_slider import move_slider, slider_feature
from napari_ifealid.explorer.gestures import Gestures
from napari_ifealid.explorer.overlay import show_overlay
from napari_ifealid.explorer.pins import Pins
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
from napari_ifealid.explorer.wanted import FeatureImage, Wanted, resolve
from napari_ifealid.stack import FeatureStack

_FRAME = 1.0 / 60.0  # seconds; what takes longer runs in the background
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

    pixel_changed = Signal(tuple)
    """The pixel under the cursor, an index along each spatial axis."""

    def __init__(self, viewer: ViewerModel, scheduler: Scheduler | None = None) -> None:
        self.state = ExplorerState()
        self._viewer = viewer
        self._scheduler = scheduler or ImmediateScheduler()
        self._opened: list[Layer] = []
        self._source: Image | None = None
        self._stack: FeatureStack | None = None
        self._running: RunningEngine | None = None
        self._shown: SimilarityLayer | None = None
        self._generation = 0  # of stack and engine; what began under an older one is dropped
        self._pixel: tuple[int, ...] | None = None
        self._hovered_feature: int | None = None
        self._mapped: Wanted | None = None
        self._is_requested = False
        self._is_busy = False
        self._seconds = np.inf  # that the last map took
        self.state.events.layer.connect(self._on_layer)
        self.state.events.feature_axis.connect(self._restart)
        self.state.events.engine.connect(self._restart)
        self.state.events.overlay_in_colour.connect(self._apply_overlay)
        self.state.events.reference.connect(self._request_map)
        self.state.events.feature.connect(self._on_feature)
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
    def is_idle(self) -> bool:
        """Whether the map shown is the one wanted, with nothing left to do."""
        return not self._is_busy and (self._source is None or self._mapped == self._wanted)

    @property
    def _wanted(self) -> Wanted | None:
        if self._pixel is None:
            return None
        kept, hovered = self.state.feature, self._hovered_feature
        feature = kept if hovered is None else hovered
        return resolve(self.state.reference, self._pixel, self.pins.pixels, feature)

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
        if self._running is not None:
            self._running.engine.close()
        self._running = self._mapped = None
        self._is_busy = False
        self._seconds = np.inf
        self.engine_changed.emit("")

    def _restart(self) -> None:
        """Load the source's features anew, with the engine that is chosen."""
        self._stop()
        layer, generation = self._source, self._generation
        if layer is None:
            return
        self._is_busy = True
        axis, choice, renderer = self.state.feature_axis, self.state.engine, find_renderer()

        def load() -> tuple[FeatureStack, PreparedStack]:
            stack = feature_stack(layer, axis)
            return stack, prepare_stack(stack, plan_engine(choice, stack, renderer))

        def loaded(result: tuple[FeatureStack, PreparedStack]) -> None:
            if generation == self._generation:
                self._on_loaded(*result)

        def failed(error: Exception) -> None:
            if generation == self._generation:
                self._on_load_failed(error)

        self._scheduler.in_background(load, loaded, failed, f"Loading {layer.name}")

    def _on_loaded(self, stack: FeatureStack, prepared: PreparedStack) -> None:
        is_new = self._stack is None
        self._stack = stack
        self._set_engine(start_engine(prepared))
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
        self._is_busy = False
        self._request_map()
        self.pixel_changed.emit(self._pixel)

    def _on_load_failed(self, error: Exception) -> None:
        self._is_busy = False
        self.state.layer = None
        if not isinstance(error, DatasetError):
            raise error  # napari shows it, with a traceback for us
        show_error(str(error))

    def _set_engine(self, running: RunningEngine) -> None:
        self._running = running
        self.engine_changed.emit(f"{running.engine.name}: {running.reason}")
        if running.has_failed_gpu:
            show_warning(f"The similarity is computed on the CPU, since {running.reason}.")

    def _apply_overlay(self) -> None:
        if self._stack is not None:
            show_overlay(self._viewer.layers, self._stack, in_colour=self.state.overlay_in_colour)

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
        if self._running is not None and not self._is_busy and not self._is_requested:
            self._is_requested = True
            # the pixel may be left again before its map is begun
            self._scheduler.soon(self._make_map)

    def _make_map(self) -> None:
        self._is_requested = False
        running, stack, wanted = self._running, self._stack, self._wanted
        if running is None or stack is None or wanted is None or self._is_busy:
            return
        if wanted == self._mapped:
            return
        generation = self._generation

        def make() -> tuple[NDArray[np.float32], float]:
            start = perf_counter()
            return wanted.make(stack, running.engine), perf_counter() - start

        def made(result: tuple[NDArray[np.float32], float]) -> None:
            if generation == self._generation:
                self._on_map(wanted, *result)

        def failed(error: Exception) -> None:
            if generation == self._generation:
                self._is_busy = False
                if not on_gpu:
                    raise error
                self._set_engine(cpu_instead(running.pixels, error))
                self._request_map()

        self._is_busy = True
        on_gpu = running.engine.name == "GPU"
        is_quick = on_gpu or self._seconds < _FRAME  # OpenGL is bound to the window's thread
        scheduler = ImmediateScheduler() if is_quick else self._scheduler
        scheduler.in_background(make, made, failed)

    def _on_map(self, wanted: Wanted, raw: NDArray[np.float32], seconds: float) -> None:
        self._is_busy = False
        self._seconds = seconds
        self._show(wanted, raw)
        self._mapped = wanted
        self.map_shown.emit(wanted)
        # the status bar read the last map: let it look again
        cursor = self._viewer.cursor
        cursor.events.position(value=cursor.position)
        if wanted != self._wanted:
            self._request_map()

    def _show(self, wanted: Wanted, raw: NDArray[np.float32]) -> None:
        if self._source is None or self._stack is None:
            return
        if self._shown is None or self._shown.layer.data.shape != raw.shape:
            self._remove_similarity_layer()
            for left_behind in left_behind_maps(self._viewer):
                self._viewer.layers.remove(left_behind)
            where = placement(self._source, self.state.feature_axis)
            self._shown = SimilarityLayer(self._viewer, self.state, raw, self._source.name, where)
            self.pins.place(raw.shape, where)
        feature = wanted.feature if isinstance(wanted, FeatureImage) else None
        self._shown.show(raw, None if feature is None else self._stack.feature_name(feature))


def _remove(viewer: ViewerModel, layer: Layer) -> None:
    if layer in viewer.layers:
        viewer.layers.remove(layer)
