"""A scheduler for tests that say when what happens."""

from __future__ import annotations

from concurrent.futures import CancelledError
from functools import partial

from napari_ifealid.explorer.schedulers import ImmediateScheduler


class PatientScheduler:
    """Keeps what it is given until the test lets it run."""

    def __init__(self) -> None:
        self.events: list = []
        self.background: list = []
        self.rests: list = []

    def soon(self, function) -> None:
        self.events.append(function)

    def in_background(self, function, done, failed, description=None) -> None:
        at_once = ImmediateScheduler().in_background
        self.background.append(partial(at_once, function, done, failed))

    def in_steps(self, steps, step, done, failed, description=None, total=0):
        run = Steps(steps, step, done, failed, description, total)
        self.background.append(run)
        return run.cancel

    def later(self, seconds, function) -> None:
        self.rests.append(function)

    def run_one(self) -> None:
        (self.events or self.rests or self.background).pop(0)()

    def run_events(self) -> None:
        run_all(self.events)

    def run_background(self) -> None:
        run_all(self.background)

    def rest(self) -> None:
        run_all(self.rests)

    def run(self) -> None:
        while self.events or self.background or self.rests:
            self.run_one()


class Steps:
    """A generator that a test goes through."""

    def __init__(self, steps, step, done, failed, description, total) -> None:
        self.steps, self.step, self.done, self.failed = steps, step, done, failed
        self.description = description
        self.total = total
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True

    def cancelled_by_user(self) -> None:
        self.is_cancelled = True
        self.failed(CancelledError(self.description))

    def __call__(self, most: int | None = None) -> None:
        if self.is_cancelled:
            return
        try:
            for number, item in enumerate(self.steps()):
                if number == most:
                    return
                self.step(item)
        except Exception as error:
            self.failed(error)
        else:
            self.done()


def run_all(waiting: list) -> None:
    while waiting:
        waiting.pop(0)()
