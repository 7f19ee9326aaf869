from __future__ import annotations

import zipfile
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import zarr

from napari_ifealid._reader import get_reader
from napari_ifealid.errors import DatasetError
from napari_ifealid.layers import STACK_KEY
from napari_ifealid.stack import FeatureStack

COCO = "000000015746.jpg.C1.npz"


def write_zip(path: Path, *names: str) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "content")
    return str(path)


@pytest.fixture
def cube(tmp_path) -> str:
    np.save(tmp_path / "cube.npy", np.arange(60.0).reshape(3, 4, 5))
    return str(tmp_path / "cube.npy")


@pytest.fixture
def flat(tmp_path) -> str:
    np.save(tmp_path / "flat.npy", np.ones((3, 4)))
    return str(tmp_path / "flat.npy")


def test_files_of_another_kind_are_not_ours(tmp_path):
    for name in ("image.png", "text.txt", "garbage.npy", "garbage.npz"):
        (tmp_path / name).write_bytes(b"something else")
        assert get_reader(str(tmp_path / name)) is None
    (tmp_path / "empty.npy").touch()
    assert get_reader(str(tmp_path / "empty.npy")) is None


def test_zip_of_something_else_is_not_ours(tmp_path):
    assert get_reader(write_zip(tmp_path / "a.zip", "README.md", "image.png", "a/1.png")) is None
    assert get_reader(write_zip(tmp_path / "b.npz", "README.md")) is None


def test_missing_file_and_folder_are_not_ours(tmp_path):
    (tmp_path / "folder.zip").mkdir()
    assert get_reader(str(tmp_path / "missing.zip")) is None
    assert get_reader(str(tmp_path / "folder.zip")) is None
    assert get_reader([]) is None


def test_list_with_one_file_of_another_kind_is_not_ours(tmp_path, cube):
    other = tmp_path / "text.txt"
    other.touch()
    assert get_reader([cube, str(other)]) is None


@pytest.mark.parametrize(
    "names",
    [("metadata.json",), ("0.png",), ("17.png", "README"), ("a/metadata.json", "a/0.png")],
)
def test_broken_dataset_is_ours_and_says_what_is_wrong(tmp_path, names):
    path = write_zip(tmp_path / "broken.zip", *names)
    reader = get_reader(path)
    with pytest.raises(DatasetError, match=r"broken\.zip, metadata\.json"):
        reader(path)


@pytest.mark.parametrize("name", ["garbage.zip", "UPPER.ZIP", "cut.npz"])
def test_damaged_file_is_ours_and_says_what_is_wrong(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"PK\x03\x04 and no more")
    reader = get_reader(str(path))
    with pytest.raises(DatasetError, match="truncated or damaged ZIP"):
        reader(str(path))


def test_garbage_with_the_suffix_zip_is_ours_and_says_what_is_wrong(tmp_path):
    path = tmp_path / "garbage.zip"
    path.write_bytes(b"garbage")
    with pytest.raises(DatasetError, match="no ZIP file"):
        get_reader(str(path))(str(path))


def test_flat_array_is_ours_and_says_what_is_wrong(flat):
    with pytest.raises(DatasetError, match=r"shape \(3, 4\)"):
        get_reader(flat)(flat)


def test_several_files_give_the_layers_of_each(cube, tmp_path):
    np.savez(tmp_path / "two.npz", a=np.ones((2, 2, 2)), b=np.ones((2, 2, 2)))
    paths = [cube, str(tmp_path / "two.npz")]
    layers = get_reader(paths)(paths)
    names = [keywords["name"] for _, keywords, _ in layers]
    assert names == ["cube.npy features", "two.npz: a features", "two.npz: b features"]


def test_opening_a_dataset_adds_overlay_and_features(make_napari_viewer, shared_data):
    viewer = make_napari_viewer(show=False)
    viewer.open(shared_data / f"{COCO}.8.zip", plugin="napari-ifealid")
    overlay, features = viewer.layers
    assert [overlay.name, features.name] == [f"{COCO} overlay", f"{COCO} features"]
    assert overlay.rgb
    assert overlay.data.shape == (640, 427, 3)
    assert features.data.shape == (256, 160, 106)
    np.testing.assert_allclose(features.scale, [1, 640 / 160, 427 / 106])
    np.testing.assert_allclose(features.translate, [0, 1.5, (427 / 106 - 1) / 2])
    assert isinstance(features.metadata[STACK_KEY], FeatureStack)


def test_opening_an_array_adds_features(make_napari_viewer, cube):
    viewer = make_napari_viewer(show=False)
    viewer.open(cube, plugin="napari-ifealid")
    (features,) = viewer.layers
    assert features.name == "cube.npy features"
    assert features.data.shape == (5, 3, 4)
    np.testing.assert_array_equal(features.scale, [1, 1, 1])
    np.testing.assert_array_equal(features.translate, [0, 0, 0])


def test_opening_a_zarr_folder_adds_features_that_stay_on_disk(make_napari_viewer, tmp_path):
    values = np.arange(60, dtype=np.uint16).reshape(3, 4, 5)
    zarr.create_array(str(tmp_path / "cube.zarr"), data=values, chunks=(2, 2, 5))
    viewer = make_napari_viewer(show=False)
    viewer.open(tmp_path / "cube.zarr", plugin="napari-ifealid")
    (features,) = viewer.layers
    assert features.name == "cube.zarr features"
    assert isinstance(features.data, da.Array)
    np.testing.assert_array_equal(features.data, np.moveaxis(values, -1, 0))


def test_other_folders_are_not_ours(tmp_path):
    zarr.create_group(str(tmp_path / "image.zarr"), attributes={"multiscales": []})
    (tmp_path / "folder.npy").mkdir()
    (tmp_path / "folder").mkdir()
    for name in ("image.zarr", "folder.npy", "folder"):
        assert get_reader(str(tmp_path / name)) is None


def test_opening_a_bad_file_raises_and_adds_no_layer(make_napari_viewer, cube, flat):
    viewer = make_napari_viewer(show=False)
    with pytest.raises(DatasetError, match=r"flat\.npy"):
        viewer.open(flat, plugin="napari-ifealid")
    with pytest.raises(DatasetError, match=r"flat\.npy"):
        viewer.open([cube, flat], stack=True, plugin="napari-ifealid")
    assert len(viewer.layers) == 0
