from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.fields import Fields, is_label, is_number, placement_fields
from napari_ifealid.stack import FeatureStack, Placement

numbers = st.integers(-(2**1000), 2**1000) | st.floats(allow_nan=False, allow_infinity=False)


def fields(**values: Any) -> Fields:
    return Fields(values, "field {}".format, "Correct it.")


def error_of(read: Any) -> DatasetError:
    with pytest.raises(DatasetError) as caught:
        read()
    assert caught.value.remedy == "Correct it."
    return caught.value


def test_required_field_is_returned():
    assert fields(width=5).required("width", int, "a number") == 5


@pytest.mark.parametrize("value", [True, 5.0, "5", None, [5]])
def test_field_of_another_type_is_an_error_that_shows_it(value):
    error = error_of(lambda: fields(width=value).required("width", int, "a number"))
    assert error.found == f"the value {json.dumps(value)}"
    assert error.expected == "a number"
    assert error.member == "field width"


def test_missing_field_is_an_error():
    error = error_of(lambda: fields(height=5).required("width", int, "a number"))
    assert (error.found, error.member) == ("no such field", "field width")


@pytest.mark.parametrize("value", ["x" * 1000, [0] * 1000, {"a": "x" * 1000}])
def test_long_value_is_shown_in_part(value):
    found = error_of(lambda: fields(width=value).required("width", int, "a number")).found
    assert found == f"the value {json.dumps(value)[:57]}..."


def test_value_that_json_does_not_know_is_shown_all_the_same():
    value = {1, 2}
    found = error_of(lambda: fields(width=value).required("width", int, "")).found
    assert found == 'the value "{1, 2}"'


# Placement


@given(
    st.tuples(st.floats(1e-3, 1e3), st.integers(1, 99)),
    st.tuples(st.floats(-1e3, 1e3), st.integers(-99, 99)),
)
def test_written_placement_is_read_again(stride, offset):
    stack = FeatureStack(values=np.ones((1, 1, 1)), name="a", placement=Placement(stride, offset))
    written = json.loads(json.dumps(placement_fields(stack)))
    assert fields(**written).placement() == stack.placement


@pytest.mark.parametrize("values", [{}, {"stride": [4, 4]}, {"offset": "anything"}])
def test_half_a_placement_is_none(values):
    assert fields(**values).placement() is None


def test_stack_without_a_placement_has_no_such_fields():
    assert placement_fields(FeatureStack(values=np.ones((1, 1, 1)), name="a")) == {}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("stride", [4]),
        ("stride", 4),
        ("stride", [0, 4]),
        ("stride", [4, -1]),
        ("stride", {"y": 4, "x": 4}),
        ("offset", [1, "2"]),
        ("offset", [1, True]),
        ("offset", [1, float("inf")]),
        ("offset", [1, 10**400]),
        ("offset", None),
    ],
)
def test_wrong_placement_is_named(key, value):
    values = {"stride": [4, 4], "offset": [0, 0], key: value}
    error = error_of(fields(**values).placement)
    assert error.member == f"field {key}"
    shown = json.dumps(value)
    assert error.found == f"the value {shown if len(shown) <= 60 else f'{shown[:57]}...'}"
    assert error.expected.startswith("two ")


# Labels


@given(st.lists(st.text() | numbers, max_size=5))
def test_labels_are_texts_and_numbers(labels):
    assert fields(labels=labels).labels("labels", len(labels)) == tuple(labels)


@pytest.mark.parametrize("values", [{}, {"labels": None}])
def test_no_labels_are_none(values):
    assert fields(**values).labels("labels", 3) is None


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        ("abc", 'the value "abc"'),
        ({"a": 1}, 'the value {"a": 1}'),
        (["a", "b"], "2 labels"),
        (["a", "b", "c", "d"], "4 labels"),
        (["a", "b", None], "the label null"),
        (["a", True, "c"], "the label true"),
        ([["a"], "b", "c"], 'the label ["a"]'),
    ],
)
def test_wrong_labels_are_named(labels, found):
    error = error_of(lambda: fields(labels=labels).labels("labels", 3))
    assert error.found == found
    assert error.expected == "a list of 3 texts or numbers, one for each feature"
    assert error.member == "field labels"


@given(st.text() | numbers)
def test_texts_and_finite_numbers_are_labels(label):
    assert is_label(label)


@pytest.mark.parametrize("label", [None, True, float("nan"), float("inf"), 10**400, ["a"], b"a"])
def test_nothing_else_is_a_label(label):
    assert not is_label(label)


def test_texts_are_no_numbers():
    assert is_number(5)
    assert not is_number("5")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("stride", [1e308, 4]),
        ("stride", [4, 1e-300]),
        ("offset", [-1e308, 0]),
        ("offset", [0, 1e10]),
    ],
)
def test_place_off_any_image_is_named(key, value):
    """In the window its coordinates would be infinite."""
    values = {"stride": [4, 4], "offset": [0, 0], key: value}
    error = error_of(fields(**values).placement)
    assert error.member == f"field {key}"
    assert "1000000000" in error.expected
