from __future__ import annotations

import builtins

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.engines import byte_products as module
from napari_ifealid.engines.byte_products import ByteProducts, byte_products

BYTES = np.random.default_rng(0).integers(0, 256, (40, 23), np.uint8)
VECTORS = np.random.default_rng(1).normal(size=(3, 23)).astype(np.float32)
OFFSETS = np.zeros(3, np.float32)


@pytest.fixture(scope="module")
def has_instructions() -> None:
    if module.bytes_function() is None:
        pytest.skip("this processor has no products of bytes, or llvmlite is missing")


needs_instructions = pytest.mark.usefixtures("has_instructions")


def largest(stored: np.ndarray, vectors: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return what is expected, in float64."""
    return (stored.astype(float) @ vectors.astype(float).T + offsets).max(axis=1)


def margins(multiply: ByteProducts, vectors: np.ndarray) -> np.ndarray:
    """Return what each product may be off by: the error that is told, and float32's rounding."""
    lengths = np.linalg.norm(multiply.stored.astype(float), axis=1)
    return (multiply.error + 1e-6) * lengths * np.linalg.norm(vectors, axis=1).max() + 1e-6


def filled(multiply: ByteProducts, count: int, first: int = 0) -> np.ndarray:
    products = np.full(count, np.nan, np.float32)
    multiply(first, products)
    return products


@needs_instructions
@given(
    seed=st.integers(0, 2**32 - 1),
    pixels=st.integers(8, 100),
    features=st.integers(8, 70),
    count=st.integers(2, 20),
    is_sparse=st.booleans(),
    data=st.data(),
)
def test_products_are_off_by_no_more_than_is_told(seed, pixels, features, count, is_sparse, data):
    rng = np.random.default_rng(seed)
    stored = rng.integers(0, 256, (pixels, features), np.uint8)
    vectors = rng.normal(size=(count, features)).astype(np.float32)
    if is_sparse:
        vectors[rng.random(vectors.shape) < 0.8] = 0
    offsets = rng.normal(size=count).astype(np.float32)
    multiply = byte_products(stored, vectors, offsets)
    first = data.draw(st.integers(0, pixels - 1))
    length = data.draw(st.integers(1, pixels - first))
    expected = largest(stored, vectors, offsets)
    differences = np.abs(filled(multiply, length, first) - expected[first : first + length])
    assert (differences <= margins(multiply, vectors)[first : first + length]).all()


@needs_instructions
@pytest.mark.parametrize("features", [64, 256, 1024, 2048])
@pytest.mark.parametrize("share", [1.0, 0.5, 0.05])
def test_error_holds_where_many_values_are_equal(features, share):
    # 127 of 255 is rounded by nearly half a step, in the same direction for all features
    vectors = np.zeros((2, features), np.float32)
    vectors[:, : max(2, int(share * features))] = 127
    vectors[:, 0] = 255
    stored = np.repeat(vectors[:1].astype(np.uint8), 8, axis=0)
    multiply = byte_products(stored, vectors, np.zeros(2, np.float32))
    differences = np.abs(filled(multiply, 8) - largest(stored, vectors, np.zeros(2)))
    assert (differences <= margins(multiply, vectors)).all()


@needs_instructions
@pytest.mark.parametrize("features", [8, 9, 10, 11, 12, 15, 16, 23, 1024])
@pytest.mark.parametrize("value", [1.0, -1.0])
def test_largest_sums_do_not_overflow(features, value):
    stored = np.full((8, features), 255, np.uint8)
    vectors = np.full((2, features), value, np.float32)
    multiply = byte_products(stored, vectors, np.zeros(2, np.float32))
    np.testing.assert_allclose(filled(multiply, 8), 255 * features * value, rtol=1e-6)


@needs_instructions
def test_more_vectors_than_a_register_holds_are_all_multiplied():
    for best in range(19):
        offsets = np.full(19, -1e6, np.float32)
        offsets[best] = 0
        vectors = np.random.default_rng(best).normal(size=(19, 23)).astype(np.float32)
        multiply = byte_products(BYTES, vectors, offsets)
        expected = BYTES.astype(float) @ vectors[best].astype(float)
        np.testing.assert_allclose(filled(multiply, 40), expected, atol=0.1)


@needs_instructions
def test_zero_vector_has_the_product_zero():
    vectors = np.zeros((2, 23), np.float32)
    vectors[1] = -1
    multiply = byte_products(BYTES, vectors, np.zeros(2, np.float32))
    np.testing.assert_array_equal(filled(multiply, 40), 0)


@needs_instructions
def test_rows_beside_those_asked_for_are_left_alone():
    around = np.full(60, -7, np.float32)
    byte_products(BYTES, VECTORS, OFFSETS)(5, around[20:40])
    assert (around[:20] == -7).all()
    assert (around[40:] == -7).all()
    assert (around[20:40] != -7).all()


@pytest.mark.parametrize(
    ("stored", "vectors"),
    [
        (BYTES.astype(np.uint16), VECTORS),
        (BYTES.astype(np.int8), VECTORS),
        (np.asfortranarray(BYTES), VECTORS),
        (np.repeat(BYTES, 2, axis=1)[:, ::2], VECTORS),
        (BYTES[:7], VECTORS),
        (np.ascontiguousarray(BYTES[:, :7]), VECTORS[:, :7]),
        (BYTES, VECTORS[:1]),
    ],
    ids=[
        "16 bits",
        "signed",
        "features first",
        "gaps",
        "few pixels",
        "few features",
        "a single vector",
    ],
)
def test_all_else_is_left_to_others(stored, vectors):
    assert byte_products(stored, vectors, np.zeros(len(vectors), np.float32)) is None


def test_features_of_which_sums_could_overflow_are_left_to_others():
    stored = np.zeros((8, 65_794), np.uint8)
    assert byte_products(stored, np.ones((2, 65_794), np.float32), OFFSETS[:2]) is None


@pytest.fixture
def compiled_anew():
    """Have the function compiled again, here and afterwards."""
    module.bytes_function.cache_clear()
    yield
    module.bytes_function.cache_clear()


@pytest.mark.usefixtures("compiled_anew")
def test_without_llvmlite_there_is_nothing(monkeypatch):
    original = builtins.__import__

    def without_llvmlite(name, *arguments):
        if name.startswith("llvmlite"):
            raise ImportError(name)
        return original(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without_llvmlite)
    assert byte_products(BYTES, VECTORS, OFFSETS) is None


@pytest.mark.usefixtures("compiled_anew")
def test_without_the_instructions_there_is_nothing(monkeypatch):
    binding = pytest.importorskip("llvmlite.binding")
    monkeypatch.setattr(binding, "get_host_cpu_features", lambda: {"avx2": True})
    assert byte_products(BYTES, VECTORS, OFFSETS) is None


@needs_instructions
@pytest.mark.usefixtures("compiled_anew")
def test_function_that_multiplies_wrongly_is_not_used(monkeypatch):
    original = module._source
    monkeypatch.setattr(module, "_source", lambda lanes: original(lanes).replace("256.0", "255.0"))
    assert byte_products(BYTES, VECTORS, OFFSETS) is None


@needs_instructions
@pytest.mark.parametrize("lanes", [8, 16])
def test_registers_of_both_widths_multiply_alike(monkeypatch, lanes):
    binding = pytest.importorskip("llvmlite.binding")
    features = binding.get_host_cpu_features()
    if not (features.get("avx512vnni") and features.get("avx512vl")):
        pytest.skip("this processor has registers of one width only")
    function = module._compile(binding, lanes)
    monkeypatch.setattr(module, "bytes_function", lambda: (function, lanes))
    vectors = np.random.default_rng(2).normal(size=(11, 23)).astype(np.float32)
    offsets = np.random.default_rng(3).normal(size=11).astype(np.float32)
    multiply = byte_products(BYTES, vectors, offsets)
    assert len(multiply.groups) == -(-11 * 2 // lanes)
    differences = np.abs(filled(multiply, 40) - largest(BYTES, vectors, offsets))
    assert (differences <= margins(multiply, vectors)).all()
