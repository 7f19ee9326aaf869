from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_ifealid.formats import read_stacks
from napari_ifealid.metrics import spectral_angle_similarity
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


def assert_agrees(actual, expected) -> None:
    """Assert the accuracy that every engine promises."""
    actual = actual.astype(np.float64)
    np.testing.assert_array_equal(np.isnan(actual), np.isnan(expected))
    near = expected > 0.999
    np.testing.assert_allclose(actual[~near], expected[~near], atol=5e-5, rtol=0)
    np.testing.assert_allclose(actual[near], expected[near], atol=5e-4, rtol=0)


def definition(stack: FeatureStack, reference) -> np.ndarray:
    return spectral_angle_similarity(stack.real_values(stack.values), reference)


@pytest.fixture(scope="module", params=DATASETS)
def dataset(request, shared_data):
    """A dataset, and what the web application shows for it."""
    expected = np.load(shared_data / f"{request.param}.expected.npz")
    (path,) = set(shared_data.glob(f"{request.param}.*zip"))
    (stack,) = read_stacks(path)
    positions = map(tuple, expected["positions_rowcol"])
    return stack, list(zip(positions, expected["similarity"], strict=True))


def test_all_expected_maps_are_compared(shared_data):
    files = {path.name for path in shared_data.glob("*.expected.npz")}
    assert files == {f"{name}.expected.npz" for name in DATASETS}


def test_maps_are_those_of_the_web_application(running, dataset):
    stack, hovered = dataset
    with running(stack) as engine:
        for position, expected in hovered:
            if not np.isnan(expected).any():
                assert_agrees(engine.similarity_map(stack.vector(position)), expected)


def test_all_zero_pixels_are_alike_and_like_nothing_else(running, dataset):
    stack, hovered = dataset
    with running(stack) as engine:
        for position, expected in hovered:
            if np.isnan(expected).any():  # the web application's fault
                similarity = engine.similarity_map(stack.vector(position))
                np.testing.assert_array_equal(similarity, ~stack.values.any(axis=-1))
                assert similarity[position] == 1.0


def test_all_zero_pixels_are_among_those_hovered(shared_data):
    for name in DATASETS:
        expected = np.load(shared_data / f"{name}.expected.npz")["similarity"]
        assert np.isnan(expected).any() == name.startswith("synthetic")


def test_reference_pixel_is_exactly_one(running, dataset):
    stack, hovered = dataset
    with running(stack) as engine:
        for position, _ in hovered:
            assert engine.similarity_map(stack.vector(position))[position] == 1.0


def test_maps_of_the_datasets_are_those_of_the_definition(running, dataset):
    stack, hovered = dataset
    with running(stack) as engine:
        for position, _ in hovered[::4]:
            reference = stack.vector(position)
            assert_agrees(engine.similarity_map(reference), definition(stack, reference))


def test_maps_of_the_original_array_are_those_of_the_definition(running, shared_data):
    (stack,) = read_stacks(shared_data / "synthetic_23x17x9.npy")
    with running(stack) as engine:
        for position in np.ndindex(stack.spatial_shape):
            reference = stack.vector(position)
            similarity = engine.similarity_map(reference)
            assert_agrees(similarity, definition(stack, reference))
            assert similarity[position] == 1.0


@dataclass(frozen=True)
class Case:
    """A stack, a pixel of it and how far textures may reach."""

    stack: FeatureStack
    position: tuple[int, ...]
    max_side: int


@st.composite
def cases(draw, values_of) -> Case:
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
    return Case(stack, position, max_side)


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


@pytest.mark.parametrize("values_of", [floats, integers, quantised])
@given(data=st.data())
@settings(max_examples=60)
def test_map_of_a_pixel_is_that_of_the_definition(running, values_of, data):
    case = data.draw(cases(values_of))
    reference = case.stack.vector(case.position)
    with running(case.stack, case.max_side) as engine:
        similarity = engine.similarity_map(reference)
    assert similarity.dtype == np.float32
    assert_agrees(similarity, definition(case.stack, reference))


@pytest.mark.parametrize("values_of", [floats, integers, quantised])
@given(data=st.data())
@settings(max_examples=40)
def test_pixels_equal_to_the_reference_are_exactly_one(running, values_of, data):
    case = data.draw(cases(values_of))
    values, reference = case.stack.values, case.stack.values[case.position]
    with running(case.stack, case.max_side) as engine:
        similarity = engine.similarity_map(case.stack.vector(case.position))
    equal = (values == reference).all(axis=-1) & np.isfinite(values).all(axis=-1)
    np.testing.assert_array_equal(similarity[equal], 1.0)


@given(data=st.data(), kind=st.sampled_from(["opposite", "random", "zero", "nan", "inf"]))
@settings(max_examples=60)
def test_map_of_any_vector_is_that_of_the_definition(running, data, kind):
    case = data.draw(cases(data.draw(VALUES)))
    features = case.stack.feature_count
    reference = {
        "opposite": -case.stack.vector(case.position),
        "random": np.random.default_rng(features).normal(size=features),
        "zero": np.zeros(features),
        "nan": np.full(features, np.nan),
        "inf": np.full(features, np.inf),
    }[kind]
    with running(case.stack, case.max_side) as engine:
        similarity = engine.similarity_map(reference)
    assert_agrees(similarity, definition(case.stack, reference))


@given(data=st.data())
@settings(max_examples=30)
def test_similarity_lies_between_zero_and_one(running, data):
    case = data.draw(cases(data.draw(VALUES)))
    with running(case.stack, case.max_side) as engine:
        similarity = engine.similarity_map(case.stack.vector(case.position))
    known = similarity[~np.isnan(similarity)]
    assert ((known >= 0) & (known <= 1)).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_reference_that_is_not_finite_gives_nan_everywhere(running, bad):
    stack = FeatureStack(values=np.zeros((2, 3, 4)), name="x")
    with running(stack) as engine:
        assert np.isnan(engine.similarity_map(np.array([1.0, bad, 0.0, 0.0]))).all()


def test_zero_reference_is_like_zero_pixels_only(running):
    values = np.array([[[0.0, 0.0], [1.0, 0.0]], [[0.0, -1.0], [0.0, 0.0]]])
    with running(FeatureStack(values=values, name="x")) as engine:
        similarity = engine.similarity_map(np.zeros(2))
    np.testing.assert_array_equal(similarity, [[1, 0], [0, 1]])


def test_zero_pixels_are_unlike_every_reference(running):
    values = np.zeros((2, 3, 4))
    with running(FeatureStack(values=values, name="x")) as engine:
        np.testing.assert_array_equal(engine.similarity_map(np.ones(4)), values[..., 0])


def test_vectors_at_right_angles_and_opposite_are_zero(running):
    values = np.array([[[0, 0, 5], [0, -1, 0]], [[-1, 0, 0], [-3, 0, 4]]], np.float32)
    with running(FeatureStack(values=values, name="x")) as engine:
        similarity = engine.similarity_map(np.array([2.0, 0.0, 0.0]))
    np.testing.assert_allclose(similarity, 0, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_multiples_of_the_reference_by_two_are_exactly_one(running, dtype):
    vector = np.random.default_rng(2).normal(size=17).astype(dtype)
    values = np.array([[vector, 2 * vector], [vector / 2, 8 * vector]])
    with running(FeatureStack(values=values, name="x")) as engine:
        np.testing.assert_array_equal(engine.similarity_map(vector), 1.0)


@pytest.mark.parametrize("features", [16, 1024])
def test_small_angles_are_measured_closely(running, features):
    rng = np.random.default_rng(3)
    values = rng.normal(size=(1, 300, features))
    steps = rng.normal(size=(300, features)) * np.logspace(-8, -1, 300)[:, np.newaxis]
    values[0] = values[0, 0] + steps
    stack = FeatureStack(values=values.astype(np.float32), name="x")
    reference = stack.vector((0, 0))
    with running(stack) as engine:
        similarity = engine.similarity_map(reference)
    np.testing.assert_allclose(similarity, definition(stack, reference), atol=2e-5, rtol=0)


def test_background_near_the_zero_of_a_quantised_range_is_exactly_one(running):
    # real background is zero, which 8 bits over this range hit only nearly: 0.4 of a step off
    values = np.random.default_rng(4).integers(0, 256, (20, 30, 64), np.uint8)
    values[:10] = round(255 / 2.1)
    stack = FeatureStack(values=values, name="x", value_range=(-1.0, 1.1))
    with running(stack) as engine:
        similarity = engine.similarity_map(stack.vector((0, 0)))
    np.testing.assert_array_equal(similarity[:10], 1.0)


@pytest.mark.parametrize(
    ("dtype", "unit"), [(np.float32, 1e-44), (np.float64, 1e-310), (np.float64, 5e-324)]
)
def test_stack_of_subnormal_numbers_has_angles(running, dtype, unit):
    counts = np.random.default_rng(5).integers(0, 4, (4, 5, 6))
    values = (counts * np.array(unit, dtype)).astype(dtype)
    stack = FeatureStack(values=values, name="x")
    with running(stack) as engine:
        similarity = engine.similarity_map(stack.vector((1, 1)))
    assert_agrees(similarity, definition(stack, stack.vector((1, 1))))


@pytest.mark.parametrize(("dtype", "tiny"), [(np.float32, 1e-42), (np.float64, 1e-60)])
def test_finite_pixel_far_shorter_than_the_others_has_no_nan(running, dtype, tiny):
    values = np.ones((2, 3, 4), dtype)
    values[0, 1] = tiny
    with running(FeatureStack(values=values, name="x")) as engine:
        assert np.isfinite(engine.similarity_map(np.ones(4))).all()


def test_maps_do_not_depend_on_those_before(running):
    stack = FeatureStack(values=np.random.default_rng(6).normal(size=(8, 9, 10)), name="x")
    one, other = stack.vector((1, 2)), stack.vector((5, 3))
    with running(stack) as engine:
        first = engine.similarity_map(one).copy()
        engine.similarity_map(other)
        np.testing.assert_array_equal(engine.similarity_map(one), first)


def test_map_given_out_is_not_written_to_again(running):
    stack = FeatureStack(values=np.random.default_rng(6).normal(size=(8, 9, 10)), name="x")
    with running(stack) as engine:
        first = engine.similarity_map(stack.vector((1, 2)))
        kept = first.copy()
        engine.similarity_map(stack.vector((5, 3)))
    np.testing.assert_array_equal(first, kept)


def test_values_of_the_stack_are_left_alone(running):
    values = np.random.default_rng(7).normal(size=(8, 9, 10)).astype(np.float32)
    kept = values.copy()
    with running(FeatureStack(values=values, name="x")) as engine:
        engine.similarity_map(values[1, 2])
    np.testing.assert_array_equal(values, kept)
