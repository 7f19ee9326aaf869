from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dataset_files import dataset, write, zipped

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import (
    WebApplicationWarning,
    array_names,
    looks_like_stack,
    read_stack,
    restored,
    write_array,
)
from napari_ifealid.stack import FeatureStack

CUBE = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)


@pytest.fixture
def path(tmp_path) -> Path:
    return write(tmp_path / "cube.zip", dataset(CUBE))


@pytest.mark.parametrize("axis", [None, -1, 2])
def test_features_lie_along_the_last_axis(path, axis):
    np.testing.assert_array_equal(read_stack(path, feature_axis=axis).values, CUBE)


@pytest.mark.parametrize("axis", [0, 1, -3, 3])
def test_other_axis_is_an_error(path, axis):
    with pytest.raises(DatasetError, match=f"no axis {axis} .*the last one for a ZIP") as caught:
        read_stack(path, feature_axis=axis)
    assert caught.value.file == str(path)


def test_dataset_has_no_names_of_arrays(path):
    assert array_names(path) is None


@pytest.mark.parametrize(
    ("names", "is_one"),
    [
        (["metadata.json"], True),
        (["0.png"], True),
        (["a/metadata.json", "a/0.png"], True),
        (["README.md", "image.png", "a/1.png", "01.png"], False),
        ([], False),
    ],
)
def test_names_in_the_zip_tell_whether_it_is_meant_to_be_a_dataset(tmp_path, names, is_one):
    path = write(tmp_path / "a.zip", zipped(dict.fromkeys(names, b"")))
    assert looks_like_stack(path) == is_one


@pytest.mark.filterwarnings("ignore::napari_ifealid.formats.WebApplicationWarning")
@pytest.mark.parametrize(
    ("dtype", "precision"), [("u1", 8), ("i1", 8), ("i2", 16), ("f2", 16), ("f4", 32), ("f8", 32)]
)
def test_dataset_is_written_at_the_fewest_bits_that_lose_nothing(tmp_path, dtype, precision):
    values = CUBE.astype(dtype)
    write_array(tmp_path / "a.zip", FeatureStack(values=values, name="a"))
    stack = read_stack(tmp_path / "a.zip")
    assert stack.precision == precision
    np.testing.assert_allclose(restored(stack), values, atol=1e-3)


def test_web_application_is_warned_of(tmp_path):
    with pytest.warns(WebApplicationWarning, match="At 16 bit"):
        write_array(tmp_path / "a.zip", FeatureStack(values=CUBE.astype("u2"), name="a"))
