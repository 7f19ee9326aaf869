from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.measures import Background
from napari_ifealid.measures.projections import Projection

VECTORS = np.random.default_rng(0).normal(size=(90, 5)) + 2
BACKGROUND = Background.of(VECTORS)
FROM_THE_MEAN = Projection(BACKGROUND, BACKGROUND.whitening, BACKGROUND.mean)


def test_terms_give_the_values():
    scaled = BACKGROUND.scaled(VECTORS)
    terms = FROM_THE_MEAN.reference_terms(scaled[:3])
    products = scaled @ terms.vectors.T + terms.offsets
    expected = [FROM_THE_MEAN.values(VECTORS, target) for target in VECTORS[:3]]
    np.testing.assert_allclose(products.T, expected, atol=1e-12)


@pytest.mark.parametrize("size", [1e-100, 1e100])
def test_target_of_any_size_is_found_exactly(size):
    target = VECTORS[0] * size
    assert FROM_THE_MEAN.values(target, target) == 1.0


def test_target_along_an_axis_without_variance_finds_nothing():
    flat = VECTORS.copy()
    flat[:, 2] = 0.0
    background = Background.of(flat)
    from_zero = Projection(background, background.decorrelation, np.zeros(5))
    values = from_zero.values(np.concatenate([flat, np.zeros((1, 5))]), np.eye(5)[2])
    np.testing.assert_array_equal(values, np.zeros(91))
