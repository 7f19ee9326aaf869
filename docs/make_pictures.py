"""Draw the pictures of the README and the guide: make pictures."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import napari
import numpy as np
from napari.layers import Layer
from numpy.typing import NDArray
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QWidget
from skimage.data import astronaut as astronaut_image
from skimage.data import coffee

from napari_ifealid._sample_data import astronaut, chelsea, chelsea_objects
from napari_ifealid.explorer import Explorer, ReferenceMode
from napari_ifealid.explorer.sources import is_feature_layer
from napari_ifealid.layers import LayerData, layer_data
from napari_ifealid.measures import EUCLIDEAN
from napari_ifealid.widgets import FeatureSimilarity
from napari_ifealid.widgets.chart_binding import Order
from napari_ifealid.widgets.folding_group import FoldingGroup
from napari_ifealid.widgets.result_group import ClassMode
from napari_ifealid.widgets.save_dialog import SaveDialog

FOLDER = Path(__file__).parent / "pictures"
MAKE_SAMPLE = Path(__file__).parents[1] / "scripts/make_sample.py"
HAIR, SUIT, HELMET, FACE = (60, 200), (330, 150), (430, 330), (140, 220)
FLAG = (60, 60)
EYE, CUP, FUR = (7, 11), (5, 17), (3, 12)


def settle(explorer: Explorer) -> None:
    QTest.qWait(300)
    while not explorer.is_idle:
        QTest.qWait(20)
    QTest.qWait(300)


def cup_of_coffee() -> list[LayerData]:
    """Return what the sample is, of another photo."""
    return objects_in(coffee(), "Coffee")


def cat_and_astronaut() -> list[LayerData]:
    """Return what one layer of a network makes of two photos, the cat last."""
    return [*objects_in(astronaut_image(), "Astronaut"), *chelsea_objects()]


def objects_in(photo: NDArray[np.uint8], name: str) -> list[LayerData]:
    """Return what the last layer of the sample makes of another photo."""
    stacks = runpy.run_path(str(MAKE_SAMPLE))["stacks_of"](photo, name)
    return layer_data(stacks[-1])


def opened(
    layers: list[LayerData], size: tuple[int, int] = (1200, 800), theme: str = "dark"
) -> tuple[napari.Viewer, FeatureSimilarity]:
    """Open a window with layers and the panel, and wait for the first map."""
    viewer = napari.Viewer(title="napari-ifealid")
    viewer.theme = theme
    viewer.window.resize(*size)
    for data in layers:
        viewer.add_layer(Layer.create(*data))
    _, widget = viewer.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    show_groups(widget, widget.what, widget.question, widget.result)
    settle(widget.explorer)
    viewer.reset_view()
    return viewer, widget


def show_groups(widget: FeatureSimilarity, *parts: QWidget) -> None:
    """Unfold the groups of these parts alone, whatever pictures before have left open."""
    for group in widget.findChildren(FoldingGroup):
        is_shown = any(map(group.isAncestorOf, parts))
        group.expand(animate=False) if is_shown else group.collapse(animate=False)


def draw(
    sample: Callable[[], list[LayerData]],
    prepare: Callable[[napari.Viewer, FeatureSimilarity], QWidget | None],
) -> None:
    """Draw a window with a sample, after it was prepared, or the widget that this gives."""
    viewer, widget = opened(sample())
    part = prepare(viewer, widget)
    settle(widget.explorer)
    path = str(FOLDER / f"{prepare.__name__}.png")
    if part is None:
        viewer.screenshot(path, canvas_only=False, flash=False)
    else:
        part.grab().save(path)
    viewer.close()


def eyes(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    widget.explorer.show_pixel(EYE)


def measures(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    state = widget.explorer.state
    state.measure = EUCLIDEAN
    state.scale = state.measure.scales[1]
    widget.explorer.show_pixel(SUIT)
    widget.result.threshold.value = 0.7


def cup(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    widget.explorer.show_pixel(CUP)


def hair(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    widget.explorer.show_pixel(HAIR)


def suit(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    widget.explorer.show_pixel(SUIT)
    widget.look.colormap.value = "viridis"
    widget.look.overlay_in_colour.value = True
    widget.result.threshold.value = 0.5
    widget.look.base.value = 0.4


def pins(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    for pixel in (SUIT, FACE, HELMET):
        widget.explorer.toggle_pin_at(pixel)
    widget.explorer.show_pixel(HAIR)
    widget.question.reference.value = ReferenceMode.BEST


def library(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    named = {"suit": SUIT, "skin": FACE, "helmet": HELMET, "hair": HAIR, "flag": FLAG}
    for name, pixel in named.items():
        widget.explorer.add_to_library(pixel, name)
    widget.explorer.library.tick(0, True)
    widget.explorer.library.set_sign([1], -1)
    widget.question.reference.value = ReferenceMode.DIFFERENCE
    widget.explorer.show_pixel((300, 300))
    show_groups(widget, widget.question, widget.library)


def unlike(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    for pixel in (HAIR, SUIT, FLAG):
        widget.explorer.toggle_pin_at(pixel)
    widget.explorer.pins.set_sign(1, -1)
    widget.explorer.show_pixel(HELMET)
    widget.question.reference.value = ReferenceMode.DIFFERENCE


def regions(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    explorer = widget.explorer
    explorer.add_regions()
    layer = explorer.regions.layer
    layer.add(np.array([[260, 60], [260, 130], [330, 130], [330, 60]]), shape_type="rectangle")
    layer.add(np.array([[95, 195], [95, 260], [165, 260], [165, 195]]), shape_type="ellipse")
    layer.mode = "pan_zoom"
    layer.selected_data = set()
    explorer.regions.set_sign(1, -1)
    widget.question.reference.value = ReferenceMode.DIFFERENCE
    explorer.state.window = 5
    explorer.show_pixel(HELMET)


def classes(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    for pixel in (HAIR, SUIT, FACE, FLAG, HELMET):
        widget.explorer.toggle_pin_at(pixel)
    widget.explorer.state.threshold = 0.6
    widget.result.mode.value = ClassMode.CLASSES
    widget.result.make.click()
    widget.explorer.map_layer.visible = False


def feature(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    widget.explorer.show_pixel(SUIT)
    widget.look.feature.value = 28


def relevance(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    widget.explorer.toggle_pin_at(SUIT)
    widget.explorer.show_pixel((400, 100))
    widget.chart_dock.panel.order.value = Order.RELEVANCE


def photo(viewer: napari.Viewer, widget: FeatureSimilarity) -> None:
    viewer.layers.clear()
    layer = viewer.add_image(coffee(), name="coffee")
    widget.choice.layer.value = layer
    settle(widget.explorer)
    viewer.reset_view()
    widget.explorer.show_pixel((150, 300))


def overview(viewer: napari.Viewer, widget: FeatureSimilarity) -> None:
    show_groups(widget, widget.what, widget.overview)
    for button in (widget.overview.segments, widget.overview.components):
        button.click()
        while not button.isEnabled():
            QTest.qWait(20)
    viewer.layers["similarity"].visible = False
    viewer.canvas.grid.shape = 3, 1
    viewer.canvas.grid.enabled = True
    viewer.reset_view()


def extract(viewer: napari.Viewer, widget: FeatureSimilarity) -> None:
    viewer.window.remove_dock_widget(widget)
    viewer.layers.clear()
    viewer.add_image(coffee(), name="coffee")
    _, extraction = viewer.window.add_plugin_dock_widget("napari-ifealid", "Extract features")
    while not extraction.run_button.isEnabled():
        QTest.qWait(20)
    viewer.reset_view()


def save(_: napari.Viewer, widget: FeatureSimilarity) -> QWidget:
    widget.advanced.save_button.click()
    return widget.findChild(SaveDialog)


def session(_: napari.Viewer, widget: FeatureSimilarity) -> QWidget:
    groups = widget.findChildren(FoldingGroup)
    (group,) = (one for one in groups if one.isAncestorOf(widget.save_session))
    group.expand(animate=False)
    return group


def side_by_side(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    widget.links.link.click()
    settle(widget.explorer)
    widget.links.side_by_side.click()
    widget.explorer.show_pixel(EYE)


def find_places(widget: FeatureSimilarity) -> None:
    widget.places.find_button.click()
    while widget.search.is_searching:
        QTest.qWait(20)


def places(viewer: napari.Viewer, widget: FeatureSimilarity) -> None:
    """Find the hair of the astronaut by the fur of the cat."""
    explorer, (hair, fur) = widget.explorer, filter(is_feature_layer, viewer.layers)
    explorer.state.layer = fur
    explorer.link(hair, 0)
    explorer.toggle_pin_at(FUR)
    widget.question.reference.value = ReferenceMode.MEAN
    settle(explorer)
    widget.places.count.value, widget.places.distance.value = 8, 48.0
    find_places(widget)
    show_groups(widget, widget.question, widget.places)
    number = next(n for n, one in enumerate(widget.search.found) if one.layer is hair)
    rows = widget.places.rows
    rows.setCurrentRow(number)
    rows.itemClicked.emit(rows.item(number))
    settle(explorer)
    viewer.reset_view()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    draw(chelsea, eyes)
    draw(chelsea, side_by_side)
    draw(cup_of_coffee, cup)
    draw(cat_and_astronaut, places)
    draw(chelsea, overview)
    for prepare in (
        hair,
        suit,
        measures,
        pins,
        unlike,
        regions,
        classes,
        library,
        feature,
        relevance,
        photo,
        extract,
        save,
        session,
    ):
        draw(astronaut, prepare)
