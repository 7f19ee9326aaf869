"""A button that makes one feature stack of several image layers."""

from __future__ import annotations

from napari.components import ViewerModel
from qtpy.QtWidgets import QPushButton

from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer.channel_layers import add_channel_features, selected_channels
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.notices import show_error


class ChannelButton(QPushButton):
    """Is shown while two or more layers are selected that can be features.

    Parameters
    ----------
    viewer : napari viewer
    """

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__("Use selected layers as features")
        self.setToolTip(
            "Compare the selected image layers as one stack: each layer is a feature, such as a "
            "channel of a microscope. The layers stay as they are"
        )
        self._viewer = viewer
        self._connections = Connections()
        self._connections.connect(viewer.layers.selection.events.changed, self._show)
        self.clicked.connect(self._add)
        if not self._is_useful():
            self.hide()  # while it has no parent, to be shown would make it a window

    def stop(self) -> None:
        """Stop following the viewer."""
        self._connections.close()

    def _show(self, *_: object) -> None:
        self.setVisible(self._is_useful())

    def _is_useful(self) -> bool:
        return len(selected_channels(self._viewer)) > 1

    def _add(self) -> None:
        try:
            add_channel_features(self._viewer)
        except DatasetError as error:
            show_error(str(error))
