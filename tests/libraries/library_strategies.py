"""Libraries of all kinds for hypothesis."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_ifealid.libraries import Library, LibraryEntry

awkward_names = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", " ", "a,b", 'the "red" one', "two\nlines", "a\rb", "{x}", "Ölschiefer µ", "="]
    ),
)
labels_of_features = st.one_of(
    st.just("numbers"),
    st.just("nanometres"),
    st.just("micrometres"),
    st.lists(awkward_names, min_size=5, max_size=5, unique=True),
)


def labels_for(kind, features):
    if kind == "numbers":
        return None
    if kind == "nanometres":
        return [450.0 + 5.5 * number for number in range(features)]
    if kind == "micrometres":
        return [f"{0.45 + number / 7} µm" for number in range(features)]
    return [f"{label}x" for label in kind[:features]]  # no text that is a number


@st.composite
def libraries(draw) -> Library:
    """Libraries of one to four entries of one to five features."""
    count, features = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    values = draw(arrays(dtype, (count, features)))
    coordinates = st.floats(allow_nan=False, allow_infinity=False)
    entries = [
        LibraryEntry(
            vector=vector,
            name=draw(awkward_names),
            pixel=draw(st.none() | st.tuples(st.integers(0, 99), st.integers(0, 99))),
            place=draw(st.none() | st.tuples(coordinates, coordinates)),
            source=draw(st.just("") | awkward_names),
        )
        for vector in values
    ]
    return Library(entries, labels_for(draw(labels_of_features), features))


def assert_same_libraries(one: Library, other: Library) -> None:
    assert one.features == other.features
    np.testing.assert_array_equal(one.vectors, other.vectors)
    is_known = ~np.isnan(one.vectors)
    np.testing.assert_array_equal(
        np.signbit(one.vectors[is_known]), np.signbit(other.vectors[is_known])
    )
    for mine, its in zip(one.entries, other.entries, strict=True):
        assert (mine.name, mine.pixel, mine.place, mine.source) == (
            its.name,
            its.pixel,
            its.place,
            its.source,
        )
