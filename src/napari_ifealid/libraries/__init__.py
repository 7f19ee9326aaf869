"""Libraries: vectors with names, in files, matched with stacks and ranked."""

from napari_ifealid.libraries.entry import LibraryEntry
from napari_ifealid.libraries.files import (
    LIBRARY_SUFFIXES,
    is_library_file,
    read_library,
    write_library,
)
from napari_ifealid.libraries.library import Library
from napari_ifealid.libraries.matching import (
    Match,
    MatchKind,
    Mismatch,
    features_in_words,
    match_features,
    sure_match,
)
from napari_ifealid.libraries.ranking import best_first, rank_entries, similarities

__all__ = [
    "LIBRARY_SUFFIXES",
    "Library",
    "LibraryEntry",
    "Match",
    "MatchKind",
    "Mismatch",
    "best_first",
    "features_in_words",
    "is_library_file",
    "match_features",
    "rank_entries",
    "read_library",
    "similarities",
    "sure_match",
    "write_library",
]
