from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from napari_ifealid.explorer.compared_pixels import ComparedPixels
from napari_ifealid.explorer.opening import Features
from napari_ifealid.explorer.pixel_reference import PixelReference
from napari_ifealid.explorer.reference_vectors import ReferenceVectors
from napari_ifealid.explorer.region_reference import RegionReference
from napari_ifealid.explorer.session_question import Question
from napari_ifealid.measures import SPECTRAL_ANGLE
from napari_ifealid.query import Reference, Rule
from napari_ifealid.stack import FeatureStack
from patient_scheduler import PatientScheduler

VALUES = np.random.default_rng(0).random((4, 5, 6))
PIXEL = PixelReference((1, 2), "pin")
REGION = RegionReference(np.array([0, 1, 7]), "region")
VECTOR = Reference(VALUES[0, 0])
WHOLE = slice(0, 4), slice(0, 5)


class Preview:
    def vector(self, pixel):
        return -VALUES[pixel]


@pytest.fixture
def scheduler() -> PatientScheduler:
    return PatientScheduler()


@pytest.fixture
def vectors(scheduler) -> ReferenceVectors:
    stack = FeatureStack(values=da.from_array(VALUES, chunks=2), name="x")
    pixels = ComparedPixels.of(Features(stack, stack, None))
    return ReferenceVectors(pixels, scheduler, lambda: None, pytest.fail)


def question(*references, rule=Rule.BEST) -> Question:
    return Question(references, rule, SPECTRAL_ANGLE, WHOLE)


def test_references_have_their_vectors_once_they_are_read(vectors, scheduler):
    assert vectors.reference(VECTOR) is VECTOR
    assert vectors.reference(PIXEL) is vectors.reference(REGION) is None
    scheduler.run()
    np.testing.assert_array_equal(vectors.reference(PIXEL).vector, VALUES[1, 2])
    mean = VALUES.reshape(20, 6)[REGION.pixels].mean(axis=0)
    np.testing.assert_allclose(vectors.reference(REGION).vector, mean)
    assert vectors.reference(REGION).label == "region"


def test_preview_stands_in_for_pixels_only(vectors, scheduler):
    assert vectors.approximate(question(PIXEL), None) is None
    request = vectors.approximate(question(PIXEL, VECTOR), Preview())
    np.testing.assert_array_equal(request.query.references[0].vector, -VALUES[1, 2])
    assert vectors.approximate(question(PIXEL, REGION), Preview()) is None
    scheduler.run()
    assert vectors.approximate(question(PIXEL, REGION), Preview()) is not None


def test_mean_of_several_is_not_approximated(vectors):
    assert vectors.approximate(question(PIXEL, VECTOR, rule=Rule.MEAN), Preview()) is None
    assert vectors.approximate(question(PIXEL, rule=Rule.MEAN), Preview()) is not None
