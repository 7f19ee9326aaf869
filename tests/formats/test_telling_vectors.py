from __future__ import annotations

import numpy as np

from napari_ifealid.formats import telling_vectors
from napari_ifealid.formats.telling_vectors import vector_names


def test_vectors_of_numbers_and_texts_with_such_lengths_may_tell_of_features():
    arrays = {
        "numbers": np.zeros(5),
        "texts": np.array(["a", "b", "c", "d", "e"]),
        "long": np.zeros(9),
        "complex": np.zeros(5, complex),
        "flat": np.zeros((5, 5)),
    }
    assert vector_names(arrays, {5, 7}) == ["numbers", "texts"]


def test_of_many_vectors_those_count_whose_names_tell_of_features(monkeypatch):
    monkeypatch.setattr(telling_vectors, "MOST_VECTORS", 2)
    arrays = dict.fromkeys([*(f"a{number}" for number in range(5)), "z/Wavelength"], np.zeros(5))
    assert vector_names(arrays, {5}) == ["z/Wavelength", "a0"]


def test_vector_with_two_axes_counts_if_its_name_tells_of_features():
    arrays = {"a/Wavelength": np.zeros((1, 5)), "fwhm": np.zeros((5, 1)), "row": np.zeros((1, 5))}
    assert vector_names(arrays, {5}) == ["a/Wavelength", "fwhm"]
