"""A clock that can be stopped before Qt returns from what else it has to do."""

from __future__ import annotations

import time


class StopClock:
    """Tells the time until it is stopped, and that time from then on."""

    def __init__(self) -> None:
        self.stopped_at: float | None = None

    def __call__(self) -> float:
        return time.perf_counter() if self.stopped_at is None else self.stopped_at

    def stop(self) -> None:
        if self.stopped_at is None:
            self.stopped_at = time.perf_counter()

    def start(self) -> None:
        self.stopped_at = None
