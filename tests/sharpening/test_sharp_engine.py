from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sharp_cases import (
    FEATURES,
    IMAGE_SHAPE,
    ORDERS,
    STORED,
    UNKNOWN_PIXEL,
    WAYS,
    ZERO_PIXELS,
    assert_agrees,
    background_of,
    definition,
    explicit,
    image_of,
    laid_out,
    sharp_of,
    stack_of,
    summing,
    upsampled,
)

from napari_ifealid.engines import NO_CLASS, Engine, classes_of, whole_map
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.formats import read_stack
from napari_ifealid.grid import region_shape, whole_region
from napari_ifealid.layers import default_placement
from napari_ifealid.measures import (
    ACE,
    COSINE,
    EUCLIDEAN,
    INFORMATION_DIVERGENCE,
    MEASURES,
    PEARSON,
    SPECTRAL_ANGLE,
    Background,
    UsedFeatures,
)
from napari_ifealid.query import Query, Rule
from napari_ifealid.sharpening import SharpEngine, SharpPixels, refusal_of
from napari_ifealid.sharpening import measuring as measuring_module
from napari_ifealid.sharpness import Sharpness
from napari_ifealid.stack import FeatureStack, Placement

ANSWERED = [measure for measure in MEASURES if not refusal_of(measure)]
WHOLE = whole_region(IMAGE_SHAPE)
PLACES = [(15, 31), (3, 38), (27, 2)]
USED = UsedFeatures(tuple(number not in (0, 2, 5) for number in range(FEATURES)))
OTHERS = UsedFeatures(tuple(number != 3 for number in range(FEATURES)))

with_both_ways = pytest.mark.parametrize("way", WAYS)
with_each_measure = pytest.mark.parametrize("measure", ANSWERED, ids=lambda one: one.name)
with_each_kind = pytest.mark.parametrize("kind", STORED)


def engine_of(stack: FeatureStack, used: UsedFeatures | None = None) -> SharpEngine:
    return SharpEngine(*sharp_of(stack, used=used))


def references(engine: SharpEngine) -> list[np.ndarray]:
    """Return vectors of the image's pixels, of one of the stack's, zero, and others."""
    sharp = engine.sharp
    rng = np.random.default_rng(4)
    pixel = sharp.vector(PLACES[0])
    return [
        pixel,
        sharp.stack.vector((7, 1)),
        rng.normal(size=FEATURES),
        np.zeros(FEATURES),
        -pixel,
        np.full(FEATURES, np.nan),
        sharp.vector(PLACES[1]),
    ]


def assert_maps_are_those_of_the_definition(engine: SharpEngine, query: Query) -> None:
    sharp = engine.sharp
    actual = whole_map(engine.parts(query, WHOLE), WHOLE)
    assert_agrees(actual, definition(sharp.stack, sharp.weights, query), query.measure)


def test_engine_is_one_of_the_engines():
    engine: Engine = engine_of(stack_of())
    assert engine.name == "CPU"
    assert not engine.needs_gui_thread
    assert engine.part_count(WHOLE) == 1
    engine.accelerate()
    engine.close()
    assert list(engine.preview_steps(1 << 30)) == [None] * engine.preview_step_count


def test_measures_that_are_no_function_of_products_are_refused():
    engine = engine_of(stack_of())
    assert "information divergence" in engine.refusal(INFORMATION_DIVERGENCE)
    assert [one for one in MEASURES if engine.refusal(one)] == [INFORMATION_DIVERGENCE]


@with_both_ways
@pytest.mark.parametrize("order", ORDERS)
@with_each_kind
def test_maps_are_those_of_the_definition_of_the_upsampled_vectors(kind, order, way):
    with summing(way):
        engine = engine_of(stack_of(kind, order))
        for measure in ANSWERED:
            for number in (0, 1, 3) if order == ORDERS[0] else (0,):
                query = Query.to(references(engine)[number], measure=measure)
                assert_maps_are_those_of_the_definition(engine, query)


@with_both_ways
@with_each_measure
@pytest.mark.parametrize("kind", ["8 bit in a range", "double with NaN"])
@pytest.mark.parametrize("rule", [Rule.MEAN, Rule.BEST])
def test_several_references_are_joined_by_the_rule(rule, kind, measure, way):
    with summing(way):
        engine = engine_of(stack_of(kind))
        vectors = references(engine)
        for some in (vectors[:2], vectors[:5], vectors):
            query = Query.to(*some, rule=rule, measure=measure)
            assert_maps_are_those_of_the_definition(engine, query)


@with_both_ways
@with_each_measure
@pytest.mark.parametrize("kind", ["8 bit", "double with NaN"])
def test_difference_is_halved_and_around_the_middle(kind, measure, way):
    with summing(way):
        engine = engine_of(stack_of(kind))
        vectors = references(engine)
        for like, unlike in ((vectors[:1], vectors[1:2]), (vectors[:3], vectors[4:])):
            query = Query.to(*like, unlike=unlike, measure=measure)
            assert_maps_are_those_of_the_definition(engine, query)


@with_both_ways
@pytest.mark.parametrize(
    ("kind", "order"),
    [*((kind, "features last") for kind in STORED), *(("8 bit", order) for order in ORDERS[1:])],
)
def test_maps_are_of_the_features_used_in_turn(kind, order, way):
    with summing(way):
        engine = engine_of(stack_of(kind, order))
        vectors = references(engine)[:2]
        for used in (USED, None, OTHERS):
            for measure in ANSWERED:
                query = Query.to(*vectors, measure=measure.over(used))
                assert_maps_are_those_of_the_definition(engine, query)


@with_both_ways
def test_features_that_are_not_used_may_be_unknown(way):
    stack = stack_of("float with NaN")
    stack.values[4:, 3:, 2] = np.nan
    with summing(way):
        engine = engine_of(stack, USED)
        assert not engine.sharp.weights.is_void.any()
        for measure in ANSWERED:
            query = Query.to(engine.sharp.vector((2, 30)), measure=measure.over(USED))
            assert_maps_are_those_of_the_definition(engine, query)
            # what takes something from an unknown pixel is unknown where all features are used
            query = Query.to(stack.vector((2, 8)), measure=measure)
            assert_maps_are_those_of_the_definition(engine, query)


@with_both_ways
@with_each_measure
def test_nearly_zero_vector_in_a_range_of_both_signs_is_exactly_like_itself(measure, way):
    stack = stack_of("8 bit in a range")
    with summing(way):
        engine = engine_of(stack)
        lengths = np.linalg.norm(upsampled(stack, engine.sharp.weights), axis=-1)
        lengths[(lengths == 0.0) | np.isnan(lengths)] = np.inf
        for number in np.argsort(lengths, axis=None)[:20]:
            place = np.unravel_index(number, IMAGE_SHAPE)
            query = Query.to(engine.sharp.vector(place), measure=measure)
            assert engine.values(query, WHOLE)[place] == measure.limits[1]


@with_both_ways
@with_each_kind
@with_each_measure
def test_pixel_that_is_the_reference_has_exactly_the_largest_limit(measure, kind, way):
    with summing(way):
        engine = engine_of(stack_of(kind))
        sharp = engine.sharp
        places = np.random.default_rng(0).permutation(IMAGE_SHAPE[0] * IMAGE_SHAPE[1])[:12]
        places = [np.unravel_index(number, IMAGE_SHAPE) for number in places]
        places = [place for place in places if not sharp.weights.is_void[place]]
        for place in places:
            query = Query.to(sharp.vector(place), measure=measure)
            assert engine.values(query, WHOLE)[place] == measure.limits[1]
        query = Query.to(*(sharp.vector(place) for place in places), measure=measure)
        values = np.array([engine.values(query, WHOLE)[place] for place in places])
        largest = values if not measure.is_bounded else measure.limits[1]
        # beyond it for another reference, of a measure without bounds
        np.testing.assert_array_equal(values, np.maximum(largest, measure.limits[1]))


@with_both_ways
@with_each_measure
def test_reference_is_exactly_like_itself_in_the_features_used(measure, way):
    with summing(way):
        engine = engine_of(stack_of("8 bit in a range", "features first"))
        for used in (USED, OTHERS):
            query = Query.to(engine.sharp.vector(PLACES[0]), measure=measure.over(used))
            assert engine.values(query, WHOLE)[PLACES[0]] == measure.limits[1]


@with_each_measure
def test_pixel_without_a_vector_leaves_its_own_area_unknown_and_no_other(measure):
    stack = stack_of("double with NaN")
    engine = engine_of(stack)
    values = engine.values(Query.to(stack.vector((7, 1)), measure=measure), WHOLE)
    rows = np.floor((np.arange(IMAGE_SHAPE[0]) + 0.5) * 9 / IMAGE_SHAPE[0]) == UNKNOWN_PIXEL[0]
    columns = np.floor((np.arange(IMAGE_SHAPE[1]) + 0.5) * 10 / IMAGE_SHAPE[1]) == UNKNOWN_PIXEL[1]
    is_unknown = rows[:, np.newaxis] & columns
    assert is_unknown.any()
    np.testing.assert_array_equal(np.isnan(values), is_unknown)


@pytest.mark.parametrize("measure", [SPECTRAL_ANGLE, COSINE], ids=lambda one: one.name)
@with_each_kind
def test_zero_vectors_are_alike_and_like_nothing_else(kind, measure):
    stack = stack_of(kind)
    engine = engine_of(stack)
    is_zero = ~upsampled(stack, engine.sharp.weights).any(axis=-1)
    assert is_zero[: ZERO_PIXELS[0].stop, : ZERO_PIXELS[1].stop].all()
    values = engine.values(Query.to(np.zeros(FEATURES), measure=measure), WHOLE)
    is_known = ~engine.sharp.weights.is_void
    np.testing.assert_array_equal(values[is_known], is_zero[is_known])
    values = engine.values(Query.to(stack.vector((7, 1)), measure=measure), WHOLE)
    assert not values[is_zero].any()


@with_each_measure
def test_pixels_of_the_image_beside_the_stack_have_no_value(measure):
    stack = stack_of("16 bit", placement=Placement((3.0, 3.0), (3.0, 5.0)))
    engine = engine_of(stack)
    query = Query.to(stack.vector((7, 1)), measure=measure)
    assert_maps_are_those_of_the_definition(engine, query)
    is_reached = np.zeros(IMAGE_SHAPE, bool)
    is_reached[2:29, 4:34] = True
    np.testing.assert_array_equal(np.isnan(engine.values(query, WHOLE)), ~is_reached)


@with_both_ways
@with_each_measure
def test_references_that_are_not_finite_count_for_nothing(measure, way):
    with summing(way):
        engine = engine_of(stack_of())
        vector, nothing = references(engine)[0], np.full(FEATURES, np.inf)
        alone = engine.values(Query.to(vector, measure=measure), WHOLE)
        both = engine.values(Query.to(vector, nothing, measure=measure), WHOLE)
        np.testing.assert_array_equal(alone, both)
        assert np.isnan(engine.values(Query.to(nothing, measure=measure), WHOLE)).all()


@with_both_ways
@with_each_measure
@given(data=st.data())
@settings(max_examples=15)
def test_region_and_step_cut_the_whole_map(measure, way, data):
    with summing(way):
        engine = cut_engine()
        query = Query.to(*references(engine)[:2], measure=measure)
        whole = engine.values(query, WHOLE)
        region = tuple(
            slice(*sorted(data.draw(st.sets(st.integers(0, length), min_size=2, max_size=2))))
            for length in IMAGE_SHAPE
        )
        step = data.draw(st.integers(1, 6))
        values = engine.values(query, region, step)
        expected = whole[region][::step, ::step]
        assert values.dtype == np.float32
        np.testing.assert_allclose(values, expected, rtol=0, atol=1e-6)
        ((place, part),) = engine.parts(query, region)
        assert place == region
        assert part.shape == region_shape(region)


_cut: list[SharpEngine] = []


def cut_engine() -> SharpEngine:
    """Return one engine for all examples, whose terms are measured once."""
    if not _cut:
        _cut.append(engine_of(stack_of("double with NaN")))
    return _cut[0]


@settings(max_examples=30)
@given(
    stack_shape=st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 20)),
    stride=st.tuples(st.floats(1.1, 5), st.floats(1.1, 5)),
    offset=st.tuples(st.floats(-3, 5), st.floats(-3, 5)),
    taps=st.integers(1, 25),
    dtype=st.sampled_from(["uint8", "uint16", "int16", "int32", "float32", "float64"]),
    order=st.sampled_from(ORDERS),
    measure=st.sampled_from(ANSWERED),
    way=st.sampled_from(WAYS),
    seed=st.integers(0, 2**32 - 1),
)
def test_maps_of_any_stack_are_those_of_the_definition(
    stack_shape, stride, offset, taps, dtype, order, measure, way, seed
):
    rng = np.random.default_rng(seed)
    values = laid_out(rng.integers(0, 200, stack_shape).astype(dtype), order)
    stack = FeatureStack(
        values=values, name="x", overlay=image_of((13, 11)), placement=Placement(stride, offset)
    )
    vectors = [stack.vector((0, 0)), rng.integers(0, 200, stack_shape[-1]).astype(float)]
    query = Query.to(*vectors, measure=measure)
    with summing(way):
        engine = SharpEngine(*sharp_of(stack, Sharpness(taps=taps)))
        actual = engine.values(query, whole_region((13, 11)))
    assert_agrees(actual, definition(stack, engine.sharp.weights, query), measure)


@with_both_ways
@with_each_measure
@pytest.mark.parametrize("used", [None, USED], ids=["all features", "some features"])
def test_classes_are_the_largest_of_the_definitions(used, measure, way):
    with summing(way):
        engine = engine_of(stack_of("double with NaN"))
        sharp, measure = engine.sharp, measure.over(used)
        query = Query.to(*references(engine), measure=measure)
        classes = classes_of(engine, query, WHOLE)
    alone = [Query.to(one.vector, measure=measure) for one in query.references]
    defined = np.stack([definition(sharp.stack, sharp.weights, one) for one in alone])
    is_none = np.isnan(defined).all(axis=0)
    np.testing.assert_array_equal(classes.numbers == NO_CLASS, is_none)
    np.testing.assert_array_equal(np.isnan(classes.values), is_none)
    best = np.fmax.reduce(defined)[~is_none]
    numbers = np.maximum(classes.numbers, 0)[np.newaxis]
    chosen = np.take_along_axis(defined, numbers, axis=0)[0][~is_none]
    # the values are of float32
    np.testing.assert_allclose(chosen, best, atol=1e-6, rtol=1e-6)
    np.testing.assert_allclose(classes.values[~is_none], best, atol=5e-5, rtol=5e-5)
    assert len(np.unique(classes.numbers)) > 3


def test_first_of_equal_references_is_the_class():
    engine = engine_of(stack_of("16 bit"))
    vector = references(engine)[0]
    query = Query.to(*([vector] * 3))
    assert not classes_of(engine, query, (slice(3, 9), slice(5, 9))).numbers.any()


@with_both_ways
@pytest.mark.parametrize("features", [range(3, 4), range(1, 5), range(3)], ids=str)
@with_each_kind
def test_features_are_upsampled_in_the_stacks_own_units(kind, features, way):
    stack = stack_of(kind)
    region = slice(2, 29), slice(5, 40)
    with summing(way):
        engine = engine_of(stack)
        values = whole_map(engine.feature_parts(features, region), region)
    assert values.dtype == np.float32
    vectors = upsampled(stack, engine.sharp.weights)[region]
    expected = vectors[..., list(features)].mean(axis=-1)
    if 2 not in features:  # the stack's pixel has this feature
        is_void = engine.sharp.weights.is_void[region]
        np.testing.assert_array_equal(np.isnan(values), is_void)
    # float32 rounds the features of the stack, which may cancel out
    rounding = 1e-7 * np.nanmax(np.abs(stack.real_values(stack.values)[..., list(features)]))
    np.testing.assert_allclose(values, expected, rtol=1e-6, atol=rounding)


@with_both_ways
def test_feature_that_is_unknown_where_there_is_a_vector_of_others_is_unknown(way):
    stack = stack_of("double with NaN")
    with summing(way):
        engine = engine_of(stack, USED)
        values = whole_map(engine.feature_parts(range(2, 3), WHOLE), WHOLE)
    weights = engine.sharp.weights
    number = np.ravel_multi_index(UNKNOWN_PIXEL, stack.spatial_shape)
    takes = ((weights.columns == number) & (weights.values > 0)).any(axis=-1)
    assert takes.any()
    np.testing.assert_array_equal(np.isnan(values), takes)


def test_measure_is_prepared_once_its_terms_are_measured():
    engine = engine_of(stack_of())
    assert not engine.is_prepared(SPECTRAL_ANGLE)
    assert not engine.is_prepared(EUCLIDEAN)
    before = engine.memory
    list(engine.preparation_steps(SPECTRAL_ANGLE))
    assert engine.is_prepared(SPECTRAL_ANGLE)
    assert engine.is_prepared(COSINE)  # of the same lengths
    assert not engine.is_prepared(EUCLIDEAN)
    assert engine.memory > before >= engine.sharp.weights.memory
    list(engine.preparation_steps(EUCLIDEAN))
    assert engine.is_prepared(EUCLIDEAN)
    assert not engine.is_prepared(EUCLIDEAN.over(USED))
    assert list(engine.preparation_steps(COSINE)) == []


def test_lengths_of_all_features_and_of_those_chosen_last_are_kept():
    engine = engine_of(stack_of())
    for used in (None, USED, OTHERS):
        list(engine.preparation_steps(COSINE.over(used)))
    assert engine.is_prepared(COSINE)
    assert engine.is_prepared(COSINE.over(OTHERS))
    assert not engine.is_prepared(COSINE.over(USED))


@pytest.mark.parametrize("used", [None, USED, OTHERS], ids=["all", "some", "others"])
@pytest.mark.parametrize("measure", [COSINE, PEARSON], ids=lambda one: one.name)
def test_preparation_has_as_many_steps_as_were_told(monkeypatch, measure, used):
    monkeypatch.setattr(measuring_module, "_BLOCK", 200)
    monkeypatch.setattr(measuring_module, "_BLOCKS_IN_A_STEP", 3)
    engine, measure = engine_of(stack_of()), measure.over(used)
    told = engine.preparation_step_count(measure)
    assert told > 1
    assert len(list(engine.preparation_steps(measure))) == told


def test_spread_is_that_of_the_stack_itself():
    stack = stack_of("double with NaN")
    engine = engine_of(stack)
    assert engine.spread is None
    list(engine.preparation_steps(EUCLIDEAN))
    assert engine.spread == pytest.approx(spread_of(stack.values))
    list(engine.preparation_steps(EUCLIDEAN.over(USED)))
    assert engine.spread == pytest.approx(spread_of(USED.taken(stack.values)))


def spread_of(values: np.ndarray) -> float:
    background = Background.of(values)
    return background.spread * background.scale


def test_map_given_out_is_not_written_to_again():
    engine = engine_of(stack_of())
    first = engine.values(Query.to(references(engine)[0]), WHOLE)
    kept = first.copy()
    engine.values(Query.to(references(engine)[1]), WHOLE)
    np.testing.assert_array_equal(first, kept)


def test_both_ways_of_summing_give_the_same_map():
    engine = engine_of(stack_of())
    for measure in ANSWERED:
        query = Query.to(*references(engine)[:3], measure=measure)
        maps = []
        for way in WAYS:
            with summing(way):
                maps.append(engine.values(query, WHOLE))
        np.testing.assert_allclose(*maps, rtol=0, atol=1e-6)


REAL = {
    "000000015746.jpg.C1.npz.8.zip": (SPECTRAL_ANGLE, EUCLIDEAN),
    "000000015746.jpg.C3.npz.8.zip": (COSINE,),
}


def assert_values_of_some_pixels_are_those_of_explicit_upsampling(stack, measures) -> None:
    sharp, pixels = sharp_of(stack)
    engine = SharpEngine(sharp, pixels)
    height, width = sharp.weights.image_shape
    numbers = np.sort(np.random.default_rng(0).choice(height * width, 200, replace=False))
    real = stack.real_values(stack.values).reshape(-1, stack.feature_count)
    vectors = explicit(sharp.weights, numbers) @ real
    middle = height // 2, width // 2
    reference = sharp.vector(middle)
    for measure in measures:
        query = Query.to(reference, measure=measure)
        actual = engine.values(query, whole_region((height, width)))
        assert actual[middle] == measure.limits[1]
        expected = measure.values(vectors, reference, background_of(stack, measure))
        assert_agrees(actual.ravel()[numbers], expected, measure)


@pytest.mark.parametrize("name", REAL)
def test_maps_of_real_stacks_are_those_of_explicit_upsampling(shared_data, name):
    stack = read_stack(shared_data / name)
    assert_values_of_some_pixels_are_those_of_explicit_upsampling(stack, REAL[name])


def test_maps_of_a_part_of_a_real_stack_are_those_of_explicit_upsampling(shared_data):
    stack = read_stack(shared_data / "000000015746.jpg.C1.npz.8.zip")
    stride, offset = default_placement(stack)
    first = 40, 30  # the first row and column of the part of the image
    part = replace(
        stack,
        values=stack.values[8:52, 5:45],
        overlay=stack.overlay[first[0] : first[0] + 150, first[1] : first[1] + 120],
        placement=Placement(
            tuple(stride),
            (offset[0] + 8 * stride[0] - first[0], offset[1] + 5 * stride[1] - first[1]),
        ),
    )
    assert_values_of_some_pixels_are_those_of_explicit_upsampling(part, ANSWERED)


def test_stack_of_the_original_values_shares_the_weights_of_a_preprocessed_one():
    stack = stack_of("16 bit")
    sharp, _ = sharp_of(stack)
    other = replace(stack, values=np.sqrt(stack.values.astype(np.float32)))
    engine = SharpEngine(SharpPixels(other, sharp.weights), PixelVectors.of(other))
    query = Query.to(other.vector((7, 1)), measure=ACE)
    assert_agrees(engine.values(query, WHOLE), definition(other, sharp.weights, query), ACE)
