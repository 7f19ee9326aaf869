from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from napari_ifealid.engines import preview as module
from napari_ifealid.engines.compiled import compiled_products
from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.engines.preview import (
    MOST_AXES,
    Preview,
    PrincipalAxes,
    axis_count,
    codes_of,
    measured_errors,
    preview_of,
    sampled_rows,
    sampled_units,
)
from napari_ifealid.formats import read_stack
from napari_ifealid.grid import Region, whole_region
from napari_ifealid.measures import COSINE, MEASURES, SPECTRAL_ANGLE
from napari_ifealid.query import Query, Rule
from napari_ifealid.stack import FeatureStack

LARGE = 1 << 28

PREVIEWED = [SPECTRAL_ANGLE, COSINE]
with_each_measure = pytest.mark.parametrize("measure", PREVIEWED, ids=lambda measure: measure.name)


def features(*shape: int, rank: int = 6, seed: int = 0) -> np.ndarray:
    """Features as those behind a ReLU, which vary along a few axes mostly."""
    rng = np.random.default_rng(seed)
    few = rng.normal(size=(*shape[:-1], rank)) @ rng.normal(size=(rank, shape[-1]))
    noisy = few + 0.1 * rng.normal(size=shape)
    return np.maximum(noisy, 0).astype(np.float32)


def pixels_of(values: np.ndarray, **arguments) -> PixelVectors:
    return PixelVectors.of(FeatureStack(values=values, name="x", **arguments))


def preview(values: np.ndarray, budget: int = LARGE, **arguments) -> Preview:
    made = preview_of(pixels_of(values, **arguments), budget)
    assert made is not None
    return made


def exact_map(pixels: PixelVectors, query: Query, region: Region | None = None) -> np.ndarray:
    region = whole_region(pixels.stack.spatial_shape) if region is None else region
    ((_, values),) = CpuEngine(pixels).parts(query, region)
    return values


def near_map(quick: Preview, query: Query, region: Region | None = None) -> np.ndarray:
    return quick.map_of(query, whole_region(quick.spatial_shape) if region is None else region)


def random_pixels(stack: FeatureStack, count: int, seed: int) -> list[tuple[int, ...]]:
    rng = np.random.default_rng(seed)
    lengths = stack.spatial_shape
    return [tuple(int(rng.integers(length)) for length in lengths) for _ in range(count)]


@pytest.fixture(scope="module", params=["C1", "C3"])
def dataset(request, shared_data) -> tuple[PixelVectors, Preview]:
    stack = read_stack(shared_data / f"000000015746.jpg.{request.param}.npz.8.zip")
    pixels = PixelVectors.of(stack)
    return pixels, preview_of(pixels, LARGE)


@with_each_measure
def test_ranks_of_real_maps_are_kept(dataset, measure):
    pixels, quick = dataset
    correlations = []
    for pixel in random_pixels(pixels.stack, 40, seed=4):
        exact = exact_map(pixels, Query.to(pixels.stack.vector(pixel), measure=measure))
        near = near_map(quick, Query.to(quick.vector(pixel), measure=measure))
        correlations.append(spearmanr(exact, near, axis=None)[0])
    assert np.median(correlations) >= 0.98
    assert min(correlations) >= 0.95


def share_within(quick: Preview, pixels: PixelVectors, queries, measure) -> float:
    """Return the share of values that are off by no more than is told, over some queries.

    Parameters
    ----------
    queries : iterable of (vector, vector)
        What is asked, and what the preview is asked instead.
    """
    told = quick.error_of(measure)
    shares = []
    for vector, known in queries:
        exact = exact_map(pixels, Query.to(vector, measure=measure))
        near = near_map(quick, Query.to(known, measure=measure))
        shares.append(np.mean(np.abs(exact - near)[~np.isnan(exact)] <= told))
    return float(np.mean(shares))


@with_each_measure
def test_stated_error_is_that_of_real_maps(dataset, measure):
    pixels, quick = dataset
    differences = []
    for pixel in random_pixels(pixels.stack, 60, seed=5):
        exact = exact_map(pixels, Query.to(pixels.stack.vector(pixel), measure=measure))
        near = near_map(quick, Query.to(quick.vector(pixel), measure=measure))
        differences.append(np.abs(exact - near))
    real = np.percentile(differences, 95)
    assert 0.95 * real <= quick.error_of(measure) <= 2 * real


def vectors_that_are_no_pixels(stack: FeatureStack, count: int) -> list[np.ndarray]:
    """Return means of some pixels, pixels between two others, and pixels with noise."""
    rng = np.random.default_rng(6)
    flat = stack.real_values(stack.values).reshape(-1, stack.feature_count)
    flat = flat[flat.any(axis=-1)]
    vectors = []
    for number in range(count):
        some = rng.choice(flat, 5)
        vectors.append(
            [
                some.mean(axis=0),
                some[0] + 0.3 * some[1],
                some[0] * rng.normal(1, 0.3, some.shape[1]),
            ][number % 3]
        )
    return vectors


@with_each_measure
def test_stated_error_is_no_less_for_vectors_that_are_no_pixels(dataset, measure):
    pixels, quick = dataset
    vectors = vectors_that_are_no_pixels(pixels.stack, 30)
    assert share_within(quick, pixels, zip(vectors, vectors, strict=True), measure) >= 0.9


STACKS = {
    "noise": lambda rng: rng.normal(size=(30, 25, 200)),
    "noise above zero": lambda rng: rng.random((30, 25, 200)),
    "many axes": lambda rng: features(30, 25, 200, rank=100),
    "few axes": lambda rng: features(30, 25, 200, rank=5),
}


@with_each_measure
@pytest.mark.parametrize("sample", [40, 300])
@pytest.mark.parametrize("kind", STACKS)
def test_stated_error_holds_though_the_axes_were_found_from_few_pixels(
    monkeypatch, kind, sample, measure
):
    monkeypatch.setattr(module, "SAMPLE", sample)
    pixels = pixels_of(STACKS[kind](np.random.default_rng(0)))
    quick = preview_of(pixels, LARGE)
    positions = random_pixels(pixels.stack, 20, seed=7)
    by_vector = [(pixels.stack.vector(pixel),) * 2 for pixel in positions]
    by_code = [(pixels.stack.vector(pixel), quick.vector(pixel)) for pixel in positions]
    others = [(vector,) * 2 for vector in vectors_that_are_no_pixels(pixels.stack, 20)]
    for queries in (by_vector, by_code, others):
        assert share_within(quick, pixels, queries, measure) >= 0.9


@with_each_measure
def test_pixels_that_the_axes_were_fitted_to_would_state_far_too_small_an_error(measure):
    # 60 unit vectors of noise lie on 60 of 200 axes exactly, others do not
    units = sampled_units(pixels_of(np.random.default_rng(0).normal(size=(6, 10, 200))), slice(60))
    axes = PrincipalAxes.of(units, 60)
    projections = axes.projections(axes.codes(units))
    exact, near = units @ units.T, projections @ projections.T
    measure.kernel.from_cosines(exact)
    measure.kernel.from_cosines(near)
    of_those_fitted = np.percentile(np.abs(exact - near), 95)
    assert measured_errors(units, 60)[measure.name] > 10 * of_those_fitted


@pytest.mark.parametrize("nothing", [0.0, np.nan])
def test_pixels_without_a_direction_make_the_stated_error_no_larger(nothing):
    values = features(40, 30, 20)
    among_others = np.full((2, 40, 30, 20), nothing, np.float32)
    among_others[0] = values
    assert preview(among_others).errors == preview(values).errors


def test_error_is_stated_for_each_measure_that_directions_are_enough_for():
    quick = preview(features(30, 20, 9))
    assert set(quick.errors) == {measure.name for measure in PREVIEWED}
    assert [measure for measure in MEASURES if quick.answers(measure)] == PREVIEWED


@pytest.mark.parametrize("count", [1, 2])
def test_stack_of_a_pixel_or_two_has_a_preview(count):
    values = np.random.default_rng(0).random((1, count, 5))
    quick = preview(values)
    np.testing.assert_allclose(near_map(quick, Query.to(values[0, 0]))[0, 0], 1.0, atol=0.08)


@with_each_measure
@pytest.mark.parametrize("shape", [(30, 20, 9), (1, 1, 1), (4, 5, 6, 40)])
def test_all_axes_lose_next_to_nothing(shape, measure):
    values = features(*shape)
    values.reshape(-1, shape[-1])[0] = 1
    query = Query.to(values[(0,) * (len(shape) - 1)], measure=measure)
    exact = exact_map(pixels_of(values), query)
    np.testing.assert_allclose(near_map(preview(values), query), exact, atol=0.08)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64, np.int16])
def test_pixels_are_compared_by_code_as_by_vector(dtype):
    values = (100 * features(30, 20, 40)).astype(dtype)
    quick = preview(values)
    np.testing.assert_allclose(
        near_map(quick, Query.to(quick.vector((7, 8)))),
        near_map(quick, Query.to(values[7, 8])),
        atol=0.03,
    )


@given(
    shape=st.lists(st.integers(1, 9), min_size=2, max_size=3).map(tuple),
    count=st.integers(1, 11),
    rule=st.sampled_from([Rule.MEAN, Rule.BEST]),
    unlike=st.integers(0, 3),
    measure=st.sampled_from(PREVIEWED),
    is_compiled=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60)
def test_preview_of_any_query_and_region_is_near_the_exact_map(
    shape, count, rule, unlike, measure, is_compiled, seed
):
    rng = np.random.default_rng(seed)
    values = rng.random((*shape, 6))  # as many axes as features: only rounding is lost
    values[rng.random(shape) < 0.2] = 0
    values[(0,) * len(shape)] = 1
    pixels = pixels_of(values)
    quick = preview_of(pixels, LARGE)
    if is_compiled:
        compiled_products(quick.codes).result()
    ends = [sorted(rng.choice(length + 1, 2, replace=False).tolist()) for length in shape]
    region = tuple(slice(*pair) for pair in ends)
    vectors = [*rng.normal(size=(count, 6))]
    if rng.random() < 0.3:
        vectors[-1] = np.zeros(6)
    others = [*rng.normal(size=(unlike, 6))]
    query = Query.to(*vectors, unlike=others, rule=None if unlike else rule, measure=measure)
    exact, near = exact_map(pixels, query, region), near_map(quick, query, region)
    assert near.shape == exact.shape
    assert near.dtype == np.float32
    np.testing.assert_allclose(near, exact, atol=0.08)
    is_zero = ~values[region].any(axis=-1)
    np.testing.assert_array_equal(near[is_zero], exact[is_zero])


def test_region_is_that_part_of_the_whole():
    values = features(12, 10, 8)
    quick, query = preview(values), Query.to(values[3, 4], values[9, 2])
    whole = near_map(quick, query)
    for region in ((slice(3, 7), slice(0, 10)), (slice(3, 7), slice(2, 9))):
        np.testing.assert_allclose(near_map(quick, query, region), whole[region], atol=1e-6)


def test_vector_is_near_that_of_the_pixel_but_for_its_length():
    values = 7 * features(12, 10, 8)
    values[0, 0], values[1, 1, 2] = 0, np.nan
    quick = preview(values)
    vector = quick.vector((5, 6))
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=0.03)
    unit = values[5, 6] / np.linalg.norm(values[5, 6])
    np.testing.assert_allclose(vector, unit, atol=0.03)
    np.testing.assert_array_equal(quick.vector((0, 0)), np.zeros(8))
    assert np.isnan(quick.vector((1, 1))).all()


def test_signed_quantised_values_keep_their_angles():
    values = np.random.default_rng(0).integers(0, 256, (40, 30, 20), np.uint8)
    pixels = pixels_of(values, value_range=(-1.0, 1.0))
    quick = preview_of(pixels, LARGE)
    exact = exact_map(pixels, Query.to(pixels.stack.vector((3, 4))))
    near = near_map(quick, Query.to(quick.vector((3, 4))))
    assert np.corrcoef(exact.ravel(), near.ravel())[0, 1] > 0.99


@with_each_measure
def test_zero_and_nonfinite_pixels_are_as_in_an_exact_map(measure):
    values = features(12, 10, 8) + 0.01
    values[0, 0] = 0
    values[1, 1, 3] = np.nan
    values[2, 2, 4] = np.inf
    quick = preview(values)
    for vector in (values[5, 5], quick.vector((5, 5))):
        near = near_map(quick, Query.to(vector, measure=measure))
        assert near[0, 0] == 0
        assert np.argwhere(np.isnan(near)).tolist() == [[1, 1], [2, 2]]
    for vector in (values[0, 0], quick.vector((0, 0))):
        near = near_map(quick, Query.to(vector, measure=measure))
        assert near[0, 0] == 1
        assert np.nansum(near) == 1
    for vector in (values[1, 1], quick.vector((1, 1))):
        assert np.isnan(near_map(quick, Query.to(vector, measure=measure))).all()


def test_zero_reference_beside_others_is_at_a_right_angle_to_all_pixels():
    values = np.random.default_rng(0).normal(size=(12, 10, 8))
    quick = preview(values)
    alone = near_map(quick, Query.to(values[5, 5], measure=COSINE))
    both = near_map(quick, Query.to(values[5, 5], np.zeros(8), measure=COSINE))
    assert alone.min() < -0.1
    np.testing.assert_array_equal(both, np.maximum(alone, 0))


def test_constant_stack_is_alike_everywhere():
    quick = preview(np.ones((6, 5, 4), np.float32))
    near = near_map(quick, Query.to(quick.vector((2, 2))))
    np.testing.assert_allclose(near, 1.0, atol=0.02)


@pytest.mark.parametrize(("budget", "axes"), [(600 * 3 + 5, 3), (600 * 40, 40), (LARGE, 200)])
def test_memory_stays_within_the_budget(budget, axes):
    quick = preview(features(30, 20, 200), budget)
    assert quick.codes.shape == (600, min(axes, MOST_AXES))
    assert quick.codes.nbytes <= budget
    assert quick.memory == quick.codes.nbytes + 2 * 600


@pytest.mark.parametrize(
    ("budget", "pixels", "features", "count"),
    [(599, 600, 9, 0), (600, 600, 9, 1), (1 << 30, 600, 9, 9), (1 << 30, 600, 999, MOST_AXES)],
)
def test_axes_are_as_many_as_the_budget_the_features_and_eyes_allow(
    budget, pixels, features, count
):
    assert axis_count(budget, pixels, features) == count


def test_budget_too_small_for_a_byte_per_pixel_gives_no_preview():
    assert preview_of(pixels_of(features(30, 20, 8)), 599) is None


@pytest.mark.parametrize("nothing", [0.0, np.nan])
def test_stack_without_any_direction_has_no_preview(nothing):
    assert preview_of(pixels_of(np.full((6, 5, 4), nothing)), LARGE) is None


@with_each_measure
def test_stack_larger_than_the_sample_is_compared_whole(measure):
    values = features(200, 150, 12)
    pixels, query = pixels_of(values), Query.to(values[199, 149], measure=measure)
    near = near_map(preview_of(pixels, LARGE), query)
    assert np.percentile(np.abs(exact_map(pixels, query) - near), 95) < 0.03


def test_sampled_pixels_are_different_ones_in_order_that_have_a_direction():
    values = features(30, 20, 8) + 0.01
    values[3], values[7] = 0, np.inf
    rows = sampled_rows(pixels_of(values), 100)
    assert len(rows) == 100
    assert (np.diff(rows) > 0).all()
    assert not set(rows // 20) & {3, 7}
    assert len(sampled_rows(pixels_of(values), 10_000)) == 28 * 20


def test_axes_are_the_leading_singular_vectors_of_a_sample():
    units = sampled_units(pixels_of(features(30, 20, 40)), slice(0, 600))
    axes = PrincipalAxes.of(units, 6)
    np.testing.assert_allclose(axes.vectors.T @ axes.vectors, np.eye(6), atol=1e-5)
    expected = np.linalg.svd(units, full_matrices=False)[2][:6]
    np.testing.assert_allclose(np.abs(np.sum(expected.T * axes.vectors, axis=0)), 1, atol=1e-3)


def test_codes_stand_for_projections_within_half_a_step():
    units = sampled_units(pixels_of(features(30, 20, 40)), slice(0, 600))
    axes = PrincipalAxes.of(units, 10)
    codes = axes.codes(units)
    assert codes.dtype == np.uint8
    np.testing.assert_allclose(
        axes.projections(codes), units @ axes.vectors, atol=0.501 * axes.step
    )


def test_codes_of_all_pixels_are_in_order(monkeypatch):
    pixels = pixels_of(features(30, 20, 40))
    axes = PrincipalAxes.of(sampled_units(pixels, slice(0, 600)), 10)
    monkeypatch.setattr("napari_ifealid.engines.pixel_vectors._BLOCK_VALUES", 40 * 7)
    monkeypatch.setattr(module, "WORTH_A_THREAD", 40 * 100)
    expected = axes.codes(sampled_units(pixels, slice(0, 600)))
    # the order of the sums differs in the last digit
    assert np.abs(codes_of(pixels, axes).astype(int) - expected).max() <= 1


def test_sampled_units_have_length_one_or_none():
    values = features(30, 20, 8) + 0.01
    values[3], values[7] = 0, np.inf
    units = sampled_units(pixels_of(values), slice(0, 600)).reshape(30, 20, 8)
    lengths = np.linalg.norm(units, axis=-1)
    assert not lengths[[3, 7]].any()
    np.testing.assert_allclose(np.delete(lengths, [3, 7], axis=0), 1, rtol=1e-6)


def test_axes_of_more_features_than_are_squared_are_the_leading_singular_vectors_too(monkeypatch):
    units = sampled_units(pixels_of(features(30, 20, 40)), slice(0, 600))
    monkeypatch.setattr(module, "MOST_SQUARED", 39)
    axes = PrincipalAxes.of(units, 6)
    np.testing.assert_allclose(axes.vectors.T @ axes.vectors, np.eye(6), atol=1e-5)
    sampled = units[::16]
    expected = np.linalg.svd(sampled, full_matrices=False)[2][:6]
    np.testing.assert_allclose(np.abs(np.sum(expected.T * axes.vectors, axis=0)), 1, atol=1e-3)


def test_axes_of_many_features_are_no_more_than_pixels(monkeypatch):
    units = sampled_units(pixels_of(features(2, 2, 40)), slice(0, 4))
    monkeypatch.setattr(module, "MOST_SQUARED", 39)
    axes = PrincipalAxes.of(units, 10)
    np.testing.assert_allclose(axes.vectors.T @ axes.vectors, np.eye(4), atol=1e-5)
    np.testing.assert_allclose(axes.projections(axes.codes(units)), units @ axes.vectors, atol=0.01)


@pytest.mark.timeout(120)
def test_preview_of_a_hundred_thousand_features_takes_no_square_of_them():
    values = features(4, 5, 100_000)
    pixels, query = pixels_of(values), Query.to(values[1, 2])  # squared: 80 GB
    near = near_map(preview_of(pixels, LARGE), query)
    assert np.abs(exact_map(pixels, query) - near).max() < 0.01


def test_sample_of_many_features_is_small(monkeypatch):
    monkeypatch.setattr(module, "SAMPLE_BYTES", 4 * 8 * 50)
    taken = []
    monkeypatch.setattr(module, "sampled_rows", lambda _, count: taken.append(count) or [])
    preview_of(pixels_of(features(30, 20, 8)), LARGE)
    assert taken == [50]
