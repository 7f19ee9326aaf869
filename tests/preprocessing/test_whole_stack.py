from __future__ import annotations

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest

from napari_ifealid.bands import Bands
from napari_ifealid.preprocessing import STEPS, preprocess, preprocessed, transform_of
from napari_ifealid.similarity import similarity_map
from napari_ifealid.stack import FeatureStack

RNG = np.random.default_rng(4)
STACK = FeatureStack(
    values=RNG.integers(1, 250, (23, 17, 9), np.uint8),
    name="cube",
    value_range=(0.0, 1.0),
    feature_labels=tuple(f"{400 + 10 * number} nm" for number in range(9)),
    bands=Bands(is_good=(True,) * 7 + (False,) * 2),
)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_values_are_those_of_each_vector_in_memory_and_lazily(step, monkeypatch):
    transform = transform_of(STACK, step)
    expected = transform.of(STACK.real_values(STACK.values)).astype(np.float32)
    monkeypatch.setattr("napari_ifealid.preprocessing.whole_stack._BLOCK_VALUES", 200)
    now = preprocessed(STACK, transform)
    np.testing.assert_array_equal(now.values, expected)
    lazy = replace(STACK, values=da.from_array(STACK.values, chunks=(5, 17, 9)))
    later = preprocessed(lazy, transform)
    assert later.is_lazy
    np.testing.assert_array_equal(np.asarray(later.values), expected)
    assert now.stores_real_values
    assert now.feature_labels == STACK.feature_labels


def test_stack_that_would_not_fit_the_memory_is_made_block_by_block(monkeypatch):
    monkeypatch.setattr("napari_ifealid.preprocessing.whole_stack.fits_memory", lambda _: False)
    assert preprocess(STACK, "unit length").is_lazy


def test_good_bands_alone_count():
    stack = preprocess(STACK, "standard normal variate")
    part = replace(
        STACK,
        values=STACK.values[..., :7],
        feature_labels=STACK.feature_labels[:7],
        bands=Bands(),
    )
    alone = preprocess(part, "standard normal variate")
    np.testing.assert_allclose(stack.values[..., :7], alone.values, rtol=1e-6)
    maps = similarity_map(stack, (3, 4)), similarity_map(alone, (3, 4))
    np.testing.assert_allclose(*maps, atol=5e-5)


def test_progress_is_shown_and_can_be_cancelled():
    def cancel(iterable, **_):
        raise InterruptedError
        yield

    with pytest.raises(InterruptedError):
        preprocess(STACK, "unit sum", track=cancel)
