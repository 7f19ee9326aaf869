"""The up-sampled vectors of an image as they were measured for a measure."""

from __future__ import annotations

from dataclasses import dataclass

from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.measures import Background, Divergence
from napari_ifealid.query import Query
from napari_ifealid.sharpening.sharp_query import SharpQuery
from napari_ifealid.sharpening.sharp_terms import FormTerms


@dataclass(frozen=True, eq=False)
class MeasuredPixels:
    """What queries of one measure need to know.

    Parameters
    ----------
    pixels : PixelVectors
        Of the stack, of the features that are compared.
    terms : FormTerms
        Of the image.
    background : Background, optional
        In engine units.
    """

    pixels: PixelVectors
    terms: FormTerms
    background: Background | None

    def prepared(self, query: Query) -> SharpQuery:
        """Prepare a query of the measure, without negative signs."""
        kernel = query.measure.kernel
        assert not isinstance(kernel, Divergence), query.measure.name
        return SharpQuery.of(self.pixels, query, kernel, self.background)
