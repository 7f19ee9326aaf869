"""Steps that make labels, classes, places and overviews, and link stacks."""

from __future__ import annotations

from hypothesis import strategies as st
from window_steps import NUMBERS, WindowSteps, one_of, step

from napari_ifealid.results.regions import RegionMode
from napari_ifealid.widgets.result_group import ClassMode


class ResultSteps(WindowSteps):
    """Presses the buttons that make something of maps."""

    @step(number=NUMBERS)
    def make_labels(self, number: int) -> None:
        result, modes = self.panel.result, (*RegionMode, *ClassMode)
        result.mode.value = modes[number % len(modes)]
        self.click_button(result.make)

    @step(number=NUMBERS)
    def find_places(self, number: int) -> None:
        self.panel.search.search(1 + number % 4, 1.0)

    @step(number=NUMBERS)
    def go_to_place(self, number: int) -> None:
        search = self.panel.search
        search.go_to(one_of(search.found, number))

    @step(is_segments=st.booleans())
    def make_overview(self, is_segments: bool) -> None:
        overview = self.panel.overview
        self.click_button(overview.segments if is_segments else overview.components)

    @step()
    def cancel_overview(self) -> None:
        self.panel.overview.cancel.click()


class LinkSteps(WindowSteps):
    """Links stacks and shows them side by side."""

    @step()
    def link_those_of_one_image(self) -> None:
        self.click_button(self.panel.links.link)

    @step(number=NUMBERS)
    def link_or_unlink(self, number: int) -> None:
        links = self.panel.links
        links.fill_menu()
        actions = [one for one in links.menu.actions() if one.isEnabled() and one.isCheckable()]
        one_of(actions, number).trigger()

    @step()
    def show_side_by_side(self) -> None:
        self.click_button(self.panel.links.side_by_side)

    @step(number=NUMBERS)
    def look_at_linked(self, number: int) -> None:
        self.explorer.look_at(one_of(self.explorer.links.sessions, number).layer)
