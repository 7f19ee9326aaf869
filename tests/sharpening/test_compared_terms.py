from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.measures import CEM, COSINE, EUCLIDEAN
from napari_ifealid.sharpening.compared_terms import ComparedTerms
from napari_ifealid.sharpening.sharp_terms import FormTerms


def terms_of(factor, shift=0.0) -> FormTerms:
    terms = FormTerms.empty((2, 3), is_shifted=True)
    terms.factor[...], terms.shift[...] = factor, shift
    return terms


@pytest.mark.parametrize(
    ("measure", "identical"), [(COSINE, 1.0), (CEM, 1.0), (EUCLIDEAN, 0.0)], ids=str
)
def test_form_of_what_is_compared_is_that_of_the_reference(measure, identical):
    terms = terms_of([[1.0, 2.0, -3.0], [0.1, -0.2, 5.0]], 0.25)
    compared = ComparedTerms.of(terms, measure.kernel)
    np.testing.assert_allclose(terms.factor * compared.compared + terms.shift, identical)
    assert compared.reach == np.abs(compared.compared).max()


def test_pixels_without_a_factor_are_compared_with_nothing():
    compared = ComparedTerms.of(terms_of(0.0, 3.0), COSINE.kernel)
    np.testing.assert_array_equal(compared.compared, 0.0)
    assert compared.suit(np.ones(4))


def test_texels_hold_what_is_compared_in_two_numbers_and_the_factor():
    terms = terms_of(3.0)
    texels = ComparedTerms.of(terms, COSINE.kernel).texels(slice(1, 2)).astype(float)
    assert texels.shape == (1, 3, 4)
    np.testing.assert_allclose(texels[..., 0] + texels[..., 1], 65535 / 3, rtol=1e-14)
    np.testing.assert_array_equal(texels[..., 2:], [[[3.0, 0.0]] * 3])


@pytest.mark.parametrize(
    ("factor", "products", "is_suited"),
    [(1, 1, True), (1e-9, 1, True), (1e-20, 1, False), (1e20, 1, False), (1, 1e20, False)],
)
def test_numbers_that_float32_loses_are_not_suited(factor, products, is_suited):
    terms = ComparedTerms.of(terms_of(factor), COSINE.kernel)
    assert terms.suit(np.full(4, products)) is is_suited


def test_products_of_nothing_are_suited():
    assert ComparedTerms.of(terms_of(1.0), COSINE.kernel).suit(np.zeros(4))
