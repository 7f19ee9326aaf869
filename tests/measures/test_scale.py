from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.measures import (
    CEM,
    COSINE,
    EUCLIDEAN,
    INFORMATION_DIVERGENCE,
    MEASURES,
    PEARSON,
    SIMILARITY,
    SPECTRAL_ANGLE,
    Background,
)


def scale(measure, name: str):
    return next(one for one in measure.scales if one.name == name)


@pytest.mark.parametrize("degrees", [0, 12.5, 60, 90])
@pytest.mark.parametrize("measure", [SPECTRAL_ANGLE, COSINE], ids=lambda one: one.name)
def test_angles_are_told_in_degrees_and_radians(measure, degrees):
    angle = np.deg2rad(degrees)
    value = float(measure.values(np.array([np.cos(angle), np.sin(angle)]), np.array([1.0, 0.0])))
    assert scale(measure, "degrees").of_value(value, 1.0) == pytest.approx(degrees, abs=1e-5)
    assert scale(measure, "radians").of_value(value, 1.0) == pytest.approx(angle, abs=1e-6)


def test_distance_is_told_in_the_units_of_the_stack():
    vectors = np.random.default_rng(0).normal(size=(50, 4)) * 300
    background = Background.of(vectors)
    value = float(EUCLIDEAN.values(vectors[3], vectors[8], background))
    expected = np.linalg.norm(vectors[3] - vectors[8])
    spread = background.spread * background.scale
    assert scale(EUCLIDEAN, "distance").of_value(value, spread) == pytest.approx(expected)


def test_divergence_is_told_itself():
    value = float(INFORMATION_DIVERGENCE.values(np.array([1.0, 2.0]), np.array([2.0, 1.0])))
    expected = 2 * (1 / 3) * np.log(2)
    assert scale(INFORMATION_DIVERGENCE, "SID").of_value(value, 1.0) == pytest.approx(expected)


def test_least_value_of_a_distance_is_infinitely_far():
    assert scale(EUCLIDEAN, "distance").text(0.0, 2.0) == "∞"


def test_texts_have_units_and_sides():
    degrees = scale(SPECTRAL_ANGLE, "degrees")
    assert degrees.text(0.8) == "18°"
    assert degrees.above(0.8) == "≤ 18°"
    assert scale(SPECTRAL_ANGLE, "radians").text(1.0) == "0 rad"
    assert SIMILARITY.above(0.8) == "≥ 0.8"


def test_distance_of_a_stack_whose_spread_is_not_known_is_the_value():
    assert scale(EUCLIDEAN, "distance").text(0.5) == "0.5"
    assert scale(EUCLIDEAN, "distance").text(0.5, 30.0) == "30"


@pytest.mark.parametrize("measure", MEASURES, ids=lambda one: one.name)
def test_every_measure_is_told_as_it_is_first(measure):
    assert measure.scales[0] is SIMILARITY
    assert len({one.name for one in measure.scales}) == len(measure.scales)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda one: one.name)
def test_scales_rise_or_fall_as_they_say(measure):
    values = np.linspace(*measure.limits, 20).tolist()
    for one in measure.scales:
        shown = [one.of_value(value, 2.0) for value in values]
        assert shown == sorted(shown, reverse=not one.is_rising)


def test_scale_of_the_same_name_is_kept_from_measure_to_measure():
    degrees = scale(SPECTRAL_ANGLE, "degrees")
    assert COSINE.scale_like(degrees) is scale(COSINE, "degrees")
    assert PEARSON.scale_like(degrees) is SIMILARITY
    assert CEM.scale_like(SIMILARITY) is SIMILARITY
