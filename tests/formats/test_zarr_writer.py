from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from numpy.typing import NDArray

from napari_ifealid import DatasetError, FeatureStack
from napari_ifealid.formats import read_stack, write_array
from napari_ifealid.stack import Placement

CUBE = np.arange(60, dtype=np.float32).reshape(3, 4, 5)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "cube.zarr"


def stack_of(values: NDArray[Any], **options: Any) -> FeatureStack:
    return FeatureStack(values=values, name="a", **options)


def written(path: Path, stack: FeatureStack) -> zarr.Array[Any]:
    write_array(path, stack)
    return zarr.open_array(path, mode="r")


def test_axes_name_and_labels_are_written(path):
    labels = [400, np.float32(410.5), "NIR"]
    array = written(path, stack_of(np.ones((2, 3, 4, 3), np.uint8), feature_labels=labels))
    assert array.metadata.zarr_format == 3
    assert array.metadata.dimension_names == ("z", "y", "x", "feature")
    assert dict(array.attrs) == {"name": "a", "feature_labels": [400, 410.5, "NIR"]}
    json.loads((path / "zarr.json").read_bytes(), parse_constant=pytest.fail)


def test_axes_beyond_the_fourth_have_no_name(path):
    array = written(path, stack_of(np.ones((1, 2, 2, 2, 2, 3))))
    assert array.metadata.dimension_names == (None, "t", "z", "y", "x", "feature")


def test_placement_is_written(path):
    array = written(path, stack_of(CUBE, placement=Placement((4.0, 8.0), (1.5, 0.0))))
    assert (array.attrs["stride"], array.attrs["offset"]) == ([4.0, 8.0], [1.5, 0.0])


@pytest.mark.parametrize(
    ("shape", "chunks"),
    [
        ((300, 200, 256), (64, 64, 256)),
        ((300, 20, 256), (64, 20, 256)),
        ((7, 300, 200, 64), (1, 128, 128, 64)),
        ((2, 2, 2**21), (1, 1, 2**21)),
    ],
)
def test_chunks_are_tiles_with_all_features(path, shape, chunks):
    assert written(path, stack_of(np.broadcast_to(np.float32(0), shape))).chunks == chunks


@pytest.mark.skipif(np.dtype("g").itemsize == 8, reason="long doubles are doubles here")
def test_long_doubles_are_refused(path):
    with pytest.raises(DatasetError, match=r"longdouble|float128.*Write a \.npy file instead"):
        write_array(path, stack_of(np.ones((2, 2, 2), "g")))
    assert list(path.parent.iterdir()) == []


def test_integers_are_written_as_they_are_stored_beside_gain_and_missing_value(path):
    counts = CUBE.astype(np.int16)
    array = written(path, stack_of(counts, gain=0.5, nodata=7.0))
    assert (array.dtype, array.attrs["scale_factor"], array.attrs["missing_value"]) == (
        "i2",
        0.5,
        7,
    )
    np.testing.assert_array_equal(array[:], counts)


def test_floats_are_written_as_real_values(path):
    array = written(path, stack_of(CUBE, gain=0.5, nodata=7.0))
    assert not {"scale_factor", "missing_value"} & {*array.attrs}
    np.testing.assert_array_equal(array[:], np.where(CUBE == 7, np.nan, CUBE / 2))


KILLED_BETWEEN_ITS_RENAMES = """
import os, sys
from pathlib import Path
import numpy as np
from napari_ifealid.formats import read_stack, write_array

stack = read_stack(sys.argv[1])
rename = Path.rename

def until_the_last(self, target):
    if str(target) == sys.argv[1]:
        os._exit(9)
    return rename(self, target)

Path.rename = until_the_last
write_array(sys.argv[1], stack, force=True)
"""


def test_folder_of_a_process_that_was_killed_before_its_place_is_named_and_opens(path):
    write_array(path, stack_of(CUBE))
    killed = subprocess.run([sys.executable, "-c", KILLED_BETWEEN_ITS_RENAMES, path])
    assert killed.returncode == 9
    with pytest.raises(DatasetError) as caught:
        read_stack(path)
    assert "no such file" in caught.value.found
    names = [name for name in caught.value.remedy.split("'") if name.endswith((".new", ".old"))]
    assert len(names) == 2
    for name in names:
        path.with_name(name).rename(path)
        np.testing.assert_array_equal(read_stack(path).values, CUBE)
        path.rename(path.with_name(f"checked {name}"))
