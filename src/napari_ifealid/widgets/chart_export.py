"""The vector chart as a file: a picture, a drawing or a table."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from qtpy.QtCore import QBuffer, QIODevice, QRectF, Qt
from qtpy.QtGui import QImage, QPainter
from qtpy.QtSvg import QSvgGenerator
from qtpy.QtWidgets import QGraphicsView

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.atomic_write import written_file

FILTERS = "PNG image (*.png);;SVG drawing (*.svg);;CSV table (*.csv)"
"""The kinds of files, as Qt's dialogs take them."""

_ENLARGED = 2  # times, for pictures that are printed


def export_chart(
    path: Path,
    plot: QGraphicsView,
    labels: Sequence[str],
    curves: Sequence[tuple[str, NDArray[Any]]],
    *,
    force: bool = False,
) -> None:
    """Save the chart as it is shown, or its values. The file appears only once it is complete.

    Parameters
    ----------
    path : path
        Its suffix decides: .png, .svg or .csv.
    plot : QGraphicsView
        The chart's plot.
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
        ".png": lambda: _picture(plot),
        ".svg": lambda: _drawing(plot),
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


def _picture(plot: QGraphicsView) -> bytes:
    image = QImage(plot.size() * _ENLARGED, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    plot.render(painter, QRectF(image.rect()))
    painter.end()
    buffer = _opened_buffer()
    image.save(buffer, "PNG")
    return buffer.data().data()


def _drawing(plot: QGraphicsView) -> bytes:
    buffer = _opened_buffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(plot.size())
    generator.setViewBox(plot.rect())
    painter = QPainter(generator)
    plot.render(painter, QRectF(plot.rect()))
    painter.end()
    return buffer.data().data()


def _opened_buffer() -> QBuffer:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return buffer


def _table(labels: Sequence[str], curves: Sequence[tuple[str, NDArray[Any]]]) -> bytes:
    text = StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(["feature", *(name for name, _ in curves)])
    rows.writerows(zip(labels, *(values.tolist() for _, values in curves), strict=True))
    return text.getvalue().encode()
