from __future__ import annotations

import numpy as np
import pytest
from vispy import gloo

from napari_ifealid.engines.gl_context import OffscreenContext
from napari_ifealid.engines.similarity_visual import texture
from napari_ifealid.measures import COSINE, EUCLIDEAN, SPECTRAL_ANGLE
from napari_ifealid.sharpening.compared_terms import ComparedTerms
from napari_ifealid.sharpening.exact_sums import deviations, parts_of, unit_of, units_in
from napari_ifealid.sharpening.sharp_terms import FormTerms
from napari_ifealid.sharpening.sharp_visual import Drawn, SharpVisual
from napari_ifealid.sharpening.tap_layout import TapLayout
from napari_ifealid.sharpening.weights import ONE, Weights

pytestmark = pytest.mark.usefixtures("qapp")

STACK, IMAGE, FEATURES = (4, 5), (8, 12), 6
RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(20, FEATURES))
REFERENCES = RNG.normal(size=(8, FEATURES))
UNITS = REFERENCES / np.linalg.norm(REFERENCES, axis=1, keepdims=True)

with_each_measure = pytest.mark.parametrize(
    "measure", [SPECTRAL_ANGLE, COSINE], ids=lambda measure: measure.name
)


def weights_of(taps: int) -> Weights:
    """Return random weights of pixels anywhere in the stack."""
    shares = RNG.dirichlet(np.ones(taps), IMAGE)
    weights = Weights.empty(taps, IMAGE, len(VECTORS))
    columns = RNG.integers(0, len(VECTORS), (taps, *IMAGE))
    weights.set(slice(None), slice(None), columns, np.moveaxis(shares, -1, 0))
    return weights


def sharp_vectors(weights: Weights) -> np.ndarray:
    return (weights.rows(slice(None)) @ VECTORS).reshape(*IMAGE, FEATURES)


def terms_of(vectors: np.ndarray) -> ComparedTerms:
    """Return the terms of measures of unit vectors."""
    terms = FormTerms.empty(IMAGE, is_shifted=False)
    terms.factor[...] = 1 / np.linalg.norm(vectors, axis=-1)
    return ComparedTerms.of(terms, COSINE.kernel)


def draw(weights, terms, products, drawn, *, first=(0, 0), step=1, size=None, has_zero=False):
    """Return what one visual draws of pixels from a first one on, for each of some products."""
    layout = TapLayout.of(weights, STACK, 2048)
    shape = [
        len(range(start, stop, step))
        for start, stop in zip(first, weights.image_shape, strict=True)
    ]
    viewport = (0, 0, -(-shape[1] // 4), shape[0])
    context = OffscreenContext()
    with context.current():
        visual = SharpVisual(layout, drawn, size or len(products[0]))
        taps = layout.packed(weights, slice(0, IMAGE[0])).reshape(layout.texture_shape)
        visual.set_block(
            texture(taps, "rgba32f"), texture(terms.texels(slice(0, IMAGE[0])), "rgba32f")
        )
        visual.set_pixels(first, step)
        target = texture((viewport[3], viewport[2], 4), "rgba32f")
        with gloo.FrameBuffer(target):
            gloo.set_viewport(*viewport)
            for one in products:
                visual.set_products(one, has_zero=has_zero)
                visual.draw()
                fragments = gloo.read_pixels(viewport, alpha=True, out_type="float")
                yield fragments[::-1].reshape(shape[0], -1)[:, : shape[1]]


def best(vectors, references, measure) -> np.ndarray:
    """Return what is expected: the largest value for any of the references."""
    return np.max([measure.definition(vectors, one) for one in references], axis=0)


@with_each_measure
@pytest.mark.parametrize("taps", [1, 2, 3, 6, 9, 11])
def test_up_sampled_vectors_are_compared(measure, taps):
    weights = weights_of(taps)
    vectors = sharp_vectors(weights)
    (values,) = draw(weights, terms_of(vectors), [UNITS[:1] @ VECTORS.T], Drawn.of(measure.kernel))
    np.testing.assert_allclose(values, measure.definition(vectors, UNITS[0]), atol=1e-6)


@with_each_measure
@pytest.mark.parametrize("count", range(1, 9))
def test_the_best_of_several_references_is_drawn(measure, count):
    weights = weights_of(9)
    vectors = sharp_vectors(weights)
    products = UNITS[:count] @ VECTORS.T
    (values,) = draw(weights, terms_of(vectors), [products], Drawn.of(measure.kernel))
    np.testing.assert_allclose(values, best(vectors, UNITS[:count], measure), atol=1e-6)


def test_fewer_references_than_before_leave_none_behind():
    weights = weights_of(9)
    vectors = sharp_vectors(weights)
    asked = [UNITS @ VECTORS.T, UNITS[:3] @ VECTORS.T]
    _, values = draw(weights, terms_of(vectors), asked, Drawn.of(COSINE.kernel), size=8)
    np.testing.assert_allclose(values, best(vectors, UNITS[:3], COSINE), atol=1e-6)


@pytest.mark.parametrize("first", [(0, 0), (3, 0), (0, 5), (2, 1)])
@pytest.mark.parametrize("step", [1, 2, 3, 5])
def test_each_so_many_th_pixel_is_drawn_from_the_first_on(first, step):
    weights = weights_of(9)
    vectors = sharp_vectors(weights)
    (values,) = draw(
        weights,
        terms_of(vectors),
        [UNITS[:1] @ VECTORS.T],
        Drawn.of(COSINE.kernel),
        first=first,
        step=step,
    )
    expected = COSINE.definition(vectors, UNITS[0])[first[0] :: step, first[1] :: step]
    np.testing.assert_allclose(values, expected, atol=1e-6)


def test_no_value_is_below_a_right_angle_where_there_is_a_zero_reference():
    weights = weights_of(9)
    vectors = sharp_vectors(weights)
    products = [UNITS[:1] @ VECTORS.T]
    (values,) = draw(weights, terms_of(vectors), products, Drawn.of(COSINE.kernel), has_zero=True)
    expected = COSINE.definition(vectors, UNITS[0])
    assert expected.min() < -0.1
    np.testing.assert_allclose(values, np.maximum(expected, 0), atol=1e-6)


@with_each_measure
def test_pixels_without_a_factor_are_at_a_right_angle(measure):
    weights = weights_of(9)
    terms = terms_of(sharp_vectors(weights))
    terms.terms.factor[::2] = 0
    (values,) = draw(weights, terms, [UNITS[:1] @ VECTORS.T], Drawn.of(measure.kernel))
    np.testing.assert_array_equal(values[::2], 0)
    assert values.any()


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e5])
def test_sums_of_a_linear_form_are_counted_from_what_is_compared(size):
    weights, products = weights_of(9), size * RNG.normal(size=(3, 20))
    terms = FormTerms.empty(IMAGE, is_shifted=True)
    terms.factor[...], terms.shift[...] = -1.0, size * RNG.normal(size=IMAGE)
    compared = ComparedTerms.of(terms, EUCLIDEAN.kernel)
    (drawn,) = draw(weights, compared, [products], Drawn.of(EUCLIDEAN.kernel))
    sums = (weights.rows(slice(None)) @ products.T).max(axis=1).reshape(IMAGE)
    np.testing.assert_allclose(drawn, sums - terms.shift, atol=3e-7 * size)


def test_what_is_drawn_is_what_the_twin_in_numpy_computes():
    weights, products = weights_of(9), RNG.normal(size=(1, 20))
    terms = terms_of(sharp_vectors(weights))
    (drawn,) = draw(weights, terms, [products], Drawn.of(EUCLIDEAN.kernel))
    unit = unit_of(products)
    parts = parts_of(products[0], unit)[weights.columns]
    sums = np.einsum("yxt,yxtc->yxc", weights.values.astype(np.float32), parts)
    texels = terms.texels(slice(None)) * np.float32(units_in(unit))
    twin = deviations(sums, texels[..., 0], texels[..., 1]) / np.float32(units_in(unit) * ONE)
    np.testing.assert_allclose(drawn, -twin, rtol=1e-6)
