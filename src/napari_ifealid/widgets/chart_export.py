"""The vector chart as a file: a picture, a drawing or a table."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from qtpy.QtCore import QBuffer, QIODevice, QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPen
from qtpy.QtSvg import QSvgGenerator
from qtpy.QtWidgets import QGraphicsView, QWidget

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.atomic_write import written_file
from napari_ifealid.utf8 import to_utf8
from napari_ifealid.widgets.chart_legend import LegendEntry

FILTERS = "PNG image (*.png);;SVG drawing (*.svg);;CSV table (*.csv)"
"""The kinds of files, as Qt's dialogs take them."""

_DRAWN = 96  # pixels per inch in which the chart is laid out
_PRINTED = 300  # pixels per inch of a picture
_INCH = 2.54  # cm
PAPER_SIZE = QSize(round(16.0 / _INCH * _DRAWN), round(8.0 / _INCH * _DRAWN))
"""16 cm × 8 cm, in pixels of 1/96 inch."""

_LINE = 22  # pixels, of the legend
_GAP = 8  # pixels


@dataclass(frozen=True, eq=False)
class Paper:
    """A chart in black on white, to be printed.

    Parameters
    ----------
    chart : QWidget
        Qt keeps its plot no longer than it.
    plot : QGraphicsView
    entries : tuple of LegendEntry
        Drawn above the plot.
    font : QFont
        Of the legend.
    """

    chart: QWidget
    plot: QGraphicsView
    entries: tuple[LegendEntry, ...]
    font: QFont


def export_chart(
    path: Path,
    paper: Callable[[float], Paper],
    labels: Sequence[str],
    curves: Sequence[tuple[str, NDArray[Any]]],
    *,
    force: bool = False,
) -> None:
    """Save the chart for paper, or its values. The file appears only once it is complete.

    Parameters
    ----------
    path : path
        Its suffix decides: .png, .svg or .csv. Pictures have 300 pixels per inch.
    paper : callable
        Returns the chart on paper, with lines of so many pixels of the picture.
    labels : sequence of str, length C
        Of the features.
    curves : sequence of (str, array of shape (C,))
        Name of each curve, and its values.
    force : bool, optional
        Whether an existing file is replaced.

    Raises
    ------
    DatasetError
        If the suffix is another, or the file can't be written.
    """
    kinds = {
        ".png": lambda: _picture(paper(_PRINTED / _DRAWN)),
        ".svg": lambda: _drawing(paper(1.0)),
        ".csv": lambda: _table(labels, curves),
    }
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        raise DatasetError(
            f"the suffix {path.suffix!r}",
            expected=f"one of {', '.join(kinds)}, which says what is saved",
            remedy="Choose a name that ends in one of these.",
            file=path,
        )
    content = kind()
    with written_file(path, force=force) as stream:
        stream.write(content)


def legend_height(entries: Sequence[LegendEntry], font: QFont) -> int:
    """Return how many pixels of the paper's height a legend takes."""
    rows = {place.y() for place in _legend_places(entries, font)}
    return round(len(rows) * _row_height(font))


def _picture(paper: Paper) -> bytes:
    image = QImage(PAPER_SIZE * (_PRINTED / _DRAWN), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.scale(image.width() / PAPER_SIZE.width(), image.height() / PAPER_SIZE.height())
    _paint(painter, paper)
    painter.end()
    # only now: the sizes of fonts would follow at once
    image.setDotsPerMeterX(round(_PRINTED / _INCH * 100.0))
    image.setDotsPerMeterY(round(_PRINTED / _INCH * 100.0))
    buffer = _opened_buffer()
    image.save(buffer, "PNG")
    return buffer.data().data()


def _drawing(paper: Paper) -> bytes:
    buffer = _opened_buffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setResolution(_DRAWN)
    generator.setSize(PAPER_SIZE)
    generator.setViewBox(QRectF(0, 0, PAPER_SIZE.width(), PAPER_SIZE.height()))
    painter = QPainter(generator)
    _paint(painter, paper)
    painter.end()
    return buffer.data().data()


def _paint(painter: QPainter, paper: Paper) -> None:
    width, height = PAPER_SIZE.width(), PAPER_SIZE.height()
    painter.fillRect(QRectF(0, 0, width, height), Qt.GlobalColor.white)
    painter.setFont(paper.font)
    top = legend_height(paper.entries, paper.font)
    row = _row_height(paper.font)
    for entry, place in zip(paper.entries, _legend_places(paper.entries, paper.font), strict=True):
        middle = place + QPointF(0, row / 2)
        style = Qt.PenStyle.DashLine if entry.is_dashed else Qt.PenStyle.SolidLine
        painter.setPen(QPen(QColor(entry.colour), 2, style))
        painter.drawLine(middle, middle + QPointF(_LINE, 0))
        painter.setPen(Qt.GlobalColor.black)
        text = QRectF(place.x() + _LINE + _GAP / 2, place.y(), width, row)
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, entry.name)
    paper.plot.render(painter, QRectF(0, top, width, height - top))


def _row_height(font: QFont) -> float:
    return QFontMetrics(font).height() + 4.0


def _legend_places(entries: Sequence[LegendEntry], font: QFont) -> list[QPointF]:
    """Return the upper left corner of each entry, in rows that fit the paper."""
    places, metrics = [], QFontMetrics(font)
    x, y = float(_GAP), 0.0
    for entry in entries:
        width = _LINE + _GAP / 2 + metrics.horizontalAdvance(entry.name)
        if x > _GAP and x + width > PAPER_SIZE.width() - _GAP:
            x, y = float(_GAP), y + _row_height(font)
        places.append(QPointF(x, y))
        x += width + 2 * _GAP
    return places


def _opened_buffer() -> QBuffer:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return buffer


def _table(labels: Sequence[str], curves: Sequence[tuple[str, NDArray[Any]]]) -> bytes:
    text = StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(["feature", *(name for name, _ in curves)])
    rows.writerows(zip(labels, *(values.tolist() for _, values in curves), strict=True))
    return to_utf8(text.getvalue())
