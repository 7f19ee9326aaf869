from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import fsspec
import numpy as np
import pytest
import zarr
from PIL import Image

from example_server import files, serving
from napari_ifealid import window, write_stack
from napari_ifealid.cache_folder import CACHE_VARIABLE
from napari_ifealid.cli import main
from napari_ifealid.query import Rule
from napari_ifealid.session_files import (
    PlaceReference,
    SavedSession,
    SavedStack,
    write_session_file,
)
from napari_ifealid.stack import StackSource


def test_help_names_the_options(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--help"])
    assert exit_.value.code == 0
    assert {"--screenshot", "--at", "--version"} <= set(capsys.readouterr().out.split())


def test_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--version"])
    assert exit_.value.code == 0
    assert capsys.readouterr().out == "napari-ifealid 0.1.0\n"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("missing.zip", "no such file"),
        ("missing.npy", "no such file"),
        ("missing.zarr", "no such file"),
        ("missing.png", "no such file"),
        ("flat.npy", "an array of shape (3, 4)"),
        ("photo.png", "a file of the kind '.png'"),
    ],
)
def test_bad_input_is_one_clear_line_and_status_2(tmp_path, capsys, name, found):
    np.save(tmp_path / "flat.npy", np.ones((3, 4)))
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    assert main([str(tmp_path / name)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"napari-ifealid: {found}: {name}; ")
    assert error.endswith(f" In full: {tmp_path / name}\n")
    assert "expected" in error
    assert error.count("\n") == 1


def test_url_that_is_not_there_is_one_clear_line_and_status_2(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    with serving(files({})) as address:
        assert main([f"{address}/a.npz"]) == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert error.startswith("napari-ifealid: the answer 404 Not Found: a.npz;")


@pytest.fixture
def explored(monkeypatch) -> list:
    """The names of the layers that are to be explored."""
    layers = []

    def explore(made, *_, **__):
        layers.extend(about["name"] for _, about, _ in made)

    monkeypatch.setattr(window, "explore", explore)
    return layers


def test_stacks_of_one_image_are_explored_over_one_overlay(shared_data, explored):
    paths = [shared_data / f"000000015746.jpg.C{number}.npz.8.zip" for number in (1, 3)]
    assert main([*map(str, paths)]) == 0
    first, last = (path.name.removesuffix(".8.zip") for path in paths)
    assert explored == [f"{first} overlay", f"{first} features", f"{last} features"]


def test_array_behind_a_url_is_explored(explored):
    url = "memory://test_explore/a.zarr"
    zarr.create_array(url, data=np.ones((3, 4, 5), np.uint8))
    try:
        assert main([url]) == 0
    finally:
        fsspec.filesystem("memory").rm("/test_explore", recursive=True)
    assert explored == ["a.zarr features"]


def test_pixel_that_is_no_pair_of_numbers_is_refused(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--at", "here"])
    assert exit_.value.code == 2
    assert "expected two whole numbers" in capsys.readouterr().err


@pytest.fixture
def cube(tmp_path) -> Path:
    values = np.zeros((8, 8, 2), np.uint8)
    values[:, :4, 0], values[:, 4:, 1] = 255, 255
    np.save(tmp_path / "cube.npy", values)
    return tmp_path / "cube.npy"


def test_screenshot_shows_the_map_of_the_pixel(run_command, cube, tmp_path):
    done = run_command(cube, "--at", "0,7", "--screenshot", tmp_path / "window.png")
    assert (done.returncode, done.stderr) == (0, "")
    with Image.open(tmp_path / "window.png") as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors(2**24)}
        assert picture.size == (1200, 800)
    assert (255, 255, 255) in colours  # the right half is the pixel's like
    assert (0, 0, 0) in colours


@pytest.mark.parametrize("pixel", ["0,8", "1,2,3"])
def test_pixel_outside_of_the_map_is_one_clear_line_and_status_2(
    qapp, cube, tmp_path, capsys, pixel
):
    assert main([str(cube), "--at", pixel, "--screenshot", str(tmp_path / "window.png")]) == 2
    told = f"found pixel {pixel}; expected one number for each axis, below 8,8"
    assert told in capsys.readouterr().err
    assert not (tmp_path / "window.png").exists()


def test_picture_that_cannot_be_written_is_one_clear_line_and_status_2(
    qapp, cube, tmp_path, capsys
):
    assert main([str(cube), "--screenshot", str(tmp_path / "missing" / "window.png")]) == 2
    assert "can't be written" in capsys.readouterr().err


def test_without_a_path_the_sample_is_opened(run_command, tmp_path):
    done = run_command("--screenshot", tmp_path / "window.png")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "window.png").stat().st_size > 100_000


def without_overlay(path: Path) -> None:
    with ZipFile(path) as archive:
        kept = {name: archive.read(name) for name in archive.namelist() if name != "overlay.jpg"}
    with ZipFile(path, "w") as archive:
        for name, content in kept.items():
            archive.writestr(name, content)


def test_dataset_without_its_overlay_is_a_plain_warning(npy, stack, tmp_path, capsys):
    path = tmp_path / "a.zip"
    write_stack(path, stack)
    without_overlay(path)
    assert main([str(path), str(tmp_path / "missing.npy")]) == 2
    warning, error = capsys.readouterr().err.splitlines()
    assert warning.startswith("napari-ifealid: warning: Opened without its overlay: ")
    assert "missing.npy" in error


@pytest.fixture
def session(stack, tmp_path):
    """A session of the small stack with a pin, which is compared with."""
    write_stack(tmp_path / "a.zip", stack)
    saved = SavedSession(
        stacks=(SavedStack(StackSource(str(tmp_path / "a.zip")), (6, 5, 9)),),
        references=(PlaceReference((10.0, 14.0), "#e69f00"),),
        rule=Rule.BEST,
    )
    write_session_file(tmp_path / "a.ifealid.json", saved)
    return tmp_path / "a.ifealid.json"


def test_session_is_opened_with_its_stacks(session, monkeypatch):
    shown = []

    def explore(layers, pixel, screenshot, *, session, measure):
        shown.append((layers, pixel, screenshot, measure))
        shown.extend(session)

    monkeypatch.setattr(window, "explore", explore)
    assert main([str(session)]) == 0
    arguments, opened, stacks = shown
    assert arguments == ([], None, None, None)
    assert opened.references == (PlaceReference((10.0, 14.0), "#e69f00"),)
    assert [stack.values.shape for stack in stacks] == [(6, 5, 9)]


def test_missing_files_of_a_session_are_bad_input_that_lists_them(session, capsys):
    (session.parent / "a.zip").unlink()
    assert main([str(session)]) == 2
    assert f"a missing file, {session.parent / 'a.zip'}" in capsys.readouterr().err


def test_session_among_other_files_is_bad_input(session, capsys):
    assert main([str(session), str(session.parent / "a.zip")]) == 2
    assert "a session among other files: a.ifealid.json" in capsys.readouterr().err


def test_other_json_is_bad_input(tmp_path, capsys):
    (tmp_path / "a.json").write_text("{}")
    assert main([str(tmp_path / "a.json")]) == 2
    assert "a file of the kind '.json'" in capsys.readouterr().err


def test_picture_of_a_session_shows_its_map(session, tmp_path, run_command):
    done = run_command(session, "--screenshot", tmp_path / "a.png")
    assert (done.returncode, done.stderr) == (0, "")
    assert Image.open(tmp_path / "a.png").width > 500
