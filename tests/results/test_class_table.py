from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.grid import Grid
from napari_ifealid.results.class_table import class_table

LABELS = np.array([[0, 1, 1], [3, 3, 3]])
VALUES = np.array([[np.nan, 0.5, 0.7], [0.9, np.nan, 0.8]], np.float32)
NAMES = ("unclassified", "water", "soil", "trees")


def test_each_class_has_its_area_and_mean_similarity():
    table = class_table(LABELS, VALUES, NAMES)
    assert table["label"].tolist() == [0, 1, 2, 3]
    assert table["name"].tolist() == list(NAMES)
    assert table["area_pixels"].tolist() == [1, 2, 0, 3]
    np.testing.assert_allclose(table["mean_similarity"], [np.nan, 0.6, np.nan, 0.85], atol=1e-6)


def test_table_without_similarities_has_the_rest():
    table = class_table(LABELS, VALUES, NAMES).drop(columns="mean_similarity")
    assert class_table(LABELS, None, NAMES).equals(table)


def test_areas_are_in_units_of_the_world():
    grid = Grid((2, 3), np.diag([2.0, 0.5, 1.0]))
    table = class_table(LABELS, VALUES, NAMES, grid=grid, units="meter")
    assert table["area_world"].tolist() == [1.0, 2.0, 0.0, 3.0]
    assert set(table["area_unit"]) == {"meter^2"}


@pytest.mark.parametrize(
    ("labels", "values"),
    [
        (LABELS.astype(float), VALUES),
        (LABELS, VALUES[:1]),
        (LABELS[0], VALUES[0]),
        (LABELS + 1, VALUES),
        (LABELS - 1, VALUES),
    ],
)
def test_what_does_not_fit_is_refused(labels, values):
    with pytest.raises(ValueError, match="expected"):
        class_table(labels, values, NAMES)
