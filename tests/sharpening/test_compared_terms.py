from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.measures import CEM, COSINE, EUCLIDEAN
from napari_ifealid.sharpening.compared_terms import ComparedTerms
from napari_ifealid.sharpening.sharp_terms import FormTerms
from napari_ifealid.sharpening.weights import ONE


def terms_of(factor, shift=0.0) -> FormTerms:
    terms = FormTerms.empty((2, 3), is_shifted=True)
    terms.factor[...], terms.shift[...] = factor, shift
    return terms


def summed(compared: ComparedTerms) -> np.ndarray:
    """Return the sums that texels hold, their high and their low digits together."""
    texels = compared.texels(slice(None)).astype(float)
    return (texels[..., 0] + texels[..., 1]) / ONE


@pytest.mark.parametrize(
    ("measure", "identical"), [(COSINE, 1.0), (CEM, 1.0), (EUCLIDEAN, 0.0)], ids=str
)
def test_form_of_what_is_compared_is_that_of_the_reference(measure, identical):
    terms = terms_of([[1.0, 2.0, -3.0], [0.1, -0.2, 5.0]], 0.25)
    compared = ComparedTerms.of(terms, measure.kernel)
    sums = summed(compared)
    np.testing.assert_allclose(terms.factor * sums + terms.shift, identical, atol=1e-13)
    np.testing.assert_allclose(compared.reach, np.abs(sums).max())


def test_pixels_without_a_factor_are_compared_with_nothing():
    compared = ComparedTerms.of(terms_of(0.0, 3.0), COSINE.kernel)
    np.testing.assert_array_equal(compared.texels(slice(None)), 0.0)
    assert compared.suit(np.ones(4))


def test_texels_of_some_rows_hold_their_factors():
    terms = terms_of([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    texels = ComparedTerms.of(terms, COSINE.kernel).texels(slice(1, 2))
    assert texels.shape == (1, 3, 4)
    np.testing.assert_array_equal(texels[0, :, 2], [4.0, 5.0, 6.0])


@pytest.mark.parametrize(
    ("factor", "products", "is_suited"),
    [
        (1, 1, True),
        (1e-9, 1, True),
        (1e-20, 1, False),
        (1e20, 1, False),
        (1, 1e20, False),
        (1, np.inf, False),
    ],
)
def test_numbers_that_float32_loses_are_not_suited(factor, products, is_suited):
    terms = ComparedTerms.of(terms_of(factor), COSINE.kernel)
    assert terms.suit(np.full(4, products)) is is_suited


def test_products_of_nothing_are_suited():
    assert ComparedTerms.of(terms_of(1.0), COSINE.kernel).suit(np.zeros(4))
