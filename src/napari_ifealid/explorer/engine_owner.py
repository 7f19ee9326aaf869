"""Who owns the engine of a session: uses it, replaces it when it fails, and closes it."""

from __future__ import annotations

from collections.abc import Callable

from napari_ifealid.engines import Engine, RunningEngine


class EngineOwner:
    """Owns a running engine, and the one that stands in for it.

    Parameters
    ----------
    running : RunningEngine
    replaced : callable
        Called with the engine that runs instead of one that failed.
    """

    def __init__(self, running: RunningEngine, replaced: Callable[[RunningEngine], None]) -> None:
        self._running = running
        self._replaced = replaced

    @property
    def engine(self) -> Engine:
        """The engine that runs."""
        return self._running.engine

    @property
    def description(self) -> str:
        """Which engine runs and why, in words for the user."""
        return f"{self._running.engine.name}: {self._running.reason}"

    def replace(self, error: Exception) -> bool:
        """Close an engine that has failed and start another; False if there is none."""
        if self._running.stand_in is None:
            return False
        failed, self._running = self._running, self._running.stand_in(error)
        failed.engine.close()
        self._replaced(self._running)
        return True

    def close(self) -> None:
        """Give back what the engine holds."""
        self._running.engine.close()
