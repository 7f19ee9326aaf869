"""The vectors of a session file: saved from what is compared with, restored as a library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer.explorer import Explorer
from napari_ifealid.explorer.listed_library import Tick, Ticks
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.session_question import AnyReference
from napari_ifealid.libraries import Library, LibraryEntry, sure_match
from napari_ifealid.numeric_labels import are_mere_numbers
from napari_ifealid.query import Reference
from napari_ifealid.session_files import VectorReference

Labels = Sequence[str | float]


@dataclass(frozen=True, eq=False)
class RestoredVectors:
    """Vectors of a session file as a library, whose entries are all ticked.

    Parameters
    ----------
    library : Library
    ticks : tuple of Tick
    left_out : tuple of str
        Names of the vectors that have other features than the library.
    """

    library: Library
    ticks: Ticks
    left_out: tuple[str, ...]


def saved_vectors(explorer: Explorer, session: Session) -> Iterator[VectorReference]:
    """Yield what a session is compared with beside the pins, such as regions, as vectors.

    Parameters
    ----------
    explorer : Explorer
    session : Session
        Its stack is loaded.

    Raises
    ------
    DatasetError
        If one is not finite, or still being read.
    """
    for source in explorer.sources:
        yield from as_vectors(session, source.references_in(session))
    library = explorer.library
    if not library.is_compared_in(session):  # but maybe in a linked stack
        yield from (_saved(one, library.library.features) for one in library.own_references)


def as_vectors(session: Session, references: Sequence[AnyReference]) -> Iterator[VectorReference]:
    """Yield references of a session as vectors with the features of its stack.

    Raises
    ------
    DatasetError
        If one is not finite, or still being read.
    """
    assert session.stack is not None
    labels = session.stack.feature_labels or ()
    for reference in references:
        one = session.reference(reference)
        if one is None:
            raise DatasetError(
                "a reference that is still being read",
                expected="one that is known",
                remedy="Try again in a moment.",
                file=reference.label or reference.origin.value,
            )
        if session.transform is not None:
            vector = session.original_vector(reference)
            one = one if vector is None else replace(one, vector=vector)
        yield _saved(one, labels)


def restored_vectors(vectors: Sequence[VectorReference], labels: Labels) -> RestoredVectors:
    """Return the vectors of a session file as a library.

    Parameters
    ----------
    vectors : sequence of VectorReference
    labels : sequence of str or float
        Of the features of the explored stack. The library has the features of the first vector
        that has them, if there is one.
    """
    if not vectors:
        return RestoredVectors(Library(), (), ())
    fitting = [one for one in vectors if sure_match(one.labels, labels) is not None]
    features = (*fitting, vectors[0])[0].labels
    entries, ticks, left_out = [], [], []
    for one in vectors:
        match = sure_match(one.labels, features)
        if match is None:
            left_out.append(one.name or "without a name")
            continue
        entries.append(LibraryEntry(match.apply(one.values), one.name))
        ticks.append(Tick(one.colour, one.sign))
    return RestoredVectors(Library(entries, features), tuple(ticks), tuple(left_out))


def _saved(one: Reference, labels: Labels) -> VectorReference:
    if not np.isfinite(one.vector).all():
        raise DatasetError(
            "a reference with a NaN or an infinity",
            expected="finite values, which a session file can hold",
            remedy="Remove the reference.",
            file=one.label or one.origin.value,
        )
    return VectorReference(
        values=tuple(one.vector.tolist()),
        name=one.label,
        sign=one.sign,
        feature_labels=None if are_mere_numbers(labels) else tuple(map(_plain, labels)),
        colour=one.colour,
    )


def _plain(label: Any) -> str | float:
    plain: str | float = label.item() if isinstance(label, np.generic) else label
    return plain
