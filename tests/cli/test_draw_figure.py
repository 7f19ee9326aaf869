from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_ifealid import FeatureStack, write_stack
from napari_ifealid.bands import Bands
from napari_ifealid.cli import draw_figure, main
from napari_ifealid.georeference import PixelSize
from napari_ifealid.results import figure


@pytest.fixture
def cube(tmp_path) -> Path:
    """Two halves, alike in themselves and unlike each other."""
    values = np.zeros((8, 8, 2), np.uint8)
    values[:, :4, 0], values[:, 4:, 1] = 255, 255
    np.save(tmp_path / "cube.npy", values)
    return tmp_path / "cube.npy"


def draw(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def colours_left_and_right(path: Path) -> list[tuple[int, ...]]:
    """Return the colours of the two halves of a square picture of 5 inches."""
    with Image.open(path) as picture:
        image = picture.convert("RGB")
    return [image.getpixel((36 + round(share * 1500), 36 + 1200)) for share in (0.3, 0.6)]


@pytest.mark.parametrize(
    ("pixel", "colours"),
    [
        ("0,1", [(255, 255, 255), (0, 0, 0)]),
        ("7,6", [(0, 0, 0), (255, 255, 255)]),
    ],
)
def test_figure_shows_the_map_of_the_pixel(cube, tmp_path, pixel, colours):
    assert draw(cube, "--at", pixel, "--figure", tmp_path / "a.png") == 0
    assert colours_left_and_right(tmp_path / "a.png") == colours


def test_figure_is_that_of_the_middle_pixel_unless_another_is_given(cube, tmp_path):
    draw(cube, "--figure", tmp_path / "a.svg")
    draw(cube, "--at", "4,4", "--figure", tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_text() == (tmp_path / "b.svg").read_text()


def test_caption_names_stack_reference_and_measure(cube, tmp_path, capsys):
    assert draw(cube, "--at", "0,7", "--figure", tmp_path / "a.svg", "--threshold", "0.8") == 0
    written = (tmp_path / "a.svg").read_text()
    for part in ("cube.npy", "pixel 0, 7", "spectral angle", "≥ 0.8"):
        assert part in written
    told = capsys.readouterr()
    assert told.out.startswith(f"Wrote {tmp_path / 'a.svg'}: the map of pixel 0,7 of cube.npy, ")
    assert told.err == ""


def test_below_the_threshold_the_image_is_seen_in_grey(cube, tmp_path):
    image = np.full((16, 16, 3), (0, 255, 0), np.uint8)
    write_stack(tmp_path / "a.zip", FeatureStack(values=np.load(cube), name="a", overlay=image))
    path = tmp_path / "a.png"
    assert draw(tmp_path / "a.zip", "--at", "0,7", "--figure", path, "--threshold", "0.5") == 0
    left, right = colours_left_and_right(path)
    assert left == pytest.approx((182, 182, 182), abs=3)
    assert right == (255, 255, 255)


def test_slice_of_the_pixel_is_drawn_of_a_volume(cube, tmp_path):
    values = np.load(cube)
    np.save(tmp_path / "volume.npy", np.stack([values, values[:, ::-1]]))
    for place, colours in (("0", [(0, 0, 0), (255,) * 3]), ("1", [(255,) * 3, (0, 0, 0)])):
        path = tmp_path / f"{place}.png"
        pixel = f"{place},0,{6 if place == '0' else 1}"
        assert draw(tmp_path / "volume.npy", "--at", pixel, "--figure", path) == 0
        assert colours_left_and_right(path) == colours


@pytest.mark.parametrize("pixel", ["0,8", "1,2,3"])
def test_pixel_outside_of_the_map_is_one_clear_line_and_status_2(cube, tmp_path, capsys, pixel):
    assert draw(cube, "--at", pixel, "--figure", tmp_path / "a.svg") == 2
    told = capsys.readouterr().err
    assert f"pixel {pixel}: --at; expected one number for each axis, below 8,8" in told
    assert not (tmp_path / "a.svg").exists()


def test_pixel_that_is_not_finite_is_one_clear_line_and_status_2(cube, tmp_path, capsys):
    values = np.load(cube).astype(np.float32)
    values[1, 2, 0] = np.nan
    np.save(cube, values)
    assert draw(cube, "--at", "1,2", "--figure", tmp_path / "a.svg") == 2
    assert "pixel 1,2 with a NaN or an infinity: --at" in capsys.readouterr().err
    assert not (tmp_path / "a.svg").exists()


def test_bands_that_the_file_calls_bad_are_left_out_and_may_be_missing(cube, tmp_path, monkeypatch):
    values = np.load(cube).astype(np.float32)
    values[1, 2, 0] = np.nan
    is_good = (False,) + (True,) * (values.shape[-1] - 1)
    stack = FeatureStack(values=values, name="cube", bands=Bands(is_good=is_good))
    monkeypatch.setattr("napari_ifealid.cli.draw_figure.read_stacks", lambda *_, **__: [stack])
    contents = []
    monkeypatch.setattr(
        "napari_ifealid.cli.draw_figure.save_figure",
        lambda path, content, **_: contents.append(content),
    )
    monkeypatch.setattr("napari_ifealid.cli.draw_figure.report_written", lambda *_: None)
    assert draw(cube, "--at", "1,2", "--figure", tmp_path / "a.svg") == 0
    count = len(is_good)
    assert f"by the spectral angle, {count - 1} of {count} features." in contents[0].caption
    assert np.isfinite(contents[0].values).all()


@pytest.mark.parametrize("paths", [[], ["cube.npy", "cube.npy"]])
def test_figure_is_of_one_stack(cube, tmp_path, capsys, paths):
    files = [tmp_path / path for path in paths]
    assert draw(*files, "--figure", tmp_path / "a.svg") == 2
    (told,) = capsys.readouterr().err.splitlines()
    assert "feature stacks: --figure; expected one" in told


def test_another_suffix_is_one_clear_line_and_status_2(cube, tmp_path, capsys):
    assert draw(cube, "--figure", tmp_path / "a.jpg") == 2
    (told,) = capsys.readouterr().err.splitlines()
    assert "expected .png or .svg or .pdf" in told


def test_existing_file_is_replaced_by_force_only(cube, tmp_path, capsys):
    path = tmp_path / "a.svg"
    path.write_text("mine")
    assert draw(cube, "--figure", path) == 2
    assert "a file of this name: a.svg" in capsys.readouterr().err
    assert path.read_text() == "mine"
    assert draw(cube, "--figure", path, "--force") == 0
    assert path.read_text() != "mine"


def test_missing_matplotlib_is_told_before_anything_is_read(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(figure, "find_spec", lambda name: None)
    assert draw(tmp_path / "missing.npy", "--figure", tmp_path / "a.svg") == 2
    assert 'pip install "napari-ifealid[figure]"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--threshold", "0.5"], "belong to --figure"),
        (["--force"], "belong to --figure"),
        (["--figure", "a.svg", "--threshold", "high"], "expected a number"),
        (["--figure", "a.svg", "--threshold", "nan"], "expected a number"),
        (["--figure", "a.svg", "--screenshot", "a.png"], "not allowed with"),
    ],
)
def test_options_that_do_not_go_together_are_refused(capsys, arguments, message):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert message in capsys.readouterr().err


def modules_after(code: str, *arguments: object) -> set[str]:
    """Return what has been imported after code has run where there is no screen."""
    code = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={name: value for name, value in os.environ.items() if name != "DISPLAY"},
    )
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


def test_figure_needs_neither_a_window_nor_qt(cube, tmp_path):
    code = "from napari_ifealid.cli import main; main(sys.argv[1:])"
    modules = modules_after(code, cube, "--figure", tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").exists()
    assert {"napari", "qtpy", "PyQt5", "PyQt6", "PySide6"}.isdisjoint(modules)


def test_command_imports_what_figures_need_only_for_a_figure():
    assert {"pandas", "matplotlib", "vispy"}.isdisjoint(modules_after("import napari_ifealid.cli"))


def test_measure_is_that_of_the_option(cube, tmp_path):
    assert draw(cube, "--at", "0,1", "--figure", tmp_path / "a.svg", "--measure", "ACE") == 0
    assert "by the ACE" in (tmp_path / "a.svg").read_text()


def test_unknown_measure_is_refused_with_all_that_there_are(cube, tmp_path, capsys):
    with pytest.raises(SystemExit):
        draw(cube, "--figure", tmp_path / "a.svg", "--measure", "angle")
    error = capsys.readouterr().err
    assert "found the measure 'angle'; expected one of spectral angle, cosine" in error


def test_envi_cube_is_drawn_by_either_file_and_a_library_is_refused(shared_data, tmp_path, capsys):
    folder = shared_data / "hyperspectral"
    for suffix in (".hdr", ".raw"):
        picture = tmp_path / f"{suffix[1:]}.png"
        assert draw(folder / f"corn-kernel-hyperspectral{suffix}", "--figure", picture) == 0
        assert picture.is_file()
    assert draw(folder / "library_berlin.hdr", "--figure", tmp_path / "a.png") == 2
    assert "a spectral library, not an image: library_berlin.hdr" in capsys.readouterr().err


def test_stack_without_an_image_has_a_picture_of_its_bands_under_the_map(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(draw_figure, "save_figure", lambda _, content, **__: drawn.append(content))
    monkeypatch.setattr(draw_figure, "report_written", lambda *_: None)
    values = np.random.default_rng(0).integers(1, 256, (6, 5, 9)).astype(np.uint8)
    for name, unit in (("cube", " nm"), ("plain", "")):
        labels = [f"{440 + 30 * number}{unit}" for number in range(9)]
        stack = FeatureStack(values=values, name=name, feature_labels=labels)
        write_stack(tmp_path / f"{name}.zip", stack)
        assert draw(tmp_path / f"{name}.zip", "--figure", tmp_path / "a.svg") == 0
    cube, plain = drawn
    assert plain.overlay is None
    assert cube.overlay.shape == (6, 5, 4)
    assert np.ptp(cube.overlay[..., :3], axis=-1).max() == 0  # in grey
    np.testing.assert_allclose(cube.overlay_grid.affine, cube.grid.affine)
    assert cube.colours[0, 3] < plain.colours[0, 3]


def test_image_and_map_lie_in_the_same_world_whose_unit_the_scale_bar_has(tmp_path, monkeypatch):
    stack = FeatureStack(
        values=np.random.default_rng(1).random((4, 5, 3)),
        name="a",
        overlay=np.zeros((8, 10, 3), np.uint8),
        pixel_size=PixelSize((30.0, 20.0), "m"),
    )
    drawn = []
    monkeypatch.setattr(draw_figure, "read_stacks", lambda *_, **__: [stack])
    monkeypatch.setattr(draw_figure, "save_figure", lambda _, content, **__: drawn.append(content))
    monkeypatch.setattr(draw_figure, "report_written", lambda *_: None)
    assert draw(tmp_path / "a.zip", "--at", "0,1", "--figure", tmp_path / "a.svg") == 0
    (content,) = drawn
    np.testing.assert_allclose(content.overlay_grid.bounds, [[-15.0, -10.0], [225.0, 190.0]])
    np.testing.assert_allclose(content.grid.bounds, content.overlay_grid.bounds)
    assert content.unit == "m"
