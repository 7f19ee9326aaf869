from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.explorer.listed_library import EMPTY_LIST, ListedLibrary, Tick
from napari_ifealid.explorer.palette import PALETTE
from napari_ifealid.libraries import Library, LibraryEntry

LABELS = "450 nm", "550 nm"


def library_of(labels=LABELS, **vectors) -> Library:
    return Library([LibraryEntry(vector, name) for name, vector in vectors.items()], labels)


@pytest.fixture
def listed() -> ListedLibrary:
    return ListedLibrary(library_of(a=(1.0, 2.0), b=(3.0, 4.0)), (Tick("#000000"), None))


def content(listed: ListedLibrary) -> list:
    return [
        (entry.name, entry.vector.tolist(), tick and tick.sign)
        for entry, tick in zip(listed.library.entries, listed.ticks, strict=True)
    ]


def test_entries_that_are_listed_are_ticked_and_others_added(listed):
    other = library_of(b=(3.0, 4.0), a=(0.0, 0.0))
    found = listed.comparing_with(other, (Tick("", -1), Tick("")))
    assert content(found) == [("a", [1, 2], None), ("b", [3, 4], -1), ("a", [0, 0], 1)]


def test_vectors_get_the_features_of_the_list(listed):
    other = library_of(("0.55 µm", "0.45 µm"), b=(4.0, 3.0))
    assert content(listed.comparing_with(other, (Tick(""),)))[1] == ("b", [3, 4], 1)


def test_list_of_other_features_is_replaced(listed):
    other = library_of(("x", "y"), c=(4.0, 3.0))
    assert not listed.takes(other)
    found = listed.comparing_with(other, (Tick(""),))
    assert content(found) == [("c", [4, 3], 1)]
    assert found.library.features == ("x", "y")


def test_nothing_to_compare_with_unticks_all(listed):
    assert listed.takes(Library())
    found = listed.comparing_with(Library(), ())
    assert content(found) == [("a", [1, 2], None), ("b", [3, 4], None)]


def test_empty_list_takes_any_library(listed):
    assert EMPTY_LIST.takes(listed.library)
    assert EMPTY_LIST.comparing_with(listed.library, listed.ticks).is_like(listed)


def test_equal_entries_are_all_listed():
    twice = Library([LibraryEntry((1.0, 2.0), "a")] * 2, LABELS)
    ticks = (Tick("#000000"), Tick("#ffffff", -1))
    once = EMPTY_LIST.comparing_with(twice, ticks)
    assert once.comparing_with(twice, ticks).is_like(once)


def test_ticks_without_a_colour_get_others_than_the_others_have(listed):
    other = library_of(c=(1.0, 1.0), d=(2.0, 1.0), e=(3.0, 1.0))
    found = listed.comparing_with(other, (Tick(PALETTE[0]), Tick(""), Tick("")))
    colours = [tick.colour for tick in found.ticks if tick is not None]
    assert colours == list(PALETTE[:3])


def test_ticks_without_a_colour_get_others_than_other_references_have(listed):
    found = listed.comparing_with(library_of(c=(1.0, 1.0)), (Tick(""),), [PALETTE[0], PALETTE[2]])
    assert found.colours == [PALETTE[1]]


def test_list_without_entries_has_no_features(listed):
    assert listed.with_entries((), ()) is EMPTY_LIST
    assert not listed.is_like(EMPTY_LIST)
    assert np.size(EMPTY_LIST.library.features) == 0
