from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.libraries import LibraryEntry


def test_vector_is_a_copy_that_nobody_changes():
    values = np.array([1, 2], np.uint8)
    entry = LibraryEntry(values)
    values[0] = 7
    assert entry.vector.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        entry.vector[0] = 7


def test_entry_is_one_vector():
    with pytest.raises(DatasetError, match=r"an entry of shape \(2, 2\)"):
        LibraryEntry(np.eye(2))


def test_numbers_of_numpy_become_plain_ones():
    entry = LibraryEntry(np.ones(2), pixel=np.array([1, 2]), place=np.array([1, 2.5]))
    assert repr((entry.pixel, entry.place)) == "((1, 2), (1.0, 2.5))"
