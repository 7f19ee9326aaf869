from __future__ import annotations

import csv
import os
import xml.etree.ElementTree as ElementTree
from itertools import product

import numpy as np
import pytest
from qtpy.QtGui import QColor, QImage, QPalette

from napari_ifealid.errors import DatasetError
from napari_ifealid.widgets.chart_curves import PinnedVector
from napari_ifealid.widgets.chart_export import legend_height
from napari_ifealid.widgets.chart_legend import LegendEntry
from napari_ifealid.widgets.paper_colours import on_white
from napari_ifealid.widgets.vector_chart import VectorChart

COLOURS = ("#ff8800", "#00aaff")


@pytest.fixture
def chart(qtbot) -> VectorChart:
    chart = VectorChart()
    qtbot.addWidget(chart)
    chart.resize(300, 250)
    chart.show()
    qtbot.waitExposed(chart)
    chart.set_features([450.5, "far, red", 700])
    chart.set_cursor_vector(np.array([3, np.nan, -1e-9]))
    pins = [
        PinnedVector(np.array([1.0, 2.0, 3.0]), COLOURS[0], "80, 53"),
        PinnedVector(np.array([0.5, 0.25, 1.5]), COLOURS[1], "80, 53"),
    ]
    chart.set_pinned_vectors(pins)
    chart.grab()
    return chart


def test_table_has_a_row_for_each_feature_and_a_column_for_each_curve(chart, tmp_path):
    chart.set_order(np.array([2, 0, 1]))
    chart.export(tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["feature", "cursor", "80, 53", "80, 53"],
            ["450.5", "3.0", "1.0", "0.5"],
            ["far, red", "nan", "2.0", "0.25"],
            ["700", "-1e-09", "3.0", "1.5"],
        ]


def test_drawing_of_names_with_control_characters_is_one_that_others_read(chart, tmp_path):
    evil = "<b>\x1b[31m & \u202e"
    chart.set_pinned_vectors([PinnedVector(np.ones(3), COLOURS[0], evil)])
    chart.export(tmp_path / "a.svg")
    text = "".join(ElementTree.parse(tmp_path / "a.svg").getroot().itertext())
    assert r"<b>\x1b[31m & \u202e" in text
    chart.export(tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        assert next(csv.reader(file)) == ["feature", "cursor", evil]


def read(path) -> tuple[QImage, set[str]]:
    """Return a picture and its colours."""
    image = QImage(str(path))
    size = range(image.width()), range(image.height())
    return image, {image.pixelColor(x, y).name() for x, y in product(*size)}


def test_picture_is_for_paper_whatever_the_size_of_the_window(chart, tmp_path):
    for width in (300, 900):
        chart.resize(width, 250)
        chart.export(tmp_path / f"{width}.png")
    image, colours = read(tmp_path / "300.png")
    assert (image.width(), image.height()) == pytest.approx((16 / 2.54 * 300, 8 / 2.54 * 300), 1e-3)
    assert image.dotsPerMeterX() == image.dotsPerMeterY() == pytest.approx(300 / 0.0254, 1e-3)
    assert {on_white(colour) for colour in COLOURS} <= colours
    assert image == QImage(str(tmp_path / "900.png"))


def test_picture_is_dark_on_white_in_a_dark_theme(chart, tmp_path):
    chart.export(tmp_path / "light.png")
    chart.setPalette(QPalette(QColor("white"), QColor("black")))
    chart.export(tmp_path / "dark.png")
    image, colours = read(tmp_path / "dark.png")
    assert image == QImage(str(tmp_path / "light.png"))
    assert image.pixelColor(image.width() - 1, 0).name() == "#ffffff"
    assert "#000000" in colours


def test_picture_has_the_view_and_the_mark_of_the_window(chart, tmp_path):
    chart.export(tmp_path / "all.png")
    chart.plot.getPlotItem().getViewBox().setXRange(0.5, 2.5, padding=0)
    chart.export(tmp_path / "part.png")
    chart.mark_feature(2)
    chart.export(tmp_path / "marked.png")
    pictures = [QImage(str(tmp_path / f"{name}.png")) for name in ("all", "part", "marked")]
    assert pictures[0] != pictures[1] != pictures[2]


def test_export_leaves_the_chart_as_it_is(chart, tmp_path):
    before = chart.grab().toImage()
    chart.export(tmp_path / "a.png")
    chart.export(tmp_path / "a.svg")
    assert chart.grab().toImage() == before


def test_drawing_has_the_curves_and_the_labels(chart, tmp_path):
    chart.export(tmp_path / "a.SVG")
    text = (tmp_path / "a.SVG").read_text()
    assert ElementTree.fromstring(text).tag.endswith("svg")
    assert all(on_white(colour) in text.lower() for colour in COLOURS)
    assert 'width="160' in text
    assert "450.5" in text


def test_chart_without_curves_is_a_table_of_labels(chart, tmp_path):
    chart.set_features(["a", "b"])
    chart.export(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().split() == ["feature", "a", "b"]


@pytest.mark.parametrize("name", ["a.pdf", "a"])
def test_other_kinds_of_files_are_refused(chart, tmp_path, name):
    with pytest.raises(DatasetError, match=r"one of \.png, \.svg, \.csv"):
        chart.export(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_existing_file_is_replaced_only_on_demand(chart, tmp_path):
    (tmp_path / "a.csv").write_text("old")
    with pytest.raises(DatasetError, match="file of this name"):
        chart.export(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == "old"
    chart.export(tmp_path / "a.csv", force=True)
    assert (tmp_path / "a.csv").read_text().startswith("feature,cursor")


def test_legend_of_many_pins_goes_on_in_another_row(chart, tmp_path):
    font = chart.font()
    few, many = ([LegendEntry("80, 53", COLOURS[0])] * count for count in (2, 30))
    assert 0 == legend_height([], font) < legend_height(few, font) < legend_height(many, font)
    values = np.array([1.0, 2.0, 3.0])
    chart.set_pinned_vectors([PinnedVector(values, COLOURS[0], f"{n}, {n}") for n in range(30)])
    chart.export(tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    assert all(f"{n}, {n}<" in text for n in range(30))


def test_bytes_of_a_name_that_are_no_utf8_are_replaced_in_a_table(chart, tmp_path):
    name = os.fsdecode(b"caf\xe9")
    chart.set_pinned_vectors([PinnedVector(np.ones(3), COLOURS[0], name)])
    chart.export(tmp_path / "a.csv")
    assert "caf�" in (tmp_path / "a.csv").read_text("utf-8")
