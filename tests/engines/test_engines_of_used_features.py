"""All engines compare the features that are used, and leave the others alone."""

from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.engines import classes_of, whole_map
from napari_ifealid.grid import whole_region
from napari_ifealid.measures import MEASURES, SPECTRAL_ANGLE, Background, Needs, UsedFeatures
from napari_ifealid.query import Query, Rule
from napari_ifealid.stack import FeatureStack

SHAPE = (11, 13, 10)
USED = UsedFeatures(tuple(number not in (0, 4, 5, 9) for number in range(10)))
OTHERS = UsedFeatures(tuple(number != 3 for number in range(10)))
STORED = {
    "8 bit": (np.uint8, {}),
    "8 bit in a range": (np.uint8, {"value_range": (-3.0, 2.0)}),
    "16 bit": (np.uint16, {}),
    "signed with a gain and missing values": (np.int16, {"gain": 1e-4, "nodata": -9}),
    "float": (np.float32, {}),
    "huge": (np.float32, {"gain": 2.0}),
    "with NaN where nothing is used": (np.float32, {}),
    "with missing values": (np.float64, {"nodata": -9.0}),
}


def made(kind: str) -> FeatureStack:
    dtype, storage = STORED[kind]
    rng = np.random.default_rng(5)
    values = rng.integers(1, 200, SHAPE).astype(dtype)
    values[2, 3] = 0
    if kind == "huge":
        values *= dtype(1e30)
    if kind == "with NaN where nothing is used":
        values[3:, :, 4], values[0, 0, 9] = np.nan, np.inf
    if "nodata" in storage:
        values[..., 9] = -9  # a band of which nothing is known
        values[4, 5, 1] = -9
    return FeatureStack(values=values, name=kind, **storage)


def definition(stack: FeatureStack, query: Query) -> np.ndarray:
    used = query.measure.features
    real = stack.real_values(stack.values)
    background = None
    if query.measure.needs is not Needs.NOTHING:
        background = Background.of(used.taken(real))
    maps = [query.measure.values(real, one.vector, background) for one in query.references]
    return np.fmax.reduce(maps)


def map_of(engine, query: Query) -> np.ndarray:
    region = whole_region(SHAPE[:2])
    return whole_map(engine.parts(query, region), region)


@pytest.mark.parametrize("kind", STORED)
def test_maps_are_those_of_the_definition_over_the_features_used(running, kind):
    stack = made(kind)
    for used in (USED, OTHERS, USED):
        if kind == "with NaN where nothing is used" and used is OTHERS:
            continue
        references = [stack.vector(pixel) for pixel in ((1, 1), (7, 8))]
        with running(stack) as engine:
            for measure in MEASURES:
                if engine.refusal(measure):
                    continue
                for count in (1, 2):
                    query = Query.to(*references[:count], measure=measure.over(used))
                    expected = definition(stack, query)
                    actual = map_of(engine, query)
                    near = 5e-4 if measure == SPECTRAL_ANGLE else 5e-5
                    rest = 5e-5 if not measure.is_bounded else 0.0
                    np.testing.assert_allclose(actual, expected, atol=near, rtol=rest)
                    if not np.isnan(expected[1, 1]):
                        assert actual[1, 1] == measure.limits[1]


def test_features_are_used_in_turn(running):
    stack = made("8 bit")
    vector = stack.vector((1, 1))
    with running(stack) as engine:
        measures = [SPECTRAL_ANGLE, SPECTRAL_ANGLE.over(USED), SPECTRAL_ANGLE.over(OTHERS)]
        first = [map_of(engine, Query.to(vector, measure=one)) for one in measures]
        again = [map_of(engine, Query.to(vector, measure=one)) for one in measures]
        for one, other in zip(first, again, strict=True):
            np.testing.assert_array_equal(one, other)
        assert not np.allclose(first[0], first[1])
        assert not np.allclose(first[1], first[2])


@pytest.mark.parametrize("kind", ["8 bit", "float", "with NaN where nothing is used"])
def test_classes_are_those_of_the_features_used(running, kind):
    stack = made(kind)
    references = [stack.vector(pixel) for pixel in ((1, 1), (7, 8), (2, 9), (0, 5))]
    with running(stack) as engine:
        for measure in MEASURES:
            query = Query.to(*references, rule=Rule.BEST, measure=measure.over(USED))
            classes = classes_of(engine, query, whole_region(SHAPE[:2]))
            alone = [Query.to(one, measure=measure.over(USED)) for one in references]
            defined = np.stack([definition(stack, one) for one in alone])
            known = ~np.isnan(defined).all(axis=0)
            chosen = np.take_along_axis(defined, classes.numbers[np.newaxis], axis=0)[0]
            best = np.fmax.reduce(defined)
            np.testing.assert_allclose(chosen[known], best[known], atol=1e-9)


@pytest.mark.parametrize("kind", ["8 bit", "with NaN where nothing is used"])
def test_preview_is_about_the_features_used(running, kind):
    stack = made(kind)
    vector = stack.vector((1, 1))
    with running(stack) as engine:
        *_, preview = engine.preview_steps(1_000_000, USED)
        measure = SPECTRAL_ANGLE.over(USED)
        assert preview.answers(measure)
        assert not preview.answers(SPECTRAL_ANGLE)
        query = Query.to(vector, measure=measure)
        values = preview.map_of(query, whole_region(SHAPE[:2]))
        np.testing.assert_allclose(values, definition(stack, query), atol=0.05)
        np.testing.assert_array_equal(np.isnan(preview.vector((1, 1))), ~np.array(USED.is_used))


@pytest.mark.parametrize(
    "left_out",
    [range(4, 12), range(3, 14), [*range(5), *range(12, 17), 30], range(0, 37, 2), range(1, 37)],
    ids=["whole texels", "parts of texels", "several ranges", "every other", "all but one"],
)
def test_ranges_are_left_out(running, left_out):
    values = np.random.default_rng(6).integers(1, 200, (*SHAPE[:2], 37)).astype(np.uint8)
    stack = FeatureStack(values=values, name="of ranges")
    used = UsedFeatures(tuple(number not in left_out for number in range(37)))
    with running(stack) as engine:
        for measure in MEASURES:
            if engine.refusal(measure):
                continue
            query = Query.to(stack.vector((1, 1)), measure=measure.over(used))
            expected = definition(stack, query)
            rest = 5e-5 if not measure.is_bounded else 0.0
            np.testing.assert_allclose(map_of(engine, query), expected, atol=5e-4, rtol=rest)
