"""Reads values in the background and keeps the latest ones."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Generic, TypeVar

from napari_ifealid.explorer.schedulers import Scheduler

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class DeferredReader(Generic[Key, Value]):
    """Reads values that are asked for in the background, and keeps those that were read last.

    Of many that are asked for while others are read, only the last ones are read next: whoever
    still wants another one asks for it again.

    Parameters
    ----------
    scheduler : Scheduler
    arrived : callable
        Called when values that were asked for are read.
    failed : callable
        `failed(error)`, called when they can't be read.
    at_once : int
        Most values that are read in one go.
    kept : int
        Most values that are kept.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        arrived: Callable[[], None],
        failed: Callable[[Exception], None],
        *,
        at_once: int,
        kept: int,
    ) -> None:
        self._scheduler = scheduler
        self._arrived = arrived
        self._failed = failed
        self._at_once = at_once
        self._kept = kept
        self._known: OrderedDict[Key, Value] = OrderedDict()
        self._missing: dict[Key, Callable[[], Value]] = {}
        self._is_reading = self._is_stopped = False

    def known(self, key: Key) -> Value | None:
        """Return a value that is kept; None if it is not."""
        return self._known.get(key)

    def value(self, key: Key, read: Callable[[], Value]) -> Value | None:
        """Return a value that is kept; None if it is still to be read.

        Parameters
        ----------
        key : hashable
            Values with equal keys are equal.
        read : callable
            Returns the value, called in another thread.
        """
        if key not in self._known:
            self._missing.pop(key, None)  # what is asked for last is read first
            self._missing[key] = read
            self._read()
        return self._known.get(key)

    def keep(self, key: Key, value: Value) -> None:
        """Keep a value that was read elsewhere."""
        self._known[key] = value
        if len(self._known) > self._kept:
            self._known.popitem(last=False)

    def stop(self) -> None:
        """Stop: nothing is reported from now on."""
        self._is_stopped = True

    def _read(self) -> None:
        if self._is_stopped or self._is_reading or not self._missing:
            return
        self._is_reading = True
        wanted = list(self._missing.items())[-self._at_once :]
        self._missing.clear()
        keys = [key for key, _ in wanted]
        self._scheduler.in_background(
            partial(_results, [read for _, read in wanted]),
            partial(self._on_read, keys),
            self._on_failed,
        )

    def _on_read(self, keys: Sequence[Key], values: Sequence[Value]) -> None:
        for key, value in zip(keys, values, strict=True):
            self.keep(key, value)
        if not self._is_stopped:
            self._arrived()  # may ask for more, which are read together below
        self._is_reading = False
        self._read()

    def _on_failed(self, error: Exception) -> None:
        self._is_reading = False
        self._missing.clear()
        if not self._is_stopped:
            self._failed(error)


def _results(functions: Sequence[Callable[[], Value]]) -> list[Value]:
    return [function() for function in functions]
