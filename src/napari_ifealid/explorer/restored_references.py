"""Vectors that were restored from a session file, to be compared with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from psygnal import Signal

from napari_ifealid.explorer.session import Session
from napari_ifealid.query import Origin, Reference
from napari_ifealid.session_files.content import VectorReference


class RestoredReferences:
    """Gives the vectors of a session file to each stack that has their features."""

    changed = Signal()
    """There are other vectors."""

    def __init__(self) -> None:
        self._vectors: tuple[VectorReference, ...] = ()

    @property
    def vectors(self) -> tuple[VectorReference, ...]:
        """All of them, also those of other features than the explored stack has."""
        return self._vectors

    def replace(self, vectors: Sequence[VectorReference]) -> None:
        """Have other vectors instead."""
        if tuple(vectors) != self._vectors:
            self._vectors = tuple(vectors)
            self.changed.emit()

    def references_in(self, session: Session) -> list[Reference]:
        """Return those that have as many features as the session's stack, of the same labels."""
        if session.stack is None:
            return []
        labels = session.stack.feature_labels
        return [_reference(one) for one in self._vectors if _labels(one) == labels]


def _labels(vector: VectorReference) -> tuple[str | float, ...]:
    return vector.feature_labels or tuple(range(len(vector.values)))


def _reference(vector: VectorReference) -> Reference:
    return Reference(np.array(vector.values), vector.sign, vector.name, Origin.GIVEN)
