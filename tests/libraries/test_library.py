from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.libraries import Library, LibraryEntry


def test_features_without_labels_are_counted():
    library = Library([LibraryEntry(np.ones(3)), LibraryEntry(np.zeros(3))])
    assert library.features == (0, 1, 2)
    assert library.vectors.shape == (2, 3)


def test_empty_library_has_neither_entries_nor_features():
    assert Library().vectors.shape == (0, 0)


def test_entries_share_their_features():
    with pytest.raises(DatasetError, match="entries of 2 and 3 features"):
        Library([LibraryEntry(np.ones(2)), LibraryEntry(np.ones(3))])


def test_each_feature_has_one_label():
    with pytest.raises(DatasetError, match="expected one value for each of 2 features"):
        Library([LibraryEntry(np.ones(3))], ["red", "green"])


def test_labels_of_numpy_become_plain_ones():
    library = Library([LibraryEntry(np.ones(2))], np.array([450.5, 460.5]))
    assert repr(library.features) == "(450.5, 460.5)"
