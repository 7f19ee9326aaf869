from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.engines import stack_facts as module
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.engines.stack_facts import StackFacts
from napari_ifealid.measures import (
    ACE,
    CEM,
    EUCLIDEAN,
    INFORMATION_DIVERGENCE,
    PEARSON,
    SPECTRAL_ANGLE,
    Background,
)
from napari_ifealid.stack import FeatureStack

VALUES = np.random.default_rng(0).random((20, 30, 4)) * 200
PIXELS = PixelVectors.of(FeatureStack(values=VALUES, name="x"))


@pytest.fixture
def measured(monkeypatch) -> list[bool]:
    """Whether the covariance was measured, each time that the stack was."""
    calls: list[bool] = []
    moments_of = module.moments_of

    def counted(pixels, *, has_scatter):
        calls.append(has_scatter)
        return moments_of(pixels, has_scatter=has_scatter)

    monkeypatch.setattr(module, "moments_of", counted)
    return calls


@pytest.mark.parametrize("measure", [SPECTRAL_ANGLE, INFORMATION_DIVERGENCE])
def test_some_measures_need_nothing(measured, measure):
    facts = StackFacts(PIXELS)
    assert facts.is_known(measure)
    facts.learn(measure)
    assert facts.memory == 0
    assert measured == []


def test_correlation_needs_no_statistics_of_the_stack(measured):
    facts = StackFacts(PIXELS)
    assert not facts.is_known(PEARSON)
    facts.learn(PEARSON)
    assert facts.is_known(PEARSON)
    assert measured == []
    assert facts.spread is None


def test_stack_is_measured_once_and_only_as_far_as_needed(measured):
    facts = StackFacts(PIXELS)
    facts.learn(EUCLIDEAN)
    assert measured == [False]
    for measure in (ACE, CEM, ACE, EUCLIDEAN):
        facts.learn(measure)
    assert measured == [False, True]


def test_spread_is_in_the_units_of_the_stack():
    facts = StackFacts(PIXELS)
    facts.learn(EUCLIDEAN)
    flat = VALUES.reshape(-1, 4)
    assert facts.spread == pytest.approx(np.sqrt(flat.var(axis=0).sum()))


def test_statistics_that_are_given_are_not_measured(measured):
    facts = StackFacts(PIXELS, Background.of(VALUES * 3))
    facts.learn(ACE)
    assert measured == []
    assert facts.spread == pytest.approx(3 * np.sqrt(VALUES.reshape(-1, 4).var(axis=0).sum()))


def test_facts_of_some_pixels_are_those_of_the_stack(measured):
    facts = StackFacts(PIXELS)
    facts.learn(ACE)
    rows = np.array([5, 7, 599])
    some = facts.of_rows(rows)
    assert some.is_known(ACE)
    _, terms = some.of_linear(ACE, ACE.kernel)
    _, every = facts.of_linear(ACE, ACE.kernel)
    np.testing.assert_array_equal(terms.factor, every.factor[rows])
    assert measured == [True]
