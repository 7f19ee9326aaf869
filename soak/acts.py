"""What the user does in a round. Each act leaves the window as it was."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from napari_ifealid.engines import EngineChoice
from napari_ifealid.explorer import ColourRange, ReferenceMode
from napari_ifealid.explorer.pins import Pin
from napari_ifealid.measures import MEASURES, SPECTRAL_ANGLE, UsedFeatures
from napari_ifealid.preprocessing import STEPS
from soak.window import Window

Act = Callable[[Window], None]
"""Takes a window with its stacks, of which the first one is explored."""


def fill_histories(window: Window) -> None:
    """Make the hundred changes of pins and of the library that can be taken back.

    Those of pins hold more of them than any later ones, those of the library as much.
    """
    explorer = window.explorer
    grid, library = explorer.session.grid, explorer.library
    for number in range(101):
        places = (grid.place_of((number % 2, column)) for column in range(2))
        explorer.pins.replace([Pin(tuple(place.tolist()), "#e69f00") for place in places])
    window.remove([explorer.pins.layer])
    for _ in range(20):
        _add_and_tick(window)
        library.clear()
    window.settle()


def hover(window: Window) -> None:
    """Sweep over each stack in turn."""
    for layer in (*window.stacks[1:], window.stacks[0]):
        window.explore(layer)
        window.sweep(12)


def link(window: Window) -> None:
    """Link the stacks of the sample, hover them in turn, and let go of them.

    Not side by side: napari 0.9.2 keeps some memory each time that it shows a grid.
    """
    links, explorer, stacks = window.panel.links, window.explorer, window.stacks
    for layer in stacks[1:3]:
        explorer.link(layer, explorer.axis_of(layer))
    window.settle()
    window.sweep(4)
    for layer in (*stacks[1:3], stacks[0]):
        window.explore(layer)
        window.sweep(4)
    find_places(window)
    links.fill_menu()
    for action in links.menu.actions():
        if action.isChecked() and action.isEnabled():
            action.trigger()
    window.settle()


def find_places(window: Window) -> None:
    """Have the best places listed and marked; the next move forgets them."""
    window.panel.places.find_button.click()
    window.wait_for(lambda: not window.panel.search.is_searching, "the best places")
    window.sweep(1)


def pin(window: Window) -> None:
    """Pin pixels, compare with them by each rule, take changes back, and remove all."""
    explorer = window.explorer
    for _ in range(4):
        explorer.toggle_pin(explorer.session.grid.place_of(window.any_pixel()))
        window.sweep(2)
    explorer.pins.set_sign(0, -1)
    for rule in ReferenceMode:
        explorer.state.reference = rule
        window.sweep(2)
    make_labels(window)
    explorer.pins.undo()
    explorer.pins.undo()
    window.settle()
    explorer.state.reference = ReferenceMode.CURSOR
    explorer.pins.clear()
    window.remove([explorer.pins.layer])


def make_labels(window: Window) -> None:
    """Make labels of the pixels above a threshold, move it, and remove them."""
    state, result = window.explorer.state, window.panel.result
    before = state.threshold
    state.threshold = 0.6
    window.settle()
    added = window.new_layers(result.make.click)
    state.threshold = 0.8
    window.settle()
    window.remove(added)
    state.threshold = before


def draw_regions(window: Window) -> None:
    """Draw rectangles, compare with them, and remove them."""
    explorer = window.explorer
    (layer,) = window.new_layers(explorer.add_regions)
    grid = explorer.session.grid
    for _ in range(2):
        at = grid.place_of(window.any_pixel())
        size = 3 * grid.spacing
        corners = [np.zeros(layer.ndim), np.zeros(layer.ndim)]
        for corner, place in zip(corners, (at, at + size), strict=True):
            corner[list(grid.axes)] = place
        layer.add_rectangles([layer.world_to_data(corner) for corner in corners])
    explorer.state.reference = ReferenceMode.MEAN
    window.sweep(2)
    explorer.state.reference = ReferenceMode.CURSOR
    window.remove([layer])


def use_library(window: Window) -> None:
    """Add pixels to the library, tick one, and empty it."""
    _add_and_tick(window)
    window.sweep(4)
    window.explorer.library.clear()
    window.settle()


def _add_and_tick(window: Window) -> None:
    for _ in range(3):
        window.explorer.show_pixel(window.explorer.session.stack_grid.middle)
        window.explorer.add_to_library()
    window.explorer.library.tick(0, True)


def measure(window: Window) -> None:
    """Compare by each measure."""
    for one in (*MEASURES, SPECTRAL_ANGLE):
        window.explorer.state.measure = one
        window.settle()
        window.sweep(2)


def preprocess(window: Window) -> None:
    """Compare vectors of which something is made before."""
    for step in (STEPS[-1], None):
        window.explorer.state.preprocessing = step
        window.settle()
        window.sweep(2)


def choose_engine(window: Window) -> None:
    """Compare on the CPU and on the GPU."""
    for engine in EngineChoice:
        window.explorer.state.engine = engine
        window.settle()
        window.sweep(4)
    window.explorer.state.engine = EngineChoice.AUTOMATIC
    window.settle()


def sharpen(window: Window) -> None:
    """Switch between sharp maps and blocks."""
    state = window.explorer.state
    for is_sharp in (False, True, None):
        state.sharp = is_sharp
        window.settle()
        window.sweep(4)


def leave_out_features(window: Window) -> None:
    """Leave features out, and take that back."""
    explorer, layer = window.explorer, window.stacks[0]
    count = explorer.stack.feature_count
    explorer.feature_use.choose(layer, UsedFeatures.of([number % 3 > 0 for number in range(count)]))
    window.settle()
    window.sweep(2)
    explorer.feature_use.undo(layer)
    window.settle()


def show_features(window: Window) -> None:
    """Point at features in the chart, and show one for longer."""
    explorer = window.explorer
    for feature in (0, 5, 7, None):
        explorer.show_feature(feature)
        window.settle()
    for feature in (3, 4, None):
        explorer.state.feature = feature
        window.settle()


def make_overviews(window: Window) -> None:
    """Make a picture of the principal components and segments, and remove them."""
    overview = window.panel.overview
    for button in (overview.components, overview.segments):
        window.remove(window.new_layers(button.click))


def look(window: Window) -> None:
    """Change how the map looks."""
    state = window.explorer.state
    before = state.colormap
    for colormap, colours in (("viridis", ColourRange.ALL), (before, ColourRange.EACH_MAP)):
        state.colormap, state.colour_range = colormap, colours
        state.overlay_in_colour = not state.overlay_in_colour
        window.settle()
        window.sweep(2)


def slice_planes(window: Window) -> None:
    """Go through the planes of a stack of several, and look at it in 3-D."""
    window.explore(window.stacks[-1])
    dims = window.viewer.dims
    (axis, *_) = dims.not_displayed
    before = dims.current_step[axis]
    for plane in range(4):
        dims.set_current_step(axis, plane)
        window.settle()
        window.sweep(2)
    dims.ndisplay = 3
    window.settle()
    dims.ndisplay = 2
    dims.set_current_step(axis, before)
    window.explore(window.stacks[0])


ACTS: tuple[Act, ...] = (
    hover,
    link,
    find_places,
    pin,
    draw_regions,
    use_library,
    measure,
    preprocess,
    choose_engine,
    sharpen,
    leave_out_features,
    show_features,
    make_overviews,
    look,
    slice_planes,
)
"""All of them, which each round does once in an order of its own."""
