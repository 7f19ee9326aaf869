from __future__ import annotations

import numpy as np
import pytest
from sharp_cases import FEATURES, IMAGE_SHAPE, WAYS, background_of, sharp_of, stack_of, summing

from napari_ifealid.grid import whole_region
from napari_ifealid.measures import COSINE, EUCLIDEAN, PEARSON
from napari_ifealid.query import Query
from napari_ifealid.sharpening import sharp_values as sharp_values_module
from napari_ifealid.sharpening.measuring import measuring_steps
from napari_ifealid.sharpening.sharp_query import SharpQuery
from napari_ifealid.sharpening.sharp_terms import FormTerms
from napari_ifealid.sharpening.sharp_values import sharp_values
from napari_ifealid.sharpening.weighted_sums import WeightedSums

WHOLE = whole_region(IMAGE_SHAPE)
STACK = stack_of("double with NaN")
SHARP, PIXELS = sharp_of(STACK)
VECTOR = STACK.vector((7, 1))

with_both_ways = pytest.mark.parametrize("way", WAYS)


def values_of(query: Query, region=WHOLE, step=1) -> np.ndarray:
    measure = query.measure
    background = background_of(STACK, measure)
    if background is not None:
        background = background.in_units_of(1.0 / PIXELS.unit)
    terms = FormTerms.empty(IMAGE_SHAPE, is_shifted=True)
    for _ in measuring_steps(terms, SHARP.weights, PIXELS, measure.kernel, background):
        pass
    prepared = SharpQuery.of(PIXELS, query, measure.kernel, background)
    return sharp_values(WeightedSums(SHARP.weights), terms, prepared, measure, region, step)


@with_both_ways
@pytest.mark.parametrize("block", [1, 42, 500])
@pytest.mark.parametrize("measure", [COSINE, EUCLIDEAN], ids=lambda one: one.name)
def test_blocks_do_not_change_the_map(monkeypatch, measure, block, way):
    region, step = (slice(3, 30), slice(1, 41)), 2
    query = Query.to(VECTOR, 2.0 * VECTOR + 1.0, measure=measure)
    with summing(way):
        expected = values_of(query, region, step)
        monkeypatch.setattr(sharp_values_module, "_BLOCK", block)
        actual = values_of(query, region, step)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize(
    ("region", "step", "shape"),
    [
        ((slice(0, 31), slice(0, 42)), 1, (31, 42)),
        ((slice(0, 31), slice(0, 42)), 2, (16, 21)),
        ((slice(5, 6), slice(0, 42)), 50, (1, 1)),
        ((slice(1, 4), slice(2, 12)), 3, (1, 4)),
    ],
)
def test_each_so_many_th_pixel_is_counted_from_the_first_of_the_region(region, step, shape):
    values = values_of(Query.to(VECTOR), region, step)
    assert values.shape == shape
    whole = values_of(Query.to(VECTOR))
    np.testing.assert_allclose(values, whole[region][::step, ::step], rtol=0, atol=1e-6)


@pytest.mark.parametrize("measure", [COSINE, PEARSON, EUCLIDEAN], ids=lambda one: one.name)
def test_nothing_to_compare_with_gives_nan_everywhere(measure):
    assert np.isnan(values_of(Query.to(np.full(FEATURES, np.nan), measure=measure))).all()


@pytest.mark.parametrize("measure", [COSINE, PEARSON], ids=lambda one: one.name)
def test_zero_reference_alone_is_like_zero_pixels_only(measure):
    values = values_of(Query.to(np.zeros(FEATURES), measure=measure))
    known = values[~np.isnan(values)]
    assert set(known) == {0.0, 1.0}
    np.testing.assert_array_equal(np.isnan(values), SHARP.weights.is_void)
