from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.engines import compiled, products
from napari_ifealid.engines.compiled import compiled_products, has_numba, ready_products
from napari_ifealid.engines.products import exact_products

DTYPES = [np.uint8, np.uint16, np.int16, np.float32]

needs_numba = pytest.mark.skipif(not has_numba(), reason="numba is not installed")


def random_rows(dtype: type, pixels: int, features: int, order: str) -> np.ndarray:
    """Return rows of numbers over all the type's range, that can't be written to."""
    rng = np.random.default_rng(3)
    if np.dtype(dtype).kind == "f":
        stored = rng.normal(size=(pixels, features)).astype(dtype)
    else:
        limits = np.iinfo(dtype)
        stored = rng.integers(limits.min, limits.max, (pixels, features), dtype, endpoint=True)
    stored = np.asarray(stored, order=order)
    stored.flags.writeable = False  # as a memory-mapped one
    return stored


@st.composite
def jobs(draw):
    """Draw rows, vectors, offsets, and which rows to multiply."""
    pixels, features = draw(st.integers(1, 9000)), draw(st.integers(1, 70))
    count = draw(st.integers(1, 11))
    stored = random_rows(
        draw(st.sampled_from(DTYPES)), pixels, features, draw(st.sampled_from("CF"))
    )
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(count, features)).astype(np.float32)
    offsets = rng.normal(size=count).astype(np.float32)
    first = draw(st.integers(0, pixels - 1))
    stop = draw(st.integers(first + 1, pixels))
    return stored, vectors, offsets, slice(first, stop)


@needs_numba
@given(jobs())
def test_products_are_those_of_double_precision(job):
    stored, vectors, offsets, rows = job
    actual = np.full(len(stored), -7, np.float32)
    multiply = compiled_products(stored).result().fill_largest
    multiply(stored, vectors, offsets, actual[rows], rows.start)
    doubles = stored[rows].astype(float), vectors.astype(float)
    expected = (doubles[0] @ doubles[1].T + offsets).max(axis=1)
    sizes = (np.abs(doubles[0]) @ np.abs(doubles[1]).T).max(axis=1) + 10
    assert (np.abs(actual[rows] - expected) <= 2e-6 * sizes).all()
    assert (np.delete(actual, np.arange(rows.start, rows.stop)) == -7).all()


@needs_numba
@given(jobs())
def test_compiled_products_are_those_of_blas(job):
    stored, vectors, offsets, rows = job
    by_compiled = np.empty(rows.stop - rows.start, np.float32)
    by_blas = np.empty_like(by_compiled)
    multiply = compiled_products(stored).result().fill_largest
    multiply(stored, vectors, offsets, by_compiled, rows.start)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "ready_products", lambda stored: None)
        exact_products(stored, vectors, offsets).multiply(rows.start, by_blas)
    sizes = (np.abs(stored[rows].astype(float)) @ np.abs(vectors.T)).max(axis=1) + 10
    assert (np.abs(by_compiled - by_blas) <= 3e-6 * sizes).all()


@needs_numba
@given(jobs())
def test_two_largest_products_are_those_of_double_precision(job):
    stored, vectors, offsets, rows = job
    best, second = np.full((2, len(stored)), -7, np.float32)
    numbers = np.full(len(stored), -7, np.int16)
    find = compiled_products(stored).result().fill_two_largest
    find(stored, vectors, offsets, best[rows], second[rows], numbers[rows], rows.start)
    doubles = stored[rows].astype(float), vectors.astype(float)
    every = doubles[0] @ doubles[1].T + offsets
    margins = 2e-6 * ((np.abs(doubles[0]) @ np.abs(doubles[1]).T).max(axis=1) + 10)
    chosen = every[np.arange(len(every)), numbers[rows]]
    in_order = np.sort(every, axis=1)
    assert (chosen >= in_order[:, -1] - 2 * margins).all()
    assert (np.abs(best[rows] - chosen) <= margins).all()
    if len(vectors) > 1:
        assert (np.abs(second[rows] - in_order[:, -2]) <= margins).all()
    else:
        assert (second[rows] < -1e38).all()
    for untouched in (best, second, numbers):
        assert (np.delete(untouched, np.arange(rows.start, rows.stop)) == -7).all()


@needs_numba
@pytest.mark.parametrize("order", "CF")
def test_first_of_equal_products_is_the_largest(order):
    stored = random_rows(np.uint8, 30, 12, order)
    vectors = np.repeat(np.random.default_rng(2).random((1, 12), np.float32), 8, axis=0)
    best, second = np.empty((2, 30), np.float32)
    numbers = np.empty(30, np.int16)
    find = compiled_products(stored).result().fill_two_largest
    find(stored, vectors, np.zeros(8, np.float32), best, second, numbers, 0)
    np.testing.assert_array_equal(best, second)
    assert not numbers.any()


@needs_numba
@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("count", [1, 5])
def test_two_thousand_features_lose_no_digits_that_matter(order, count):
    stored = random_rows(np.uint16, 50, 2048, order)
    actual = np.empty(50, np.float32)
    vectors = np.full((count, 2048), 2048**-0.5, np.float32)
    multiply = compiled_products(stored).result().fill_largest
    multiply(stored, vectors, np.zeros(count, np.float32), actual, 0)
    np.testing.assert_allclose(actual, stored.astype(float) @ vectors[0], rtol=3e-6)


@needs_numba
@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("best", range(9))
def test_each_of_several_vectors_can_be_the_best(order, best):
    stored = random_rows(np.uint8, 30, 12, order)
    vectors = np.random.default_rng(best).random((9, 12), np.float32)
    offsets = np.full(9, -1e5, np.float32)
    offsets[best] = 0
    actual = np.empty(30, np.float32)
    compiled_products(stored).result().fill_largest(stored, vectors, offsets, actual, 0)
    np.testing.assert_allclose(actual, stored.astype(float) @ vectors[best], rtol=1e-5)


@pytest.mark.parametrize(
    "stored",
    [
        np.ones((4, 5), np.float64),
        np.ones((4, 5), np.int8),
        np.ones((4, 5), ">u2"),
        np.ones((4, 10), np.uint8)[:, ::2],
    ],
    ids=["float64", "int8", "foreign byte order", "gaps"],
)
def test_other_types_and_layouts_are_left_to_blas(stored):
    assert compiled_products(stored).result() is None
    assert ready_products(stored) is None


def test_without_numba_there_is_nothing(monkeypatch):
    monkeypatch.setattr(compiled, "has_numba", lambda: False)
    assert compiled_products(np.ones((4, 5), np.uint8)).result() is None


@needs_numba
def test_numba_that_fails_is_done_without(monkeypatch):
    import numba

    def fails(*_, **__):
        raise OSError("no cache")

    monkeypatch.setattr(numba, "njit", fails)
    monkeypatch.setattr(compiled, "_kinds", {})
    stored = np.ones((4, 5), np.uint8)
    assert compiled_products(stored).result() is None
    assert ready_products(stored) is None


@needs_numba
def test_only_what_was_compiled_before_is_ready(monkeypatch):
    monkeypatch.setattr(compiled, "_kinds", {})
    stored = np.ones((4, 5), np.uint8)
    assert ready_products(stored) is None
    multiply = compiled_products(stored).result()
    assert ready_products(stored) is multiply
    assert ready_products(np.asfortranarray(stored)) is None
    assert ready_products(stored.astype(np.uint16)) is None
    assert ready_products(stored.astype(np.float32)) is None


@needs_numba
def test_each_type_and_layout_is_compiled_once(monkeypatch):
    monkeypatch.setattr(compiled, "_kinds", {})
    first = compiled_products(np.ones((4, 5), np.uint8))
    assert compiled_products(np.ones((9, 2), np.uint8)) is first
    first.result()
