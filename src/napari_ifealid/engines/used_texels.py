"""Which texels of a vector hold features that are used, and how a shader counts them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures import UsedFeatures

_MOST_STRETCHES = (
    8  # of neighbours; each is a comparison for each texel: beyond these, marks cost less
)


@dataclass(frozen=True)
class UsedTexels:
    """The texels of a vector that count, four features each.

    Parameters
    ----------
    whole : tuple of int
        Those all of whose features are used.
    mixed : tuple of int
        Others, some of whose features may not be used.
    """

    whole: tuple[int, ...]
    mixed: tuple[int, ...]

    @classmethod
    def of(cls, used: UsedFeatures | None, texels: int) -> UsedTexels:
        """Return those of a vector of so many texels, the last of which may have room left."""
        if used is None:
            return cls(tuple(range(texels)), ())
        room = 4 * texels - len(used.is_used)
        # zero in all vectors: it counts for nothing
        flags = np.pad(np.array(used.is_used), (0, room), mode="edge").reshape(texels, 4)
        is_whole, is_needed = flags.all(axis=1), flags.any(axis=1)
        whole, mixed = np.flatnonzero(is_whole), np.flatnonzero(is_needed & ~is_whole)
        if max(len(_stretches(whole)), len(_stretches(mixed))) > _MOST_STRETCHES:
            whole, mixed = whole[:0], np.arange(texels)
        return cls(tuple(whole.tolist()), tuple(mixed.tolist()))


def counting_text(texels: tuple[int, ...]) -> str:
    """Return a GLSL expression of which texel is number ``n`` of these.

    Parameters
    ----------
    texels : tuple of int
        Ascending.

    Returns
    -------
    str
        Such as "n < 25 ? n + 0 : n + 5".
    """
    numbers = np.array(texels, int)
    starts = _stretches(numbers)
    text = f"n + {numbers[starts[-1]] - starts[-1]}" if starts else "n"
    for start, stop in reversed(list(pairwise(starts))):
        text = f"n < {stop} ? n + {numbers[start] - start} : {text}"
    return text


def _stretches(numbers: NDArray[np.intp]) -> list[int]:
    """Return where stretches of neighbours start."""
    return [0, *(np.flatnonzero(np.diff(numbers) > 1) + 1).tolist()] if len(numbers) else []
