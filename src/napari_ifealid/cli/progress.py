"""A progress bar in the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

from napari_ifealid.plain_text import one_line

_UNNOTICED = 0.5  # seconds

Item = TypeVar("Item")


def terminal_progress(iterable: Iterable[Item], /, *, total: int, desc: str) -> Iterable[Item]:
    """Show a progress bar on the error stream, if that is a terminal, after half a second.

    Parameters
    ----------
    iterable : iterable
    total : int
        How many items it has.
    desc : str
        Name of the task.
    """
    bar: Iterable[Item] = tqdm(
        iterable,
        total=total,
        desc=one_line(desc),
        delay=_UNNOTICED,
        disable=None,
        leave=False,
        bar_format="{desc}: {percentage:3.0f}% |{bar}| {remaining} left",
    )
    return bar
