from __future__ import annotations

import json

import numpy as np
import pytest

from napari_ifealid.bands import Bands
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.fields import Fields
from napari_ifealid.formats.stack_fields import known_fields, stack_fields, usable_fields
from napari_ifealid.georeference import Georeference, PixelSize
from napari_ifealid.stack import FeatureStack, Placement

STACK = FeatureStack(
    values=np.ones((2, 3, 3)),
    name="a",
    feature_labels=("450.5 nm", "550.0 nm", "650.0 nm"),
    bands=Bands(
        widths=(5.0, 5.5, 6.0),
        is_good=(True, False, True),
        shown=(2, 1, 0),
        colours=("#ff0000", "#00ff00", "#0000ff"),
    ),
    placement=Placement((2.0, 2.0), (0.5, 0.5)),
    pixel_size=PixelSize((2.0, 4.0), "m"),
    georeference=Georeference((1.0, 0.0, 5.0, 0.0, -1.0, 7.0), (1, 1, 0, 0), (1.5,), "W", "m", "w"),
)


def fields(values: dict[str, object]) -> Fields:
    return Fields(values, str, "Correct it.")


def test_all_that_is_known_survives_json():
    known = known_fields(fields(json.loads(json.dumps(stack_fields(STACK)))), 3)
    assert known == {name: getattr(STACK, name) for name in known}
    assert set(known) >= {"bands", "pixel_size", "georeference", "placement", "feature_labels"}


def test_nothing_but_labels_is_written_of_a_stack_of_which_nothing_is_known():
    assert stack_fields(FeatureStack(values=np.ones((1, 1, 2)), name="a")) == {
        "feature_labels": [0, 1]
    }


WRONG = {
    "band_widths": [[1.0], [1.0, 2.0, "x"], "wide"],
    "good_bands": [[True], [1, 0, 1]],
    "shown_bands": [[0, 1], [0, 1, 3], [True], 1],
    "band_colours": [["red"] * 3, ["#ff0000"]],
    "pixel_size": [[0.0, 1.0], [1.0], "x"],
    "georeference": [
        {},
        {"transform": [1.0] * 6},
        {"transform": [1, 0, 0, 0, 1]},
        {"transform": [1, 0, 0, 0, 1, 0], "keys": ["x"]},
        {"transform": [1, 0, 0, 0, 1, 0], "wkt": 5},
        "here",
    ],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in WRONG.items() for value in values]
)
def test_wrong_value_is_an_error_that_names_it_or_is_left_out(key, value):
    values = stack_fields(STACK) | {key: value}
    with pytest.raises(DatasetError) as caught:
        known_fields(fields(values), 3)
    assert caught.value.member == key
    usable = usable_fields(values, 3)
    assert key not in usable
    assert "feature_labels" in usable
