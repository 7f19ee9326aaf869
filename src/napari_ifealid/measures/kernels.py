"""How engines compute measures: what is done to vectors before and after they are multiplied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures.background import Background


@dataclass(frozen=True)
class UnitLength:
    """The value is a function of the dot product of unit vectors.

    Parameters
    ----------
    from_cosines : callable
        Turns an array of float32 with the dot products of unit vectors into values, in place.
    from_squared_chords : callable
        Returns the values for squared distances of unit vectors, an array of float32. Used where
        vectors are so close that their dot product has lost its digits.
    shader : str
        The GLSL file with the twin of `from_squared_chords`.
    """

    from_cosines: Callable[[NDArray[np.float32]], None]
    from_squared_chords: Callable[[NDArray[np.float32]], NDArray[np.float32]]
    shader: str


@dataclass(frozen=True, eq=False)
class PixelTerms:
    """What of a linear form depends on the pixel alone: it is ``factor · (a · v + o) + shift``.

    Parameters
    ----------
    factor, shift : array of float64, shape (P,)
    is_zero : array of bool, shape (P,)
        Pixels that the measure takes for zero vectors.
    """

    factor: NDArray[np.float64]
    shift: NDArray[np.float64]
    is_zero: NDArray[np.bool_]

    def of_rows(self, rows: slice | NDArray[np.intp]) -> PixelTerms:
        """Return the terms of some of the pixels."""
        return PixelTerms(self.factor[rows], self.shift[rows], self.is_zero[rows])


@dataclass(frozen=True, eq=False)
class ReferenceTerms:
    """What of a linear form depends on the references alone: ``v`` and ``o``.

    Parameters
    ----------
    vectors : array of float64, shape (R, C)
    offsets : array of float64, shape (R,)
    is_zero : array of bool, shape (R,)
        References that the measure takes for zero vectors. They count for nothing here.
    """

    vectors: NDArray[np.float64]
    offsets: NDArray[np.float64]
    is_zero: NDArray[np.bool_]


@dataclass(frozen=True)
class Points:
    """The value is a function of the squared distance of ``factor · a + shift`` from a point.

    Parameters
    ----------
    of_pixels : callable
        `of_pixels(vectors, background)` returns the factor and the shift of each of finite vectors
        of float64, shape (N, C).
    of_references : callable
        `of_references(vectors, background)` returns points of float64, shape (R, C).
    from_squared_distances : callable
        Returns the values for squared distances, an array of float32.
    shader : str
        The GLSL file with the twin of `from_squared_distances`.
    """

    of_pixels: Callable[
        [NDArray[np.float64], Background | None],
        tuple[NDArray[np.float64], NDArray[np.float64]],
    ]
    of_references: Callable[[NDArray[np.float64], Background | None], NDArray[np.float64]]
    from_squared_distances: Callable[[NDArray[np.float32]], NDArray[np.float32]]
    shader: str


@dataclass(frozen=True)
class Linear:
    """The value is a function of a linear form of the pixel: ``factor · (a · v + o) + shift``.

    The best of several references is the one of the largest ``a · v + o``.

    Parameters
    ----------
    pixel_terms : callable
        `pixel_terms(vectors, background)` for finite vectors of float64, shape (N, C).
    reference_terms : callable
        `reference_terms(vectors, background)` for finite vectors of float64, shape (R, C).
    from_forms : callable
        `from_forms(forms)`: values of float64.
    identical : float
        The form of a pixel that is the reference.
    is_even : bool
        Whether a form and its opposite have the same value: then the references are multiplied with
        both signs.
    points : Points, optional
        The same as a function of distances, for engines that compute these.
    """

    pixel_terms: Callable[[NDArray[np.float64], Background | None], PixelTerms]
    reference_terms: Callable[[NDArray[np.float64], Background | None], ReferenceTerms]
    from_forms: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    identical: float = 1.0
    is_even: bool = False
    points: Points | None = None


@dataclass(frozen=True)
class Divergence:
    """The value is a function of the information divergence of vectors that add up to 1.

    Parameters
    ----------
    from_divergences : callable
        Returns the values for divergences, an array of float32.
    """

    from_divergences: Callable[[NDArray[np.float32]], NDArray[np.float32]]


Kernel = UnitLength | Linear | Divergence
