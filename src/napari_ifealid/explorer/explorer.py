"""Links the cursor and the references to sessions, whose maps are napari layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image
from numpy.typing import NDArray
from psygnal import Signal

from napari_ifealid.explorer.asked import Asked
from napari_ifealid.explorer.asking import Asking
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.cursor import Cursor
from napari_ifealid.explorer.drawn_regions import Regions
from napari_ifealid.explorer.error_reports import ErrorReports
from napari_ifealid.explorer.exploration import Exploration, pin_frame
from napari_ifealid.explorer.feature_range import can_leave_out, layer_of_features
from napari_ifealid.explorer.feature_use import FeatureUse
from napari_ifealid.explorer.gestures import Gestures
from napari_ifealid.explorer.inquiry import Inquiry, why_not_comparable
from napari_ifealid.explorer.layer_choice import LayerChoice
from napari_ifealid.explorer.library_source import LibrarySource
from napari_ifealid.explorer.links import Links
from napari_ifealid.explorer.map_request import ReferenceMode
from napari_ifealid.explorer.marked_pin import MarkedPin
from napari_ifealid.explorer.palette import ColoursInUse
from napari_ifealid.explorer.pictures import Pictures
from napari_ifealid.explorer.pins import Pin, Pins
from napari_ifealid.explorer.pointed_features import PointedFeatures
from napari_ifealid.explorer.reference_source import ReferenceSource
from napari_ifealid.explorer.references import References
from napari_ifealid.explorer.schedulers import ImmediateScheduler, Scheduler
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.session_question import AnyReference
from napari_ifealid.explorer.shown_map import AFTER_THE_MAP, remove_layer
from napari_ifealid.explorer.shown_region import moved_pixel
from napari_ifealid.explorer.sources import choose_layer, left_behind_maps
from napari_ifealid.explorer.state import ExplorerState
from napari_ifealid.grid import Grid, Pixel, Place
from napari_ifealid.layers import START_KEY
from napari_ifealid.notices import show_error
from napari_ifealid.stack import FeatureStack


class Explorer:
    """Shows how similar all pixels are to the one under the cursor, or to pins.

    Parameters
    ----------
    viewer : napari viewer
    scheduler : Scheduler, optional
        Runs what should not stop the window. Without one, all is done at once.
    """

    stack_changed = Signal()
    """Another stack is explored, or none."""

    map_changed = Signal()
    """The explored stack's map layer shows something else."""

    pixel_changed = Signal(object)
    """The reference pixel in the explored stack: another one, an index along each axis, or None."""

    engine_changed = Signal(str)
    """Which engine runs and why, in words for the user; empty while none does."""

    preview_changed = Signal()
    """A preview is needed, has been built or is gone."""

    source_changed = Signal()
    """A source of references has other ones, see `add_source`."""

    asked_anew = Signal()
    """The explored stack has been asked: references, measure or slice may be other ones."""

    vectors_read = Signal()
    """Vectors that were asked for have been read."""

    sharpness_changed = Signal()
    """The maps of the explored stack are sharp or not, or something is built for it."""

    features_changed = Signal()
    """Other features of a stack are compared."""

    moved = Signal()
    """A stack lies elsewhere in the world: places may be other pixels of it."""

    def __init__(self, viewer: ViewerModel, scheduler: Scheduler | None = None) -> None:
        self.state = ExplorerState()
        self._viewer = viewer
        self._scheduler = scheduler or ImmediateScheduler()
        self._left_behind = left_behind_maps(viewer)
        self._reported_pixel: Pixel | None = None
        self._errors = ErrorReports(show_error)
        self._connections = Connections()
        self._to_explored = Connections()  # its layer and its session
        self.feature_use = FeatureUse()
        self.pictures = Pictures(viewer.dims, self._scheduler)
        self._exploration = Exploration(viewer, self.state, self._scheduler, self.pictures)
        self.links = Links(self._new_session)
        colours = ColoursInUse()
        self.pins = Pins(viewer, colours)
        self.marked_pin = MarkedPin(self.pins)
        self.regions = Regions(viewer, colours)
        self.cursor = Cursor(viewer, self.state, self.reaches)
        self.library = LibrarySource(self.state, colours)
        self._layers = LayerChoice(viewer, self.state, self._scheduler)
        self._pointed = PointedFeatures(self.state)
        self._references = References(viewer.dims, self.state, self.cursor, self.pins)
        inquiry = Inquiry(viewer.dims, self.state, self._references, self._pointed)
        self._asking = Asking(inquiry, self.links, self.asked_anew.emit)
        self._connect()
        self.add_source(self.regions)
        self.add_source(self.library)
        self._gestures = Gestures(viewer, self)
        self.state.layer = choose_layer(viewer)

    @property
    def session(self) -> Session | None:
        """The session of the layer that is chosen."""
        return self._asking.explored

    @property
    def sessions(self) -> list[Session]:
        """All sessions that follow the cursor and the pins."""
        return self._asking.sessions

    @property
    def asking(self) -> Session | None:
        """The session that the references are taken in, see `Asking`."""
        return self._asking.session

    @property
    def sources(self) -> Sequence[ReferenceSource]:
        """What references come from beside the cursor and the pins."""
        return self._references.sources

    @property
    def stack(self) -> FeatureStack | None:
        """The stack explored, once it is loaded."""
        return None if self.session is None else self.session.stack

    @property
    def map_layer(self) -> Image | None:
        """The layer that the maps of the explored stack are written into."""
        return None if self.session is None else self.session.map_layer

    @property
    def pixel(self) -> Pixel | None:
        """The reference pixel, an index along each spatial axis of the stack that it is taken in.

        It is the one in the middle where the cursor's place is outside of that stack.
        """
        asking = self.asking
        return None if asking is None or asking.stack is None else self._references.pixel_in(asking)

    @property
    def is_outside(self) -> bool:
        """Whether the cursor's place is outside of the stack that references are taken in."""
        place, asking = self.cursor.place, self.asking
        return place is not None and asking is not None and asking.grid.pixel_at(place) is None

    @property
    def rests(self) -> bool:
        """Whether the mouse changes nothing, since the view is in 3-D."""
        return bool(self._viewer.dims.ndisplay != 2)

    @property
    def pinned(self) -> list[tuple[Pixel, Pin]]:
        """The pins within the stack that references are taken in, and the pixels they are on."""
        return [] if self.asking is None else self._references.pinned_in(self.asking)

    @property
    def pins_without_data(self) -> list[Pin]:
        """The pins that count for nothing, since their pixel has no data."""
        asking = self.asking
        if asking is None or asking.stack is None:
            return []
        return self._references.pins_without_data(asking)

    @property
    def asked(self) -> Asked | None:
        """What the stack that references are taken in is asked for; None before it is loaded."""
        asking = self.asking
        return None if asking is None or asking.stack is None else self._references.asked_of(asking)

    @property
    def cursor_reference(self) -> AnyReference | None:
        """The reference pixel of the explored stack, or the window around it."""
        session = self.session
        if session is None or session.stack is None:
            return None
        return self._references.cursor_in(session)

    @property
    def is_idle(self) -> bool:
        """Whether the maps shown are those wanted, with nothing left to do."""
        return all(session.is_idle for session in self.sessions)

    def vector(self, pixel: Pixel) -> NDArray[np.float64] | None:
        """Return the real values of a pixel of the stack that references are taken in.

        None if they are still to be read.
        """
        return None if self.asking is None else self.asking.vector(pixel)

    def collected_in(self, session: Session) -> list[AnyReference]:
        """Return what the user has collected to compare with: pins, and what sources give.

        Parameters
        ----------
        session : Session
            Its stack is loaded.
        """
        return self._references.collected_in(session)

    def counted_in(self, session: Session) -> list[AnyReference]:
        """Return what was collected and counts: all of it but what is known to lack data.

        Parameters
        ----------
        session : Session
            Its stack is loaded.
        """
        return self._references.counted_in(session)

    def value_text(self, value: float) -> str:
        """Return a value of the map in the chosen scale, such as "12.3°"."""
        spread = None if self.session is None else self.session.spread
        return self.state.scale.text(value, spread)

    def reaches(self, place: Sequence[float]) -> bool:
        """Return whether a place in the world is within a stack that is loaded."""
        return any(
            session.stack is not None and session.grid.pixel_at(place) is not None
            for session in self.sessions
        )

    def show_pixel(self, pixel: Pixel) -> None:
        """Compare with a pixel of the explored stack from now on.

        Parameters
        ----------
        pixel : tuple of int
            Index along each spatial axis. Where maps are sharp, the pixel of the image in its
            middle is compared with.
        """
        if self.session is not None:
            self.cursor.move_to(self._place_of(self.session.stack_grid, pixel))

    def show_feature(self, feature: int | None) -> None:
        """Show a single feature's image for a while; None ends that.

        Parameters
        ----------
        feature : int, optional
        """
        if self._pointed.hover(feature):
            self._asking.ask()

    def show_features(self, features: slice | None) -> None:
        """Show the mean image of a range of features for a while; None ends that.

        Parameters
        ----------
        features : slice, optional
            Not empty, of step 1, within the features of the explored stack.
        """
        stack = self.stack
        selected = None
        if features is not None and stack is not None:
            selected = range(*features.indices(stack.feature_count)) or None
        if self._pointed.select(selected):
            self._asking.ask()

    def toggle_pin(self, place: Sequence[float]) -> None:
        """Pin a place in the world, or remove the pins on the same pixel of the explored stack."""
        if self.session is not None and self.session.grid.pixel_at(place) is not None:
            self.pins.toggle(place, self.session.grid)

    def toggle_pin_at(self, pixel: Pixel) -> None:
        """Pin the middle of a pixel of the explored stack, or remove the pins on it."""
        if self.session is not None:
            self.toggle_pin(self._place_of(self.session.stack_grid, pixel))

    def add_to_library(self, pixel: Pixel | None = None, name: str = "") -> None:
        """Add a pixel of the stack that references are taken in to the library.

        Parameters
        ----------
        pixel : tuple of int, optional
            The one under the cursor unless given.
        name : str, optional
            Of the entry; called after the pixel unless given.
        """
        session, pixel = self.asking, pixel or self.pixel
        if session is not None and pixel is not None:
            name = name or f"pixel {', '.join(map(str, pixel))}"
            self.library.add_pixel(session, pixel, self._place_of(session.grid, pixel), name)

    def add_regions(self) -> None:
        """Make a layer to draw regions in, along the axes of the explored stack."""
        if self.session is not None:
            self.regions.add_layer(pin_frame(self.session))

    def explore_part(self, features: range) -> None:
        """Add a layer of some features of the explored stack, and explore it instead.

        Parameters
        ----------
        features : range
            Not empty, of step 1.
        """
        if self.session is not None and can_leave_out(self.session):
            part = layer_of_features(self.session, features)
            self.feature_use.keep_for_part(self.session.layer, part, features)
            self._viewer.add_layer(part)

    def step(self, down: int, right: int) -> None:
        """Move the reference by so many pixels along the axes that are displayed."""
        pixel, session = self.pixel, self.session
        if pixel is not None and session is not None:
            moved = moved_pixel(self._viewer.dims, session.grid, pixel, (down, right))
            self.cursor.move_to(self._place_of(session.grid, moved))

    def link(self, layer: Image, feature_axis: int) -> Session:
        """Link the features of another layer to the explored ones.

        Stacks of one image follow the same places, each with its own vectors. Those of other images
        are asked for the vectors of the explored stack, if they have the same features. A linked
        stack makes maps only while its map is seen. Once it is explored, its session goes on.

        Parameters
        ----------
        layer : napari Image layer
        feature_axis : int
            The axis of its data along which its features lie.

        Returns
        -------
        Session
            Whose map layer shows the similarity in that stack.
        """
        self._layers.remember_axis(layer, feature_axis)
        if self.session is not None:
            self.links.add(self.session)
            if self.session.layer == layer:
                return self.session
        return self.links.link(layer, feature_axis)

    def axis_of(self, layer: Image) -> int | None:
        """Return the feature axis of a layer: the one chosen for it, else the one that is known.

        None where it has to be asked for.
        """
        return self._layers.axis_of(layer)

    def unlink(self, layer: Image) -> None:
        """Let go of a linked layer. One that is explored stays so.

        Parameters
        ----------
        layer : napari Image layer
        """
        self.links.unlink(layer)

    def look_at(self, layer: Image) -> None:
        """Explore another linked stack with the reference as it is, which is held.

        Parameters
        ----------
        layer : napari Image layer
            A linked one, or the one that is explored.
        """
        self.state.follow = False
        self.state.layer = layer

    def why_not_comparable(self, session: Session) -> str:
        """Return why a linked stack can't be asked for the references; empty if it can."""
        asking = self.asking
        return "" if asking is None else why_not_comparable(session, asking)

    def add_source(self, source: ReferenceSource) -> None:
        """Compare with the references of a source, too, wherever pins are compared with."""
        self._references.add_source(source)
        self._connections.connect(source.changed, self._on_source)
        self._asking.ask()

    def soon(self, function: Callable[[], None]) -> None:
        """Call a function once what happens now is over, such as layers being added or removed."""
        self._scheduler.soon(function)

    def close(self) -> None:
        """Stop following the cursor; leave the map layer and the pins to the user."""
        self._layers.close()
        self._connections.close()
        self.cursor.close()
        self._gestures.close()
        self._leave(partial(Session.close, keeps_map=True))
        self.links.close()
        self.state.layer = None
        self._exploration.close()
        self.pictures.close()
        self.marked_pin.close()
        self.library.close()
        self.pins.close()
        self.regions.close()

    def _connect(self) -> None:
        state, dims, layers = self.state.events, self._viewer.dims, self._viewer.layers
        for signal, callback in (
            (state.layer, self._on_layer),
            (state.feature_axis, self._on_axis),
            (state.engine, self._on_engine),
            (state.reference, self._asking.ask),
            (state.window, self._asking.ask),
            (state.measure, self._on_measure),
            (state.preprocessing, self._on_preprocessing),
            (state.feature, self._on_feature),
            (state.preview_memory, self._on_preview_memory),
            (self.library.failed, self._errors.report),
            (self.pictures.failed, self._errors.report),
            (self.pins.changed, self._ask_here),
            (self.pins.changed, self._mark_hovered),
            (self.pixel_changed, self._mark_hovered),
            (self.moved, self._mark_hovered),
            (self.cursor.moved, self._ask_here),
            (self.cursor.moved, self._tell_pixel),
            (state.follow, self._on_follow),
            (self.links.changed, self._on_links),
            (self.links.shown, self._on_shown),
            (dims.events.current_step, self._on_place),
            (dims.events.order, self._on_place),
            (dims.events.ndisplay, self._on_place),
            (layers.events.removed, self._on_removed),
        ):
            self._connections.connect(signal, callback)

    def _on_removed(self, event: Any) -> None:
        for session in self.sessions:
            if event.value in (session.layer, session.map_layer):
                self.links.unlink(session.layer)
        if event.value in (self.state.layer, self.map_layer):
            self.state.layer = None
            # not now: napari may be in the middle of removing all layers
            self._scheduler.soon(self._explore_a_linked_one)

    def _explore_a_linked_one(self) -> None:
        if self.state.layer is None and self.links.sessions:
            self.state.layer = self.links.sessions[0].layer

    def _on_layer(self, layer: Image | None) -> None:
        """Explore another layer, or none."""
        with self.state.events.feature_axis.blocked():
            self.state.feature_axis = None if layer is None else self._layers.axis_of(layer)
        self._explore()

    def _on_axis(self, axis: int | None) -> None:
        """Explore along another axis, and remember it for the layer."""
        layer = self.state.layer
        if layer is not None and axis is not None:
            self._layers.remember_axis(layer, axis)
        self._explore()

    def _on_data(self) -> None:
        """Explore the data that the user has put into the layer instead."""
        if self.state.layer is not None:
            self._leave(Session.close)
            self._on_layer(self.state.layer)

    def _explore(self) -> None:
        """Explore the layer and the axis that are chosen, in a session that is there or a new one.

        What was explored before stays linked, if it was.
        """
        held = None if self.state.follow else self.asking
        self._leave(self._keep_or_close)
        layer, axis = self.state.layer, self.state.feature_axis
        if layer is not None:
            self._to_explored.connect(layer.events.data, self._on_data)
        if layer is None or axis is None:
            self._exploration.end()
            self.stack_changed.emit()
            return
        linked = self.links.take(layer, axis)
        session = self._new_session(layer, axis) if linked is None else linked
        self._asking.explore(session, held)
        self._errors.forget()
        for signal, callback in (
            (session.stack_changed, self._on_stack),
            (session.moved, self._tell_pixel),
            (session.failed, self._on_failed),
            (session.map_changed, self._on_map),
            (session.engine_changed, self.engine_changed.emit),
            (session.preview_changed, self.preview_changed.emit),
            (session.sharpness_changed, self.sharpness_changed.emit),
        ):
            self._to_explored.connect(signal, callback)
        if linked is None:
            session.open()
        else:
            session.tell()

    def _new_session(self, layer: Image, axis: int) -> Session:
        """Return a session that answers what is asked of it from now on."""
        session = Session(self._viewer, layer, axis, self.state, self._scheduler, self.feature_use)
        session.stack_changed.connect(partial(self._on_linked_stack, session))
        session.moved.connect(partial(self._on_moved, session))
        session.features_changed.connect(partial(self._on_features, session))
        session.vectors_read.connect(partial(self._on_vectors, session))
        session.failed.connect(partial(self._on_any_failed, session))
        return session

    def _keep_or_close(self, session: Session) -> None:
        if self.links.holds(session):
            self.links.keep(session)
        else:
            session.close()

    def _leave(self, end: Callable[[Session], None]) -> None:
        """Let go of the session of the layer that was chosen before.

        Parameters
        ----------
        end : callable
            What becomes of it.
        """
        self._to_explored.close()
        self._reported_pixel = None
        self._pointed.forget()
        self._exploration.leave()
        session = self._asking.leave()
        if session is not None:
            end(session)
        self.state.feature = None
        self.engine_changed.emit("")
        self.preview_changed.emit()

    def _on_stack(self) -> None:
        session = self.session
        if session is None:
            return
        if session is not self._exploration.session:
            while self._left_behind:
                remove_layer(self._viewer, self._left_behind.pop())
            self._exploration.show(session)
            self.pins.show_in(pin_frame(session))
            start = session.layer.metadata.get(START_KEY)
            if start is not None and self.cursor.place is None:
                self.cursor.move_to(start)
        self.stack_changed.emit()
        self._asking.ask()
        self._tell_pixel()

    def _on_linked_stack(self, session: Session) -> None:
        if session is not self.session:
            self._ask_with_dependent(session)
            self.links.changed.emit()

    def _on_failed(self) -> None:
        if self.stack is None:
            self.state.layer = None

    def _on_any_failed(self, session: Session, error: Exception) -> None:
        if session is self.asking:
            for other in self._asking.dependent_sessions:
                other.clear()
        self._errors.report(error)

    def _on_features(self, session: Session) -> None:
        self._ask_with_dependent(session)
        self.features_changed.emit()

    def _on_moved(self, session: Session) -> None:
        self._ask_with_dependent(session)
        self.moved.emit()

    def _ask_with_dependent(self, session: Session) -> None:
        """Ask a session whose vectors may be others, and those that are asked for its vectors."""
        self._asking.ask_one(session)
        if session is self.asking:
            self._asking.ask_dependent()

    def _on_vectors(self, session: Session) -> None:
        """Ask those that wait for vectors, or for whether a reference has data."""
        if self.state.reference is not ReferenceMode.CURSOR:
            self._asking.ask_one(session)
        if session is self.asking:
            self.vectors_read.emit()
            self._asking.ask_dependent()

    def _on_follow(self, follows: bool) -> None:
        if follows:
            self._ask_here()

    def _on_links(self) -> None:
        if self._asking.has_lost_session:
            self._ask_here()

    def _on_shown(self, shows_all: bool) -> None:
        if shows_all:
            self._exploration.rest()
        else:
            self._exploration.wake()

    def _ask_here(self) -> None:
        """Take the references in the explored stack from now on."""
        if self._asking.ask_here():
            self.stack_changed.emit()

    def _on_map(self) -> None:
        self.regions.show_above_maps()
        self.pins.show_above_maps()
        self.map_changed.emit()
        self._scheduler.later(AFTER_THE_MAP, self._refresh_status)

    def _on_engine(self) -> None:
        for session in self.sessions:
            session.open()

    def _on_preprocessing(self) -> None:
        for session in self.sessions:
            session.open_anew()

    def _on_measure(self) -> None:
        self.state.adapt_to_measure()
        self._asking.ask()

    def _on_preview_memory(self, megabytes: int) -> None:
        for session in self.sessions:
            session.set_preview_memory(megabytes)

    def _on_feature(self, feature: int | None) -> None:
        self._pointed.hover(None)  # what was done last is shown
        if feature is not None:
            self._exploration.show_feature(feature)
        self._asking.ask()

    def _on_source(self) -> None:
        self._asking.ask()
        self.source_changed.emit()

    def _on_place(self) -> None:
        """Ask anew: the cursor, the slice that is shown or the explored stack lies elsewhere."""
        self._asking.ask()
        self._tell_pixel()

    def _tell_pixel(self) -> None:
        pixel = self.pixel
        if pixel != self._reported_pixel:
            self._reported_pixel = pixel
            self.pixel_changed.emit(pixel)

    def _mark_hovered(self) -> None:
        """Mark the pin on the pixel under the cursor, the last one of several."""
        session = self.session
        self.marked_pin.hover_at(self.cursor.place, None if session is None else session.grid)

    def _place_of(self, grid: Grid, pixel: Pixel) -> Place:
        """Return the middle of a pixel in the world, in the slice that is shown."""
        return grid.moved_to(self._viewer.dims.point, pixel)

    def _refresh_status(self) -> None:
        """Let the status bar, which read the last map, look again."""
        if self.map_layer is not None:
            cursor = self._viewer.cursor
            cursor.events.position(value=cursor.position)
