"""Stacks for the tests of overviews, and what counts of their pixels."""

from __future__ import annotations

from dataclasses import replace

import dask.array as da
import numpy as np

from napari_ifealid.measures.unit_vectors import unit_vectors
from napari_ifealid.overview import Aspect
from napari_ifealid.stack import FeatureStack


def random_stack(shape: tuple[int, ...], dtype: str = "f8", seed: int = 0) -> FeatureStack:
    """Return a stack that varies along some directions more than along others."""
    rng = np.random.default_rng(seed)
    mixed = rng.random((*shape[:-1], 4)) @ rng.random((4, shape[-1]))
    values = 30.0 * mixed + 9.0 * rng.random(shape)
    return FeatureStack(values=values.astype(dtype), name="random")


def as_lazy(stack: FeatureStack, chunks: tuple[int, ...] | None = None) -> FeatureStack:
    """Return a stack as a dask array, of three blocks along each axis unless given."""
    chunks = chunks or tuple(-(-length // 3) for length in stack.values.shape)
    return replace(stack, values=da.from_array(stack.values, chunks=chunks))


def vectors_of(stack: FeatureStack, aspect: Aspect) -> np.ndarray:
    """Return what counts of all pixels, shape (P, C)."""
    vectors = stack.real_values(np.asarray(stack.values)).reshape(-1, stack.feature_count)
    return unit_vectors(vectors) if aspect is Aspect.DIRECTIONS else vectors
