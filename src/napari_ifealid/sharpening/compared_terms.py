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
    """The sum of each pixel that is the reference, and how much a deviation from it counts.

    That sum of products is ``compared = (identical - shift) / factor``. A form ``factor · sum +
    shift`` is ``identical - factor · (compared - sum)``: where the two are near each other, a small
    number is left, which float32 holds with all its digits.

    Parameters
    ----------
    terms : FormTerms
        Of the whole image.
    identical : float
        The form of a pixel that is the reference.
    reach : float
        The largest sum that is compared, without signs.
    is_drawable : bool
        Whether the numbers are such that float32 holds what is made of them.
    """

    terms: FormTerms
    identical: float
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
        reach = float(np.abs(_compared(terms, identical)).max(initial=0.0))
        sizes = np.abs(terms.factor)
        known = sizes[sizes > 0.0]
        is_factor = known.min(initial=1.0) > _SMALLEST and known.max(initial=1.0) < _LARGEST
        return cls(terms, identical, reach, reach < _LARGEST and bool(is_factor))

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
            The sum that is compared, times `ONE`, its high and its low digits; the factor; 0.
        """
        terms = self.terms.at((rows,))
        texels = np.zeros((*terms.factor.shape, 4), np.float32)
        texels[..., 0], texels[..., 1] = high_and_low(_compared(terms, self.identical))
        texels[..., 2] = terms.factor
        return texels


def _compared(terms: FormTerms, identical: float) -> NDArray[np.float64]:
    """Return ``(identical - shift) / factor``, 0 where the factor is."""
    compared = np.zeros(terms.factor.shape)
    np.divide(identical - terms.shift, terms.factor, out=compared, where=terms.factor != 0.0)
    return compared
