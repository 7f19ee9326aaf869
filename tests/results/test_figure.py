from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from PIL import Image

from napari_ifealid import DatasetError
from napari_ifealid.grid import Grid
from napari_ifealid.results import FigureContent, ReferenceMark, save_figure

DPI = 100
MARGIN = 0.12 * DPI
SIDE = 5.0 * DPI  # of a square picture

BLUE, RED = (0, 0, 255), (255, 0, 0)


@pytest.fixture
def content() -> FigureContent:
    """A checkerboard of blue, 0, and red, 1, with world coordinates of its own."""
    return FigureContent(
        values=np.array([[0.0, 1.0], [1.0, 0.0]], np.float32),
        grid=Grid((2, 2), np.array([[10.0, 0.0, 100.0], [0.0, 10.0, 200.0], [0.0, 0.0, 1.0]])),
        limits=(0.0, 1.0),
        colours=np.array([[0.0, 0.0, 1.0, 1.0], [1.0, 0.0, 0.0, 1.0]]),
        title="spectral angle similarity",
        caption="Meadow: similarity to pixel 0, 1",
    )


@pytest.fixture
def drawn(tmp_path):
    """Draws a figure and returns the colours at places of its picture, shares from the top left."""

    def draw(content: FigureContent, *places: tuple[float, float]) -> list[tuple[int, int, int]]:
        save_figure(tmp_path / "drawn.png", content, dpi=DPI, force=True)
        with Image.open(tmp_path / "drawn.png") as picture:
            image = picture.convert("RGB")
        return [
            image.getpixel((round(MARGIN + x * SIDE), round(MARGIN + y * SIDE))) for y, x in places
        ]

    return draw


CENTRES = [(0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75)]


def test_rows_of_the_map_go_down_and_columns_to_the_right(content, drawn):
    values = np.array([[0.0, 1.0], [1.0, 1.0]])
    assert drawn(replace(content, values=values), *CENTRES) == [BLUE, RED, RED, RED]


def test_a_pixel_is_a_block_with_sharp_edges(content, drawn):
    places = [(0.02, 0.02), (0.48, 0.48), (0.52, 0.48), (0.98, 0.02)]
    assert drawn(content, *places) == [BLUE, BLUE, RED, RED]


def test_grid_with_a_negative_step_is_mirrored(content, drawn):
    affine = np.diag([10.0, -10.0, 1.0])
    mirrored = replace(content, values=np.eye(2)[:1].repeat(2, 0), grid=Grid((2, 2), affine))
    assert drawn(mirrored, *CENTRES) == [BLUE, RED, BLUE, RED]


def test_below_the_threshold_the_image_is_seen(content, drawn):
    image = np.full((8, 8, 3), (0, 255, 0), np.uint8)
    shown = replace(content, overlay=image, threshold=1.0)
    assert drawn(shown, *CENTRES) == [(0, 255, 0), RED, RED, (0, 255, 0)]


def test_nan_is_white_paper_without_an_image(content, drawn):
    values = np.array([[np.nan, 1.0], [1.0, np.nan]])
    white = (255, 255, 255)
    assert drawn(replace(content, values=values), *CENTRES) == [white, RED, RED, white]


def test_map_that_covers_a_part_of_its_image_lies_there(content, drawn):
    image = np.full((4, 4), 128, np.uint8)
    lower_right = replace(
        content,
        values=np.ones((1, 1)),
        grid=Grid((1, 1), np.array([[2.0, 0.0, 2.5], [0.0, 2.0, 2.5], [0.0, 0.0, 1.0]])),
        overlay=image,
        overlay_grid=Grid((4, 4), np.eye(3)),
    )
    grey = (128, 128, 128)
    assert drawn(lower_right, *CENTRES) == [grey, grey, grey, RED]
    assert drawn(lower_right, (0.52, 0.52), (0.48, 0.52)) == [RED, grey]


def test_opacity_of_the_colours_lets_the_image_through(content, drawn):
    half = np.array([[0.0, 0.0, 1.0, 0.5], [1.0, 0.0, 0.0, 1.0]])
    shown = replace(content, colours=half, overlay=np.full((2, 2), 255, np.uint8))
    blue, red, *_ = drawn(shown, *CENTRES)
    assert red == RED
    assert blue == pytest.approx((128, 128, 255), abs=1)


def test_reference_is_a_ring_in_its_colour(content, drawn):
    mark = ReferenceMark((100.0, 200.0), (0.0, 1.0, 0.0))
    radii = np.arange(3.5, 6.0, 0.5) / 72 * DPI / SIDE
    places = [(0.25, 0.25), *((0.25, 0.25 + radius) for radius in radii)]
    middle, *ring = drawn(replace(content, marks=(mark,)), *places)
    assert max(green for _, green, _ in ring) > 150
    assert middle == BLUE


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_same_content_gives_the_same_bytes(tmp_path, content, suffix):
    paths = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for path in paths:
        save_figure(path, replace(content, threshold=0.5, unit="µm"), dpi=DPI)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize(
    ("name", "start"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.PDF", b"%PDF")]
)
def test_suffix_says_what_is_written(tmp_path, content, name, start):
    save_figure(tmp_path / name, content, dpi=DPI)
    assert (tmp_path / name).read_bytes().startswith(start)


def test_picture_has_the_resolution_that_was_asked_for(tmp_path, content):
    sizes = []
    for dpi in (50, 150):
        save_figure(tmp_path / f"{dpi}.png", content, dpi=dpi)
        with Image.open(tmp_path / f"{dpi}.png") as picture:
            sizes.append(np.array(picture.size))
            assert picture.info["dpi"] == pytest.approx((dpi, dpi), abs=0.1)
    np.testing.assert_allclose(sizes[1], 3 * sizes[0], atol=3)


def texts(path: Path) -> list[str]:
    """Return the texts of an SVG."""
    elements = ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(element.itertext()) for element in elements]


def test_text_in_svg_stays_text_also_where_it_looks_like_a_formula(tmp_path, content):
    save_figure(tmp_path / "a.svg", replace(content, caption="$x^2$ <costs> 5$ & more"), dpi=DPI)
    assert {"spectral angle similarity", "$x^2$ <costs> 5$ & more"} <= set(
        texts(tmp_path / "a.svg")
    )


def test_text_in_pdf_stays_text(tmp_path, content):
    save_figure(tmp_path / "a.pdf", content, dpi=DPI)
    written = (tmp_path / "a.pdf").read_bytes()
    assert b"/FontFile2" in written  # TrueType
    assert b"/Type3" not in written


def test_long_caption_is_wrapped_into_the_figure(tmp_path, content):
    save_figure(tmp_path / "a.svg", replace(content, caption="word " * 60), dpi=DPI)
    lines = [text for text in texts(tmp_path / "a.svg") if text.startswith("word")]
    assert " ".join(lines).split() == ["word"] * 60
    assert len(lines) > 1


@pytest.mark.parametrize(("unit", "label"), [("micrometer", "5 µm"), (None, None), ("pixel", None)])
def test_scale_bar_is_drawn_where_the_unit_is_known(tmp_path, content, unit, label):
    save_figure(tmp_path / "a.svg", replace(content, unit=unit), dpi=DPI)
    found = [text for text in texts(tmp_path / "a.svg") if text.startswith("5 ")]
    assert found == ([label] if label else [])


@pytest.mark.parametrize("threshold", [-1.0, 0.3, 2.0])
def test_threshold_is_marked_in_the_colour_bar(tmp_path, content, threshold):
    save_figure(tmp_path / "a.svg", replace(content, threshold=threshold), dpi=DPI)
    assert f"≥ {threshold:g}" in texts(tmp_path / "a.svg")


def test_settings_of_the_user_neither_matter_nor_change(tmp_path, content):
    save_figure(tmp_path / "plain.png", content, dpi=DPI)
    with matplotlib.rc_context({"font.size": 30.0, "savefig.facecolor": "black"}):
        before = dict(matplotlib.rcParams)
        save_figure(tmp_path / "own.png", content, dpi=DPI)
        assert dict(matplotlib.rcParams) == before
    assert (tmp_path / "own.png").read_bytes() == (tmp_path / "plain.png").read_bytes()


NO_WINDOW = """
import sys
import numpy as np
from napari_ifealid.grid import Grid
from napari_ifealid.results import FigureContent, save_figure
assert "matplotlib" not in sys.modules
content = FigureContent(
    values=np.eye(2), grid=Grid((2, 2), np.eye(3)), limits=(0, 1), colours=np.ones((2, 4))
)
for suffix in ("png", "svg", "pdf"):
    save_figure(f"{sys.argv[1]}/a.{suffix}", content, dpi=40)
print(*{"matplotlib.pyplot", "qtpy", "napari", "vispy"} & set(sys.modules))
"""


def test_figure_needs_no_window_and_matplotlib_only_when_it_is_drawn(tmp_path):
    command = [sys.executable, "-c", NO_WINDOW, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == ""


def test_without_matplotlib_the_error_says_how_to_install_it(tmp_path, monkeypatch, content):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(DatasetError, match=r'pip install "napari-ifealid\[figure\]"'):
        save_figure(tmp_path / "a.png", content)


@pytest.mark.parametrize("name", ["a.jpg", "a"])
def test_another_suffix_is_refused(tmp_path, content, name):
    with pytest.raises(DatasetError, match=r"expected \.png or \.svg or \.pdf"):
        save_figure(tmp_path / name, content)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dpi", [0, -1, 1e6, float("nan")])
def test_resolution_that_cannot_be_drawn_is_refused(tmp_path, content, dpi):
    with pytest.raises(ValueError, match="dpi"):
        save_figure(tmp_path / "a.png", content, dpi=dpi)
    assert not list(tmp_path.iterdir())


def test_existing_figure_is_replaced_by_force_only(tmp_path, content):
    path = tmp_path / "a.svg"
    path.write_text("mine")
    with pytest.raises(DatasetError, match="a file of this name"):
        save_figure(path, content, dpi=DPI)
    assert path.read_text() == "mine"
    save_figure(path, content, dpi=DPI, force=True)
    assert path.read_text() != "mine"
