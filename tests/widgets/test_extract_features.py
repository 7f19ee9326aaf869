from __future__ import annotations

import warnings
from importlib.util import find_spec
from threading import Event

import numpy as np
import pytest
from magicgui.widgets import Widget
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QProgressBar, QPushButton

from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer.repeated_extraction import ORIGIN_KEY
from napari_ifealid.extraction import FILTERS, MODELS, ExtractionWarning, filter_features
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import untracked
from napari_ifealid.widgets.extract_features import ExtractFeatures, Slices

MODULE = "napari_ifealid.widgets.extract_features"


class Extractor:
    """Gives the pixels themselves, and can be held up after the first step."""

    layers = ("early", "middle", "late")

    def __init__(self):
        self.has_begun, self.goes_on, self.has_ended = Event(), Event(), Event()
        self.goes_on.set()
        self.error = self.warning = None

    def extract(self, image, layers=None, *, name="image", track=untracked):
        try:
            for _ in track(range(3), total=3, desc=f"Looking at {name}"):
                self.has_begun.set()
                assert self.goes_on.wait(20)
            if self.warning is not None:
                warnings.warn(self.warning, stacklevel=1)
            if self.error is not None:
                raise self.error
            return [
                FeatureStack(values=np.atleast_3d(image), name=f"{name} {layer}")
                for layer in layers
            ]
        finally:
            self.has_ended.set()


@pytest.fixture
def extractor(monkeypatch):
    """An extractor that any name but that of the filters loads."""
    extractor = Extractor()
    monkeypatch.setattr(f"{MODULE}.load_extractor", lambda model: extractor)
    monkeypatch.setattr(f"{MODULE}.model_layers", lambda model: extractor.layers)
    return extractor


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def photo(viewer):
    pixels = np.random.default_rng(3).integers(0, 256, (32, 40, 3), np.uint8)
    return viewer.add_image(pixels, name="photo", rgb=True)


@pytest.fixture
def open_widget(viewer, qtbot):
    """Opens the dock widget through the manifest and waits for the stages of its first model."""

    def open_():
        _, widget = viewer.window.add_plugin_dock_widget("napari-ifealid", "Extract features")
        qtbot.waitUntil(lambda: widget.stages.count() > 0, timeout=20_000)
        return widget

    return open_


@pytest.fixture
def open_alone(qapp, qtbot):
    """Makes the widget for a photo, without a window of napari's, which takes a second."""

    def open_():
        viewer = ViewerModel()
        viewer.add_image(np.zeros((32, 40, 3), np.uint8), name="photo", rgb=True)
        widget = ExtractFeatures(viewer)
        qtbot.addWidget(widget)
        widget.show()
        qtbot.waitUntil(lambda: widget.stages.count() > 0, timeout=20_000)
        return widget

    return open_


@pytest.fixture
def told():
    """What napari has told the user."""
    before = len(notification_manager.records)
    return lambda: [
        (record.severity.value, record.message) for record in notification_manager.records[before:]
    ]


def is_idle(widget) -> bool:
    return widget.bar.isHidden()


def enter(widget, qtbot, model) -> None:
    """Type the name of a model and press the return key."""
    field = widget.model.lineEdit()
    field.selectAll()
    qtbot.keyClicks(field, str(model))
    qtbot.keyClick(field, Qt.Key.Key_Return)


def listed(widget) -> dict[str, bool]:
    """The stages, and whether each is checked."""
    items = [widget.stages.item(row) for row in range(widget.stages.count())]
    return {item.text(): item.checkState() == Qt.CheckState.Checked for item in items}


def similarity_widget(viewer):
    return viewer.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")[1]


def finish(qtbot, viewer) -> None:
    """Wait until the map of what was extracted is shown."""
    qtbot.waitUntil(lambda: similarity_widget(viewer).explorer.is_idle, timeout=20_000)


def test_filters_of_the_photo_become_a_layer_that_feature_similarity_opens(
    open_widget, viewer, photo, qtbot
):
    widget = open_widget()
    widget.run_button.click()
    qtbot.waitUntil(lambda: "Filter features" in viewer.layers, timeout=20_000)
    features = viewer.layers["Filter features"]
    finish(qtbot, viewer)
    assert similarity_widget(viewer).choice.layer.value is features
    expected = filter_features(similarity_widget(viewer).explorer.stack.overlay).values
    np.testing.assert_array_equal(np.moveaxis(features.data, 0, -1), expected)
    assert [layer.name for layer in viewer.layers] == [
        "photo",
        "Filter features",
        "image under the map",
        "similarity",
    ]
    assert is_idle(widget)


def test_opens_without_an_image_and_asks_for_one(open_widget, viewer):
    widget = open_widget()
    assert widget.layer.value is None
    assert not widget.run_button.isEnabled()
    assert widget.text.text() == "Open an image first"
    image = viewer.add_image(np.zeros((8, 8)))
    assert widget.layer.value is image
    assert widget.run_button.isEnabled()
    viewer.layers.remove(image)
    assert widget.layer.value is None
    assert not widget.run_button.isEnabled()


def test_image_follows_the_selected_layer_if_that_is_one(open_widget, viewer, photo):
    other = viewer.add_image(np.zeros((8, 8)), name="other")
    viewer.layers.selection.active = photo
    widget = open_widget()
    assert widget.layer.value is photo
    viewer.layers.selection.active = other
    assert widget.layer.value is other
    added = viewer.add_image(np.zeros((8, 8)))
    assert widget.layer.value is added
    viewer.layers.selection.active = photo
    viewer.add_points(np.zeros((1, 2)))
    viewer.layers.selection.clear()
    assert widget.layer.value is photo


def test_image_chosen_in_the_widget_stays_until_another_is_selected(open_widget, viewer, photo):
    other = viewer.add_image(np.zeros((8, 8)), name="other")
    widget = open_widget()
    widget.layer.value = photo
    other.name = "renamed"
    assert "renamed" in [widget.layer.native.itemText(row) for row in range(3)]
    assert widget.layer.value is photo
    viewer.layers.remove(photo)
    assert widget.layer.value is other


def test_selected_layer_is_not_followed_once_the_dock_is_closed(open_widget, viewer, photo):
    other = viewer.add_image(np.zeros((8, 8)), name="other")
    widget = open_widget()
    viewer.window.remove_dock_widget(widget)
    viewer.layers.selection.active = photo
    assert open_widget().layer.value is photo
    assert other in viewer.layers


def test_look_up_shows_its_progress_and_can_be_cancelled(open_alone, qtbot, monkeypatch):
    widget = open_alone()
    goes_on, has_ended = Event(), Event()

    def slow(model):
        assert goes_on.wait(20)
        has_ended.set()
        return (model,)

    monkeypatch.setattr(f"{MODULE}.model_layers", slow)
    enter(widget, qtbot, "microsoft/resnet-18")
    assert widget.bar.text.text() == "Looking up ResNet-18…"
    assert not widget.bar.isHidden()
    assert widget.cancel_button.isEnabled()
    widget.cancel_button.click()
    assert is_idle(widget)
    assert widget.text.text().startswith("Cancelled. Press Return")
    goes_on.set()
    qtbot.waitUntil(has_ended.is_set)
    qtbot.wait(50)
    assert listed(widget) == {}
    qtbot.keyClick(widget.model.lineEdit(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: listed(widget) == {"microsoft/resnet-18": True})
    assert is_idle(widget)
    assert not widget.cancel_button.isEnabled()


def test_slices_are_asked_for_only_where_there_are_some(open_widget, viewer, photo):
    widget = open_widget()
    assert widget.slices.native.isHidden()
    widget.layer.value = viewer.add_image(np.zeros((3, 8, 8)))
    assert not widget.slices.native.isHidden()


@pytest.mark.parametrize(("choice", "slices"), [(Slices.CURRENT, [2]), (Slices.ALL, [0, 1, 2, 3])])
def test_slices_that_were_chosen_are_extracted(
    open_widget, viewer, extractor, qtbot, choice, slices
):
    pixels = np.random.default_rng(3).integers(0, 256, (4, 16, 16), np.uint8)
    viewer.add_image(pixels, contrast_limits=(0, 255))
    viewer.dims.set_current_step(0, 2)
    widget = open_widget()
    widget.slices.value = choice
    widget.run_button.click()
    qtbot.waitUntil(lambda: len(viewer.layers) > 1)
    features = next(layer for layer in viewer.layers if layer.name.endswith("features"))
    np.testing.assert_array_equal(features.data[0], pixels[slices])
    finish(qtbot, viewer)


def test_every_model_in_the_list_is_told_of_in_a_line(open_alone, extractor):
    widget = open_alone()
    for row, (model, line) in enumerate(MODELS.items()):
        widget.model.setCurrentIndex(row)
        assert widget.model.currentText() == model
        assert widget.model_text.text() == line
        assert widget.model.itemData(row, Qt.ItemDataRole.ToolTipRole) == line


def test_last_two_stages_are_checked_and_one_at_least_must_be(open_alone, extractor):
    widget = open_alone()
    assert listed(widget) == {"early": False, "middle": True, "late": True}
    for row in (1, 2):
        assert widget.run_button.isEnabled()
        widget.stages.item(row).setCheckState(Qt.CheckState.Unchecked)
    assert not widget.run_button.isEnabled()
    assert widget.text.text() == "Check at least one stage"


def test_checked_stages_become_layers_and_the_first_is_explored(
    open_widget, viewer, extractor, photo, qtbot
):
    widget = open_widget()
    widget.stages.item(2).setCheckState(Qt.CheckState.Unchecked)
    widget.stages.item(0).setCheckState(Qt.CheckState.Checked)
    similarity = similarity_widget(viewer)
    widget.run_button.click()
    qtbot.waitUntil(lambda: "Filters middle features" in viewer.layers)
    finish(qtbot, viewer)
    assert similarity_widget(viewer) is similarity
    assert similarity.choice.layer.value is viewer.layers["Filters early features"]
    assert "Filters late features" not in viewer.layers


def extract_again(widget, viewer, qtbot) -> None:
    widget.run_button.click()
    qtbot.waitUntil(lambda: is_idle(widget))
    finish(qtbot, viewer)


def test_new_features_are_selected_and_their_map_is_shown(
    open_widget, viewer, extractor, photo, qtbot
):
    widget = open_widget()
    extract_again(widget, viewer, qtbot)
    features = viewer.layers["Filters middle features"]
    assert similarity_widget(viewer).explorer.state.layer is features
    assert viewer.layers["similarity"].visible
    assert widget.layer.value is photo
    assert similarity_widget(viewer).explorer.stack.name == "Filters middle of photo"


def test_repetition_replaces_its_own_layers_in_their_places(
    open_widget, viewer, extractor, photo, qtbot
):
    widget = open_widget()
    extract_again(widget, viewer, qtbot)
    before = [layer.name for layer in viewer.layers if ORIGIN_KEY in layer.metadata]
    old = viewer.layers["Filters late features"]
    extract_again(widget, viewer, qtbot)
    assert [layer.name for layer in viewer.layers if ORIGIN_KEY in layer.metadata] == before
    assert old not in viewer.layers
    features = viewer.layers["Filters middle features"]
    assert similarity_widget(viewer).explorer.state.layer is features
    assert [layer.name for layer in viewer.layers].count("similarity") == 1


def test_repetition_leaves_a_renamed_layer_to_the_user(
    open_widget, viewer, extractor, photo, qtbot
):
    widget = open_widget()
    extract_again(widget, viewer, qtbot)
    viewer.layers["Filters late features"].name = "mine"
    extract_again(widget, viewer, qtbot)
    assert {"mine", "Filters late features"} <= {layer.name for layer in viewer.layers}


def test_same_features_of_another_image_are_numbered(open_widget, viewer, extractor, photo, qtbot):
    widget = open_widget()
    extract_again(widget, viewer, qtbot)
    widget.layer.value = viewer.add_image(np.ones((8, 8)))
    extract_again(widget, viewer, qtbot)
    names = {layer.name for layer in viewer.layers}
    assert {"Filters late features", "Filters late features [2]"} <= names
    explored = similarity_widget(viewer).explorer.state.layer
    assert explored.name == "Filters middle features [2]"


def test_typed_model_is_looked_up_with_the_return_key(
    open_widget, viewer, photo, qtbot, monkeypatch
):
    widget = open_widget()
    monkeypatch.setattr(f"{MODULE}.model_layers", lambda model: (f"stage of {model}",))
    field = widget.model.lineEdit()
    field.selectAll()
    qtbot.keyClicks(field, "someone/resnet")
    assert not widget.run_button.isEnabled()
    assert widget.stages.count() == 0
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: listed(widget) == {"stage of someone/resnet": True})
    assert widget.run_button.isEnabled()


def test_late_stages_of_a_model_chosen_before_are_dropped(open_alone, qtbot, monkeypatch):
    widget = open_alone()
    goes_on, has_ended = Event(), Event()

    def slow(model):
        if model == "slow":
            assert goes_on.wait(20)
            has_ended.set()
        return (model,)

    monkeypatch.setattr(f"{MODULE}.model_layers", slow)
    seen = set()
    widget.stages.model().rowsInserted.connect(lambda: seen.update(listed(widget)))
    enter(widget, qtbot, "slow")
    assert widget.bar.text.text() == "Looking up slow…"
    enter(widget, qtbot, "quick")
    qtbot.waitUntil(lambda: listed(widget) == {"quick": True})
    goes_on.set()
    qtbot.waitUntil(has_ended.is_set)
    enter(widget, qtbot, "last")
    qtbot.waitUntil(lambda: listed(widget) == {"last": True})
    assert seen == {"quick", "last"}


def test_model_that_is_missing_is_told_of_in_the_widget_and_can_be_tried_again(
    open_alone, qtbot, monkeypatch
):
    widget = open_alone()
    is_there = Event()

    def unsteady(model):
        if not is_there.is_set():
            raise DatasetError("nothing", expected="a model", remedy="Connect.", file=model)
        return ("stage1",)

    monkeypatch.setattr(f"{MODULE}.model_layers", unsteady)
    enter(widget, qtbot, "a/model")
    message = "nothing: model; expected a model. Connect. In full: a/model"
    qtbot.waitUntil(lambda: widget.text.text() == message)
    assert not widget.run_button.isEnabled()
    is_there.set()
    qtbot.keyClick(widget.model.lineEdit(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: listed(widget) == {"stage1": True})
    assert widget.run_button.isEnabled()


def test_without_torch_the_command_is_told_and_filters_still_work(open_alone, qtbot, monkeypatch):
    monkeypatch.setattr(
        "napari_ifealid.extraction.models.find_spec",
        lambda package: None if package == "torch" else find_spec(package),
    )
    widget = open_alone()
    enter(widget, qtbot, "microsoft/resnet-18")
    command = 'pip install "napari-ifealid[backbones]"'
    qtbot.waitUntil(lambda: command in widget.text.text())
    enter(widget, qtbot, FILTERS)
    qtbot.waitUntil(lambda: listed(widget) == {FILTERS: True})
    assert widget.run_button.isEnabled()


def test_backbone_in_a_folder_is_extracted_with_its_stages(
    open_widget, viewer, photo, qtbot, monkeypatch, tmp_path
):
    transformers = pytest.importorskip("transformers")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    folder = tmp_path / "resnet-of-mine"
    settings = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1], layer_type="basic"
    )
    transformers.AutoModelForImageClassification.from_config(settings).save_pretrained(folder)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    widget = open_widget()
    widget.folder_button.click()
    stages = {"stem": False, "stage1": False, "stage2": False, "stage3": True, "stage4": True}
    qtbot.waitUntil(lambda: listed(widget) == stages, timeout=60_000)
    widget.run_button.click()
    stage3, stage4 = (f"ResNet-of-mine stage {number} features" for number in (3, 4))
    qtbot.waitUntil(lambda: stage4 in viewer.layers, timeout=60_000)
    shapes = {layer.name: layer.data.shape for layer in viewer.layers if layer is not photo}
    assert shapes[stage3] == (24, 2, 3)
    assert shapes[stage4] == (32, 1, 2)
    finish(qtbot, viewer)
    assert similarity_widget(viewer).choice.layer.value is viewer.layers[stage3]


def test_no_folder_chosen_changes_nothing(open_alone, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    widget = open_alone()
    widget.folder_button.click()
    assert listed(widget) == {FILTERS: True}


def test_progress_is_shown_while_the_options_are_disabled(
    open_widget, viewer, extractor, photo, qtbot
):
    widget = open_widget()
    extractor.goes_on.clear()
    widget.run_button.click()
    qtbot.waitUntil(lambda: widget.bar.text.text() == "Looking at photo…")
    assert (widget.bar.bar.value(), widget.bar.bar.maximum()) == (0, 3)
    assert not widget.run_button.isEnabled()
    assert not widget.layer.native.isEnabled()
    extractor.goes_on.set()
    qtbot.waitUntil(lambda: is_idle(widget))
    assert widget.run_button.isEnabled()
    assert not widget.cancel_button.isEnabled()
    finish(qtbot, viewer)


def test_cancel_stops_at_the_next_step_and_adds_nothing(
    open_widget, viewer, extractor, photo, qtbot, told
):
    widget = open_widget()
    extractor.goes_on.clear()
    widget.run_button.click()
    qtbot.waitUntil(extractor.has_begun.is_set)
    widget.cancel_button.click()
    assert is_idle(widget)
    assert widget.text.text() == "Cancelled"
    extractor.goes_on.set()
    qtbot.waitUntil(extractor.has_ended.is_set)
    widget.run_button.click()  # what comes of the first run comes before what comes of this one
    qtbot.waitUntil(lambda: "Filters late features" in viewer.layers)
    assert len([layer for layer in viewer.layers if "late" in layer.name]) == 1
    assert told() == []
    finish(qtbot, viewer)


def test_model_that_is_loaded_after_a_cancel_is_dropped(
    open_widget, viewer, extractor, photo, qtbot, monkeypatch
):
    is_loading, goes_on, has_ended = Event(), Event(), Event()

    def slow(model):
        is_loading.set()
        assert goes_on.wait(20)
        has_ended.set()
        return extractor

    monkeypatch.setattr(f"{MODULE}.load_extractor", slow)
    widget = open_widget()
    widget.run_button.click()
    qtbot.waitUntil(is_loading.is_set)
    qtbot.waitUntil(lambda: widget.bar.text.text() == f"Loading {FILTERS}…")
    assert widget.bar.bar.maximum() == 0
    widget.cancel_button.click()
    goes_on.set()
    qtbot.waitUntil(has_ended.is_set)
    widget.look_up("afterwards")
    qtbot.waitUntil(lambda: widget.stages.count() > 0)
    assert not extractor.has_begun.is_set()
    assert list(viewer.layers) == [photo]


def test_error_is_told_and_nothing_is_added(open_widget, viewer, extractor, photo, qtbot, told):
    extractor.error = DatasetError("sand", expected="an image", remedy="Look.", file="photo")
    widget = open_widget()
    widget.run_button.click()
    qtbot.waitUntil(lambda: is_idle(widget))
    assert told() == [("error", "sand: photo; expected an image. Look.")]
    assert list(viewer.layers) == [photo]
    assert widget.run_button.isEnabled()


def test_fallback_is_told_of_but_not_what_libraries_warn_of(
    open_widget, viewer, extractor, photo, qtbot, told
):
    extractor.warning = ExtractionWarning("going on on the CPU")
    widget = open_widget()
    widget.run_button.click()
    qtbot.waitUntil(lambda: is_idle(widget))
    assert told() == [("warning", "going on on the CPU")]
    extractor.warning = DeprecationWarning("old")
    widget.run_button.click()
    qtbot.waitUntil(lambda: is_idle(widget))
    assert len(told()) == 1
    finish(qtbot, viewer)


def test_closing_the_dock_stops_the_extraction_and_opening_it_again_works(
    open_widget, viewer, extractor, photo, qtbot, told
):
    widget = open_widget()
    extractor.goes_on.clear()
    widget.run_button.click()
    qtbot.waitUntil(extractor.has_begun.is_set)
    viewer.window.remove_dock_widget(widget)
    extractor.goes_on.set()
    qtbot.waitUntil(extractor.has_ended.is_set)
    again = open_widget()
    assert again is not widget
    assert list(viewer.layers) == [photo]
    assert told() == []


def test_every_control_has_a_tooltip_and_can_be_reached_with_the_keyboard(open_alone):
    widget = open_alone()
    parts = vars(widget).values()
    controls = [part.native for part in parts if isinstance(part, Widget)]
    controls += [part for part in parts if isinstance(part, QPushButton)]
    controls += [widget.model, widget.stages]
    assert len(controls) == 7
    assert all(control.toolTip() for control in (*controls, *widget.findChildren(QProgressBar)))
    assert all(control.focusPolicy() & Qt.FocusPolicy.TabFocus for control in controls)


def test_fits_a_narrow_dock_whatever_the_names_are(open_widget, viewer, photo):
    widget = open_widget()
    photo.name = "p" * 200
    widget.model.setEditText("m" * 200)
    assert widget.minimumSizeHint().width() <= 280
