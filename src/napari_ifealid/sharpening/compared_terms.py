"""What the shader of sharp maps needs to know of each pixel of an image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures import Linear, UnitLength
from napari_ifealid.sharpening.exact_sums import high_and_low, unit_of
from napari_ifealid.sharpening.sharp_terms import FormTerms

_LARGEST, _SMALLEST = 2.0**40, 2.0**-40  # far from the bounds of float32, whatever is multiplied


@dataclass(frozen=True, eq=False)
class ComparedTerms:
    """The sum that each pixel has to the reference itself, and how much a deviation from it counts.

    A form ``factor · sum + shift`` is ``identical - factor · (compared - sum)``: of sums near the
    one that is compared, small numbers are left, which float32 holds with all their digits.

    Parameters
    ----------
    terms : FormTerms
        Of the whole image.
    compared : array of float64, shape (height, width)
        ``(identical - shift) / factor``, 0 where the factor is.
    reach : float
        The largest of them, without signs.
    is_drawable : bool
        Whether the numbers are such that float32 holds what is made of them.
    """

    terms: FormTerms
    compared: NDArray[np.float64]
    reach: float
    is_drawable: bool

    @classmethod
    def of(cls, terms: FormTerms, kernel: UnitLength | Linear) -> ComparedTerms:
        """Return those of a measure with this kernel.

        Parameters
        ----------
        terms : FormTerms
        kernel : UnitLength or Linear
        """
        identical = kernel.identical if isinstance(kernel, Linear) else 1.0
        factor = terms.factor
        compared = np.zeros(factor.shape)
        np.divide(identical - terms.shift, factor, out=compared, where=factor != 0.0)
        sizes = np.abs(factor)
        known = sizes[sizes > 0.0]
        reach = float(np.abs(compared).max(initial=0.0))
        is_drawable = reach < _LARGEST and bool(
            known.min(initial=1.0) > _SMALLEST and known.max(initial=1.0) < _LARGEST
        )
        return cls(terms, compared, reach, is_drawable)

    def suit(self, products: NDArray[np.float64]) -> bool:
        """Return whether float32 is enough to compare such products.

        Parameters
        ----------
        products : array of float64, any shape
        """
        unit = unit_of(products)
        return self.is_drawable and _SMALLEST < unit < _LARGEST and self.reach < _LARGEST * unit

    def texels(self, rows: slice) -> NDArray[np.float32]:
        """Return the terms of some rows of the image as a texture has them.

        Parameters
        ----------
        rows : slice

        Returns
        -------
        array of float32, shape (h, width, 4)
            What is compared, its high and its low digits; the factor; nothing.
        """
        compared = self.compared[rows]
        texels = np.zeros((*compared.shape, 4), np.float32)
        texels[..., 0], texels[..., 1] = high_and_low(compared)
        texels[..., 2] = self.terms.factor[rows]
        return texels
