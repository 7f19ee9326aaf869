"""Who owns the engines of a session: uses, replaces and closes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from napari_ifealid.engines import Engine, EngineUnavailableError, RunningEngine
from napari_ifealid.measures import Measure


class EngineOwner:
    """Owns a running engine, and those that stand in for it or do what it refuses.

    Parameters
    ----------
    running : RunningEngine
    replaced : callable
        Called with the engine that runs from now on: instead of one that failed, or that refuses a
        measure, for another measure that is refused, and with the first one again.
    """

    def __init__(self, running: RunningEngine, replaced: Callable[[RunningEngine], None]) -> None:
        self._running = running
        self._helper: RunningEngine | None = None
        self._is_helped = False
        self._replaced = replaced

    @property
    def engine(self) -> Engine:
        """The engine that runs, unless it refuses something."""
        return self._running.engine

    @property
    def description(self) -> str:
        """Which engine runs and why, in words for the user."""
        helper = self._helper if self._is_helped else None
        used = self._running if helper is None else helper
        return f"{used.engine.name}: {used.reason}"

    @property
    def spread(self) -> float | None:
        """Spread of the stack's vectors in its own units, once a measure has needed it."""
        known = self._running.engine.spread
        return self._helper.engine.spread if known is None and self._helper is not None else known

    def engine_for(self, measure: Measure | None) -> Engine:
        """Return the engine that makes the maps of a measure.

        Parameters
        ----------
        measure : Measure or None
            None: nothing is compared.

        Raises
        ------
        EngineUnavailableError
            If there is none.
        """
        refusal = "" if measure is None else self._running.engine.refusal(measure)
        before = self.description
        used = self._helper_for(refusal) if refusal else self._running
        self._is_helped = bool(refusal)
        if self.description != before:
            self._replaced(used)
        return used.engine

    def replace(self, error: Exception) -> bool:
        """Close an engine that has failed and start another; False if there is none."""
        if self._running.stand_in is None:
            return False
        failed, self._running = self._running, self._running.stand_in(error)
        failed.engine.close()
        self._close_helper()
        self._replaced(self._running)
        return True

    def close(self) -> None:
        """Give back what the engines hold."""
        self._close_helper()
        self._running.engine.close()

    def _helper_for(self, refusal: str) -> RunningEngine:
        if self._helper is None:
            if self._running.helper is None:
                raise EngineUnavailableError(refusal)
            self._helper = self._running.helper(refusal)
        self._helper = replace(self._helper, reason=refusal)
        return self._helper

    def _close_helper(self) -> None:
        if self._helper is not None:
            self._helper.engine.close()
        self._helper, self._is_helped = None, False
