from __future__ import annotations

import numpy as np
from scipy.io import savemat

from napari_ifealid.formats.matlab_classic import ClassicVariables
from napari_ifealid.formats.matlab_variables import vectors_of


def test_vectors_whose_names_tell_of_features_have_a_single_axis(tmp_path):
    row = np.arange(4.0)[np.newaxis]
    told = {"Lambda": row, "wl": row.T, "fwhm": np.ones((2, 2)), "bands": 1.0, "other": row}
    savemat(tmp_path / "a.mat", told)
    vectors = vectors_of(ClassicVariables(tmp_path / "a.mat"))
    assert [(one.name, one.shape) for one in vectors] == [("Lambda", (4,)), ("wl", (4,))]
    assert all(one.read().tolist() == [0, 1, 2, 3] for one in vectors)
