"""The linked stacks side by side, in the cells of napari's grid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from math import ceil, sqrt
from typing import Any

from napari.components import ViewerModel
from napari.layers import Layer
from napari.utils.theme import get_theme
from psygnal import Signal

from napari_ifealid.explorer.cell import LAYERS, Cell, Mark, best_place
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.explorer import Explorer
from napari_ifealid.explorer.links import is_linked_by_place
from napari_ifealid.explorer.map_request import ReferenceMode, SimilarityRequest
from napari_ifealid.explorer.pins import PINS_KEY
from napari_ifealid.explorer.place_search import PlaceSearch
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.shown_map import AFTER_THE_MAP
from napari_ifealid.explorer.viewer_parts import canvas_grid
from napari_ifealid.explorer.window_order import WindowOrder, put_on_top
from napari_ifealid.grid import Place

_SPACING = 4  # pixels between cells
_FOUND = "#ffff00"
_MARGIN = 0.12  # of a cell; the name is above the picture
_REST = 0.15  # seconds after which the pointer rests, and slow texts are drawn
_CLICK_SLACK = 3  # canvas pixels that a hand moves during a click


class SideBySide:
    """Shows a cell for each linked stack: its image under its map, its name and a cross-hair.

    napari's grid fills its cells by the order of the layers, so many in each, and counts hidden
    layers as well. The layers of the cells are put on top and counted from there; the user's
    own are hidden meanwhile. What the user adds meanwhile has cells behind the others. Order,
    visibility, grid and view are given back at the end.

    Parameters
    ----------
    viewer : napari viewer
    explorer : Explorer
    scheduler : Scheduler
    search : PlaceSearch, optional
        The places that it finds are marked in the cells.
    """

    changed = Signal(bool)
    """Whether stacks are shown side by side."""

    def __init__(
        self,
        viewer: ViewerModel,
        explorer: Explorer,
        scheduler: Scheduler,
        search: PlaceSearch | None = None,
    ) -> None:
        self._viewer = viewer
        self._explorer = explorer
        self._scheduler = scheduler
        self._search = search
        self._before: WindowOrder | None = None
        self._first: Layer | None = None  # the explored map at the beginning
        self._cells: list[Cell] = []
        self._columns = 1
        self._is_due = self._is_cross_due = False
        self._moves = 0
        self._connections = Connections()
        self._session_connections = Connections()
        self._eyes = Connections()

    @property
    def is_shown(self) -> bool:
        """Whether stacks are shown side by side."""
        return self._before is not None

    @property
    def is_possible(self) -> bool:
        """Whether there are stacks to be shown side by side."""
        return len(self._explorer.sessions) > 1

    @property
    def cells(self) -> list[Cell]:
        """The cells, row by row."""
        return list(self._cells)

    def show(self) -> None:
        """Show the linked stacks side by side."""
        if self.is_shown or not self.is_possible:
            return
        self._before = WindowOrder(self._viewer)
        self._first = self._explorer.map_layer
        for layer in self._viewer.layers:
            self._before.hide(layer)
        self._explorer.links.shows_all = True
        self._connect()
        self._arrange()
        self.changed.emit(True)

    def hide(self) -> None:
        """Show the explored stack alone again, and all else as it was."""
        before, self._before = self._before, None
        if before is None:
            return
        for connections in (self._connections, self._session_connections, self._eyes):
            connections.close()
        self._viewer.mouse_move_callbacks.remove(self._on_move)
        self._viewer.mouse_drag_callbacks.remove(self._on_press)
        while self._cells:
            self._cells.pop().close()
        maps = [session.map_layer for session in self._explorer.sessions]
        before.restore_visibility(but=[layer for layer in maps if layer is not None])
        before.restore_order()
        self._explorer.links.shows_all = False
        explored, first = self._explorer.map_layer, self._first
        for layer in maps:
            if layer is not None and layer is not explored and layer is not first:
                layer.visible = before.was_visible(layer)
        if explored is not None:
            explored.visible = explored is not first or before.was_visible(explored)
        self._first = None
        self.changed.emit(False)

    def close(self) -> None:
        """Show all as it was, for good."""
        self.hide()

    def _connect(self) -> None:
        explorer, layers = self._explorer, self._viewer.layers.events
        for signal, callback in (
            (layers.inserted, self._on_inserted),
            (layers.removed, self._arrange_soon),
            (layers.reordered, self._arrange_soon),
            (explorer.links.changed, self._arrange_soon),
            (explorer.stack_changed, self._arrange_soon),
            (explorer.state.events.overlay_in_colour, self._show_images),
            (explorer.pictures.changed, self._show_picture),
            (explorer.pictures.chosen, self._replace_cell),
            (explorer.cursor.moved, self._mark_soon),
            (explorer.pins.changed, self._mark_soon),
            (self._viewer.dims.events.current_step, self._mark_soon),
            (self._viewer.events.theme, self._show_text_colour),
        ):
            self._connections.connect(signal, callback)
        if self._search is not None:
            self._connections.connect(self._search.changed, self._mark_soon)
        # before the cursor follows: its place is one of the cell's image
        self._viewer.mouse_move_callbacks.insert(0, self._on_move)
        self._viewer.mouse_drag_callbacks.insert(0, self._on_press)

    def _on_inserted(self, event: Any) -> None:
        if self._before is not None and PINS_KEY in event.value.metadata:
            self._before.hide(event.value)
        self._arrange_soon()

    def _arrange_soon(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._scheduler.soon(self._arrange_if_due)

    def _arrange_if_due(self) -> None:
        if self._is_due:
            self._arrange()

    def _arrange(self) -> None:
        """Have a cell for each stack that is loaded, and its layers on top of all others."""
        if self._before is not None and not self.is_possible:
            self.hide()
        if self._before is not None:
            self._is_due = True  # what is changed here needs no other look
            self._match_cells()
            self._order_layers()
        self._is_due = False

    def _order_layers(self) -> None:
        own = [layer for cell in reversed(self._cells) for layer in cell.layers]
        others = [layer for layer in self._viewer.layers if self._is_new(layer)]
        fillers = [cell.no_map for cell in self._cells if cell.no_map not in own]
        put_on_top(self._viewer, [*fillers, *others, *own])
        for cell in self._cells:
            shown = cell.session.map_layer
            if shown is not None:
                shown.visible = True
        self._set_grid(len(self._cells) + ceil(len(others) / LAYERS))
        self._eyes.close()
        for layer in self._viewer.layers:
            if layer not in own:
                self._eyes.connect(layer.events.visible, self._arrange_soon)
        self._mark_soon()

    def _is_new(self, layer: Layer) -> bool:
        """Return whether the user has added or shown a layer meanwhile."""
        ours = [one for cell in self._cells for one in (*cell.layers, *cell.own_layers)]
        return layer.visible and layer not in ours

    def _match_cells(self) -> None:
        sessions = self._sessions()
        kept = {cell.session: cell for cell in self._cells if cell.is_whole}
        for cell in self._cells:
            if cell.session not in sessions or not cell.is_whole:
                kept.pop(cell.session, None)
                cell.close()
        selected = set(self._viewer.layers.selection)
        if [kept.get(session) for session in sessions] != self._cells:
            self._session_connections.close()
            self._cells = [kept.get(session) or self._new_cell(session) for session in sessions]
            for cell in self._cells:
                for signal, callback in (
                    (cell.session.map_changed, partial(self._on_map, cell)),
                    (cell.session.moved, cell.place),
                ):
                    self._session_connections.connect(signal, callback)
        there = {layer for layer in selected if layer in self._viewer.layers}
        self._viewer.layers.selection = there

    def _sessions(self) -> list[Session]:
        """Return the loaded sessions, in the order that they were linked."""
        explorer = self._explorer
        order = [layer.unique_id for layer in explorer.links.layers]
        loaded = [session for session in explorer.sessions if session.stack is not None]
        return sorted(
            loaded,
            key=lambda one: (
                order.index(one.layer.unique_id) if one.layer.unique_id in order else -1
            ),
        )

    def _new_cell(self, session: Session) -> Cell:
        return Cell(
            self._viewer,
            session,
            self._explorer.pictures,
            in_colour=self._explorer.state.overlay_in_colour,
            text_colour=self._text_colour,
        )

    def _set_grid(self, count: int) -> None:
        if count == 0:
            return  # no stack is loaded yet
        self._columns = ceil(sqrt(count))
        shape = ceil(count / self._columns), self._columns
        wanted = {"stride": -LAYERS, "shape": shape, "spacing": _SPACING, "enabled": True}
        grid = canvas_grid(self._viewer)
        changes = {name: value for name, value in wanted.items() if getattr(grid, name) != value}
        for name, value in changes.items():
            setattr(grid, name, value)
        if changes:
            self._viewer.reset_view(margin=_MARGIN)

    def _on_map(self, cell: Cell) -> None:
        if cell.session.map_layer not in self._viewer.layers or not self._is_in_place(cell):
            self._arrange_soon()
        self._mark_soon()

    def _is_in_place(self, cell: Cell) -> bool:
        number = self._cells.index(cell)
        end = len(self._viewer.layers) - LAYERS * number
        return list(self._viewer.layers)[end - LAYERS : end] == cell.layers

    @property
    def _text_colour(self) -> str:
        """The colour of texts on the canvas, whose background the theme chooses."""
        colour: str = get_theme(self._viewer.theme).text.as_hex()
        return colour

    def _show_text_colour(self) -> None:
        for cell in self._cells:
            cell.show_text_colour(self._text_colour)

    def _show_images(self, in_colour: bool) -> None:
        for cell in self._cells:
            cell.show_image(in_colour=in_colour)

    def _show_picture(self, session: Session) -> None:
        for cell in self._cells:
            if cell.session is session:
                cell.show_image(in_colour=self._explorer.state.overlay_in_colour)
                cell.place()

    def _replace_cell(self, layer: Layer) -> None:
        """Have another cell for a stack that has another picture, or none."""
        for cell in [cell for cell in self._cells if cell.session.layer is layer]:
            self._cells.remove(cell)
            cell.close()
            self._arrange_soon()

    def _mark_soon(self) -> None:
        """Move the cross-hairs once the maps are on the screen; draw texts when all rests."""
        self._moves += 1
        if not self._is_cross_due:
            self._is_cross_due = True
            self._scheduler.later(AFTER_THE_MAP, self._mark)
        self._scheduler.later(_REST, partial(self._write_texts, self._moves))

    def _mark(self) -> None:
        self._is_cross_due = False
        for cell in self._cells:
            cell.show_cross(self._place_in(cell.session), self._best_in(cell.session))
            if cell.has_texts:
                cell.show_marks(self._note(cell.session), self._pins_in(cell.session))

    def _write_texts(self, move: int) -> None:
        if move == self._moves:
            for cell in self._cells:
                session = cell.session
                marks = [*self._pins_in(session), *self._values_in(session)]
                cell.show_marks(self._note(session), marks)

    def _note(self, session: Session) -> str:
        return self._explorer.why_not_comparable(session)

    def _is_by_place(self, session: Session) -> bool:
        asking = self._explorer.asking
        return asking is not None and is_linked_by_place(session, asking)

    def _place_in(self, session: Session) -> Place | None:
        place = self._explorer.cursor.place
        is_reached = place is not None and session.grid.pixel_at(place) is not None
        return place if is_reached and self._is_by_place(session) else None

    def _best_in(self, session: Session) -> Place | None:
        """Return the best match in a stack of another image."""
        shown = session.shown
        if self._is_by_place(session) or shown is None or session.is_behind:
            return None
        if not isinstance(shown.request, SimilarityRequest):
            return None
        place = best_place(session, session.shown_values)
        return None if place is None else place

    def _values_in(self, session: Session) -> Sequence[Mark]:
        """Return the places found in a stack, else the best match, with their values."""
        found = [] if self._search is None else self._search.places_in(session.layer)
        if found:
            return [Mark(one.place, _FOUND, f"{one.value:.3f}") for one in found]
        place = self._best_in(session)
        if place is None:
            return ()
        pixel = session.grid.pixel_at(place)
        values = session.map_values
        assert pixel is not None
        assert values is not None
        return (Mark(place, "#00000000", f"{values[pixel]:.3f}"),)

    def _pins_in(self, session: Session) -> Sequence[Mark]:
        if not self._is_by_place(session):
            return ()
        pins = self._explorer.pins.pins
        return [Mark(pin.place, pin.colour) for pin in pins]

    def _cell_under_mouse(self) -> Cell | None:
        at = self._viewer.cursor.viewbox
        number = None if at is None else at[0] * self._columns + at[1]
        return self._cells[number] if number is not None and number < len(self._cells) else None

    def _explore_cell(self) -> None:
        """Explore the stack under the mouse, if it is one of another image."""
        cell = self._cell_under_mouse()
        if cell is not None and not self._is_by_place(cell.session):
            self._explorer.state.layer = cell.session.layer

    def _on_move(self, _viewer: ViewerModel, _event: Any) -> None:
        state = self._explorer.state
        if state.follow and state.reference is ReferenceMode.CURSOR:
            self._explore_cell()

    def _on_press(self, _viewer: ViewerModel, event: Any) -> Iterator[None]:
        """Take a click for one into the image of the cell. A drag does nothing."""
        start = event.pos
        yield
        while event.type == "mouse_move":
            if max(abs(event.pos[0] - start[0]), abs(event.pos[1] - start[1])) > _CLICK_SLACK:
                return
            yield
        self._explore_cell()
