from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_ifealid.explorer.pixel_reference import PixelReference
from napari_ifealid.explorer.region_reference import RegionReference
from napari_ifealid.explorer.session_question import Question
from napari_ifealid.measures import COSINE, SPECTRAL_ANGLE
from napari_ifealid.query import Reference, Rule

PIXEL, REGION = PixelReference((1, 2), "a"), RegionReference(np.array([3, 4]))
REGIONS = (slice(0, 6), slice(0, 5))
QUESTION = Question((PIXEL, REGION, Reference(np.ones(3))), Rule.BEST, SPECTRAL_ANGLE, REGIONS)


def test_question_is_the_same_whatever_its_references_are_called():
    references = (
        replace(PIXEL, label="b", colour="#000000"),
        RegionReference(np.array([3, 4]), "c"),
        Reference(np.ones(3), label="d"),
    )
    assert replace(QUESTION, references=references).key == QUESTION.key


@pytest.mark.parametrize(
    "change",
    [
        {"references": (PIXEL,)},
        {"references": (replace(PIXEL, sign=-1), *QUESTION.references[1:])},
        {"references": (*QUESTION.references[:2], Reference(np.zeros(3)))},
        {"rule": Rule.MEAN},
        {"measure": COSINE},
        {"region": (slice(0, 6), slice(0, 4))},
    ],
    ids=lambda change: next(iter(change)),
)
def test_other_references_rule_measure_or_region_are_another_question(change):
    assert replace(QUESTION, **change).key != QUESTION.key
