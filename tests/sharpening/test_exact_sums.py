from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.sharpening.exact_sums import (
    PARTS,
    deviations,
    high_and_low,
    parts_of,
    unit_of,
    units_in,
)
from napari_ifealid.sharpening.weights import ONE

RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=(1000, 9))


def random_weights(shape: tuple[int, int]) -> np.ndarray:
    """Return whole numbers that add up to ONE in each row."""
    cuts = np.sort(RNG.integers(0, ONE + 1, (shape[0], shape[1] - 1)), axis=1)
    return np.diff(cuts, axis=1, prepend=0, append=ONE)


def summed(numbers: np.ndarray, weights: np.ndarray, unit: float) -> np.ndarray:
    """Return the weighted sums of parts as a shader adds them, one tap after the other."""
    parts, sums = parts_of(numbers, unit), np.zeros((len(numbers), PARTS), np.float32)
    for tap in range(numbers.shape[1]):
        sums += weights[:, tap, np.newaxis].astype(np.float32) * parts[:, tap]
    return sums


def deviations_of(numbers, weights, compared, unit) -> np.ndarray:
    """Return how far numbers are above weighted means, as a shader finds it."""
    units = units_in(unit)
    high, low = (part * np.float32(units) for part in high_and_low(compared))
    return deviations(summed(numbers, weights, unit), high, low).astype(float) / units / ONE


@pytest.mark.parametrize(
    ("numbers", "unit"),
    [
        ([0.0], 1.0),
        ([1.0, -3.0], 4.0),
        ([0.01], 2**-6),
        ([0.5], 1.0),
        ([1.0, np.inf], np.inf),
        ([np.nan], np.inf),
    ],
)
def test_unit_is_the_power_of_two_that_exceeds_all_numbers(numbers, unit):
    assert unit_of(np.array(numbers)) == unit


def test_parts_add_up_to_the_numbers():
    parts = parts_of(NUMBERS, unit_of(NUMBERS)).astype(float)
    added = parts @ (256.0 ** -np.array([1, 2, 3, 3])) * unit_of(NUMBERS)
    np.testing.assert_allclose(added, NUMBERS, atol=1e-14)


def test_all_parts_but_the_last_are_whole_and_of_eight_bits():
    parts = parts_of(NUMBERS, unit_of(NUMBERS))[..., :-1]
    np.testing.assert_array_equal(parts, np.rint(parts))
    assert np.abs(parts).max() <= 256


@pytest.mark.parametrize("numbers", [NUMBERS, np.ones((1000, 9)), -np.ones((1000, 9))])
def test_float32_holds_the_weighted_sums_of_whole_parts_exactly(numbers):
    weights, unit = random_weights(numbers.shape), unit_of(numbers)
    exact = np.einsum("pt,ptc->pc", weights.astype(float), parts_of(numbers, unit).astype(float))
    np.testing.assert_array_equal(summed(numbers, weights, unit)[:, :-1], exact[:, :-1])


def test_numbers_are_their_high_and_low_digits():
    high, low = high_and_low(NUMBERS)
    np.testing.assert_allclose(high.astype(float) + low, NUMBERS * ONE, rtol=2**-47)


@pytest.mark.parametrize("apart", [1e-10, 1e-8, -1e-6, 1e-3, 0.1, 10.0, -10.0])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_deviations_keep_their_digits(apart, scale):
    numbers, weights = scale * NUMBERS, random_weights(NUMBERS.shape)
    compared = np.einsum("pt,pt->p", weights, numbers) / ONE + scale * apart
    actual = deviations_of(numbers, weights, compared, unit_of(numbers))
    np.testing.assert_allclose(actual, scale * apart, rtol=1e-6, atol=scale * 2e-14)


def test_numbers_far_smaller_than_the_largest_keep_theirs():
    numbers, weights = NUMBERS.copy(), random_weights(NUMBERS.shape)
    numbers[1:] *= 1e-4
    compared = np.einsum("pt,pt->p", weights, numbers) / ONE + 1e-10
    actual = deviations_of(numbers, weights, compared, unit_of(numbers))
    np.testing.assert_allclose(actual, 1e-10, atol=1e-13)


def test_deviation_that_is_rounding_only_is_exactly_none():
    weights = random_weights(NUMBERS.shape)
    compared = np.einsum("pt,pt->p", weights, NUMBERS) / ONE
    actual = deviations_of(NUMBERS, weights, compared, unit_of(NUMBERS))
    np.testing.assert_array_equal(actual, 0.0)
