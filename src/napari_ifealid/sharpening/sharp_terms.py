"""What sharp maps need to know of each pixel of an image, measured once."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class FormTerms:
    """The linear form of each pixel of an image, of which a measure is a function.

    The form is ``factor · (a · v + o) + shift`` for an up-sampled vector a, as in `PixelTerms`.

    Parameters
    ----------
    factor, shift : array of float64
        0 where a pixel has no vector.
    lengths : array of float64, same shape
        Of the up-sampled vectors, in engine units.
    is_zero : array of bool, same shape
        Pixels that the measure takes for zero vectors.
    is_invalid : array of bool, same shape
        Pixels without a vector.
    """

    factor: NDArray[np.float64]
    shift: NDArray[np.float64]
    lengths: NDArray[np.float64]
    is_zero: NDArray[np.bool_]
    is_invalid: NDArray[np.bool_]

    @classmethod
    def empty(cls, shape: tuple[int, ...], *, is_shifted: bool) -> FormTerms:
        """Return terms that are still to be measured.

        Parameters
        ----------
        shape : tuple of int
        is_shifted : bool
            Whether there are shifts. Else shifts and lengths are zeros that take no memory.
        """
        factor, is_zero, is_invalid = np.zeros(shape), np.zeros(shape, bool), np.zeros(shape, bool)
        nothing = np.broadcast_to(0.0, shape)
        shift, lengths = (np.zeros(shape) if is_shifted else nothing for _ in range(2))
        return cls(factor, shift, lengths, is_zero, is_invalid)

    @property
    def memory(self) -> int:
        """Bytes of the arrays."""
        arrays = (getattr(self, field.name) for field in fields(self))
        return sum(one.nbytes for one in arrays if any(one.strides))

    def at(self, index: tuple[slice | NDArray[np.intp], ...]) -> FormTerms:
        """Return some of the terms, views where the index is of slices."""
        return FormTerms(*(getattr(self, field.name)[index] for field in fields(self)))

    @property
    def flat(self) -> FormTerms:
        """Views of one axis."""
        arrays = (getattr(self, field.name) for field in fields(self))
        return FormTerms(
            *(
                one.reshape(-1) if any(one.strides) else np.broadcast_to(0.0, one.size)
                for one in arrays
            )
        )
