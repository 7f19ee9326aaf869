from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from napari.layers import Image
from napari.utils.notifications import notification_manager

from napari_ifealid import read_stack
from napari_ifealid._writer import write_dataset
from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.overview_maker import ComponentsRequest, OverviewMaker
from napari_ifealid.explorer.sources import BACKDROP_KEY
from napari_ifealid.formats import restored
from napari_ifealid.overview import Aspect
from napari_ifealid.stack import FeatureStack

COCO = "000000015746.jpg.C1.npz.8.zip"


@pytest.fixture
def viewer(plugins) -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def save(viewer, tmp_path):
    """Saves layers as File › Save Selected Layers does, and reads what was written."""

    def save_(*layers: Image) -> FeatureStack:
        viewer.layers.selection = set(layers)
        path = tmp_path / "saved.zip"
        assert viewer.layers.save(str(path), selected=True) == [str(path)]
        return read_stack(path)

    return save_


def test_features_alone_are_saved_without_the_overlay(viewer, save, add_stack, stack):
    saved = save(add_stack(viewer, stack))
    np.testing.assert_array_equal(restored(saved), stack.values)
    assert saved.name == stack.name
    assert saved.overlay is None


def test_features_whose_axis_is_a_guess_are_saved_as_they_were_read(save, add_stack, stack, viewer):
    features = add_stack(viewer, replace(stack, overlay=None, is_axis_guessed=True))
    np.testing.assert_array_equal(restored(save(features)), stack.values)


def test_features_are_saved_with_the_overlay_selected(viewer, save, add_stack, stack):
    features = add_stack(viewer, stack)
    saved = save(features, viewer.layers["small overlay"])
    np.testing.assert_array_equal(restored(saved), stack.values)
    np.testing.assert_allclose(saved.overlay, stack.overlay, atol=6)


def test_real_dataset_keeps_all_its_numbers(viewer, save, shared_data):
    viewer.open(shared_data / COCO, plugin="napari-ifealid")
    saved, original = save(*viewer.layers), read_stack(shared_data / COCO)
    np.testing.assert_array_equal(saved.values, original.values)
    assert saved.value_range == original.value_range
    assert saved.overlay.shape == original.overlay.shape


def test_labels_and_real_values_of_a_signed_stack_come_back(viewer, save, add_stack):
    values = np.linspace(-1, 2, 6 * 5 * 3).reshape(6, 5, 3).astype(np.float32)
    stack = FeatureStack(values=values, name="cube", feature_labels=(450.5, 550.0, 620.0))
    saved = save(add_stack(viewer, stack))
    assert saved.feature_labels == stack.feature_labels
    np.testing.assert_allclose(restored(saved), values, atol=1e-6)


@pytest.mark.parametrize(
    ("axis", "labels"),
    [(0, ("feature", "y", "x")), (1, ("y", "Bands", "x")), (2, ("y", "x", "channel"))],
)
def test_any_image_with_a_named_feature_axis_is_saved(viewer, save, axis, labels):
    values = np.arange(5 * 7 * 4, dtype=np.uint8).reshape(5, 7, 4)
    layer = viewer.add_image(
        np.moveaxis(values, -1, axis), rgb=False, axis_labels=labels, name="plain"
    )
    saved = save(layer)
    np.testing.assert_array_equal(restored(saved), values)
    assert saved.name == "plain"


def test_image_of_an_unknown_feature_axis_is_refused_until_the_axis_has_a_name(
    viewer, save, tmp_path
):
    values = np.arange(5 * 7 * 4, dtype=np.uint8).reshape(4, 5, 7)
    layer = viewer.add_image(values, rgb=False, name="plain")
    viewer.layers.selection = {layer}
    with pytest.raises(OSError, match=r"'plain' without an axis.*axis_labels = ") as caught:
        viewer.layers.save(str(tmp_path / "a.zip"), selected=True)
    assert "Feature similarity widget" in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    layer.axis_labels = ("feature", "y", "x")
    np.testing.assert_array_equal(restored(save(layer)), np.moveaxis(values, 0, -1))


def test_multiscale_features_are_saved_at_full_resolution(viewer, save):
    values = np.arange(4 * 8 * 6, dtype=np.uint8).reshape(4, 8, 6)
    layer = viewer.add_image(
        [values, values[:, ::2, ::2]], rgb=False, axis_labels=("feature", "y", "x")
    )
    np.testing.assert_array_equal(restored(save(layer)), np.moveaxis(values, 0, -1))


def test_features_that_stay_in_a_file_are_saved(viewer, save, stack, tmp_path, free_memory):
    np.save(tmp_path / "cube.npy", stack.values)
    with free_memory(0):
        (layer,) = viewer.open(tmp_path / "cube.npy", plugin="napari-ifealid")
    assert not isinstance(layer.data, np.ndarray)
    np.testing.assert_array_equal(restored(save(layer)), stack.values)


def test_edited_data_are_saved_as_they_are_now(viewer, save, add_stack, stack):
    features = add_stack(viewer, stack)
    features.data = features.data // 2
    saved = save(features)
    np.testing.assert_array_equal(restored(saved), stack.values // 2)


def test_photo_alone_has_its_colours_as_features(viewer, save, stack):
    saved = save(viewer.add_image(stack.overlay, rgb=True, name="photo"))
    np.testing.assert_array_equal(restored(saved), stack.overlay)


@pytest.mark.parametrize(
    "overlay",
    [
        np.full((24, 20, 4), 51, np.uint8),
        np.full((24, 20, 3), 0.2),
        np.full((24, 20, 3), 13107, np.uint16),
    ],
    ids=["RGBA", "float", "uint16"],
)
def test_overlay_of_any_colour_type_is_saved(viewer, save, add_stack, stack, overlay):
    photo = viewer.add_image(overlay, rgb=True)
    saved = save(add_stack(viewer, stack), photo)
    np.testing.assert_array_equal(saved.overlay, np.full((24, 20, 3), 51))


def test_16_bit_features_are_padded_for_the_web_application(viewer, save, add_stack, tmp_path):
    values = np.arange(6 * 5 * 8, dtype=np.uint16).reshape(6, 5, 8)
    saved = save(add_stack(viewer, FeatureStack(values=values, name="16 bit")))
    assert saved.feature_count == 8
    with zipfile.ZipFile(tmp_path / "saved.zip") as archive:
        assert json.loads(archive.read("metadata.json"))["features"] == 9


def test_other_angles_in_the_web_application_are_told_in_the_window(viewer, save, add_stack):
    values = np.random.default_rng(0).normal(size=(6, 5, 3)).astype(np.float32)
    features = add_stack(viewer, FeatureStack(values=values, name="signed"))
    before = len(notification_manager.records)
    save(features)
    (told,) = notification_manager.records[before:]
    assert "other angles" in told.message


@pytest.fixture
def explorer(viewer, add_stack, stack):
    add_stack(viewer, stack)
    explorer = Explorer(viewer)
    yield explorer
    explorer.close()


def refused(viewer, layer: Image, folder: Path) -> None:
    viewer.layers.selection = {layer}
    text = rf"'{layer.name}', which only shows a stack.*Save the others as TIFF"
    with pytest.raises(OSError, match=text):
        viewer.layers.save(str(folder / "map.zip"), selected=True)
    assert list(folder.iterdir()) == []


def test_similarity_map_is_refused_and_can_be_saved_as_tiff(viewer, explorer, tmp_path):
    layer = explorer.map_layer
    refused(viewer, layer, tmp_path)
    (saved,) = viewer.layers.save(str(tmp_path / "map.tif"), selected=True)
    np.testing.assert_array_equal(tifffile.imread(saved), layer.data)


def test_image_under_the_map_is_refused(viewer, explorer, tmp_path):
    (backdrop,) = [layer for layer in viewer.layers if BACKDROP_KEY in layer.metadata]
    refused(viewer, backdrop, tmp_path)


def test_picture_of_the_components_is_refused(viewer, explorer, tmp_path):
    OverviewMaker(viewer, explorer).make(ComponentsRequest(Aspect.DIRECTIONS))
    refused(viewer, viewer.layers["small: components"], tmp_path)


def test_features_are_saved_with_their_overlay_while_they_are_explored(
    viewer, explorer, save, stack
):
    saved = save(viewer.layers["small features"], viewer.layers["small overlay"])
    np.testing.assert_array_equal(restored(saved), stack.values)
    np.testing.assert_allclose(saved.overlay, stack.overlay, atol=6)


def test_flat_image_is_refused(viewer, tmp_path):
    viewer.add_image(np.ones((5, 6)), name="flat")
    with pytest.raises(OSError, match=r"^the flat image 'flat': map\.zip;"):
        viewer.layers.save(str(tmp_path / "map.zip"))


def test_two_photos_are_refused(viewer, tmp_path, stack):
    for _ in range(2):
        viewer.add_image(stack.overlay, rgb=True)
    with pytest.raises(OSError, match=r"^0 features layers and 2 RGB images"):
        viewer.layers.save(str(tmp_path / "map.zip"))


def test_features_with_nan_are_refused_and_the_old_file_stays(viewer, add_stack, tmp_path):
    values = np.ones((5, 4, 3), np.float32)
    values[1, 2, 0] = np.nan
    features = add_stack(viewer, FeatureStack(values=values, name="holes"))
    path = tmp_path / "old.zip"
    path.write_bytes(b"old")
    viewer.layers.selection = {features}
    with pytest.raises(OSError, match="1 NaN and 0 infinities among 60 values"):
        viewer.layers.save(str(path), selected=True)
    assert path.read_bytes() == b"old"


def test_missing_ending_is_added_and_replaces_nothing(viewer, add_stack, stack, tmp_path):
    features = add_stack(viewer, stack).as_layer_data_tuple()
    assert write_dataset(str(tmp_path / "a"), [features]) == [str(tmp_path / "a.zip")]
    with pytest.raises(OSError, match=r"^a file of this name: a\.zip;"):
        write_dataset(str(tmp_path / "a"), [features])
