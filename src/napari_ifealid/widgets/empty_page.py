"""What to do while there is nothing to compare."""

from __future__ import annotations

from concurrent.futures import CancelledError
from pathlib import Path

from napari.viewer import Viewer
from qtpy.QtWidgets import QFileDialog, QPushButton, QVBoxLayout, QWidget

from napari_ifealid._background import awaited
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import read_stacks, suffixes_in_words
from napari_ifealid.notices import show_error
from napari_ifealid.widgets.channel_button import ChannelButton
from napari_ifealid.widgets.plain_label import PlainLabel

_PLUGIN, _SAMPLE = "napari-ifealid", "chelsea"


class EmptyPage(QWidget):
    """Offers the ways to a feature stack.

    Parameters
    ----------
    viewer : napari viewer
    """

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        text = PlainLabel(
            "See which pixels are alike to a layer of a neural network, or in a hyperspectral "
            "image: open a feature stack, then move the mouse over the picture."
        )
        text.setWordWrap(True)
        self.open = QPushButton("Open a feature stack…")
        self.open.setToolTip(f"One of {suffixes_in_words()}")
        self.extract = QPushButton("Extract features from a photo…")
        self.extract.setToolTip("Compute the features of an image layer with a network or filters")
        self.sample = QPushButton("Try a sample: Chelsea, a cat")
        self.sample.setToolTip("A photo as three layers of a network see it; no download")
        layout = QVBoxLayout(self)
        layout.addWidget(text)
        for button, action in (
            (self.open, self._open),
            (self.extract, self._extract),
            (self.sample, self._open_sample),
        ):
            button.clicked.connect(action)
            layout.addWidget(button)
        self.channels = ChannelButton(viewer)
        layout.addWidget(self.channels)
        layout.addStretch()

    def _open(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Open a feature stack", str(Path.home()))
        if chosen:
            try:
                self._viewer.open(chosen, plugin=_PLUGIN)
            except ValueError:  # napari's words about a file that is none of ours give no reason
                _tell_why_not(chosen)

    def _extract(self) -> None:
        self._viewer.window.add_plugin_dock_widget(_PLUGIN, "Extract features")

    def _open_sample(self) -> None:
        self._viewer.open_sample(_PLUGIN, _SAMPLE)


def _tell_why_not(path: str) -> None:
    try:
        awaited(lambda track: read_stacks(path, track=track), f"Opening {Path(path).name}")
    except CancelledError:
        return
    except DatasetError as error:
        show_error(str(error))
