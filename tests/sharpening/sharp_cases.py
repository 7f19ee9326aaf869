"""Stacks on images for the tests of sharp maps, and the slow explicit way to their vectors."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import strategies as st

from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.measures import Background, Measure, Needs, UsedFeatures, used_values
from napari_ifealid.query import Query
from napari_ifealid.sharpening import SharpPixels, Weights, weight_steps
from napari_ifealid.sharpening.compiled_sums import COMPILED_SUMS
from napari_ifealid.sharpening.weights import ONE
from napari_ifealid.sharpness import Sharpness
from napari_ifealid.stack import FeatureStack, Placement

IMAGE_SHAPE, STACK_SHAPE, FEATURES = (31, 42), (9, 10), 7
ZERO_PIXELS = slice(0, 5), slice(0, 5)
"""A corner of the stack of zero vectors, so large that pixels of the image have them too."""

UNKNOWN_PIXEL = 6, 7
"""The pixel without a vector, where the type has a number for that."""

STORED: dict[str, tuple[Any, dict[str, Any]]] = {
    "8 bit": (np.uint8, {}),
    "8 bit in a range": (np.uint8, {"value_range": (-3.0, 2.0)}),
    "16 bit": (np.uint16, {}),
    "16 bit of the other byte order": (np.dtype(np.uint16).newbyteorder(), {}),
    "signed with a gain and missing values": (np.int16, {"gain": 1e-4, "nodata": -9}),
    "float with NaN": (np.float32, {}),
    "float of the other byte order": (np.dtype(np.float32).newbyteorder(), {}),
    "huge float with a gain": (np.float32, {"gain": 2.0}),
    "double with NaN": (np.float64, {}),
    "half with NaN": (np.float16, {}),
}
ORDERS = ("features last", "features first", "Fortran", "with gaps")
WAYS = ("compiled", "SciPy")


@contextmanager
def summing(way: str) -> Iterator[None]:
    """Sum in one of the two ways."""
    if way == "compiled":
        if COMPILED_SUMS.begin().result() is None:
            pytest.skip("numba is not installed")
        yield
        return
    nothing: Future[None] = Future()
    nothing.set_result(None)
    with patch.object(COMPILED_SUMS, "_begun", nothing):
        assert COMPILED_SUMS.ready is None
        yield


def image_of(shape: tuple[int, int] = IMAGE_SHAPE) -> np.ndarray:
    """Return a picture of two areas with an edge between them, and some noise."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    is_right = (x + 0.3 * y > 0.6 * shape[1])[..., np.newaxis]
    noise = np.random.default_rng(0).integers(-15, 16, (*shape, 3))
    return (np.where(is_right, (200, 120, 40), (30, 60, 160)) + noise).astype(np.uint8)


def laid_out(values: np.ndarray, order: str) -> np.ndarray:
    """Return the same values in another order in memory."""
    match order:
        case "features first":
            return np.moveaxis(np.moveaxis(values, -1, 0).copy(), 0, -1)
        case "Fortran":
            return np.asfortranarray(values)
        case "with gaps":
            return np.repeat(values, 2, axis=1)[:, ::2]
        case _:
            return values


def stack_of(
    kind: str = "double with NaN",
    order: str = "features last",
    placement: Placement | None = None,
    features: int = FEATURES,
) -> FeatureStack:
    """Return a stack with zero vectors and, if its type allows it, a pixel without a vector."""
    dtype, storage = STORED[kind]
    values = np.random.default_rng(3).integers(1, 200, (*STACK_SHAPE, features)).astype(dtype)
    values[ZERO_PIXELS] = 153 if "value_range" in storage else 0
    if kind.startswith("huge"):
        values *= dtype(1e30)
    if "NaN" in kind:
        values[*UNKNOWN_PIXEL, 2] = np.nan
    if "nodata" in storage:
        values[*UNKNOWN_PIXEL, 2] = storage["nodata"]
    return FeatureStack(
        values=laid_out(values, order),
        name=kind,
        overlay=image_of(),
        placement=placement,
        **storage,
    )


def sharp_of(
    stack: FeatureStack, sharpness: Sharpness | None = None, used: UsedFeatures | None = None
) -> tuple[SharpPixels, PixelVectors]:
    """Return the pixels of a stack's image, and those of the stack."""
    pixels = PixelVectors.of(stack, used)
    *_, weights = weight_steps(pixels, sharpness or Sharpness())
    assert weights is not None
    return SharpPixels(stack, weights), pixels


def explicit(weights: Weights, numbers: Any = slice(None)) -> np.ndarray:
    """Return all entries of W, or of some of its rows, shape (pixels, pixels of the stack)."""
    columns = weights.columns.reshape(-1, weights.taps)[numbers].astype(int)
    matrix = np.zeros((len(columns), weights.stack_pixels))
    entries = weights.values.reshape(-1, weights.taps)[numbers] / ONE
    np.add.at(matrix, (np.arange(len(columns))[:, np.newaxis], columns), entries)
    return matrix


@lru_cache(maxsize=8)
def upsampled(
    stack: FeatureStack, weights: Weights, used: UsedFeatures | None = None
) -> np.ndarray:
    """Return the vectors W F, shape (height, width, C); NaN where one of the taps has none."""
    real = stack.real_values(stack.values).reshape(-1, stack.feature_count)
    matrix = explicit(weights)
    is_known = np.isfinite(used_values(real, used)).all(axis=1)
    vectors = matrix @ np.where(np.isfinite(real) & is_known[:, np.newaxis], real, 0.0)
    vectors[~matrix.any(axis=1) | (matrix[:, ~is_known] > 0).any(axis=1)] = np.nan
    vectors.flags.writeable = False
    return vectors.reshape(*weights.image_shape, -1)


@lru_cache(maxsize=8)
def background_of(stack: FeatureStack, measure: Measure) -> Background | None:
    """Return what a measure needs to know of the stack's own vectors."""
    if measure.needs is Needs.NOTHING:
        return None
    return Background.of(used_values(stack.real_values(stack.values), measure.features))


def definition(stack: FeatureStack, weights: Weights, query: Query) -> np.ndarray:
    """Return the map by the measure's definition and the meaning of the rule, in float64."""
    measure = query.measure
    vectors = upsampled(stack, weights, measure.features)
    background = background_of(stack, measure)

    def best(one: Query) -> np.ndarray:
        return np.fmax.reduce([measure.values(vectors, to, background) for to in one.vectors])

    values = best(query.like)
    if query.unlike is None:
        return values
    return (values - best(query.unlike)) / 2.0 + np.mean(measure.limits)


def assert_agrees(actual: np.ndarray, expected: np.ndarray, measure: Measure) -> None:
    """Assert the accuracy that every engine promises."""
    assert actual.dtype == np.float32
    rest = 0.0 if measure.is_bounded else 5e-5
    np.testing.assert_allclose(actual, expected, atol=5e-5, rtol=rest)


@st.composite
def any_weights(draw, most_pixels: int = 6) -> Weights:
    """Draw weights of any number of taps; some pixels have none."""
    height, width = draw(st.integers(1, most_pixels)), draw(st.integers(1, most_pixels))
    taps, stack_pixels = draw(st.integers(1, 12)), draw(st.sampled_from([1, 7, 40, 70_000]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shares = rng.random((taps, height, width)) ** 4
    shares[rng.random(shares.shape) < 0.2] = 0.0
    shares[:, rng.random((height, width)) < 0.2] = 0.0
    total = shares.sum(axis=0)
    shares /= np.where(total == 0.0, 1.0, total)
    weights = Weights.empty(taps, (height, width), stack_pixels)
    # beyond 16 bits, where the type of columns is the larger one
    columns = stack_pixels - 1 - rng.integers(0, min(stack_pixels, 40), shares.shape)
    weights.set(slice(None), slice(None), columns, shares.astype(np.float32))
    return weights
