from __future__ import annotations

import h5py
import numpy as np
from cube_files import CUBE, write_matlab_hdf5

from napari_ifealid.formats.matlab_hdf5 import Hdf5Variables


def test_arrays_have_the_axes_of_matlab_and_other_classes_are_told_apart(tmp_path):
    path = tmp_path / "scene.mat"
    write_matlab_hdf5(path, cube=CUBE, wavelengths=np.ones((1, 5)))
    with h5py.File(path, "r+") as file:
        file["nothing"] = np.array([0, 0], np.uint64)
        file["nothing"].attrs.update({"MATLAB_class": np.bytes_("double"), "MATLAB_empty": 1})
        file["type"] = np.dtype("f4")
        file["broken"] = h5py.SoftLink("/missing")
        file.create_dataset("plain", data=CUBE.T, chunks=(2, 3, 4))
    variables = Hdf5Variables(path)
    assert {name: one.shape for name, one in variables.arrays.items()} == {
        "cube": (6, 7, 5),
        "plain": (6, 7, 5),
        "wavelengths": (1, 5),
    }
    assert variables.others == {
        "info": "struct",
        "nothing": "double",
        "title": "char",
        "type": "of another class",
    }
    array, chunks = variables.stored("cube")
    np.testing.assert_array_equal(array[0:6, 0:7, 0:5], CUBE)
    assert chunks is None
    assert variables.stored("plain")[1] == (4, 3, 2)
    assert [vector.shape for vector in variables.vectors()] == [(5,)]


def test_large_array_of_which_next_to_nothing_is_stored_is_told_apart(tmp_path):
    with h5py.File(tmp_path / "a.mat", "w") as file:
        file.create_dataset("large", (4000, 1000, 5), "f4", chunks=(100, 100, 5))
        file["small"] = np.ones((3, 4, 5), "f4")
    variables = Hdf5Variables(tmp_path / "a.mat")
    assert variables.is_sparse("large")
    assert not variables.is_sparse("small")
