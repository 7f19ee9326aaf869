from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from napari.components import ViewerModel
from napari.layers import Labels
from qtpy.QtWidgets import QFileDialog

from explorer_actions import hover
from napari_ifealid.explorer import Explorer, ReferenceMode, session
from napari_ifealid.georeference import Georeference
from napari_ifealid.libraries import Library, LibraryEntry
from napari_ifealid.results.regions import RegionMode, threshold_regions
from napari_ifealid.widgets.result_group import ClassMode, ResultGroup
from patient_scheduler import PatientScheduler


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def explorer(viewer, add_stack, stack) -> Explorer:
    add_stack(viewer, stack)
    return Explorer(viewer)


@pytest.fixture
def group(explorer, viewer, qtbot) -> ResultGroup:
    group = ResultGroup(explorer, viewer)
    qtbot.addWidget(group)
    return group


@pytest.fixture
def choose(monkeypatch):
    """Chooses a file in the next dialog."""

    def choose(path: Path | str, kind: str = "") -> None:
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), kind))

    return choose


def labels(viewer: ViewerModel) -> Labels:
    return next(layer for layer in viewer.layers if isinstance(layer, Labels))


def test_pixels_above_the_threshold_are_counted(group, explorer, qtbot):
    values = explorer.map_layer.data
    explorer.state.threshold = 0.8
    count = int((values >= np.float32(0.8)).sum())
    qtbot.waitUntil(lambda: group.count.text() == f"{count} px, {100 * count / 30:.3g} %")


def test_histogram_spin_box_and_state_follow_each_other(group, explorer):
    group.histogram.changed.emit(0.4)
    assert explorer.state.threshold == group.threshold.value == 0.4
    group.threshold.value = 0.6
    assert explorer.state.threshold == group.histogram.threshold == 0.6
    explorer.state.threshold = 0.2
    assert group.threshold.value == group.histogram.threshold == 0.2


def test_labels_need_a_threshold(group, explorer, qtbot):
    assert not group.make.isEnabled()
    assert "threshold" in group.make.toolTip()
    explorer.state.threshold = 0.8
    qtbot.waitUntil(group.make.isEnabled)


def test_labels_are_made_and_frozen(group, explorer, viewer, qtbot):
    explorer.show_pixel((3, 2))
    explorer.state.threshold = 0.8
    qtbot.waitUntil(group.make.isEnabled)
    group.make.click()
    assert labels(viewer).name == "like pixel 3, 2 at 14, 10"
    assert group.make.text() == "Freeze labels"
    explorer.state.threshold = 0.9
    values = explorer.map_layer.data
    np.testing.assert_array_equal(labels(viewer).data > 0, values >= np.float32(0.9))
    group.make.click()
    assert group.make.text() == "Make labels"
    explorer.state.threshold = 0.5
    np.testing.assert_array_equal(labels(viewer).data > 0, values >= np.float32(0.9))


def test_region_of_an_entry_is_that_of_the_pixel_most_like_it(group, explorer, viewer, qtbot):
    explorer.show_pixel((0, 0))
    explorer.library.open(Library([LibraryEntry(explorer.stack.vector((4, 3)), "kaolinite")]))
    explorer.library.tick(0, True)
    group.mode.value = RegionMode.REFERENCE
    explorer.state.threshold = 0.99
    qtbot.waitUntil(group.make.isEnabled)
    group.make.click()
    assert labels(viewer).name == "like kaolinite (library)"
    assert np.argwhere(labels(viewer).data).tolist() == [[4, 3]]


def test_table_has_the_areas_of_the_regions(group, explorer, viewer, choose, tmp_path, qtbot):
    explorer.state.threshold = 0.8
    group.mode.value = RegionMode.CONNECTED
    qtbot.waitUntil(group.table.isEnabled)
    choose(tmp_path / "regions.csv")
    group.table.click()
    table = pd.read_csv(tmp_path / "regions.csv")
    values = explorer.map_layer.data
    assert table["area_pixels"].sum() == (values >= np.float32(0.8)).sum()
    np.testing.assert_allclose(table["area_world"], table["area_pixels"] * 16)
    assert table["maximum_similarity"].max() == pytest.approx(values.max())
    assert len(labels(viewer).features) == len(table)


@pytest.mark.parametrize("suffix", [".npy", ".tif", ".csv"])
def test_map_is_saved_with_all_its_values(group, explorer, choose, tmp_path, suffix, qtbot):
    explorer.state.threshold = 0.8
    qtbot.waitUntil(group.save.isEnabled)
    path = tmp_path / f"map{suffix}"
    choose(path)
    group.save.click()
    values = explorer.map_layer.data
    if suffix == ".npy":
        saved = np.load(path)
    elif suffix == ".tif":
        saved = tifffile.imread(path)
    else:
        table = pd.read_csv(path)
        saved = table.pivot(index="y", columns="x", values="similarity").to_numpy(np.float32)
    np.testing.assert_array_equal(saved, values)


def test_map_of_a_stack_on_the_earth_is_saved_as_a_geotiff(
    group, explorer, choose, tmp_path, monkeypatch
):
    place = Georeference((30.0, 0.0, 100.0, 0.0, -30.0, 900.0))
    monkeypatch.setattr(session, "stack_georeference", lambda _: place)
    choose(tmp_path / "map.tif")
    group.save.click()
    with tifffile.TiffFile(tmp_path / "map.tif") as tiff:
        assert tiff.pages[0].tags[33922].value == (0.0, 0.0, 0.0, 100.0, 900.0, 0.0)


def test_kind_of_the_dialog_gives_a_name_its_ending(group, choose, tmp_path):
    choose(tmp_path / "map", "TIFF (*.tif)")
    group.save.click()
    assert (tmp_path / "map.tif").is_file()


def test_file_that_the_dialog_did_not_ask_about_is_not_replaced(
    group, choose, tmp_path, monkeypatch
):
    errors: list[str] = []
    monkeypatch.setattr("napari_ifealid.widgets.save_file.show_error", errors.append)
    (tmp_path / "map.tif").write_bytes(b"precious")
    choose(tmp_path / "map", "TIFF (*.tif)")
    group.save.click()
    assert (tmp_path / "map.tif").read_bytes() == b"precious"
    assert len(errors) == 1


@pytest.mark.parametrize("suffix", [".pdf", ".svg", ".png"])
def test_figure_is_saved(group, choose, tmp_path, suffix):
    choose(tmp_path / f"figure{suffix}")
    group.figure.click()
    assert (tmp_path / f"figure{suffix}").stat().st_size > 5000


def test_volume_has_no_figure_and_the_button_says_why(viewer, qtbot):
    values = np.random.default_rng(0).random((3, 4, 6, 5)).astype(np.float32)
    viewer.add_image(values, axis_labels=("c", "z", "y", "x"))
    group = ResultGroup(Explorer(viewer), viewer)
    qtbot.addWidget(group)
    assert group.figure.isEnabled()
    viewer.dims.ndisplay = 3
    qtbot.waitUntil(lambda: not group.figure.isEnabled())
    assert "volume" in group.figure.toolTip()
    viewer.dims.ndisplay = 2
    qtbot.waitUntil(group.figure.isEnabled)
    assert "volume" not in group.figure.toolTip()


def test_file_that_cannot_be_written_is_told_of(group, choose, tmp_path, monkeypatch):
    errors: list[str] = []
    monkeypatch.setattr("napari_ifealid.widgets.save_file.show_error", errors.append)
    choose(tmp_path / "missing" / "map.npy")
    group.save.click()
    assert len(errors) == 1
    assert not (tmp_path / "missing").exists()


def test_nothing_is_written_where_the_dialog_is_cancelled(group, choose, tmp_path):
    choose("")
    group.save.click()
    assert list(tmp_path.iterdir()) == []


def test_single_feature_has_no_result(group, explorer, qtbot):
    explorer.state.threshold = 0.5
    qtbot.waitUntil(group.make.isEnabled)
    explorer.state.feature = 2
    qtbot.waitUntil(lambda: not group.make.isEnabled())
    assert not group.save.isEnabled()
    assert group.count.text() == ""


def test_table_is_that_of_the_map_that_is_shown(group, explorer, viewer, choose, tmp_path, qtbot):
    explorer.show_pixel((1, 1))
    explorer.state.threshold = 0.8
    qtbot.waitUntil(group.make.isEnabled)
    group.make.click()
    explorer.show_pixel((4, 3))
    qtbot.waitUntil(group.table.isEnabled)
    choose(tmp_path / "regions.csv")
    group.table.click()
    table = pd.read_csv(tmp_path / "regions.csv")
    assert table["area_pixels"].sum() == (explorer.map_layer.data >= np.float32(0.8)).sum()
    assert {layer.name for layer in viewer.layers if isinstance(layer, Labels)} == {
        "like pixel 1, 1 at 6, 6",
        "like pixel 4, 3 at 18, 14",
    }


def test_table_is_of_what_the_window_tells_and_not_of_labels_frozen_before(
    group, explorer, viewer, choose, tmp_path, qtbot
):
    explorer.show_pixel((3, 2))
    explorer.state.threshold = 0.8
    group.mode.value = RegionMode.ALL
    qtbot.waitUntil(group.make.isEnabled)
    group.make.click()
    group.make.click()
    frozen, before = labels(viewer), labels(viewer).data.copy()
    choose(tmp_path / "same.csv")
    group.table.click()
    assert len(pd.read_csv(tmp_path / "same.csv")) == 1
    assert [layer for layer in viewer.layers if isinstance(layer, Labels)] == [frozen]
    explorer.state.threshold = 0.7
    group.mode.value = RegionMode.CONNECTED
    choose(tmp_path / "now.csv")
    group.table.click()
    values = explorer.map_layer.data
    expected = threshold_regions(values, 0.7, mode=RegionMode.CONNECTED)
    table = pd.read_csv(tmp_path / "now.csv")
    assert table["area_pixels"].tolist() == np.bincount(expected.ravel())[1:].tolist()
    assert table["area_pixels"].sum() > before.sum()
    np.testing.assert_array_equal(frozen.data, before)


def test_table_is_of_frozen_labels_that_are_selected_and_says_so(
    group, explorer, viewer, monkeypatch, tmp_path, qtbot
):
    explorer.show_pixel((3, 2))
    explorer.state.threshold = 0.8
    qtbot.waitUntil(group.make.isEnabled)
    group.make.click()
    group.make.click()
    frozen = labels(viewer)
    frozen.data[0] = 2  # painted
    explorer.state.threshold = 0.7
    viewer.layers.selection.active = frozen
    assert "“like pixel 3, 2 at 14, 10”" in group.table.toolTip()
    titles = []

    def choose(_, title, *__):
        titles.append(title)
        return str(tmp_path / "frozen.csv"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    group.table.click()
    table = pd.read_csv(tmp_path / "frozen.csv")
    assert table["area_pixels"].tolist() == np.bincount(frozen.data.ravel())[1:].tolist()
    assert titles == ["Save the table of “like pixel 3, 2 at 14, 10”"]


def test_map_of_another_reference_makes_nothing(viewer, add_stack, stack, qtbot, choose, tmp_path):
    scheduler = PatientScheduler()
    add_stack(viewer, stack)
    explorer = Explorer(viewer, scheduler)
    scheduler.run()
    group = ResultGroup(explorer, viewer)
    qtbot.addWidget(group)
    explorer.state.threshold = 0.8
    qtbot.waitUntil(group.make.isEnabled)
    explorer.show_pixel((1, 1))  # the map shown is still that of the pixel before
    for button in (group.make, group.table, group.figure, group.save):
        button.setEnabled(True)
        choose(tmp_path / "result.csv")
        button.click()
    assert not any(isinstance(layer, Labels) for layer in viewer.layers)
    assert list(tmp_path.iterdir()) == []
    scheduler.run()
    qtbot.waitUntil(group.make.isEnabled)
    group.make.click()
    assert labels(viewer).name == "like pixel 1, 1 at 6, 6"


def pin(explorer: Explorer, *pixels: tuple[int, int]) -> None:
    for pixel in pixels:
        explorer.toggle_pin_at(pixel)


def value_text(group) -> str:
    return group.value.text().strip()


def test_value_under_the_mouse_is_told_in_the_chosen_scale(group, explorer, viewer, qtbot):
    viewer.mouse_over_canvas = True
    features = explorer.session.layer
    explorer.show_pixel((1, 2))
    height = group.value.sizeHint().height()
    hover(viewer, features, 0, 4, 3)
    qtbot.wait(40)
    assert value_text(group) == ""  # it is the reference itself
    explorer.state.follow = False
    explorer.show_pixel((1, 2))
    hover(viewer, features, 0, 4, 3)
    value = explorer.map_layer.data[4, 3]
    qtbot.waitUntil(lambda: value_text(group) == f"Under the mouse: {value:.3g}")
    explorer.state.scale = explorer.state.measure.scales[1]
    expected = f"Under the mouse: {explorer.value_text(float(value))}"
    assert expected.endswith("°")
    qtbot.waitUntil(lambda: value_text(group) == expected)
    for text in (" ", expected, "Under the mouse: ≈ 0.83", "Under the mouse: ∞"):
        group.value.setText(text)
        assert group.value.sizeHint().height() == height
    group.value.setText(expected)
    viewer.mouse_over_canvas = False
    assert value_text(group) == ""


def test_value_of_an_outdated_map_is_gone_at_once(viewer, add_stack, stack, qtbot):
    scheduler = PatientScheduler()
    features = add_stack(viewer, stack)
    explorer = Explorer(viewer, scheduler)
    scheduler.run()
    group = ResultGroup(explorer, viewer)
    qtbot.addWidget(group)
    viewer.mouse_over_canvas = True
    explorer.state.follow = False
    hover(viewer, features, 0, 4, 3)
    qtbot.waitUntil(lambda: value_text(group) != "")
    explorer.show_pixel((1, 1))
    assert value_text(group) == ""
    qtbot.wait(40)
    assert value_text(group) == ""
    scheduler.run()
    qtbot.waitUntil(lambda: value_text(group) != "")
    group.stop()
    hover(viewer, features, 0, 1, 1)


def test_classes_need_references(group, explorer):
    group.mode.value = ClassMode.CLASSES
    assert not group.make.isEnabled()
    assert "Pin pixels" in group.make.toolTip()
    pin(explorer, (1, 1))
    assert group.make.isEnabled()


def test_classes_are_made_and_frozen(group, explorer, viewer):
    pin(explorer, (1, 1), (4, 3))
    group.mode.value = ClassMode.CLASSES
    group.make.click()
    assert group.make.text() == "Freeze labels"
    assert set(np.unique(labels(viewer).data)) == {1, 2}
    group.mode.value = RegionMode.ALL
    assert group.make.text() == "Make labels"
    group.mode.value = ClassMode.CLASSES
    group.make.click()
    assert not group.classes.follows


def test_table_has_the_classes(group, explorer, viewer, choose, tmp_path):
    pin(explorer, (1, 1), (4, 3))
    explorer.state.threshold = 0.8
    group.mode.value = ClassMode.CLASSES
    assert not group.table.isEnabled()
    group.make.click()
    choose(tmp_path / "classes.csv")
    group.table.click()
    table = pd.read_csv(tmp_path / "classes.csv")
    assert table["name"].tolist() == ["unclassified", "pin 1, 1", "pin 4, 3"]
    numbers = labels(viewer).data
    assert table["area_pixels"].tolist() == [(numbers == label).sum() for label in range(3)]
    np.testing.assert_allclose(table["area_world"], table["area_pixels"] * 16)
    explorer.state.reference = ReferenceMode.BEST
    means = [explorer.map_layer.data[numbers == label].mean() for label in (1, 2)]
    np.testing.assert_allclose(table["mean_similarity"][1:], means, atol=1e-5)


def test_table_of_frozen_classes_is_that_of_the_layer(
    group, explorer, viewer, choose, tmp_path, add_stack, stack
):
    pin(explorer, (1, 1), (4, 3))
    group.mode.value = ClassMode.CLASSES
    group.make.click()
    group.make.click()
    explorer.pins.clear()
    explorer.state.threshold = 0.99
    layer = labels(viewer)
    layer.data[0, 0] = 0
    choose(tmp_path / "last.csv")
    assert group.table.isEnabled()
    group.table.click()
    table = pd.read_csv(tmp_path / "last.csv")
    assert table["name"].tolist() == ["unclassified", "pin 1, 1", "pin 4, 3"]
    assert table["area_pixels"].tolist() == [(layer.data == label).sum() for label in range(3)]
    np.testing.assert_allclose(table["area_world"], table["area_pixels"] * 16)
    assert layer.name in group.table.toolTip()
    pin(explorer, (2, 2))
    group.make.click()  # others, which follow
    choose(tmp_path / "live.csv")
    group.table.click()
    assert "mean_similarity" in pd.read_csv(tmp_path / "live.csv")
    viewer.layers.selection.active = layer
    choose(tmp_path / "selected.csv")
    group.table.click()
    assert pd.read_csv(tmp_path / "selected.csv").equals(table)
    viewer.layers.remove(group.classes.layer)
    viewer.layers.remove(layer)
    assert not group.table.isEnabled()


def test_region_under_the_reference_is_that_of_a_pin_that_is_looked_for(group, explorer, viewer):
    pin(explorer, (1, 1), (4, 3))
    explorer.pins.set_sign(1, -1)
    explorer.state.reference = ReferenceMode.BEST
    explorer.state.threshold = 0.99
    group.mode.value = RegionMode.REFERENCE
    group.make.click()
    assert labels(viewer).data[1, 1] == 1
    assert labels(viewer).data[4, 3] == 0
