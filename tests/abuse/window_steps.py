"""Base of all steps: it writes each step down, and collects the errors in it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from abused_window import AbusedWindow
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from napari.layers import Layer
from qtpy.QtWidgets import QWidget
from window_invariants import broken_invariants

T = TypeVar("T")
L = TypeVar("L", bound=Layer)

NUMBERS = st.integers(0, 999)
"""Choose one of several things, however many there are."""

SHARES = st.sampled_from([0.0, 0.1, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.9, 1.0])
"""Of a width or a height."""

_PAUSES = st.sampled_from([0, 0, 1, 10, 30, 80])  # milliseconds


class PointlessStepError(Exception):
    """There is nothing in the window that a step could do something to."""


class WindowSteps(RuleBasedStateMachine):
    """A sequence of steps in a window, and what went wrong in it.

    A step that makes no sense in the state that the window is in does nothing, so that what is
    drawn never depends on how quick the machine is. After the first violation none does anything.
    """

    window: ClassVar[AbusedWindow]
    journal: ClassVar[Path | None] = None
    """A file that each step is noted in before it is done, in case that the process dies of it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.violations: list[str] = []

    @property
    def panel(self) -> Any:
        """The panel that is open."""
        return _given(self.window.panel)

    @property
    def explorer(self) -> Any:
        """The explorer of the panel that is open."""
        return self.panel.explorer

    @property
    def explored(self) -> Any:
        """The session of a stack that is loaded."""
        session = self.explorer.session
        return _given(session if session is not None and session.stack is not None else None)

    @property
    def canvas(self) -> QWidget:
        """The canvas of the viewer, which docks may leave no room for."""
        canvas = self.window.current.canvas
        if not (canvas.width() and canvas.height()):
            raise PointlessStepError
        return canvas

    @property
    def layers(self) -> Any:
        """The layers of the viewer."""
        return self.window.viewer.layers

    def layer(self, number: int, kind: type[L] = Layer) -> L:
        """Return a layer of a kind by any number."""
        return one_of([one for one in self.layers if isinstance(one, kind)], number)

    @staticmethod
    def click_button(button: Any) -> None:
        """Click a button that can be clicked."""
        if not button.isEnabled():
            raise PointlessStepError
        button.click()

    def attempt(self, line: str, function: Callable[[], None]) -> None:
        """Do a step, unless something went wrong before."""
        if self.violations:
            return
        self._note(line)
        self.lines.append(line)
        try:
            function()
        except PointlessStepError:
            self.lines.pop()
        except Exception:
            self.window.complaints.add(line, traceback.format_exc())
        found = self.window.complaints.take()
        for text in found:
            self._note(f"# {text}")
        self.violations += found

    def _note(self, text: str) -> None:
        if self.journal is not None:
            with self.journal.open("a") as file:
                file.write(f"{text}\n")

    def look(self) -> None:
        """Wait until the window rests, and compare what it shows with what it is to show."""
        window = self.window
        window.settle()
        for number, one in enumerate(window.windows):
            if one.panel is not None:
                for text in broken_invariants(one.panel, one.viewer):
                    window.complaints.add(f"window {number}", text)
        for name in window.changed_layers():
            window.complaints.add("a layer of the user's", f"{name!r} holds something else")


def one_of(things: Sequence[T], number: int) -> T:
    """Return one of several by any number."""
    if not things:
        raise PointlessStepError
    return things[number % len(things)]


def _given(thing: T | None) -> T:
    if thing is None:
        raise PointlessStepError
    return thing


def step(**arguments: Any) -> Callable[[Callable[..., None]], Any]:
    """Make a method a step that hypothesis chooses, followed by a pause of any length.

    Parameters
    ----------
    **arguments : hypothesis strategy
        For each argument of the method. What they draw can be written as Python.
    """

    def decorate(method: Callable[..., None]) -> Any:
        @wraps(method)
        def run(self: WindowSteps, pause: int = 0, **drawn: Any) -> None:
            shown = ", ".join(f"{name}={value!r}" for name, value in drawn.items())
            more = f"{', ' if shown else ''}pause={pause}" if pause else ""

            def act() -> None:
                method(self, **drawn)
                if pause:
                    self.window.wait(pause)

            self.attempt(f"state.{method.__name__}({shown}{more})", act)

        return rule(pause=_PAUSES, **arguments)(run)

    return decorate
