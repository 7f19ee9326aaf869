"""How a reader reports its progress, and how it is cancelled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Track(Protocol):
    """Wraps an iterable and shows how far it got, such as `tqdm` or `napari.utils.progress`.

    To cancel, raise from the wrapped iteration: the exception reaches the caller of the reader.
    """

    def __call__(
        self, iterable: Iterable[Item], /, *, total: int, desc: str
    ) -> Iterable[Item]:  # pragma: no cover
        """Return an iterable over the same items."""
        ...


def untracked(iterable: Iterable[Item], /, *, total: int, desc: str) -> Iterable[Item]:  # noqa: ARG001
    """Return the iterable as it is."""
    return iterable


def every_item(
    track: Track, iterable: Iterable[Item], /, *, total: int, desc: str
) -> Iterator[Item]:
    """Yield each item while the progress is shown.

    Raises
    ------
    concurrent.futures.CancelledError
        If fewer than `total` items came: some progress bars just end when they are cancelled.
    """
    done = 0
    for item in track(iterable, total=total, desc=desc):
        yield item
        done += 1
    if done < total:
        raise CancelledError(f"{desc}: cancelled")
