"""The linked stacks: which ones they are, and whether they are shown side by side."""

from __future__ import annotations

from functools import partial
from weakref import WeakSet, ref

from napari.layers import Image, Layer
from qtpy.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.comparable_features import mismatch
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.same_image import is_same_image
from napari_ifealid.explorer.side_by_side import SideBySide
from napari_ifealid.explorer.sources import is_opened_overlay
from napari_ifealid.layers import STACK_KEY
from napari_ifealid.plain_text import one_line, plain_message, without_mnemonic
from napari_ifealid.stack import FeatureStack
from napari_ifealid.widgets.plain_label import PlainLabel
from napari_ifealid.widgets.stack_choice import StackChoice

_LINKED = (
    "Stacks that follow the same cursor and the same references. Those of one image follow by "
    "place, each with its own vectors; those of other images are asked for the vector of the "
    "stack that is shown"
)
_SIDE_BY_SIDE = (
    "Show all linked stacks at once, each over its image. Again: only the chosen one, and the "
    "layers as they were before"
)
_HEIGHT = 24  # pixels
_TOO_FEW = "Link another stack first: “Linked stacks…”"


class LinkedStacks(QWidget):
    """A menu of the stacks that can be linked, and a button that shows them side by side.

    In their place, stacks of one image offer to be linked until the user has answered.

    Parameters
    ----------
    explorer : Explorer
    choice : StackChoice
        Knows the stacks and what they are called.
    side_by_side : SideBySide
    """

    def __init__(self, explorer: Explorer, choice: StackChoice, side_by_side: SideBySide) -> None:
        super().__init__()
        self._explorer = explorer
        self._choice = choice
        self._side_by_side = side_by_side
        self._declined: WeakSet[Layer] = WeakSet()
        self.menu = QMenu(self)
        self.menu.setToolTipsVisible(True)
        self.button = QPushButton("Linked stacks…")
        self.button.setToolTip(_LINKED)
        self.button.setMenu(self.menu)
        self.side_by_side = QPushButton("Side by side")
        self.side_by_side.setCheckable(True)
        self.offer, self.buttons = QWidget(), QWidget()
        self.offer_text = PlainLabel()
        self.offer_text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.link = QPushButton("Link")
        self.link.setToolTip("Let all stacks of this image follow the same cursor and references")
        self.decline = QToolButton()
        self.decline.setText("✕")
        self.decline.setToolTip("Leave the stacks of this image as they are")
        self._lay_out()
        self._bind()

    def stop(self) -> None:
        """Stop following the explorer."""
        self._connections.close()

    def show_offer(self) -> None:
        """Offer to link the stacks of the explored image, unless that was done or declined."""
        layers = self._of_the_image()
        is_open = len(layers) > 1 and len(self._explorer.sessions) < 2
        is_offered = is_open and not any(one in self._declined for one in layers)
        self.offer.setVisible(is_offered)
        self.buttons.setHidden(is_offered)
        self.offer_text.setText(f"{len(layers)} stacks of this image")
        names = "\n".join(one_line(layer.name) for layer in layers)
        self.offer_text.setToolTip(plain_message(names))

    def _lay_out(self) -> None:
        for button in (self.button, self.side_by_side, self.link):
            button.setStyleSheet("padding: 3px 6px")
        offer, buttons = QHBoxLayout(self.offer), QHBoxLayout(self.buttons)
        for row, parts in (
            (offer, ((self.offer_text, 1), (self.link, 0), (self.decline, 0))),
            (buttons, ((self.button, 1), (self.side_by_side, 1))),
        ):
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(4)
            for part, stretch in parts:
                row.addWidget(part, stretch)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for line in (self.offer, self.buttons):  # one in the place of the other
            line.setFixedHeight(_HEIGHT)
            layout.addWidget(line)

    def _bind(self) -> None:
        explorer = self._explorer
        self.menu.aboutToShow.connect(self.fill_menu)
        self.side_by_side.clicked.connect(self._switch)
        self.link.clicked.connect(self._link_all)
        self.decline.clicked.connect(self._decline)
        self._connections = Connections()
        for signal in (explorer.stack_changed, explorer.links.changed, self._side_by_side.changed):
            self._connections.connect(signal, self._show)
        self._show()

    def _show(self) -> None:
        count = len(self._explorer.sessions)
        is_possible = self._side_by_side.is_possible
        self.button.setText(f"Linked stacks ({count})…" if is_possible else "Linked stacks…")
        self.side_by_side.setChecked(self._side_by_side.is_shown)
        self.side_by_side.setEnabled(is_possible)
        self.side_by_side.setToolTip(_SIDE_BY_SIDE if is_possible else _TOO_FEW)
        self.show_offer()

    def fill_menu(self) -> None:
        """Offer all stacks, those of each image together."""
        self.menu.clear()
        for group in self._choice.groups():
            if not self.menu.isEmpty():
                self.menu.addSeparator()
            for name, layer in group:
                if self._axis_of(layer) is not None:
                    self._add_action(name, layer)

    def _add_action(self, name: str, layer: Image) -> None:
        explorer = self._explorer
        is_explored, is_linked = layer == explorer.state.layer, layer in explorer.links.layers
        reason = self._why_not(layer)
        text = one_line(f"{name}  ({reason})" if reason else name)
        action = self.menu.addAction(without_mnemonic(text))
        assert action is not None
        action.setCheckable(True)
        action.setChecked(is_explored or is_linked)
        action.setEnabled(not is_explored and (is_linked or not reason))
        why = "This stack is shown" if is_explored else reason or _LINKED
        action.setToolTip(plain_message(why))
        # the menu keeps its actions until it is opened again
        action.toggled.connect(partial(self._toggle, ref(layer)))

    def _toggle(self, offered: ref[Image], is_linked: bool) -> None:
        layer = offered()
        if layer is None:
            return
        axis = self._axis_of(layer)
        if not is_linked:
            self._declined.add(layer)
            self._explorer.unlink(layer)
        elif axis is not None:
            self._explorer.link(layer, axis)

    def _why_not(self, layer: Image) -> str:
        """Return why a stack can't be compared with the explored one; empty if it can."""
        explored, asking = self._explorer.state.layer, self._explorer.stack
        stack = layer.metadata.get(STACK_KEY)
        if explored is None or asking is None or not isinstance(stack, FeatureStack):
            return ""
        return "" if is_same_image(layer, explored) else mismatch(stack, asking)

    def _of_the_image(self) -> list[Image]:
        """Return the stacks of the explored image."""
        explored = self._explorer.state.layer
        layers = [layer for group in self._choice.groups() for _, layer in group]
        return [
            layer
            for layer in layers
            if explored is not None
            and self._axis_of(layer) is not None
            and is_same_image(layer, explored)
        ]

    def _link_all(self) -> None:
        for layer in self._of_the_image():
            axis = self._axis_of(layer)
            if layer != self._explorer.state.layer and axis is not None:
                self._explorer.link(layer, axis)

    def _decline(self) -> None:
        self._declined.update(self._of_the_image())
        self.show_offer()

    def _switch(self, is_on: bool) -> None:
        if is_on:
            self._side_by_side.show()
        else:
            self._side_by_side.hide()

    def _axis_of(self, layer: Image) -> int | None:
        """Return the feature axis of a layer that can be linked; None for one that can't.

        Images that were opened along with stacks are seen under these.
        """
        return None if is_opened_overlay(layer) else self._explorer.axis_of(layer)
