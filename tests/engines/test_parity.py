"""All engines give the same maps: those of the measures' definitions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_ifealid.engines import NO_CLASS, classes_of, whole_map
from napari_ifealid.formats import read_stack
from napari_ifealid.grid import Region, region_shape, whole_region
from napari_ifealid.measures import (
    CEM,
    COSINE,
    INFORMATION_DIVERGENCE,
    MEASURES,
    PEARSON,
    SPECTRAL_ANGLE,
    Background,
    Measure,
    Needs,
)
from napari_ifealid.query import Query, Rule
from napari_ifealid.stack import FeatureStack

DATASETS = [
    "000000015746.jpg.C1",
    "000000015746.jpg.C3",
    "synthetic_23x17x9.8",
    "synthetic_23x17x9.16",
    "synthetic_23x17x9.32",
]
FLOAT_SCALES = {
    np.float16: [1.0, 100.0],
    np.float32: [1e-30, 1.0, 1e30],
    np.float64: [1e-300, 1e-200, 1e-30, 1.0, 1e30, 1e200, 1e300],
}
UNSIGNED = [np.uint8, np.uint16, np.uint32, np.uint64]
SIGNED = [np.int8, np.int16, np.int32, np.int64]
RANGES = [(0.0, 1.0), (-3.0, 2.0), (-1.0, 0.0), (-7.0, -2.0), (2.0, 9.0), (-1e200, 3e200)]

OF_ONE_SIGN = [Rule.MEAN, Rule.BEST]

OF_ANY_LENGTH = [SPECTRAL_ANGLE, COSINE, PEARSON, INFORMATION_DIVERGENCE]
where_zero_is_nothing = pytest.mark.parametrize(
    "measure", [SPECTRAL_ANGLE, COSINE, CEM], ids=lambda measure: measure.name
)
with_each_measure = pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)


def assert_agrees(actual, expected, measure=SPECTRAL_ANGLE) -> None:
    """Assert the accuracy that every engine promises."""
    assert actual.dtype == np.float32
    actual = actual.astype(np.float64)
    np.testing.assert_array_equal(np.isnan(actual), np.isnan(expected))
    near = (expected > 0.999) & (measure is SPECTRAL_ANGLE)
    with np.errstate(over="ignore"):  # of a measure without bounds
        expected = expected.astype(np.float32).astype(np.float64)
    beyond = 0 if measure.is_bounded else 5e-5
    np.testing.assert_allclose(actual[~near], expected[~near], atol=5e-5, rtol=beyond)
    np.testing.assert_allclose(actual[near], expected[near], atol=5e-4, rtol=0)


def definition(stack: FeatureStack, query: Query, region: Region | None = None) -> np.ndarray:
    """Return the map by the measure's definition and the meaning of the rule, in float64."""
    values = stack.real_values(stack.values)
    background = None if query.measure.needs is Needs.NOTHING else Background.of(values)
    values = values[whole_region(stack.spatial_shape) if region is None else region]
    vectors = np.array([reference.vector for reference in query.references])
    if query.rule is Rule.MEAN:
        with np.errstate(invalid="ignore", over="ignore"):
            vectors = vectors.mean(axis=0, keepdims=True)
    # a reference that is not finite counts for nothing
    defined = [query.measure.values(values, vector, background) for vector in vectors]
    return np.fmax.reduce(defined)


@cache
def kept_definition(stack: FeatureStack, query: Query) -> np.ndarray:
    """Return the whole map of the definition, computed once for all engines."""
    values = definition(stack, query)
    values.flags.writeable = False
    return values


def map_of(engine, stack: FeatureStack, query: Query, region: Region | None = None) -> np.ndarray:
    region = whole_region(stack.spatial_shape) if region is None else region
    return whole_map(engine.parts(query, region), region)


def answered(engine) -> list[Measure]:
    """Return the measures that an engine does not refuse."""
    return [measure for measure in MEASURES if not engine.refusal(measure)]


@pytest.fixture(scope="module", params=DATASETS)
def dataset(request, shared_data):
    """A dataset, and what the web application shows for it."""
    return dataset_in(shared_data, request.param)


@cache
def dataset_in(folder: Path, name: str):
    """Return the same stack for all engines."""
    expected = np.load(folder / f"{name}.expected.npz")
    (path,) = set(folder.glob(f"{name}.*zip"))
    positions = map(tuple, expected["positions_rowcol"])
    return read_stack(path), list(zip(positions, expected["similarity"], strict=True))


def test_all_expected_maps_are_compared(shared_data):
    files = {path.name for path in shared_data.glob("*.expected.npz")}
    assert files == {f"{name}.expected.npz" for name in DATASETS}


def test_maps_are_those_of_the_web_application(running, dataset):
    stack, hovered = dataset
    with running(stack) as engine:
        for position, expected in running.some(hovered):
            if not np.isnan(expected).any():
                query = Query.to(stack.vector(position))
                assert_agrees(map_of(engine, stack, query), expected)


def test_all_zero_pixels_are_alike_and_like_nothing_else(running, dataset):
    stack, hovered = dataset
    with running(stack) as engine:
        for position, expected in hovered:
            if np.isnan(expected).any():  # the web application's fault
                similarity = map_of(engine, stack, Query.to(stack.vector(position)))
                np.testing.assert_array_equal(similarity, ~stack.values.any(axis=-1))
                assert similarity[position] == 1.0


def test_all_zero_pixels_are_among_those_hovered(shared_data):
    for name in DATASETS:
        expected = np.load(shared_data / f"{name}.expected.npz")["similarity"]
        assert np.isnan(expected).any() == name.startswith("synthetic")


@with_each_measure
def test_reference_pixel_is_exactly_one(running, dataset, measure):
    stack, hovered = dataset
    with running(stack) as engine:
        if engine.refusal(measure):
            return  # another engine takes over, see test_engine_owner.py
        # blocks are whitened anew for each map
        step = 8 if measure.needs is Needs.COVARIANCE else 1
        for position, _ in running.some(hovered)[::step]:
            query = Query.to(stack.vector(position), measure=measure)
            assert map_of(engine, stack, query)[position] == 1.0


@with_each_measure
def test_maps_of_the_datasets_are_those_of_the_definition(running, dataset, measure):
    stack, hovered = dataset
    with running(stack) as engine:
        if engine.refusal(measure):
            return  # another engine takes over, see test_engine_owner.py
        for position, _ in running.some(hovered[::6] if measure in OF_ANY_LENGTH else hovered[:1]):
            query = Query.to(stack.vector(position), measure=measure)
            assert_agrees(map_of(engine, stack, query), kept_definition(stack, query), measure)


@with_each_measure
@pytest.mark.parametrize("rule", OF_ONE_SIGN)
def test_maps_of_several_references_in_the_datasets(running, dataset, measure, rule):
    stack, hovered = dataset
    query = Query.to(
        *(stack.vector(position) for position, _ in hovered[:5]), rule=rule, measure=measure
    )
    with running(stack) as engine:
        if engine.refusal(measure):
            return  # another engine takes over, see test_engine_owner.py
        assert_agrees(map_of(engine, stack, query), kept_definition(stack, query), measure)


def test_maps_of_the_original_array_are_those_of_the_definition(running, shared_data):
    stack = read_stack(shared_data / "synthetic_23x17x9.npy")
    with running(stack) as engine:
        for position in running.some(list(np.ndindex(stack.spatial_shape))):
            query = Query.to(stack.vector(position))
            similarity = map_of(engine, stack, query)
            assert_agrees(similarity, definition(stack, query))
            assert similarity[position] == 1.0


IMAGE, VOLUME = (23, 17, 37), (4, 9, 11, 23)
KINDS = {
    "uint8 image": (IMAGE, np.uint8, None),
    "uint8 volume from 0": (VOLUME, np.uint8, (0.0, 6.0)),
    "uint8 image of both signs": (IMAGE, np.uint8, (-2.0, 1.0)),
    "uint16 volume": (VOLUME, np.uint16, None),
    "int16 image": (IMAGE, np.int16, None),
    "float32 volume": (VOLUME, np.float32, None),
    "float64 image": (IMAGE, np.float64, None),
}
FIRST_REFERENCES = ["pixel", "random", "zero", "opposite", "pixel", "mixed", "random", "pixel"]
REFERENCES = [*FIRST_REFERENCES, "mixed", "pixel", "opposite"]


@cache
def stack_of(kind: str) -> FeatureStack:
    """Return a stack with zero pixels and, if floats can be, some that are not finite."""
    shape, dtype, value_range = KINDS[kind]
    rng = np.random.default_rng(1)
    values = np.maximum(rng.normal(size=shape), 0) * 60
    if np.dtype(dtype).kind != "u":
        values[..., ::3] *= -1
    if value_range is not None:
        values += 60
    values = values.astype(dtype)
    pixels = values.reshape(-1, shape[-1])
    stack = FeatureStack(values=values, name=kind, value_range=value_range)
    pixels[::13] = 170 if value_range == (-2.0, 1.0) else 0
    if values.dtype.kind == "f":
        pixels[5::29, 3] = [np.nan, np.inf, -np.inf] * (len(pixels[5::29]) // 3) + (
            [np.nan] * (len(pixels[5::29]) % 3)
        )
    return stack


def references(stack: FeatureStack, count: int) -> list[np.ndarray]:
    """Return that many vectors to compare with, of all kinds that there are."""
    rng = np.random.default_rng(count)
    real = stack.real_values(stack.values).reshape(-1, stack.feature_count)
    known = real[np.isfinite(real).all(axis=-1) & real.any(axis=-1)]

    def vector(kind: str) -> np.ndarray:
        pixel = rng.choice(known)
        return {
            "pixel": pixel,
            "random": rng.normal(size=len(pixel)),
            "zero": np.zeros(len(pixel)),
            "opposite": -pixel,
            "mixed": 3 * pixel + rng.choice(known),
        }[kind]

    return [vector(kind) for kind in REFERENCES[:count]]


def regions(shape: tuple[int, ...]) -> list[Region]:
    """Return all pixels, some that follow each other, some that don't, and a single one."""
    return [
        whole_region(shape),
        (slice(1, 3), *whole_region(shape[1:])),
        tuple(slice(1, length - 2) for length in shape),
        (*whole_region(shape[:-1]), slice(3, 5)),
        tuple(slice(length // 2, length // 2 + 1) for length in shape),
    ]


@pytest.mark.parametrize("rule", OF_ONE_SIGN)
@pytest.mark.parametrize("count", [1, 2, 3, 8, 11])
@pytest.mark.parametrize("kind", KINDS)
def test_every_measure_of_every_region_is_that_of_the_definition(running, kind, count, rule):
    stack = stack_of(kind)
    vectors = references(stack, count)
    with running(stack) as engine:
        for number, measure in enumerate(answered(engine)):
            query = Query.to(*vectors, rule=rule, measure=measure)
            few = running.some(regions(stack.spatial_shape))
            for region in few if number < 2 else few[number % 2 :: 2]:
                actual = map_of(engine, stack, query, region)
                assert actual.shape == region_shape(region)
                assert_agrees(actual, kept_definition(stack, query)[region], measure)


def assert_classes_are_those_of_the_definition(
    numbers: np.ndarray,
    stack: FeatureStack,
    query: Query,
    region: Region,
    defined: Callable[[FeatureStack, Query], np.ndarray] = definition,
) -> None:
    """Assert that each class is the first of the largest values, -1 where there is none."""
    alone = (Query.to(one.vector, measure=query.measure) for one in query.references)
    values = np.stack([defined(stack, one)[region] for one in alone])
    is_none = np.isnan(values).all(axis=0)
    values = np.where(np.isnan(values), -np.inf, values)
    chosen = np.take_along_axis(values, np.maximum(numbers, 0)[np.newaxis], axis=0)[0]
    best = values.max(axis=0)
    # values that ought to be equal differ by rounding, and that by how the sums are made
    rounding = 1e-6 if query.measure.needs is Needs.COVARIANCE else 2e-12
    assert ((chosen >= best - rounding * np.maximum(1.0, np.abs(best))) | is_none).all()
    np.testing.assert_array_equal(numbers == NO_CLASS, is_none)


@with_each_measure
@pytest.mark.parametrize("count", [1, 8])
@pytest.mark.parametrize("kind", KINDS)
def test_class_is_the_first_of_the_largest_values_of_the_definition(running, kind, count, measure):
    stack = stack_of(kind)
    vectors = [*references(stack, count), np.full(stack.feature_count, np.nan)]
    query = Query.to(*vectors, *vectors[:1], measure=measure)
    with running(stack) as engine:
        for region in running.some(regions(stack.spatial_shape))[::3]:
            classes = classes_of(engine, query, region)
            assert_classes_are_those_of_the_definition(
                classes.numbers, stack, query, region, kept_definition
            )
            assert_agrees(classes.values, kept_definition(stack, query)[region], measure)


def test_class_of_any_stack_is_that_of_the_definition(running):
    def check(case: Case) -> None:
        with running(case.stack, case.max_side) as engine:
            classes = classes_of(engine, case.query, case.region)
        assert_classes_are_those_of_the_definition(
            classes.numbers, case.stack, case.query, case.region
        )

    for_all(running, VALUES.flatmap(lambda values_of: cases(values_of, ANY)), check)


@with_each_measure
@pytest.mark.parametrize(("like", "unlike"), [(1, 1), (2, 3)])
@pytest.mark.parametrize("kind", KINDS)
def test_difference_is_halved_and_around_the_middle(running, kind, like, unlike, measure):
    stack = stack_of(kind)
    vectors = references(stack, like + unlike)
    query = Query.to(*vectors[:like], unlike=vectors[like:], measure=measure)
    with running(stack) as engine:
        if engine.refusal(measure):
            return  # another engine takes over, see test_engine_owner.py
        for region in running.some(regions(stack.spatial_shape)):
            actual = map_of(engine, stack, query, region)
            best, other = (
                kept_definition(stack, one)[region] for one in (query.like, query.unlike)
            )
            expected = (best - other) / 2.0 + np.mean(measure.limits)
            np.testing.assert_allclose(actual, expected, atol=3e-4, rtol=0)


def test_parts_fill_a_region_without_overlap(running):
    stack = stack_of("uint16 volume")
    query = Query.to(stack.vector((1, 2, 3)))
    with running(stack) as engine:
        for region in running.some(regions(stack.spatial_shape)):
            covered = np.zeros(stack.spatial_shape, int)
            parts = list(engine.parts(query, region))
            for place, values in parts:
                assert values.shape == region_shape(place)
                covered[place] += 1
            assert len(parts) == engine.part_count(region)
            assert (covered[region] == 1).all()
            assert covered.sum() == covered[region].size


@pytest.mark.parametrize("kind", KINDS)
def test_single_feature_is_shown_in_the_stacks_own_units(running, kind):
    stack = stack_of(kind)
    feature = stack.feature_count - 2
    with running(stack) as engine:
        for region in running.some(regions(stack.spatial_shape)):
            covered = np.zeros(stack.spatial_shape, int)
            for place, _ in engine.feature_parts(range(feature, feature + 1), region):
                covered[place] += 1
            values = whole_map(engine.feature_parts(range(feature, feature + 1), region), region)
            assert values.dtype == np.float32
            expected = stack.real_values(stack.values[(*region, feature)]).astype(np.float32)
            np.testing.assert_array_equal(values, expected)
            assert (covered[region] == 1).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("features", [range(7), range(3, 5)], ids=str)
def test_mean_of_features_is_that_of_their_real_values(running, kind, features):
    stack = stack_of(kind)
    with running(stack) as engine:
        for region in running.some(regions(stack.spatial_shape)):
            values = whole_map(engine.feature_parts(features, region), region)
            assert values.dtype == np.float32
            real = stack.real_values(stack.values[region])[..., list(features)]
            with np.errstate(invalid="ignore", over="ignore"):
                expected = real.mean(axis=-1)
                expected = expected.astype(np.float32)
                # where values of both signs cancel each other
                nearly = 1e-12 * np.abs(real[np.isfinite(real)]).max()
                np.testing.assert_allclose(values, expected, rtol=1e-6, atol=nearly)


@dataclass(frozen=True)
class Case:
    """A stack, what it is asked, where, and how far textures may reach."""

    stack: FeatureStack
    query: Query
    region: Region
    position: tuple[int, ...]
    max_side: int

    @property
    def expected(self) -> np.ndarray:
        return definition(self.stack, self.query, self.region)


@st.composite
def cases(draw, values_of, kinds=("pixel",)) -> Case:
    """Draw the shape and all choices; the numbers come from a seed, which is much faster."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    space = tuple(draw(st.lists(st.integers(1, 12), min_size=2, max_size=3)))
    features = draw(st.integers(1, 70))
    values, value_range = draw(values_of(rng, (*space, features)))
    pixels = values.reshape(-1, features)
    position = tuple(int(rng.integers(length)) for length in space)
    pixels[rng.random(len(pixels)) < 0.1] = values[position]
    if draw(st.booleans()):
        pixels[rng.random(len(pixels)) < 0.1] = 0
    layout = draw(st.sampled_from(["features last", "features first", "Fortran", "strided"]))
    stack = FeatureStack(values=laid_out(values, layout), name="x", value_range=value_range)
    least_side = max(4, -(-features // 4))
    max_side = draw(st.one_of(st.just(2048), st.integers(least_side, 4 * least_side)))
    first, *others = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=11))
    vectors = [vector_of(first, stack, position, rng)]
    for kind in others:
        at = tuple(int(rng.integers(length)) for length in space)
        vectors.append(vector_of(kind, stack, at, rng))
    query = Query.to(
        *vectors, rule=draw(st.sampled_from(OF_ONE_SIGN)), measure=draw(st.sampled_from(MEASURES))
    )
    region = whole_region(space)
    if draw(st.booleans()):
        ends = [sorted(rng.choice(length + 1, 2, replace=False).tolist()) for length in space]
        region = tuple(slice(*pair) for pair in ends)
    return Case(stack, query, region, position, max_side)


def vector_of(kind: str, stack: FeatureStack, position: tuple[int, ...], rng) -> np.ndarray:
    features = stack.feature_count
    return {
        "pixel": stack.vector(position),
        "opposite": -stack.vector(position),
        "random": rng.normal(size=features),
        "zero": np.zeros(features),
        "nan": np.full(features, np.nan),
        "inf": np.full(features, np.inf),
    }[kind]


def laid_out(values: np.ndarray, layout: str) -> np.ndarray:
    match layout:
        case "features first":
            return np.moveaxis(np.moveaxis(values, -1, 0).copy(), 0, -1)
        case "Fortran":
            return np.asfortranarray(values)
        case "strided":
            return np.repeat(values, 2, axis=1)[:, ::2]
        case _:
            return values


@st.composite
def floats(draw, rng, shape):
    dtype = draw(st.sampled_from(list(FLOAT_SCALES)))
    values = rng.normal(size=shape) if draw(st.booleans()) else rng.random(shape)
    values = (values * draw(st.sampled_from(FLOAT_SCALES[dtype]))).astype(dtype)
    if draw(st.booleans()):
        bad = rng.choice([np.nan, np.inf, -np.inf], size=shape)
        values = np.where(rng.random(shape) < 0.1 / shape[-1], bad, values).astype(dtype)
    return values, None


@st.composite
def integers(draw, rng, shape):
    dtype = draw(st.sampled_from([np.bool_, *SIGNED, *UNSIGNED]))
    if dtype == np.bool_:
        return rng.random(shape) < 0.5, None
    limits = np.iinfo(dtype)
    if draw(st.booleans()):  # counts, with many zeros and equal vectors
        return rng.integers(0, 4, shape).astype(dtype), None
    return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True), None


@st.composite
def quantised(draw, rng, shape):
    dtype = draw(st.sampled_from(UNSIGNED))
    low, high = draw(st.sampled_from(RANGES))
    top = np.iinfo(dtype).max
    stored = rng.integers(0, top, shape, dtype, endpoint=True)
    # a vector that float32 can't tell from zero beside the range has no direction to compare
    real = (low + (high - low) * (stored / top)) / max(abs(low), abs(high))
    stored[np.abs(real).max(axis=-1) < 0.1] = top if abs(high) > abs(low) else 0
    return stored, (low, high)


VALUES = st.sampled_from([floats, integers, quantised])
ANY = ("pixel", "opposite", "random", "zero", "nan", "inf")


def for_all(running, cases_of: st.SearchStrategy[Case], check: Callable[[Case], None]) -> None:
    """Check random cases, as many as the engine is quick enough for."""
    settings(max_examples=running.examples)(given(cases_of)(check))()


@pytest.mark.parametrize("values_of", [floats, integers, quantised])
def test_map_of_pixels_is_that_of_the_definition(running, values_of):
    def check(case: Case) -> None:
        with running(case.stack, case.max_side) as engine:
            if engine.refusal(case.query.measure):
                return
            actual = map_of(engine, case.stack, case.query, case.region)
        assert_agrees(actual, case.expected, case.query.measure)

    for_all(running, cases(values_of), check)


def test_map_of_any_vectors_is_that_of_the_definition(running):
    def check(case: Case) -> None:
        with running(case.stack, case.max_side) as engine:
            if engine.refusal(case.query.measure):
                return
            actual = map_of(engine, case.stack, case.query, case.region)
        assert_agrees(actual, case.expected, case.query.measure)

    for_all(running, VALUES.flatmap(lambda values_of: cases(values_of, ANY)), check)


@pytest.mark.parametrize("values_of", [floats, integers, quantised])
def test_pixels_equal_to_the_reference_are_exactly_one(running, values_of):
    def check(case: Case) -> None:
        values, reference = case.stack.values, case.stack.values[case.position]
        query = Query.to(case.stack.vector(case.position), measure=case.query.measure)
        with running(case.stack, case.max_side) as engine:
            if engine.refusal(case.query.measure):
                return
            actual = map_of(engine, case.stack, query)
        equal = (values == reference).all(axis=-1) & np.isfinite(values).all(axis=-1)
        np.testing.assert_array_equal(actual[equal], 1.0)

    for_all(running, cases(values_of), check)


def test_pixels_equal_to_one_of_several_references_are_exactly_one(running):
    stack = stack_of("uint8 image")
    positions = [(1, 2), (12, 3), (22, 16), (7, 7), (15, 1)]
    with running(stack) as engine:
        for measure in answered(engine):
            query = Query.to(*map(stack.vector, positions), measure=measure)
            values = map_of(engine, stack, query)
            assert [values[position] for position in positions] == [1.0] * 5


def test_values_lie_within_the_measures_limits(running):
    def check(case: Case) -> None:
        with running(case.stack, case.max_side) as engine:
            if engine.refusal(case.query.measure):
                return
            values = map_of(engine, case.stack, case.query, case.region)
        if not case.query.measure.is_bounded:
            return
        low, high = case.query.measure.limits
        known = values[~np.isnan(values)]
        assert ((known >= low) & (known <= high)).all()

    for_all(running, VALUES.flatmap(lambda values_of: cases(values_of, ANY)), check)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_reference_that_is_not_finite_gives_nan_everywhere(running, bad):
    stack = FeatureStack(values=np.zeros((2, 3, 4)), name="x")
    with running(stack) as engine:
        values = map_of(engine, stack, Query.to(np.array([1.0, bad, 0.0, 0.0])))
    assert np.isnan(values).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_reference_that_is_not_finite_is_left_out_of_the_best(running, bad):
    stack = stack_of("int16 image")
    pixel, other = stack.vector((3, 4)), np.full(stack.feature_count, bad)
    with running(stack) as engine:
        np.testing.assert_array_equal(
            map_of(engine, stack, Query.to(pixel, other)), map_of(engine, stack, Query.to(pixel))
        )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_reference_that_is_not_finite_makes_the_mean_nan(running, bad):
    stack = stack_of("int16 image")
    query = Query.to(stack.vector((3, 4)), np.full(stack.feature_count, bad), rule=Rule.MEAN)
    with running(stack) as engine:
        assert np.isnan(map_of(engine, stack, query)).all()


@where_zero_is_nothing
def test_mean_of_opposite_references_is_the_zero_reference(running, measure):
    stack = stack_of("int16 image")
    pixel = stack.vector((3, 4))
    query = Query.to(pixel, -pixel, rule=Rule.MEAN, measure=measure)
    with running(stack) as engine:
        if engine.refusal(measure):
            return  # another engine takes over, see test_engine_owner.py
        values = map_of(engine, stack, query)
    np.testing.assert_array_equal(values, ~stack.values.any(axis=-1))


@where_zero_is_nothing
def test_zero_reference_is_like_zero_pixels_only(running, measure):
    values = np.array([[[0.0, 0.0], [1.0, 0.0]], [[0.0, -1.0], [0.0, 0.0]]])
    stack = FeatureStack(values=values, name="x")
    with running(stack) as engine:
        if engine.refusal(measure):
            return  # another engine takes over, see test_engine_owner.py
        similarity = map_of(engine, stack, Query.to(np.zeros(2), measure=measure))
    np.testing.assert_array_equal(similarity, [[1, 0], [0, 1]])


def test_zero_reference_beside_others_is_at_a_right_angle_to_all_pixels(running):
    values = np.array([[[0.0, 0.0], [1.0, 0.0]], [[-1.0, -1.0], [-1.0, 0.0]]])
    stack = FeatureStack(values=values, name="x")
    query = Query.to(np.zeros(2), np.array([2.0, 0.0]), measure=COSINE)
    with running(stack) as engine:
        np.testing.assert_allclose(map_of(engine, stack, query), [[1, 1], [0, 0]], atol=1e-7)


@where_zero_is_nothing
def test_zero_pixels_are_unlike_every_reference(running, measure):
    stack = FeatureStack(values=np.zeros((2, 3, 4)), name="x")
    with running(stack) as engine:
        if engine.refusal(measure):
            return  # another engine takes over, see test_engine_owner.py
        values = map_of(engine, stack, Query.to(np.ones(4), measure=measure))
    np.testing.assert_array_equal(values, np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("measure", "expected"),
    [(SPECTRAL_ANGLE, [[0, 0], [0, 0]]), (COSINE, [[0, 0], [-1, -0.6]])],
    ids=lambda one: getattr(one, "name", ""),
)
def test_vectors_at_right_angles_and_opposite(running, measure, expected):
    values = np.array([[[0, 0, 5], [0, -1, 0]], [[-1, 0, 0], [-3, 0, 4]]], np.float32)
    stack = FeatureStack(values=values, name="x")
    query = Query.to(np.array([2.0, 0.0, 0.0]), measure=measure)
    with running(stack) as engine:
        np.testing.assert_allclose(map_of(engine, stack, query), expected, atol=2e-7)


@pytest.mark.parametrize("measure", OF_ANY_LENGTH, ids=lambda measure: measure.name)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_multiples_of_the_reference_by_two_are_exactly_one(running, dtype, measure):
    vector = np.random.default_rng(2).normal(size=17).astype(dtype)
    values = np.array([[vector, 2 * vector], [vector / 2, 8 * vector]])
    stack = FeatureStack(values=values, name="x")
    with running(stack) as engine:
        if engine.refusal(measure):
            return  # another engine takes over, see test_engine_owner.py
        actual = map_of(engine, stack, Query.to(vector, measure=measure))
    np.testing.assert_array_equal(actual, 1.0)


@pytest.mark.parametrize("features", [16, 1024])
def test_small_angles_are_measured_closely(running, features):
    rng = np.random.default_rng(3)
    values = rng.normal(size=(1, 300, features))
    steps = rng.normal(size=(300, features)) * np.logspace(-8, -1, 300)[:, np.newaxis]
    values[0] = values[0, 0] + steps
    stack = FeatureStack(values=values.astype(np.float32), name="x")
    query = Query.to(stack.vector((0, 0)))
    with running(stack) as engine:
        similarity = map_of(engine, stack, query)
    np.testing.assert_allclose(similarity, definition(stack, query), atol=2e-5, rtol=0)


@pytest.mark.parametrize("count", [2, 8])
def test_references_of_many_equal_values_are_measured_closely(running, count):
    # rounded to weights of bytes, equal values are all off in the same direction
    rng = np.random.default_rng(0)
    noise = rng.integers(-60, 61, (20, 25, 1024)) * rng.random((20, 25, 1))
    stack = FeatureStack(values=np.clip(127 + noise, 0, 255).astype(np.uint8), name="x")
    vectors = np.full((count, 1024), 127.0)
    vectors[np.arange(count), np.arange(count)] = 255
    query = Query.to(*vectors)
    with running(stack) as engine:
        assert_agrees(map_of(engine, stack, query), definition(stack, query))


@with_each_measure
def test_references_of_one_large_value_are_measured_closely_beside_a_zero_one(running, measure):
    rng = np.random.default_rng(0)
    stack = FeatureStack(values=rng.integers(0, 256, (9, 11, 6), np.uint8), name="x")
    query = Query.to(
        np.array([255.0, 3, 1, 0, 2, 0]), -stack.vector((3, 4)), np.zeros(6), measure=measure
    )
    with running(stack) as engine:
        if engine.refusal(measure):
            return  # another engine takes over, see test_engine_owner.py
        assert_agrees(map_of(engine, stack, query), definition(stack, query), measure)


def test_background_near_the_zero_of_a_quantised_range_is_exactly_one(running):
    # real background is zero, which 8 bits over this range hit only nearly: 0.4 of a step off
    values = np.random.default_rng(4).integers(0, 256, (20, 30, 64), np.uint8)
    values[:10] = round(255 / 2.1)
    stack = FeatureStack(values=values, name="x", value_range=(-1.0, 1.1))
    with running(stack) as engine:
        similarity = map_of(engine, stack, Query.to(stack.vector((0, 0))))
    np.testing.assert_array_equal(similarity[:10], 1.0)


@pytest.mark.parametrize(
    ("dtype", "unit"), [(np.float32, 1e-44), (np.float64, 1e-310), (np.float64, 5e-324)]
)
def test_stack_of_subnormal_numbers_has_angles(running, dtype, unit):
    counts = np.random.default_rng(5).integers(0, 4, (4, 5, 6))
    values = (counts * np.array(unit, dtype)).astype(dtype)
    stack = FeatureStack(values=values, name="x")
    query = Query.to(stack.vector((1, 1)))
    with running(stack) as engine:
        assert_agrees(map_of(engine, stack, query), definition(stack, query))


@pytest.mark.parametrize(("dtype", "tiny"), [(np.float32, 1e-42), (np.float64, 1e-60)])
def test_finite_pixel_far_shorter_than_the_others_has_no_nan(running, dtype, tiny):
    values = np.ones((2, 3, 4), dtype)
    values[0, 1] = tiny
    stack = FeatureStack(values=values, name="x")
    with running(stack) as engine:
        assert np.isfinite(map_of(engine, stack, Query.to(np.ones(4)))).all()


def test_maps_do_not_depend_on_those_before(running):
    stack = stack_of("uint16 volume")
    one, two = stack.vector((1, 2, 3)), stack.vector((3, 3, 5))
    asked = [
        (query, region)
        for query in (
            Query.to(one),
            Query.to(one, measure=COSINE),
            Query.to(one, two),
            Query.to(one, np.zeros_like(one), rule=Rule.MEAN),
            Query.to(one, np.zeros_like(one)),
            Query.to(one, -one, two),
        )
        for region in running.some(regions(stack.spatial_shape))
    ]
    with running(stack) as engine:
        once = [map_of(engine, stack, *what) for what in asked]
        again = [map_of(engine, stack, *what) for what in reversed(asked)]
    for first, second in zip(once, reversed(again), strict=True):
        np.testing.assert_array_equal(first, second)


def test_map_given_out_is_not_written_to_again(running):
    stack = FeatureStack(values=np.random.default_rng(6).normal(size=(8, 9, 10)), name="x")
    with running(stack) as engine:
        first = map_of(engine, stack, Query.to(stack.vector((1, 2))))
        kept = first.copy()
        map_of(engine, stack, Query.to(stack.vector((5, 3))))
    np.testing.assert_array_equal(first, kept)


def test_values_of_the_stack_are_left_alone(running):
    values = np.random.default_rng(7).normal(size=(8, 9, 10)).astype(np.float32)
    kept = values.copy()
    stack = FeatureStack(values=values, name="x")
    with running(stack) as engine:
        map_of(engine, stack, Query.to(values[1, 2], values[3, 4]))
    np.testing.assert_array_equal(values, kept)


def test_preview_is_built_in_as_many_steps_as_were_told(running):
    stack = stack_of("uint8 image")
    with running(stack) as engine:
        *steps, preview = engine.preview_steps(1 << 20)
        assert len(steps) + 1 == engine.preview_step_count
    assert steps == [None] * len(steps)
    assert preview.codes.shape == (23 * 17, 37)


def test_budget_of_less_than_a_byte_per_pixel_gives_no_preview(running):
    stack = stack_of("uint8 image")
    with running(stack) as engine:
        assert set(engine.preview_steps(23 * 17 - 1)) <= {None}


@pytest.mark.parametrize("nothing", [0.0, np.nan])
def test_stack_without_any_direction_has_no_preview(running, nothing):
    with running(FeatureStack(values=np.full((8, 9, 10), nothing), name="x")) as engine:
        assert set(engine.preview_steps(1 << 20)) <= {None}


def test_engine_is_closed_once_or_twice(running):
    stack = FeatureStack(values=np.ones((8, 9, 10)), name="x")
    with running(stack) as engine:
        map_of(engine, stack, Query.to(np.ones(10)))
        engine.close()
