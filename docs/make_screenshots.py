"""Draw the window in each theme, at two sizes, with what fits least: make screenshots.

They are for looking at, in `.screenshots`: no text may be clipped or overlap. Names of scenes draw
these alone: python docs/make_screenshots.py pins places
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path

import napari
import numpy as np
from make_pictures import (
    CLAY,
    EYE,
    GRASS,
    SOIL,
    SUIT,
    classes,
    extract,
    find_places,
    library,
    meadow,
    opened,
    overview,
    regions,
    settle,
    show_groups,
    side_by_side,
)
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QDockWidget, QMainWindow, QScrollArea

from napari_ifealid import FeatureStack
from napari_ifealid._sample_data import astronaut, chelsea, chelsea_texture
from napari_ifealid.explorer import ReferenceMode
from napari_ifealid.layers import LayerData, layer_data
from napari_ifealid.preprocessing import step_named
from napari_ifealid.results.regions import RegionMode
from napari_ifealid.widgets import FeatureSimilarity
from napari_ifealid.widgets.chart_binding import Order

FOLDER = Path(__file__).parents[1] / ".screenshots"
SIZES = (1280, 720), (1600, 1000)
THEMES = "dark", "light"
OTHER_EYE = (7, 20)


def synthetic(labels: list[float | str] | None, count: int) -> list[LayerData]:
    """Return a synthetic image of a few materials, each with a smooth spectrum."""
    rng = np.random.default_rng(0)
    places = np.linspace(0, 1, count)
    spectra = np.stack(
        [np.exp(-((places - centre) ** 2) / 0.02) for centre in (0.2, 0.4, 0.6, 0.8)]
    )
    materials = np.kron(rng.integers(0, 4, (12, 16)), np.ones((8, 8), int))
    values = spectra[materials] + rng.normal(0.2, 0.02, (96, 128, count))
    return layer_data(
        FeatureStack(values=values.astype(np.float32), name="Field", feature_labels=labels)
    )


def twelve() -> list[LayerData]:
    return synthetic([f"band of a rather long name {number}" for number in range(12)], 12)


def wavelengths() -> list[LayerData]:
    return synthetic(np.linspace(400, 1000, 120).round(1).tolist(), 120)


def nothing(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    """Leave the window as it opens."""


def pinned(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    for pixel in (EYE, OTHER_EYE):
        widget.explorer.toggle_pin_at(pixel)
    widget.question.reference.value = ReferenceMode.MEAN


def by_relevance(viewer: napari.Viewer, widget: FeatureSimilarity) -> None:
    pinned(viewer, widget)
    widget.chart_dock.panel.order.value = Order.RELEVANCE


def labelled(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    widget.explorer.show_pixel(EYE)
    settle(widget.explorer)
    widget.explorer.state.threshold = 0.6
    widget.result.mode.value = RegionMode.CONNECTED
    QTest.qWait(300)
    widget.result.make.click()


def degrees(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    state = widget.explorer.state
    state.scale = state.measure.scales[1]
    state.threshold = 0.8
    widget.explorer.show_pixel(SUIT)


def places(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    widget.links.link.click()
    widget.explorer.toggle_pin_at(EYE)
    widget.question.reference.value = ReferenceMode.MEAN
    settle(widget.explorer)
    find_places(widget)
    show_groups(widget, widget.question, widget.places)


def narrow(viewer: napari.Viewer, widget: FeatureSimilarity) -> None:
    """Show what needs most room in the narrowest dock."""
    regions(viewer, widget)
    widget.explorer.toggle_pin_at(SUIT)
    dock, main = widget.parentWidget(), widget.window()
    while not isinstance(dock, QDockWidget):
        dock = dock.parentWidget()
    if isinstance(main, QMainWindow):
        main.resizeDocks([dock], [1], Qt.Orientation.Horizontal)


def narrow_below(viewer: napari.Viewer, widget: FeatureSimilarity) -> None:
    """Show the other groups in the narrowest dock."""
    narrow(viewer, widget)
    show_groups(widget, widget.places, widget.overview, widget.look, widget.advanced)
    QTest.qWait(300)
    for area in widget.findChildren(QScrollArea):
        area.ensureWidgetVisible(widget.advanced)


def cube(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    """Show the picture of the bands, gaps in the chart and the continuum removed."""
    explorer = widget.explorer
    for pixel in (CLAY, SOIL, GRASS):
        explorer.toggle_pin_at(pixel)
    explorer.show_pixel(CLAY)
    explorer.state.preprocessing = step_named("continuum removed")
    settle(explorer)
    explorer.state.threshold = 0.9
    widget.look.overlay_in_colour.value = True


def cube_look(viewer: napari.Viewer, widget: FeatureSimilarity) -> None:
    """Show the rows of the picture."""
    cube(viewer, widget)
    show_groups(widget, widget.what, widget.look)


SCENES: dict[str, tuple[Callable[[], list[LayerData]], Callable[..., None]]] = {
    "empty": (list, nothing),
    "first view": (chelsea, nothing),
    "pins": (chelsea, pinned),
    "12 features": (twelve, nothing),
    "240 features": (chelsea_texture, nothing),
    "1152 features": (chelsea, by_relevance),
    "wavelengths": (wavelengths, nothing),
    "cube": (meadow, cube),
    "cube, look": (meadow, cube_look),
    "labels": (chelsea, labelled),
    "extraction": (chelsea, extract),
    "regions": (astronaut, regions),
    "classes": (astronaut, classes),
    "degrees": (astronaut, degrees),
    "side by side": (chelsea, side_by_side),
    "places": (chelsea, places),
    "library": (astronaut, library),
    "overview": (chelsea, overview),
    "narrow": (astronaut, narrow),
    "narrow below": (astronaut, narrow_below),
}


def draw(name: str, size: tuple[int, int], theme: str) -> None:
    sample, prepare = SCENES[name]
    viewer, widget = opened(sample(), size, theme)
    prepare(viewer, widget)
    settle(widget.explorer)
    path = FOLDER / f"{name}, {size[0]}×{size[1]}, {theme}.png"
    viewer.screenshot(str(path), canvas_only=False, flash=False)
    viewer.close()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for scene in product(sys.argv[1:] or SCENES, SIZES, THEMES):
        draw(*scene)
