from __future__ import annotations

from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.engines import byte_products, compiled, products
from napari_ifealid.engines.compiled import compiled_products
from napari_ifealid.engines.products import exact_products, largest_products

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (50, 12), np.uint8)
VECTORS = RNG.normal(size=(3, 12)).astype(np.float32)
OFFSETS = np.array([0.0, 50.0, -50.0], np.float32)


def largest(stored: np.ndarray, vectors: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return what is expected, in float64."""
    return (stored.astype(float) @ vectors.astype(float).T + offsets).max(axis=1)


def filled(multiply, count: int, first: int = 0) -> np.ndarray:
    result = np.full(count, np.nan, np.float32)
    multiply(first, result)
    return result


@pytest.fixture
def nothing_compiled(monkeypatch):
    monkeypatch.setattr(compiled, "_kinds", {})
    monkeypatch.setattr(products, "byte_products", lambda *_: None)


@pytest.fixture
def needs_bytes():
    if byte_products.bytes_function() is None:
        pytest.skip("this processor has no products of bytes")
    compiled_products(BYTES).result()


DTYPES = ["u1", "u2", "i2", "f4", "f8", "i8", "?", ">u2", "f2"]


@given(
    dtype=st.sampled_from(DTYPES),
    shape=st.tuples(st.integers(1, 200), st.integers(1, 70)),
    count=st.integers(1, 11),
    is_compiled=st.booleans(),
    data=st.data(),
)
def test_largest_product_of_each_row_is_that_of_double_precision(
    dtype, shape, count, is_compiled, data
):
    rng = np.random.default_rng(1)
    stored = rng.integers(0, 100, shape).astype(dtype)
    vectors = rng.normal(size=(count, shape[1])).astype(np.float32)
    offsets = rng.normal(size=count).astype(np.float32)
    if is_compiled:
        compiled_products(stored).result()
    first = data.draw(st.integers(0, shape[0] - 1))
    for choose in (largest_products, exact_products):
        chosen = choose(stored, vectors, offsets)
        actual = filled(chosen.multiply, shape[0] - first, first)
        lengths = np.linalg.norm(stored.astype(float), axis=1)[first:]
        margin = (chosen.error + 1e-6) * lengths * np.linalg.norm(vectors, axis=1).max()
        expected = largest(stored, vectors, offsets)[first:]
        assert (np.abs(actual - expected) <= margin + 1e-6).all()


def test_blas_multiplies_where_nothing_is_compiled(nothing_compiled):
    chosen = exact_products(BYTES, VECTORS, OFFSETS)
    assert chosen.error == 0
    assert compiled.ready_products(BYTES) is None
    np.testing.assert_allclose(
        filled(chosen.multiply, 50), largest(BYTES, VECTORS, OFFSETS), rtol=1e-6
    )


@pytest.mark.parametrize("count", [1, 3])
def test_blas_multiplies_more_rows_than_stay_in_the_cache(nothing_compiled, monkeypatch, count):
    monkeypatch.setattr(products, "_BLOCK_VALUES", 100)
    chosen = exact_products(BYTES, VECTORS[:count], OFFSETS[:count])
    np.testing.assert_allclose(
        filled(chosen.multiply, 43, 7),
        largest(BYTES, VECTORS[:count], OFFSETS[:count])[7:],
        rtol=1e-5,
        atol=1e-4,
    )


def test_what_is_compiled_multiplies_once_it_is_ready(nothing_compiled, monkeypatch):
    called = []

    def multiply(stored, vectors, offsets, result, first) -> None:
        called.append((stored, first))
        result[:] = 7

    monkeypatch.setattr(products, "ready_products", lambda _: Mock(fill_largest=multiply))
    assert filled(exact_products(BYTES, VECTORS, OFFSETS).multiply, 5, 3).tolist() == [7] * 5
    assert called == [(BYTES, 3)]


def test_bytes_are_multiplied_by_the_processor_s_instructions_for_them(needs_bytes):
    chosen = largest_products(BYTES, VECTORS, OFFSETS)
    assert isinstance(chosen.multiply, byte_products.ByteProducts)
    assert 0 < chosen.error < 1e-4


def test_exact_products_are_never_rounded_to_bytes(needs_bytes):
    chosen = exact_products(BYTES, VECTORS, OFFSETS)
    assert not isinstance(chosen.multiply, byte_products.ByteProducts)
    assert chosen.error == 0


def test_rows_that_are_converted_first_are_multiplied_so():
    compiled_products(BYTES).result()

    def converted(rows: slice) -> np.ndarray:
        return BYTES[rows].astype(np.float32) - 128

    for choose in (largest_products, exact_products):
        chosen = choose(BYTES, VECTORS, OFFSETS, converted)
        assert chosen.error == 0
        np.testing.assert_allclose(
            filled(chosen.multiply, 40, 10),
            largest(BYTES.astype(float) - 128, VECTORS, OFFSETS)[10:],
            rtol=1e-5,
            atol=1e-3,
        )


def test_one_product_of_float32_uses_all_cores_by_itself():
    stored = BYTES.astype(np.float32)
    assert exact_products(stored, VECTORS[:1], OFFSETS[:1]).uses_all_cores
    assert not exact_products(stored, VECTORS, OFFSETS).uses_all_cores
    assert not exact_products(BYTES, VECTORS[:1], OFFSETS[:1]).uses_all_cores
    assert not exact_products(np.asfortranarray(stored), VECTORS[:1], OFFSETS[:1]).uses_all_cores


def test_no_map_waits_until_products_of_bytes_are_compiled(monkeypatch):
    monkeypatch.setattr(compiled, "_kinds", {})

    def too_early() -> None:
        raise AssertionError("compiled while a map is waited for")

    monkeypatch.setattr(byte_products, "bytes_function", too_early)
    assert largest_products(BYTES, VECTORS, OFFSETS).error == 0
