"""Each pixel has the class of the reference that it is most similar to."""

from __future__ import annotations

import numpy as np

from napari_ifealid.engines import NO_CLASS, classes_of
from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.grid import whole_region
from napari_ifealid.query import Query
from napari_ifealid.stack import FeatureStack

PIXELS = np.array([[[1.0, 0.0], [0.0, 2.0]], [[np.nan, 0.0], [3.0, 0.1]]], np.float32)


def classes_to(*vectors, values=PIXELS):
    engine = CpuEngine(PixelVectors.of(FeatureStack(values=values, name="x")))
    return classes_of(engine, Query.to(*vectors), whole_region(values.shape[:-1]))


def test_class_is_the_number_of_the_most_similar_reference():
    classes = classes_to([0.0, 1.0], [1.0, 0.0])
    np.testing.assert_array_equal(classes.numbers, [[1, 0], [NO_CLASS, 1]])
    assert classes.values[0, 0] == classes.values[0, 1] == 1.0
    assert np.isnan(classes.values[1, 0])


def test_first_of_equal_references_wins():
    classes = classes_to([1.0, 0.0], [2.0, 0.0], [1.0, 0.0])
    np.testing.assert_array_equal(classes.numbers, [[0, 0], [NO_CLASS, 0]])


def test_reference_that_is_not_finite_is_no_class():
    classes = classes_to([np.nan, 0.0], [1.0, 0.0])
    np.testing.assert_array_equal(classes.numbers, [[1, 1], [NO_CLASS, 1]])
    assert (classes_to([np.inf, 0.0]).numbers == NO_CLASS).all()
