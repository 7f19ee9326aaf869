from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from cube_files import CUBE
from scipy.io import savemat

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.file_array import FileArray
from napari_ifealid.formats.matlab_classic import ClassicVariables


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "scene.mat"


def test_arrays_that_are_not_packed_stay_in_the_file(path):
    savemat(path, {"cube": CUBE.astype(">i2"), "title": "Hi"})
    variables = ClassicVariables(path)
    array, chunks = variables.stored("cube")
    assert isinstance(array, FileArray)
    assert chunks is None
    np.testing.assert_array_equal(array[:], CUBE)
    assert variables.others == {"title": "(1, 2) char"}


def test_packed_arrays_are_read_while_the_file_is_the_same(path):
    savemat(path, {"cube": CUBE}, do_compression=True)
    os.utime(path, (0, 0))
    variables = ClassicVariables(path)
    array, _ = variables.stored("cube")
    np.testing.assert_array_equal(array, CUBE)
    path.write_bytes(path.read_bytes())
    with pytest.raises(DatasetError, match="changed or replaced"):
        variables.stored("cube")


def test_file_of_version_4_has_no_stacks_and_says_which_have(path):
    savemat(path, {"a": np.ones((3, 4))}, format="4")
    with pytest.raises(DatasetError, match=r"version 4, which .* version 5 or newer"):
        ClassicVariables(path)
