"""How sharp maps take outlines from the image."""

from __future__ import annotations

from dataclasses import dataclass

MOST_TAPS = 25
"""Pixels of a stack that a pixel of its image can be made of."""


@dataclass(frozen=True)
class Sharpness:
    """How the weights of joint bilateral up-sampling fall.

    The defaults end masks at outlines, see benchmarks/outlines.py. A wider Gaussian of the distance
    averages more, but loses objects a few pixels of the stack wide.

    Parameters
    ----------
    space : float
        Standard deviation of the Gaussian of the distance, in pixels of the stack.
    colour : float
        The same of the Gaussian of the difference of colours, whose channels run from 0 to 1.
    taps : int
        So many of the 25 pixels around are kept, those of the largest weights.
    """

    space: float = 1.0
    colour: float = 0.12
    taps: int = 9

    @property
    def kept(self) -> int:
        """How many are kept: there are no more than 25."""
        return min(self.taps, MOST_TAPS)
