from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.session_vectors import restored_vectors, saved_vectors
from napari_ifealid.libraries import Library, LibraryEntry
from napari_ifealid.session_files import VectorReference

NANOMETRES = "450 nm", "550 nm", "650 nm"
VECTOR = VectorReference((1.0, 2.0, 4.0), "a", -1, NANOMETRES, "#e69f00")


def test_vectors_are_ticked_entries_with_their_signs_and_colours():
    restored = restored_vectors([VECTOR, replace(VECTOR, sign=1, name="")], NANOMETRES)
    assert [entry.name for entry in restored.library.entries] == ["a", ""]
    assert [(tick.sign, tick.colour) for tick in restored.ticks] == [
        (-1, "#e69f00"),
        (1, "#e69f00"),
    ]
    assert restored.library.features == NANOMETRES


def test_features_are_matched_by_label():
    other = replace(VECTOR, feature_labels=("0.65 µm", "0.55 µm", "0.45 µm"))
    restored = restored_vectors([VECTOR, other], NANOMETRES)
    np.testing.assert_array_equal(restored.library.vectors, [(1, 2, 4), (4, 2, 1)])


def test_features_are_those_of_the_explored_stack_and_others_are_left_out():
    other = VectorReference((1.0, 2.0), "two")
    restored = restored_vectors([other, VECTOR, replace(other, name="")], NANOMETRES)
    assert [entry.name for entry in restored.library.entries] == ["a"]
    assert restored.left_out == ("two", "without a name")


def test_vectors_without_a_stack_of_their_features_are_listed(viewer):
    restored = restored_vectors([VectorReference((1.0, 2.0), "two"), VECTOR], ("x", "y"))
    assert [entry.name for entry in restored.library.entries] == ["two"]


def test_no_vectors_are_an_empty_library():
    assert restored_vectors([], NANOMETRES).library.entries == ()


def test_ticked_entries_of_other_features_are_saved_with_their_own(viewer, features):
    explorer = Explorer(viewer)
    explorer.library.open(Library([LibraryEntry((1.0, 2.0, 4.0), "a")], NANOMETRES))
    explorer.library.set_sign([0], -1)
    (vector,) = saved_vectors(explorer, explorer.session)
    assert vector == VECTOR


def test_ticked_entries_are_saved_with_the_features_of_the_stack(viewer, add_stack, make_stack):
    add_stack(viewer, replace(make_stack("a", shape=(6, 5, 3)), feature_labels=NANOMETRES))
    explorer = Explorer(viewer)
    entries = [LibraryEntry((4.0, 2.0, 1.0), "a"), LibraryEntry((1.0, 1.0, 1.0), "b")]
    explorer.library.open(Library(entries, NANOMETRES[::-1]))
    explorer.library.set_sign([0], -1)
    (vector,) = saved_vectors(explorer, explorer.session)
    assert vector == VECTOR
