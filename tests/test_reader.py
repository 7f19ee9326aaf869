from __future__ import annotations

import os
import zipfile
from concurrent.futures import CancelledError
from pathlib import Path
from threading import Event

import dask.array as da
import fsspec
import numpy as np
import pytest
import zarr
from napari.components import ViewerModel
from napari.utils.notifications import ErrorNotification
from qtpy.QtCore import QTimer

from example_server import files, serving
from napari_ifealid import _background, _reader, read_stack, write_stack
from napari_ifealid._reader import get_reader, read_layers
from napari_ifealid.cache_folder import CACHE_VARIABLE
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import all_suffixes
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


@pytest.mark.parametrize("suffix", [".zip", ".npy", ".npz", ".zarr"])
def test_missing_file_and_folder_are_not_ours(tmp_path, suffix):
    (tmp_path / f"folder{suffix}").mkdir()
    assert get_reader(str(tmp_path / f"missing{suffix}")) is None
    assert get_reader(str(tmp_path / f"folder{suffix}")) is None


def test_no_path_is_not_ours():
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


def test_opening_a_dataset_adds_overlay_and_features(viewer, shared_data):
    viewer.open(shared_data / f"{COCO}.8.zip", plugin="napari-ifealid")
    overlay, features = viewer.layers
    assert [overlay.name, features.name] == [f"{COCO} overlay", f"{COCO} features"]
    assert overlay.rgb
    assert overlay.data.shape == (640, 427, 3)
    assert features.data.shape == (256, 160, 106)
    np.testing.assert_allclose(features.scale, [1, 640 / 160, 427 / 106])
    np.testing.assert_allclose(features.translate, [0, 1.5, (427 / 106 - 1) / 2])
    assert isinstance(features.metadata[STACK_KEY], FeatureStack)


BOTH = [f"{COCO}.8.zip", f"{COCO.replace('C1', 'C3')}.8.zip"]


@pytest.fixture
def viewer(plugins, monkeypatch) -> ViewerModel:
    """The viewer that files are opened in, without a window."""
    viewer = ViewerModel()
    monkeypatch.setattr(_reader, "current_viewer", lambda: viewer)
    return viewer


@pytest.fixture
def open_file(viewer, shared_data):
    """Opens files and returns the names of the new layers."""

    def open_(*names: str) -> list[str]:
        paths = [shared_data / name for name in names]
        return [layer.name for layer in viewer.open(paths, plugin="napari-ifealid")]

    return open_


def names(*kinds: str) -> list[str]:
    return [f"{COCO.replace('C1', kind[:2])}{kind[2:]}" for kind in kinds]


def test_two_stacks_of_one_image_lie_over_one_overlay(viewer, open_file, shared_data):
    paths = [str(shared_data / name) for name in BOTH]
    layers = get_reader(paths)(paths)
    assert [arguments["name"] for _, arguments, _ in layers] == names(
        "C1 overlay", "C1 features", "C3 features"
    )


def test_second_stack_of_an_image_comes_without_the_overlay_that_is_shown(viewer, open_file):
    assert open_file(BOTH[0]) == names("C1 overlay", "C1 features")
    viewer.layers[0].visible = False
    assert open_file(BOTH[1]) == names("C3 features")
    assert open_file(BOTH[0]) == [f"{COCO} features [1]"]


def test_window_that_shows_the_image_gets_no_second_one(make_napari_viewer, shared_data):
    viewer = make_napari_viewer(show=False)
    for name in BOTH:
        viewer.open(shared_data / name, plugin="napari-ifealid")
    assert [layer.name for layer in viewer.layers] == names(
        "C1 overlay", "C1 features", "C3 features"
    )


def test_overlay_that_was_removed_is_opened_again(viewer, open_file):
    open_file(BOTH[0])
    del viewer.layers[0]
    assert open_file(BOTH[1]) == names("C3 overlay", "C3 features")


def test_picture_of_the_users_own_replaces_no_overlay(viewer, open_file, shared_data):
    viewer.add_image(read_stack(shared_data / BOTH[0]).overlay, rgb=True)
    assert open_file(BOTH[0]) == names("C1 overlay", "C1 features")


def test_overlay_of_another_image_is_opened_beside_the_first(viewer, open_file, stack, tmp_path):
    write_stack(tmp_path / "small.zip", stack)
    open_file(BOTH[0])
    assert open_file(tmp_path / "small.zip") == ["small overlay", "small features"]


def test_opening_an_array_adds_features(viewer, cube):
    viewer.open(cube, plugin="napari-ifealid")
    (features,) = viewer.layers
    assert features.name == "cube.npy features"
    assert features.data.shape == (5, 3, 4)
    np.testing.assert_array_equal(features.scale, [1, 1, 1])
    np.testing.assert_array_equal(features.translate, [0, 0, 0])


def test_opening_a_zarr_folder_adds_features_that_stay_on_disk(viewer, tmp_path):
    values = np.arange(60, dtype=np.uint16).reshape(3, 4, 5)
    zarr.create_array(str(tmp_path / "cube.zarr"), data=values, chunks=(2, 2, 5))
    viewer.open(tmp_path / "cube.zarr", plugin="napari-ifealid")
    (features,) = viewer.layers
    assert features.name == "cube.zarr features"
    assert isinstance(features.data, da.Array)
    np.testing.assert_array_equal(features.data, np.moveaxis(values, -1, 0))


def test_array_behind_a_url_is_opened(viewer):
    url = "memory://test_reader/cube.zarr"
    zarr.create_array(url, data=np.arange(60, dtype=np.uint8).reshape(3, 4, 5))
    try:
        (layer,) = viewer.open(url, plugin="napari-ifealid")
        np.testing.assert_array_equal(layer.data, np.arange(60).reshape(3, 4, 5).transpose(2, 0, 1))
        assert layer.name == "cube.zarr features"
    finally:
        fsspec.filesystem("memory").rm("/test_reader", recursive=True)


def test_file_behind_a_url_is_ours_by_its_name_and_downloaded_when_it_is_opened(
    viewer, cube, tmp_path, monkeypatch
):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    assert get_reader("https://example.org/cube.txt") is None
    with serving(files({"cube.npy": Path(cube).read_bytes()})) as address:
        (layer,) = viewer.open(f"{address}/cube.npy", plugin="napari-ifealid")
    assert layer.name == "cube.npy features"
    assert layer.metadata[STACK_KEY].source.location == f"{address}/cube.npy"
    with pytest.raises(DatasetError, match=f"no connection.*In full: {address}/cube.npy"):
        viewer.open(f"{address}/cube.npy", plugin="napari-ifealid")


def test_other_folders_are_not_ours(tmp_path):
    zarr.create_group(str(tmp_path / "image.zarr"), attributes={"multiscales": []})
    (tmp_path / "folder.npy").mkdir()
    (tmp_path / "folder").mkdir()
    for name in ("image.zarr", "folder.npy", "folder"):
        assert get_reader(str(tmp_path / name)) is None


def test_opening_a_bad_file_raises_and_adds_no_layer(viewer, cube, flat):
    with pytest.raises(DatasetError, match=r"flat\.npy"):
        viewer.open(flat, plugin="napari-ifealid")
    with pytest.raises(DatasetError, match=r"flat\.npy"):
        viewer.open([cube, flat], stack=True, plugin="napari-ifealid")
    assert len(viewer.layers) == 0


# The first words of a notification


def _damaged_zip(folder: Path, stack: FeatureStack) -> Path:
    write_stack(folder / "a.zip", stack)
    content = (folder / "a.zip").read_bytes()
    (folder / "a.zip").write_bytes(content[: len(content) // 2])
    return folder / "a.zip"


def _zip_without_some_fields(folder: Path, _: FeatureStack) -> Path:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("metadata.json", '{"name": "a"}')
    return folder / "a.zip"


def _truncated_array(folder: Path, stack: FeatureStack) -> Path:
    np.save(folder / "a.npy", stack.values)
    content = (folder / "a.npy").read_bytes()
    (folder / "a.npy").write_bytes(content[:-1])
    return folder / "a.npy"


def _arrays_without_a_stack(folder: Path, _: FeatureStack) -> Path:
    np.savez(folder / "a.npz", flat=np.ones((3, 4)))
    return folder / "a.npz"


def _damaged_arrays(folder: Path, stack: FeatureStack) -> Path:
    np.savez_compressed(folder / "a.npz", features=stack.values)
    content = bytearray((folder / "a.npz").read_bytes())
    content[len(content) // 2] ^= 255
    (folder / "a.npz").write_bytes(content)
    return folder / "a.npz"


def _zarr_without_metadata(folder: Path, _: FeatureStack) -> Path:
    (folder / "a.zarr").mkdir()
    return folder / "a.zarr"


def _zarr_with_damaged_metadata(folder: Path, _: FeatureStack) -> Path:
    _zarr_without_metadata(folder, _)
    (folder / "a.zarr" / "zarr.json").write_text("{")
    return folder / "a.zarr"


def _file_of_another_kind(folder: Path, _: FeatureStack) -> Path:
    (folder / "a.txt").write_text("a text")
    return folder / "a.txt"


@pytest.mark.parametrize(
    ("bad_file", "reason"),
    [
        *((lambda folder, _, e=e: folder / f"a{e}", "no such file: a") for e in all_suffixes()),
        (lambda folder, _: folder / "a.txt", "no such file: a.txt"),
        (lambda folder, _: folder / "a", "no such file: a"),
        (_file_of_another_kind, "a file of the kind '.txt': a.txt"),
        (_damaged_zip, "a truncated or damaged ZIP file"),
        (_zip_without_some_fields, "no such field: a.zip"),
        (_truncated_array, "a truncated array"),
        (_arrays_without_a_stack, "no feature stack among the arrays: flat (3, 4)"),
        (_damaged_arrays, "a damaged entry"),
        (_zarr_without_metadata, "nothing that is a Zarr: a.zarr"),
        (_zarr_with_damaged_metadata, "metadata or a codec that Zarr does not know"),
    ],
)
def test_notification_begins_with_the_reason_and_ends_with_the_path_however_long(
    tmp_path, stack, bad_file, reason
):
    folder = tmp_path / ("long " * 20) / ("longer" * 20)
    folder.mkdir(parents=True)
    path = bad_file(folder, stack)
    with pytest.raises(DatasetError) as caught:
        read_layers(str(path))
    message = ErrorNotification(caught.value).message
    assert message[:80].startswith(reason)
    assert path.name in message.partition(";")[0]
    assert message.endswith(f" In full: {path}")


# In a window


@pytest.fixture
def window(make_napari_viewer, monkeypatch):
    monkeypatch.setattr(_background, "has_window", lambda: True)
    return make_napari_viewer()


@pytest.fixture
def alive(qapp):
    """Is set by Qt's event loop again and again: waited for in its own thread, it never is."""
    event, timer = Event(), QTimer()
    timer.timeout.connect(event.set)
    timer.start(10)
    yield event
    timer.stop()


@pytest.mark.parametrize("slow", ["looks_like_stack", "read_stacks", "layers_of"])
def test_window_is_alive_while_a_file_is_looked_at_read_and_made_layers_of(
    window, alive, cube, monkeypatch, slow
):
    real = getattr(_reader, slow)

    def slowly(*arguments, **options):
        alive.clear()
        assert alive.wait(60)
        return real(*arguments, **options)

    monkeypatch.setattr(_reader, slow, slowly)
    window.open(cube, plugin="napari-ifealid")
    assert [layer.name for layer in window.layers] == ["cube.npy features"]


def test_error_of_a_file_is_that_of_who_opens_it_in_a_window(window, flat):
    with pytest.raises(DatasetError, match=r"flat\.npy"):
        window.open(flat, plugin="napari-ifealid")
    assert len(window.layers) == 0


def test_opening_that_is_cancelled_adds_nothing(window, cube, monkeypatch):
    def cancel(*_):
        raise CancelledError

    reader = get_reader(cube)
    monkeypatch.setattr(_reader, "awaited", cancel)
    assert reader(cube) == [(None,)]
    assert get_reader(cube)(cube) == [(None,)]


@pytest.mark.parametrize("suffix", [".npy", ".zip", ".zarr", ".hdr", ".raw", ".tif", ".json", ""])
def test_name_longer_than_any_file_has_is_not_ours_and_read_with_a_clear_error(tmp_path, suffix):
    path = str(tmp_path / f"{'x' * 300}{suffix}")
    assert get_reader(path) is None
    with pytest.raises(DatasetError, match="nothing that can be read"):
        read_layers(path)


@pytest.mark.parametrize("suffix", [".npy", ".zip", ".zarr", ".hdr", ".raw", ".tif", ".h5", ""])
def test_name_with_a_zero_is_not_ours_and_read_with_a_clear_error(tmp_path, suffix):
    path = str(tmp_path / f"a\0b{suffix}")
    assert get_reader(path) is None
    with pytest.raises(DatasetError, match="nothing that can be read"):
        read_layers(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root may do as nobody")
@pytest.mark.parametrize("name", ["a.npy", "a.zarr", "a.hdr", "a.raw", "a.tif", "a"])
def test_file_in_a_folder_without_permission_is_not_ours_and_read_with_a_clear_error(
    tmp_path, name
):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0)
    os.seteuid(65534)
    try:
        assert get_reader(str(folder / name)) is None
        with pytest.raises(DatasetError, match="Permission denied"):
            read_layers(str(folder / name))
    finally:
        os.seteuid(0)
