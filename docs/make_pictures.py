"""Draw the pictures of the README and the guide: make pictures."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import napari
import numpy as np
from napari.layers import Layer
from numpy.typing import NDArray
from PIL import Image
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QGraphicsView, QWidget
from skimage.data import astronaut as astronaut_image
from skimage.data import coffee

from napari_ifealid import read_stack
from napari_ifealid._sample_data import astronaut, chelsea, chelsea_objects
from napari_ifealid.explorer import ColourRange, Explorer, ReferenceMode
from napari_ifealid.explorer.sources import is_feature_layer
from napari_ifealid.layers import LayerData, layer_data
from napari_ifealid.measures import ACE, EUCLIDEAN
from napari_ifealid.preprocessing import step_named
from napari_ifealid.results.regions import RegionMode
from napari_ifealid.widgets import FeatureSimilarity
from napari_ifealid.widgets.chart_binding import Order
from napari_ifealid.widgets.folding_group import FoldingGroup
from napari_ifealid.widgets.result_group import ClassMode
from napari_ifealid.widgets.save_dialog import SaveDialog

FOLDER = Path(__file__).parent / "pictures"
MAKE_SAMPLE = Path(__file__).parents[1] / "scripts/make_sample.py"
MAKE_CUBE = Path(__file__).parents[1] / "scripts/make_cube.py"
HAIR, SUIT, HELMET, FACE = (60, 200), (330, 150), (430, 330), (140, 220)
FLAG = (60, 60)
EYE_PLACE, FUR_PLACE, WHISKER_PLACE = (127, 191), (52, 165), (238, 327)  # in the world
_PAIR_WIDTH = 476  # pixels, of each picture of a pair
EYE, CUP, FUR = (7, 11), (5, 17), (3, 12)
CLAY, SOIL, GRASS, TREES = (65, 185), (130, 170), (55, 110), (40, 45)  # of the meadow
HYDROXYL = "2090", "2290"  # nm


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


def meadow() -> list[LayerData]:
    """Return the cube that the guide tells how to make, as it is read."""
    script = runpy.run_path(str(MAKE_CUBE))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "meadow.hdr"
        script["write_cube"](path, script["cube"]())
        return layer_data(read_stack(path))


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
        group.unfold() if is_shown else group.fold()


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


def beside_blocks(name: str, place: tuple[float, float], zoom: float = 1.0) -> None:
    """Draw the map of exact blocks and the sharp one of the same place in the cat's picture."""
    viewer, widget = opened(chelsea_objects(), (1200, 760))
    explorer, camera = widget.explorer, viewer.scene.camera
    size = widget.explorer.stack.overlay.shape[:2]
    shots = []
    for is_sharp in (False, True):
        explorer.state.sharp = is_sharp
        settle(explorer)
        explorer.cursor.move_to(place)
        settle(explorer)
        camera.center = place if zoom > 1.0 else [length / 2.0 for length in size]
        camera.zoom = zoom * _PAIR_WIDTH / size[1]
        shape = (_PAIR_WIDTH * size[0] // size[1], _PAIR_WIDTH)
        shots.append(viewer.screenshot(size=shape, canvas_only=True, flash=False)[..., :3])
    viewer.close()
    gap = np.full((len(shots[0]), 960 - 2 * _PAIR_WIDTH, 3), 255, np.uint8)
    Image.fromarray(np.concatenate([shots[0], gap, shots[1]], axis=1)).save(FOLDER / f"{name}.png")


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
    widget.explorer.map_layer.visible = False
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
    group.unfold()
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
    widget.places.count.value, widget.places.distance.value = 20, 48.0
    find_places(widget)
    show_groups(widget, widget.question, widget.places)
    number = next(n for n, one in enumerate(widget.search.found) if one.layer is hair)
    rows = widget.places.rows
    rows.setCurrentRow(number)
    rows.itemClicked.emit(rows.item(number))
    settle(explorer)
    viewer.reset_view()


def cube_picture(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    widget.explorer.state.follow = False
    for pixel in (CLAY, SOIL, GRASS, TREES):
        widget.explorer.toggle_pin_at(pixel)
    widget.explorer.show_pixel(CLAY)
    show_groups(widget, widget.what, widget.look)
    widget.look.overlay_in_colour.value = True
    settle(widget.explorer)
    widget.explorer.map_layer.visible = False


def cube_angle(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    for pixel in (CLAY, SOIL):
        widget.explorer.toggle_pin_at(pixel)
    widget.explorer.show_pixel(CLAY)
    show_groups(widget, widget.question, widget.result)


def cube_features(_: napari.Viewer, widget: FeatureSimilarity) -> QWidget:
    return asked_for_features(widget)


def asked_for_features(widget: FeatureSimilarity) -> QWidget:
    """Open the dialog of the features in use, and have it leave out all but a range."""
    menu = widget.chart_dock.panel.features
    menu.open_dialog()
    dialog = menu.dialog
    assert dialog is not None
    for edit, text in zip((dialog.first, dialog.last), HYDROXYL, strict=True):
        edit.setText(text)
    dialog.only.click()
    return dialog


def without_continuum(widget: FeatureSimilarity) -> None:
    """Compare the absorption by hydroxyl in clay alone, and look at it in the chart."""
    dialog = asked_for_features(widget)
    dialog.accept_button.click()
    widget.explorer.state.preprocessing = step_named("continuum removed")
    settle(widget.explorer)
    zoom_in(widget, 0.897, 7)


def zoom_in(widget: FeatureSimilarity, place: float, steps: int) -> None:
    """Turn the wheel over the chart, so far from its left edge, 0 to 1."""
    (view,) = widget.chart_dock.panel.chart.findChildren(QGraphicsView)
    viewport = view.viewport()
    at = QPointF(place * viewport.width(), 0.5 * viewport.height())
    for _ in range(steps):
        event = QWheelEvent(
            at,
            QPointF(viewport.mapToGlobal(at.toPoint())),
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(viewport, event)


def cube_continuum(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    without_continuum(widget)
    for pixel in (CLAY, SOIL):
        widget.explorer.toggle_pin_at(pixel)
    widget.explorer.show_pixel(CLAY)
    widget.explorer.state.own_limits = 0.94, 1.0
    widget.explorer.state.colour_range = ColourRange.MINE
    show_groups(widget, widget.question, widget.result)


def with_library(widget: FeatureSimilarity) -> None:
    """Compare with the spectrum of soil with clay, from the library beside the cube."""
    explorer = widget.explorer
    explorer.library.open(runpy.run_path(str(MAKE_CUBE))["library"]())
    explorer.library.agree(explorer.session)
    explorer.library.tick(len(explorer.library.entries) - 1, True)
    explorer.state.measure = ACE


def cube_library(viewer: napari.Viewer, widget: FeatureSimilarity) -> None:
    without_continuum(widget)
    with_library(widget)
    show_groups(widget, widget.question, widget.library)
    viewer.window.resize(1200, 860)  # the longest panel
    widget.explorer.show_pixel(SOIL)


def cube_labels(_: napari.Viewer, widget: FeatureSimilarity) -> None:
    without_continuum(widget)
    with_library(widget)
    widget.look.overlay_in_colour.value = True
    settle(widget.explorer)
    widget.result.threshold.value = 0.7
    widget.result.mode.value = RegionMode.ALL
    QTest.qWait(300)
    widget.result.make.click()
    widget.explorer.map_layer.visible = False
    show_groups(widget, widget.result)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    beside_blocks("sharp", EYE_PLACE)
    beside_blocks("sharp_texture", FUR_PLACE, 2.0)
    beside_blocks("sharp_thin", WHISKER_PLACE, 2.0)
    draw(chelsea, eyes)
    draw(chelsea, side_by_side)
    draw(cup_of_coffee, cup)
    draw(cat_and_astronaut, places)
    draw(chelsea, overview)
    for prepare in (
        cube_picture,
        cube_angle,
        cube_features,
        cube_continuum,
        cube_library,
        cube_labels,
    ):
        draw(meadow, prepare)
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
