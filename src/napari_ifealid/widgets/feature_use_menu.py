"""The button in the chart's row of tools that says and changes which features are compared."""

from __future__ import annotations

from functools import partial

import numpy as np
from napari.layers import Image
from qtpy.QtCore import Qt
from qtpy.QtGui import QAction  # type: ignore[attr-defined]  # qtpy does not type it
from qtpy.QtWidgets import QMenu, QPushButton

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.good_features import good_features
from napari_ifealid.left_out_features import (
    Flags,
    left_out_text,
    used_flags,
    used_where,
    why_left_out,
)
from napari_ifealid.notices import show_warning
from napari_ifealid.plain_text import one_line, plain_message, without_mnemonic
from napari_ifealid.stack import FeatureStack
from napari_ifealid.widgets.feature_use_dialog import FeatureUseDialog
from napari_ifealid.widgets.vector_chart import VectorChart

_LONGEST = 100  # characters of a menu's line
_TOOLTIP = (
    "How many features are compared, and a menu to leave some out: those that are selected by "
    "dragging in the chart, or the one that is kept by a click"
)


class FeatureUseMenu(QPushButton):
    """Leaves features out, or uses them again. The chart's own menu has the same actions.

    Parameters
    ----------
    chart : VectorChart
        Whose range of features, selected by dragging, is meant.
    explorer : Explorer

    Attributes
    ----------
    leave_out, use_again, choose, undo : QAction
        The last one takes the last change back.
    dialog : FeatureUseDialog or None
        The one that was opened last.
    """

    def __init__(self, chart: VectorChart, explorer: Explorer) -> None:
        super().__init__()
        self._chart = chart
        self._explorer = explorer
        self._brushed: slice | None = None
        self.dialog: FeatureUseDialog | None = None
        self.leave_out = self._action("Compare without the features that are selected")
        self.use_again = self._action("Compare the features that are selected again")
        self.choose = self._action("Choose which features of the whole stack are compared")
        self.undo = self._action("Take the last change back; the keys Ctrl+Z in the chart do, too")
        self.choose.setText("Use features…")
        self.undo.setText("Undo\tCtrl+Z")
        self.leave_out.triggered.connect(partial(self._use_meant, False))
        self.use_again.triggered.connect(partial(self._use_meant, True))
        self.choose.triggered.connect(self.open_dialog)
        self.undo.triggered.connect(self.take_back)
        actions = [self.leave_out, self.use_again, self.choose, self.undo]
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.addActions(actions)
        self.setMenu(menu)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        chart.offer(actions)
        self._connections = Connections()
        for signal, callback in (
            (explorer.stack_changed, self._show),
            (explorer.features_changed, self._show),
            (explorer.state.events.feature, self._show),
            (chart.features_brushed, self._on_brushed),
            (chart.undo_wanted, self.take_back),
        ):
            self._connections.connect(signal, callback)
        self._show()

    def stop(self) -> None:
        """Stop following the explorer and the chart."""
        self._connections.close()

    def take_back(self) -> None:
        """Take the last change of the features in use back, if there is one."""
        session = self._explorer.session
        if session is not None:
            self._explorer.feature_use.undo(session.layer)

    def open_dialog(self) -> None:
        """Let the user choose which features of the whole stack are compared."""
        session = self._explorer.session
        if session is None or session.original is None:
            return
        self.dialog = FeatureUseDialog(
            session.original,
            session.features,
            partial(_choose, self._explorer, session.layer, session.original),
            self.window(),
        )
        self.dialog.open()

    def _action(self, tooltip: str) -> QAction:
        action = QAction(self)
        action.setToolTip(tooltip)
        return action

    def _on_brushed(self, features: slice | None) -> None:
        self._brushed = features
        self._show()

    @property
    def _meant(self) -> Flags | None:
        """The features that an action is about; None without any."""
        stack, kept = self._explorer.stack, self._explorer.state.feature
        if stack is None:
            return None
        meant = np.zeros(stack.feature_count, bool)
        if self._brushed is not None:
            meant[self._brushed] = True
        elif kept is not None:
            meant[kept] = True
        return meant if meant.any() else None

    def _use_meant(self, is_used: bool, *_: object) -> None:
        meant, session = self._meant, self._explorer.session
        if meant is None or session is None:
            return
        flags = used_flags(session.features, len(meant))
        flags[meant] = is_used
        try:
            used = used_where(flags)
        except ValueError as error:
            show_warning(f"{str(error).capitalize()}: nothing is changed.")
            return
        self._chart.clear_selection()
        self._explorer.feature_use.choose(session.layer, used)

    def _show(self) -> None:
        session = self._explorer.session
        stack = None if session is None else session.original
        self.setVisible(stack is not None)
        if stack is None or session is None:
            for action in (self.leave_out, self.use_again, self.choose, self.undo):
                action.setEnabled(False)
            return
        used, meant = session.features, self._meant
        self.setText(f"{stack.feature_count} features" if used is None else used.summary)
        why = why_left_out(used, stack)
        self.setToolTip(plain_message(f"{_TOOLTIP}\n{why}" if why else _TOOLTIP))
        flags = used_flags(used, stack.feature_count)
        labels = stack.feature_labels or ()
        name = "the selection" if meant is None else left_out_text(~meant, labels)
        name = without_mnemonic(one_line(name, _LONGEST))
        self.leave_out.setText(f"Leave out {name}")
        self.use_again.setText(f"Use {name} again")
        self.leave_out.setEnabled(meant is not None and bool(flags[meant].any()))
        self.use_again.setEnabled(meant is not None and not flags[meant].all())
        self.choose.setEnabled(True)
        self.undo.setEnabled(self._explorer.feature_use.can_undo(session.layer))


def _choose(explorer: Explorer, layer: Image, stack: FeatureStack, flags: Flags) -> None:
    """Use features; those that the file calls good are its own choice, not the user's."""
    used, use = used_where(flags), explorer.feature_use
    if used == good_features(stack):
        use.reset(layer)
    else:
        use.choose(layer, used)
