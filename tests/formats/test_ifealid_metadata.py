from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from real_arrays import REAL

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.ifealid_metadata import Metadata, parse_metadata
from napari_ifealid.stack import Placement

SMALL = Metadata(
    name="small",
    width=3,
    height=5,
    features=9,
    precision=16,
    overlay=False,
    value_range=(-1.5, 2.0),
    padding=2,
)
FIELDS = json.loads(SMALL.as_json())

numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(1, 10**6)
lengths = st.floats(1e-3, 1e3)
placements = st.builds(Placement, st.tuples(lengths, lengths), st.tuples(lengths, lengths))


@st.composite
def metadata_of_any_dataset(draw):
    features = draw(st.integers(1, 20))
    padding = draw(st.integers(0, features - 1))
    labels = st.lists(st.text() | numbers, min_size=features - padding, max_size=features - padding)
    return Metadata(
        name=draw(st.text()),
        width=draw(counts),
        height=draw(counts),
        features=features,
        precision=draw(st.sampled_from([8, 16, 32])),
        overlay=draw(st.booleans()),
        value_range=tuple(sorted(draw(st.tuples(numbers, numbers)))),
        labels=draw(st.none() | labels.map(tuple)),
        padding=padding,
        real_dtype=draw(st.none() | st.sampled_from(REAL).map(lambda dtype: np.dtype(dtype.name))),
        placement=draw(st.none() | placements),
    )


def error_of(**fields) -> DatasetError:
    with pytest.raises(DatasetError) as caught:
        parse_metadata(json.dumps(FIELDS | fields).encode())
    return caught.value


@given(metadata_of_any_dataset())
def test_metadata_come_back_as_they_were_written(metadata):
    again = parse_metadata(metadata.as_json())
    assert again == metadata
    assert [type(end) for end in again.value_range] == [type(end) for end in metadata.value_range]


def test_fields_have_the_names_of_the_format():
    assert FIELDS == {
        "name": "small",
        "width": 3,
        "height": 5,
        "features": 9,
        "precision": 16,
        "overlay": False,
        "minimum": -1.5,
        "maximum": 2.0,
        "padding": 2,
    }


def test_labels_and_type_are_written_where_they_are_known():
    more = replace(SMALL, labels=("a", 1.5) * 3 + (7,), real_dtype=np.dtype("f2"))
    fields = json.loads(more.as_json())
    assert fields["labels"] == ["a", 1.5, "a", 1.5, "a", 1.5, 7]
    assert fields["dtype"] == "float16"


def test_unknown_fields_are_ignored():
    content = json.dumps(FIELDS | {"author": {"name": "somebody"}}).encode()
    assert parse_metadata(content) == SMALL


def test_padding_is_none_unless_told():
    fields = {key: value for key, value in FIELDS.items() if key != "padding"}
    assert parse_metadata(json.dumps(fields).encode()) == replace(SMALL, padding=0)


@pytest.mark.parametrize("padding", [-1, 9, 10, True, 1.0, "1", None])
def test_wrong_padding_is_named(padding):
    error = error_of(padding=padding)
    assert error.member == 'metadata.json, "padding"'
    assert "from 0 to 8" in error.expected
    assert json.dumps(padding) in error.found


@pytest.mark.parametrize(
    "name",
    ["", "float", "f4", "<f4", "complex64", "object", "str", "datetime64[s]", "f4,f4", "(", 4],
)
def test_wrong_type_is_named(name):
    error = error_of(dtype=name)
    assert error.member == 'metadata.json, "dtype"'
    assert "float32" in error.expected
    assert json.dumps(name) in error.found


@pytest.mark.parametrize("count", [6, 8, 9])
def test_padding_has_no_labels(count):
    error = error_of(labels=["a"] * count)
    assert error.found == f"{count} labels"
    assert "7" in error.expected


@pytest.mark.parametrize(
    ("precision", "images", "values_size"), [(8, 3, 105), (16, 5, 210), (32, 9, 420)]
)
def test_sizes_follow_from_the_precision(precision, images, values_size):
    metadata = replace(SMALL, precision=precision)
    assert metadata.image_count == images
    assert metadata.image_size == 60
    assert metadata.values_size == values_size == metadata.empty_values().nbytes
    assert metadata.empty_values().shape == (5, 3, 7)


@pytest.mark.parametrize("alone", ["stride", "offset"])
def test_half_a_placement_is_none(alone):
    assert parse_metadata(json.dumps(FIELDS | {alone: [4, 4]}).encode()).placement is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("stride", [4]), ("stride", 4), ("stride", [0, 4]), ("offset", [1, "2"]), ("offset", None)],
)
def test_wrong_placement_is_named(field, value):
    error = error_of(**{"stride": [4, 4], "offset": [0, 0], field: value})
    assert error.member == f'metadata.json, "{field}"'
    assert error.found == f"the value {json.dumps(value)}"


@pytest.mark.parametrize(
    ("key", "most"), [("width", 2**31 - 1), ("height", 2**31 - 1), ("features", 2**63 - 1)]
)
@pytest.mark.parametrize("factor", [1, 10**310])
def test_size_beyond_all_images_is_named(key, most, factor):
    error = error_of(**{key: factor * (most + 1)})
    assert error.member == f'metadata.json, "{key}"'
    assert str(most) in error.expected
