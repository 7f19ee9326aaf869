from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_ifealid import read_stack
from napari_ifealid.cli import main


@pytest.fixture
def create(npy):
    """Runs the subcommand in an array's folder."""
    return lambda *options: main(["create", str(npy), *map(str, options)])


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder"


# create


def test_o_is_the_output_where_it_ends_in_zip(create, tmp_path):
    assert create("-o", tmp_path / "b.ZIP") == 0
    assert read_stack(tmp_path / "b.ZIP").overlay is None


def test_o_is_the_overlay_where_it_is_an_image_as_in_earlier_versions(create, picture, npy):
    assert create("-o", picture) == 0
    assert read_stack(npy.with_name("a.npy.8.zip")).overlay.shape == (24, 20, 3)


def test_o_may_be_each_of_them_beside_the_long_name_of_the_other(create, picture, tmp_path):
    assert create("-o", picture, "--output", tmp_path / "b.zip") == 0
    assert create("-o", tmp_path / "c.zip", "--overlay", picture) == 0
    assert (tmp_path / "b.zip").read_bytes() == (tmp_path / "c.zip").read_bytes()


def test_o_is_an_image_of_any_ending(create, picture, npy):
    assert create("-o", picture.rename(picture.with_name("photo"))) == 0
    assert read_stack(npy.with_name("a.npy.8.zip")).overlay is not None


@pytest.mark.parametrize(
    ("options", "found", "remedy"),
    [
        (["-o", "folder"], "a folder given with -o: folder;", "Say --output folder/NAME.zip"),
        (["-o", "b.npy"], "the suffix '.npy': b.npy;", "napari-ifealid convert"),
        (["-o", "a.npy"], "a .npy given as the overlay: a.npy;", "named with --output"),
        (["-o", "missing.jpg"], "no such file: missing.jpg;", "Check the path"),
        (["--overlay", "missing.jpg"], "no such file: missing.jpg;", "Check the path"),
        (["--overlay", "folder"], "a folder given as the overlay: folder;", "Choose the image"),
        (["--overlay", "b.zip"], "a .zip given as the overlay: b.zip;", "say --output b.zip"),
        (["--output", "a.png"], "an image given as the output: a.png;", "say --overlay a.png"),
        (["--output", "folder"], "a folder given as the output: folder;", "Choose such a name"),
        (["-o", "b.zip", "--output", "c.zip"], "two names for the output: c.zip and b.zip;", "-o"),
        (["-o", "a.png", "--overlay", "a.png"], "two names for the overlay: a.png and ", "-o"),
    ],
    ids=lambda options: " ".join(options) if isinstance(options, list) else "",
)
def test_what_looks_swapped_is_told_with_what_was_meant(
    create, picture, folder, tmp_path, monkeypatch, capsys, options, found, remedy
):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert create(*options) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"napari-ifealid: {found}")
    assert remedy in error
    assert sorted(tmp_path.rglob("*")) == before


# extract


def extract(*options: object) -> int:
    return main(["extract", *map(str, options), "-m", "filters"])


@pytest.mark.parametrize("name", ["-o", "--output", "--output-folder"])
def test_output_folder_has_a_short_and_two_long_names(picture, tmp_path, name):
    assert extract(picture, name, tmp_path / "new.folder") == 0
    assert [path.name for path in (tmp_path / "new.folder").iterdir()] == ["a.png.filters.npz"]


def test_precision_has_the_letter_that_it_has_in_create(picture, folder):
    assert extract(picture, "-o", folder, "--format", "zip", "-p", "16") == 0
    assert read_stack(folder / "a.png.filters.zip").precision == 16


@pytest.mark.parametrize(
    ("name", "found", "remedy"),
    [
        ("a.png", "an image given as the output folder: a.png;", "before the options"),
        ("missing.jpg", "an image given as the output folder: missing.jpg;", "before the options"),
        ("b.zip", "a file given as the output folder: b.zip;", "--format"),
        ("a.npy", "a file given as the output folder: a.npy;", "--format"),
    ],
)
def test_file_given_as_the_output_folder_is_told(
    picture, npy, tmp_path, monkeypatch, capsys, name, found, remedy
):
    monkeypatch.chdir(tmp_path)
    assert extract(picture, "-o", name) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"napari-ifealid: {found}")
    assert remedy in error
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npy", "a.png"]


def test_folder_called_like_a_file_may_be_the_output_folder(picture, tmp_path):
    (tmp_path / "photos.jpg").mkdir()
    assert extract(picture, "-o", tmp_path / "photos.jpg") == 0


# convert


def test_output_of_convert_has_the_same_names(npy, array, tmp_path):
    for name in ("-o", "--output"):
        assert main(["convert", str(npy), name, str(tmp_path / f"b{name}.npy")]) == 0
        np.testing.assert_array_equal(np.load(tmp_path / f"b{name}.npy"), array)


@pytest.mark.parametrize("outputs", [[], ["b.npy", "-o", "c.npy"]])
def test_convert_has_one_output(npy, tmp_path, monkeypatch, capsys, outputs):
    monkeypatch.chdir(tmp_path)
    assert main(["convert", str(npy), *outputs]) == 2
    assert f"napari-ifealid: {len(outputs) and 2} outputs; expected" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]
