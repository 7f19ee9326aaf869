from __future__ import annotations

import csv
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from qtpy.QtGui import QImage

from napari_ifealid.errors import DatasetError
from napari_ifealid.widgets.vector_chart import PinnedVector, VectorChart

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


def test_picture_shows_the_curves_at_twice_the_size(chart, tmp_path):
    chart.export(tmp_path / "a.png")
    image = QImage(str(tmp_path / "a.png"))
    size = chart.plot.size()
    assert (image.width(), image.height()) == (2 * size.width(), 2 * size.height())
    seen = {
        image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
    }
    assert set(COLOURS) <= seen


def test_drawing_has_the_curves_and_the_labels(chart, tmp_path):
    chart.export(tmp_path / "a.SVG")
    text = (tmp_path / "a.SVG").read_text()
    assert ElementTree.fromstring(text).tag.endswith("svg")
    assert all(colour in text.lower() for colour in COLOURS)
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
