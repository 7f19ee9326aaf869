"""The choice of the layer whose features are compared, and of their axis."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice, takewhile
from typing import Any

from magicgui.widgets import ComboBox, PushButton
from napari.components import ViewerModel
from napari.layers import Layer
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_ifealid.explorer import ExplorerState
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.feature_axis import axis_name, known_axis, proposed_axis_of
from napari_ifealid.explorer.same_image import grouped_by_image
from napari_ifealid.explorer.sources import has_features
from napari_ifealid.plain_text import one_line, plain_message
from napari_ifealid.widgets.narrow_combo_box import make_narrow
from napari_ifealid.widgets.plain_label import PlainLabel

_TOOLTIP = (
    "The image layer whose features are compared: an opened feature stack, or any image with an "
    "axis of features, RGB photos included"
)
_KIND = " features"  # what the reader calls all stacks
_IMAGE = " overlay"  # and their images
_BETWEEN = " ._/-"  # words
_WORD = re.compile(rf"[^{_BETWEEN}]+[{_BETWEEN}]*")


class StackChoice:
    """Controls bound both ways to the explorer's layer and its feature axis.

    The axis is asked for where it is not known: one is proposed, and nothing is compared until the
    user agrees or chooses another.

    Parameters
    ----------
    viewer : napari viewer
    state : ExplorerState
    """

    def __init__(self, viewer: ViewerModel, state: ExplorerState) -> None:
        self._viewer = viewer
        self._state = state
        self._opened: list[Layer] = []
        self._names = Connections()
        self._connections = Connections()
        self.layer = ComboBox(
            choices=self._layer_choices,
            nullable=True,
            tooltip=_TOOLTIP,
        )
        self.layer.null_string = "none"
        self.axis = ComboBox(
            choices=self._axis_choices,
            tooltip="The axis of the layer along which its features lie",
        )
        self.compare = PushButton(
            text="Compare", tooltip="The features lie along this axis: compare them"
        )
        self.axis_label = PlainLabel("Feature axis")
        self.axis_row = QWidget()
        layout = QHBoxLayout(self.axis_row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.axis.native, 1)
        layout.addWidget(self.compare.native)
        for control in (self.layer, self.axis):
            make_narrow(control.native)
        self.layer.changed.connect_setattr(state, "layer", maxargs=1)
        self.axis.changed.connect_setattr(state, "feature_axis", maxargs=1)
        self.compare.changed.connect(self._agree)
        for signal in (state.events.layer, state.events.feature_axis):
            self._connections.connect(signal, self.show)
        self.show()

    def show(self) -> None:
        """Offer the current layers and axes, and show the chosen ones."""
        layer, axis = self._state.layer, self._state.feature_axis
        asks = layer is not None and not layer.rgb and known_axis(layer) is None
        self.axis_label.setVisible(asks)
        self.axis_row.setVisible(asks)
        self.compare.native.setVisible(axis is None)
        if asks and axis is None:
            axis = proposed_axis_of(layer)
        _offer(self.layer, layer)
        for number, one in enumerate(self.layer.choices):
            name = "" if one is None else one.name
            self.layer.native.setItemData(number, plain_message(name), Qt.ItemDataRole.ToolTipRole)
        now = f"{_TOOLTIP}\nNow: {one_line(layer.name)}" if layer else _TOOLTIP
        self.layer.native.setToolTip(plain_message(now))
        _offer(self.axis, axis)
        self._names.close()
        for one in self._viewer.layers:
            self._names.connect(one.events.name, self.show)

    def step(self, by: int) -> None:
        """Choose another stack: 1 for the next one in the list, -1 for the one before."""
        layers = [layer for layer in self.layer.choices if layer is not None]
        if layers:
            current = self._state.layer
            start = layers.index(current) if current in layers else (-1 if by > 0 else 0)
            self._state.layer = layers[(start + by) % len(layers)]

    def close(self) -> None:
        """Stop following the viewer."""
        self._names.close()
        self._connections.close()

    def _agree(self) -> None:
        self._state.feature_axis = self.axis.value

    def groups(self) -> list[list[tuple[str, Layer]]]:
        """Return names and layers, those of each image together, in the order of their opening."""
        known = [layer for layer in self._opened if layer in self._viewer.layers]
        self._opened = known + [
            layer for layer in self._viewer.layers if has_features(layer) and layer not in known
        ]
        groups = grouped_by_image(self._opened)
        layers = [layer for group in groups for layer in group]
        names = short_names([one_line(layer.name) for layer in layers])
        named = zip(distinct(names), layers, strict=True)
        return [list(islice(named, len(group))) for group in groups]

    def _layer_choices(self, _: Any) -> list[tuple[str, Layer]]:
        return [named for group in self.groups() for named in group]

    def _axis_choices(self, _: Any) -> list[tuple[str, int]]:
        layer = self._state.layer
        if layer is None or layer.rgb:
            return []
        names = [one_line(axis_name(layer, axis)) for axis in range(layer.ndim)]
        return [(name, axis) for axis, name in enumerate(distinct(names))]


def _offer(control: ComboBox, value: object) -> None:
    """Offer the current choices, and show one of them."""
    with control.changed.blocked():  # a choice that goes must not choose another
        control.choices = ()
        control.reset_choices()
        if value in control.choices:
            control.value = value


def short_names(names: Sequence[str]) -> list[str]:
    """Return names that begin with what tells them apart, which a narrow list would cut else.

    Names that begin with the same words are those of stacks of one image: "objects · Chelsea"
    for "Chelsea objects features". A stack and its own image are told apart by their ends.
    """
    words = [_WORD.findall(name.removesuffix(_KIND).removesuffix(_IMAGE)) for name in names]
    result = []
    for name, own in zip(names, words, strict=True):
        shared = max((_common_count(own, other) for other in words if other != own), default=0)
        end = _IMAGE if name.endswith(_IMAGE) else ""
        head, tail = "".join(own[:shared]).strip(_BETWEEN), ("".join(own[shared:]) + end).strip()
        result.append(f"{tail} · {head}" if head and tail else tail or head or name)
    return result


def _common_count(one: Sequence[str], other: Sequence[str]) -> int:
    stripped = ([word.strip(_BETWEEN) for word in words] for words in (one, other))
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(*stripped, strict=False))
    return sum(1 for _ in pairs)


def distinct(names: Sequence[str]) -> list[str]:
    """Return names that a combo box can tell apart, none of which is empty."""
    count: Counter[str] = Counter()
    result: list[str] = []
    for name in names:
        shown = name or "(no name)"
        while shown in result:
            count[name] += 1
            shown = f"{name or '(no name)'} [{count[name]}]"
        result.append(shown)
    return result
