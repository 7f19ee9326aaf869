from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.engines import compiled
from napari_ifealid.engines.compiled import compiled_dot_products, ready_dot_products


def integers(dtype: type, pixels: int, features: int) -> np.ndarray:
    largest = np.iinfo(dtype).max
    return np.random.default_rng(3).integers(0, largest, (pixels, features), dtype, endpoint=True)


@given(
    dtype=st.sampled_from([np.uint8, np.uint16]),
    order=st.sampled_from("CF"),
    pixels=st.integers(1, 9000),
    features=st.integers(1, 70),
    data=st.data(),
)
def test_products_are_those_of_double_precision(dtype, order, pixels, features, data):
    start = data.draw(st.integers(0, pixels))
    stop = data.draw(st.integers(start, pixels))
    stored = np.asarray(integers(dtype, pixels, features), order=order)
    stored.flags.writeable = False  # as a memory-mapped one
    vector = np.random.default_rng(5).random(features, np.float32)
    products = np.full(pixels, -1, np.float32)
    multiply = compiled_dot_products(stored).result()
    multiply(stored, vector, products, start, stop)
    expected = stored[start:stop].astype(float) @ vector.astype(float)
    np.testing.assert_allclose(products[start:stop], expected, rtol=3e-6)
    assert (products[:start] == -1).all()
    assert (products[stop:] == -1).all()


def test_two_thousand_features_lose_no_digits_that_matter():
    for order in "CF":
        stored = np.asarray(integers(np.uint16, 50, 2048), order=order)
        products = np.empty(50, np.float32)
        vector = np.full(2048, 2048**-0.5, np.float32)
        compiled_dot_products(stored).result()(stored, vector, products, 0, 50)
        np.testing.assert_allclose(products, stored.astype(float) @ vector, rtol=3e-6)


@pytest.mark.parametrize(
    "stored",
    [
        np.ones((4, 5), np.float32),
        np.ones((4, 5), np.int8),
        np.ones((4, 5), ">u2"),
        np.ones((4, 10), np.uint8)[:, ::2],
    ],
    ids=["float32", "int8", "foreign byte order", "gaps"],
)
def test_other_types_and_layouts_are_left_to_blas(stored):
    assert compiled_dot_products(stored).result() is None


def test_without_numba_there_is_nothing(monkeypatch):
    monkeypatch.setattr(compiled, "has_numba", lambda: False)
    assert compiled_dot_products(np.ones((4, 5), np.uint8)).result() is None


def test_numba_that_fails_is_done_without(monkeypatch):
    import numba

    def fails(*_, **__):
        raise OSError("no cache")

    monkeypatch.setattr(numba, "njit", fails)
    monkeypatch.setattr(compiled, "_begun", {})
    assert compiled_dot_products(np.ones((4, 5), np.uint8)).result() is None


def test_only_what_was_compiled_before_is_ready(monkeypatch):
    monkeypatch.setattr(compiled, "_begun", {})
    stored = np.ones((4, 5), np.uint8)
    assert ready_dot_products(stored) is None
    multiply = compiled_dot_products(stored).result()
    assert ready_dot_products(stored) is multiply
    assert ready_dot_products(stored.astype(np.uint16)) is None
    assert ready_dot_products(stored.astype(np.float32)) is None
