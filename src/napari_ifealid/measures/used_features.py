"""Which features of a stack are compared with; the others count for nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class UsedFeatures:
    """Which features of a stack are compared with.

    Parameters
    ----------
    is_used : tuple of bool, length C
        At least one of them.

    Raises
    ------
    ValueError
        If none is.
    """

    is_used: tuple[bool, ...]

    def __post_init__(self) -> None:
        if not any(self.is_used):
            raise ValueError("no feature to compare with; expected one or more")

    @classmethod
    def of(cls, is_used: Iterable[Any]) -> UsedFeatures | None:
        """Return what flags stand for; None where all are set, or none is: all features then."""
        flags = tuple(bool(flag) for flag in is_used)
        return cls(flags) if any(flags) and not all(flags) else None

    @cached_property
    def numbers(self) -> NDArray[np.intp]:
        """Numbers of the features that are used."""
        return np.flatnonzero(self.is_used)

    @property
    def summary(self) -> str:
        """How many they are, such as "218 of 224 features"."""
        return f"{len(self.numbers)} of {len(self.is_used)} features"

    def taken(self, vectors: NDArray[Any]) -> NDArray[Any]:
        """Return the used features of vectors, shape (..., N) for (..., C)."""
        return vectors[..., self.numbers]

    def expanded(self, vectors: NDArray[Any], rest: float = 0.0) -> NDArray[Any]:
        """Return vectors of used features among all of them, shape (..., C) for (..., N).

        Parameters
        ----------
        vectors : array of float, shape (..., N)
        rest : float, optional
            What the other features are.
        """
        whole = np.full((*vectors.shape[:-1], len(self.is_used)), rest, vectors.dtype)
        whole[..., self.numbers] = vectors
        return whole


def used_values(vectors: NDArray[Any], used: UsedFeatures | None) -> NDArray[Any]:
    """Return the values of vectors that are compared: all of them for None.

    Parameters
    ----------
    vectors : array, shape (..., C)
    used : UsedFeatures or None

    Returns
    -------
    array, shape (..., N)
    """
    return vectors if used is None else used.taken(vectors)
