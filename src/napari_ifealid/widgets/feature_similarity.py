"""The dock widget "Feature similarity"."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from napari.viewer import Viewer
from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.overview_maker import OverviewMaker
from napari_ifealid.explorer.place_marks import PlaceMarks
from napari_ifealid.explorer.place_search import PlaceSearch
from napari_ifealid.explorer.reference_ring import ReferenceRing
from napari_ifealid.explorer.side_by_side import SideBySide
from napari_ifealid.widgets.advanced_group import AdvancedGroup
from napari_ifealid.widgets.channel_button import ChannelButton
from napari_ifealid.widgets.chart_dock import ChartDock
from napari_ifealid.widgets.decimal_marks import accept_any_decimal_mark
from napari_ifealid.widgets.dock_closed import call_when_closed
from napari_ifealid.widgets.empty_page import EmptyPage
from napari_ifealid.widgets.first_hover import FirstHover
from napari_ifealid.widgets.folding_group import FoldingGroup
from napari_ifealid.widgets.library_group import LibraryGroup
from napari_ifealid.widgets.linked_stacks import LinkedStacks
from napari_ifealid.widgets.look_group import LookGroup
from napari_ifealid.widgets.overview_group import OverviewGroup
from napari_ifealid.widgets.place_list import PlaceList
from napari_ifealid.widgets.qt_scheduler import QtScheduler
from napari_ifealid.widgets.question_group import QuestionGroup
from napari_ifealid.widgets.result_group import ResultGroup
from napari_ifealid.widgets.save_session import SaveSession
from napari_ifealid.widgets.stack_choice import StackChoice
from napari_ifealid.widgets.status_texts import StatusTexts
from napari_ifealid.widgets.unfocused_wheel import UnfocusedWheel
from napari_ifealid.widgets.what_group import WhatGroup
from napari_ifealid.workarounds.canvas_focus import CanvasFocus
from napari_ifealid.workarounds.last_move import LastMove
from napari_ifealid.workarounds.lost_none import keep_none
from napari_ifealid.workarounds.removal_context import guard_removals

_LEAST_WIDTH, _WIDTH = 280, 310  # pixels; leave most of a laptop's screen to the picture

_GROUPS = (
    "What",
    "Question",
    "Result",
    "Places",
    "Library",
    "Overview",
    "Look",
    "Advanced",
)


class FeatureSimilarity(QWidget):
    """Groups of controls: what is compared, with what, and what comes of it.

    Parameters
    ----------
    napari_viewer : napari viewer
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        scheduler = QtScheduler()
        self.explorer = Explorer(napari_viewer, scheduler)
        self._viewer = napari_viewer
        self._connections = Connections()
        self._when_closed: list[Callable[[], None]] = [self.explorer.close]
        self._knows_window = False
        self.texts = StatusTexts(self.explorer, self)
        self.choice = StackChoice(napari_viewer, self.explorer.state)
        self.search = PlaceSearch(napari_viewer, self.explorer, scheduler)
        self.side_by_side = SideBySide(napari_viewer, self.explorer, scheduler, self.search)
        self.links = LinkedStacks(self.explorer, self.choice, self.side_by_side)
        self.channels = ChannelButton(napari_viewer)
        self.what = WhatGroup(self.choice, self.texts, self.channels, self.links)
        self.question = QuestionGroup(self.explorer, self.texts)
        self.library = LibraryGroup(self.explorer)
        self.result = ResultGroup(self.explorer, napari_viewer)
        self.places = PlaceList(self.explorer, self.search)
        self.overview = OverviewGroup(OverviewMaker(napari_viewer, self.explorer, scheduler))
        self.look = LookGroup(self.explorer, self.texts)
        self.chart_dock = ChartDock(self.explorer, napari_viewer)
        self.save_session = SaveSession(self.explorer, napari_viewer)
        self.advanced = AdvancedGroup(
            self.explorer, self.texts, self.chart_dock.show, self.save_session
        )
        self.empty_page = EmptyPage(napari_viewer)
        self._pages = QStackedLayout(self)
        self._lay_out()
        groups = (
            self.question,
            self.library,
            self.result,
            self.overview,
            self.look,
            self.advanced,
        )
        self._when_closed += [self._connections.close, self.choice.close, self.texts.close]
        self._when_closed += [self.channels.stop, self.empty_page.channels.stop]
        self._when_closed.append(ReferenceRing(napari_viewer, self.explorer).close)
        self._when_closed += [group.stop for group in (*groups, self.save_session)]
        self._when_closed.append(PlaceMarks(napari_viewer, self.explorer, self.search).close)
        self._when_closed += [self.search.close, self.side_by_side.close]
        self._when_closed += [self.places.stop, self.links.stop]
        self._connections.connect(self.explorer.stack_changed, self._show_page)
        call_when_closed(self, partial(_call_all, self._when_closed))
        UnfocusedWheel(self)
        accept_any_decimal_mark(self)

    def reset_choices(self, *_: Any) -> None:
        """Offer the current layers. napari calls it when they change."""
        if self._when_closed:
            self.choice.show()
            self.links.show_offer()
            self._show_page()

    def sizeHint(self) -> QSize:  # noqa: N802  # the name is Qt's
        """Return the size at first, which long texts do not change."""
        return QSize(_WIDTH, super().sizeHint().height())

    def showEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Open the chart, and work round what napari, vispy and Qt do, in the window now known."""
        super().showEvent(event)
        if not self._knows_window and self._when_closed:
            self._knows_window = True
            guard_removals(self._viewer, self)
            keep_none(self)
            self._when_closed += [
                LastMove(self).close,
                CanvasFocus(self).close,
                FirstHover(self.explorer, self).close,
                self.chart_dock.close,
            ]
            self._show_page()

    def _lay_out(self) -> None:
        groups = QWidget()
        layout = QVBoxLayout(groups)
        layout.setContentsMargins(4, 2, 4, 2)
        layout.setSpacing(2)
        for title in _GROUPS:
            layout.addWidget(FoldingGroup(title, getattr(self, title.lower())))
        layout.addStretch()
        scroll = QScrollArea()
        scroll.setWidget(groups)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._pages.addWidget(self.empty_page)
        self._pages.addWidget(scroll)
        self.setMinimumWidth(_LEAST_WIDTH)
        self._show_page()

    def _show_page(self) -> None:
        has_stacks = any(layer is not None for layer in self.choice.layer.choices)
        self._pages.setCurrentIndex(int(has_stacks))
        if has_stacks and self._knows_window:
            self.chart_dock.open()


def _call_all(functions: list[Callable[[], None]]) -> None:
    """Call functions, the last one first, and forget them."""
    while functions:
        functions.pop()()
