"""A window that hypothesis does anything to that a user can."""

from __future__ import annotations

from typing import ClassVar

from abuse_files import FILES
from held_things import (
    callbacks_of_the_plugin,
    held_things,
    more_than,
    without_what_others_keep,
)
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from layer_steps import LayerSteps, ViewSteps
from mouse_steps import MouseSteps
from opening_steps import OpeningSteps
from question_steps import QuestionSteps, ReferenceSteps
from result_steps import LinkSteps, ResultSteps

_GRIDS = "show_grid(is_on=True", "show_side_by_side"
"""Steps that show layers in a grid."""

_LOOKS = 5  # at what is held, where it is more than before


class WindowMachine(
    OpeningSteps,
    MouseSteps,
    LayerSteps,
    ViewSteps,
    QuestionSteps,
    ReferenceSteps,
    ResultSteps,
    LinkSteps,
):
    """Sequences of steps that begin and end with an empty window.

    Each ends with a look at what is shown, and with a count of what is left behind.
    """

    done: ClassVar[list[WindowMachine]] = []
    """All sequences that have ended, the last one last."""

    def __init__(self) -> None:
        super().__init__()
        self.held_before = held_things(self.window.viewer)
        self.left: list[str] = []
        self.window.complaints.take()
        self.saved.unlink(missing_ok=True)  # each sequence saves its own
        self.attempt("state = machine()", self.window.open_panel)

    @initialize(file=st.sampled_from(("", *FILES)))
    def begin(self, file: str) -> None:
        """Open a file, or nothing."""
        if file:
            self.open_file(file=file)

    @rule()
    def wait_and_look(self) -> None:
        self.attempt("state.wait_and_look()", self.look)

    def teardown(self) -> None:
        """End, and see whether what is left behind is left each time, not only the first time."""
        self.attempt("state.teardown()", self.end)
        if self.left and not self.violations:
            again = self.gone_through_again()
            self.violations += [*again.violations, *(f"in the end {text}" for text in again.left)]
        self.done.append(self)
        if self.violations:
            self.window.start_anew()
            self.window.complaints.take()

    def gone_through_again(self) -> WindowMachine:
        """Return the same sequence once more."""
        again = type(self)()
        exec("\n".join(self.lines[1:-1]), {"state": again})
        again.attempt("state.teardown()", again.end)
        return again

    def end(self) -> None:
        """Look once more, close all, and count what is left."""
        window = self.window
        self.look()
        window.close_panels()
        window.let_go()
        self._check_callbacks()
        window.empty()
        left = self._held_more()
        had_grid = any(word in line for line in self.lines for word in _GRIDS)
        self.left = without_what_others_keep(left, had_grid=had_grid)

    def _check_callbacks(self) -> None:
        for one in self.window.windows:
            for name in callbacks_of_the_plugin(one.viewer):
                self.window.complaints.add("after the panel was closed", f"{name} is still called")

    def _held_more(self) -> list[str]:
        """Return what there is more of, given a moment for workers that are just ending."""
        for _ in range(_LOOKS):
            left = more_than(self.held_before, held_things(self.window.viewer))
            if not left:
                break
            self.window.let_go()
        return left
