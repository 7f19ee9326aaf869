"""Draw the moving picture of the README: make pictures."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import napari
import numpy as np
from make_pictures import FOLDER, opened, settle
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QImage, QMouseEvent
from qtpy.QtWidgets import QApplication, QWidget

from napari_ifealid._sample_data import chelsea_objects
from napari_ifealid.widgets import FeatureSimilarity
from napari_ifealid.workarounds.canvases import canvases

SIZE, SHOWN = (1200, 760), (476, 316)  # pixels, of the windows and of each part of the picture
GAP = 8  # pixels between the parts
PLACES = ((127, 191), (127, 191), (160, 240), (215, 262), (150, 300), (140, 335), (90, 300))
STEPS, MILLISECONDS = 8, 90
POINTER = ((0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (12, 12))


def path() -> NDArray[np.float64]:
    """Return places in the world from eye to nose to eye, slower near each stop."""
    shares = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, STEPS, endpoint=False))
    legs = [np.outer(1 - shares, a) + np.outer(shares, b) for a, b in pairwise(PLACES)]
    return np.concatenate(legs)


def hover(viewer: napari.Viewer, canvas: QWidget, place: NDArray[np.float64]) -> QPointF:
    """Move the mouse to a place in the world, and return where that is on the canvas."""
    camera = viewer.scene.camera
    down, right = camera.zoom * (place - np.array(camera.center[-2:]))
    at = QPointF(canvas.width() / 2 + right, canvas.height() / 2 + down)
    button, key = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    move = QMouseEvent(QEvent.Type.MouseMove, at, canvas.mapToGlobal(at), button, button, key)
    QApplication.sendEvent(canvas, move)
    return at


def part(widget: FeatureSimilarity, canvas: QWidget, at: QPointF) -> Image.Image:
    """Return the picture in a window, as far as the image goes, with the mouse pointer."""
    window = widget.window()
    shot = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    data = np.frombuffer(shot.constBits().asstring(shot.sizeInBytes()), np.uint8)
    rows = data.reshape(shot.height(), shot.bytesPerLine())[:, : 3 * shot.width()]
    picture = Image.fromarray(rows.reshape(shot.height(), shot.width(), 3))
    tip = canvas.mapTo(window, at.toPoint())
    outline = [(tip.x() + x, tip.y() + y) for x, y in POINTER]
    ImageDraw.Draw(picture).polygon(outline, fill="black", outline="white")
    corner = canvas.mapTo(window, canvas.rect().topLeft())
    width = min(canvas.width(), canvas.height() * SHOWN[0] // SHOWN[1])
    height = width * SHOWN[1] // SHOWN[0]
    left = corner.x() + (canvas.width() - width) // 2
    top = corner.y() + (canvas.height() - height) // 2
    shown = picture.crop((left, top, left + width, top + height))
    return shown.resize(SHOWN, Image.Resampling.LANCZOS)


def beside(parts: list[Image.Image]) -> Image.Image:
    """Return pictures side by side."""
    width = len(parts) * (SHOWN[0] + GAP) - GAP
    whole = Image.new("RGB", (width, SHOWN[1]), "white")
    for number, one in enumerate(parts):
        whole.paste(one, (number * (SHOWN[0] + GAP), 0))
    return whole


def draw(target: Path) -> None:
    """Draw the exact blocks and the sharp map of the same places."""
    windows = []
    for is_sharp in (False, True):
        viewer, widget = opened(chelsea_objects(), SIZE)
        widget.explorer.state.sharp = is_sharp
        settle(widget.explorer)
        (canvas,) = canvases(widget)
        camera = viewer.scene.camera
        camera.zoom = min(canvas.width() / 451, canvas.height() / 300)  # of the photo
        windows.append((viewer, widget, canvas))
    frames = []
    for place in path():
        parts = []
        for viewer, widget, canvas in windows:
            at = hover(viewer, canvas, place)
            settle(widget.explorer)
            parts.append(part(widget, canvas, at))
        frames.append(beside(parts))
    for viewer, _, _ in windows:
        viewer.close()
    frames[0].save(
        target,
        save_all=True,
        append_images=frames[1:],
        duration=MILLISECONDS,
        loop=0,
        quality=70,
        method=6,
    )


if __name__ == "__main__":
    draw(FOLDER / "hover.webp")
