from __future__ import annotations

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.format import no_stacks, no_such_axis, with_features_last
from napari_ifealid.stack import FeatureStack

CUBE = np.arange(60.0).reshape(3, 4, 5)
STACK = FeatureStack(values=CUBE, name="cube")


@pytest.mark.parametrize("axis", [None, -1, 2])
def test_stack_with_its_features_last_stays_as_it_is(axis):
    assert with_features_last(STACK, axis, "a.npy") is STACK


@pytest.mark.parametrize("axis", [0, 1, -2, -3])
@pytest.mark.parametrize("kind", [np.asarray, da.from_array])
def test_features_are_moved_to_the_last_axis_without_a_copy(axis, kind):
    stack = with_features_last(FeatureStack(values=kind(CUBE), name="cube"), axis, "a.npy")
    assert stack.name == "cube"
    np.testing.assert_array_equal(stack.values, np.moveaxis(CUBE, axis, -1))
    assert stack.is_lazy or np.shares_memory(stack.values, CUBE)


def test_moved_features_keep_what_their_stored_values_stand_for():
    stack = with_features_last(replace(STACK, gain=0.5, nodata=7.0), 0, "a.hdr")
    assert (stack.gain, stack.nodata) == (0.5, 7.0)


@pytest.mark.parametrize("axis", [3, -4])
def test_axis_that_is_not_there_is_an_error(axis):
    with pytest.raises(DatasetError) as caught:
        with_features_last(STACK, axis, "a.npy")
    assert str(caught.value) == str(no_such_axis(axis, (3, 4, 5), "a.npy"))
    assert caught.value.found == f"no axis {axis} that could hold the features, shape (3, 4, 5)"
    assert caught.value.file == "a.npy"


@pytest.mark.parametrize(
    ("count", "array", "found"),
    [
        (0, None, "no feature stack among the arrays: none"),
        (1, "b", "no feature stack called 'b' among the arrays: a0 (5,) float64"),
        (2, None, "no feature stack among the arrays: a0 (5,) float64; a1 (5,) float64"),
    ],
)
def test_arrays_that_are_no_stacks_are_listed(count, array, found):
    arrays = {f"a{number}": "(5,) float64" for number in range(count)}
    error = no_stacks("a.npz", arrays, array, "Stack them.")
    assert (error.found, error.file, error.remedy) == (found, "a.npz", "Stack them.")


def test_no_more_than_ten_arrays_are_listed():
    found = no_stacks("a", {f"a{number}": "" for number in range(12)}, None, "").found
    assert "a9" in found
    assert "a10" not in found
    assert found.endswith(" and 2 more")
