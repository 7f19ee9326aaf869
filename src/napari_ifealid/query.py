"""Queries: the references that all pixels are compared with, and how."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures import SPECTRAL_ANGLE, Measure, used_values


class Origin(Enum):
    """Where a reference comes from."""

    CURSOR = "the cursor"
    PIN = "a pin"
    REGION = "a region"
    LIBRARY = "a library"
    STACK = "another stack"
    GIVEN = "a vector that was given"


class Rule(Enum):
    """How several references are joined."""

    MEAN = "mean"
    """Compared with the mean of their vectors."""

    BEST = "best"
    """The largest of the values for each."""

    DIFFERENCE = "difference"
    """Half of the best of what is looked for minus the best of what is not, added to the middle of
    the measure's limits: the largest limit for what is all of the one and nothing of the other."""


@dataclass(frozen=True, eq=False)
class Reference:
    """A vector to compare with.

    Parameters
    ----------
    vector : array, shape (C,)
        Real values, in the units of the stack that is asked.
    sign : {1, -1}
        1: pixels like it are looked for; -1: pixels unlike it.
    label : str
        What it is called.
    origin : Origin
    colour : str
        As in ``"#e69f00"``; empty if it has none.

    Raises
    ------
    ValueError
        If the vector has not one axis, or the sign is another number.
    """

    vector: NDArray[np.float64]
    sign: int = 1
    label: str = ""
    origin: Origin = Origin.GIVEN
    colour: str = ""

    def __post_init__(self) -> None:
        vector = np.array(self.vector, np.float64)
        if vector.ndim != 1:
            raise ValueError(f"a reference of shape {vector.shape}; expected one axis, (C,)")
        if self.sign not in (1, -1):
            raise ValueError(f"the sign {self.sign!r}; expected 1 or -1")
        vector.flags.writeable = False
        object.__setattr__(self, "vector", vector)

    @cached_property
    def key(self) -> Hashable:
        """Key of the reference: references with equal keys give equal maps."""
        return self.sign, blake2b(self.vector.tobytes(), digest_size=16).digest()


@dataclass(frozen=True, eq=False)
class Query:
    """The references that all pixels are compared with, and how. Equal keys mean equal maps.

    Parameters
    ----------
    references : tuple of Reference
        One or more, of the same number of features.
    rule : Rule
        How several of them are joined.
    measure : Measure

    Raises
    ------
    ValueError
        If there is no reference, if their numbers of features differ, or if their signs don't suit
        the rule: a difference takes references of both signs, the others positive ones only.
    """

    references: tuple[Reference, ...]
    rule: Rule = Rule.BEST
    measure: Measure = field(default=SPECTRAL_ANGLE)

    def __post_init__(self) -> None:
        lengths = {len(reference.vector) for reference in self.references}
        if len(lengths) != 1:
            raise ValueError(
                f"references of {sorted(lengths) or 'no'} features; expected one reference or "
                "more, of the same number of features"
            )
        signs = {reference.sign for reference in self.references}
        if self.rule is Rule.DIFFERENCE and signs != {1, -1}:
            raise ValueError(f"references of one sign; the rule {self.rule.value!r} takes both")
        if self.rule is not Rule.DIFFERENCE and signs != {1}:
            raise ValueError(
                f"a negative sign; the rule {self.rule.value!r} takes positive ones only"
            )

    @classmethod
    def to(
        cls,
        *vectors: Any,
        unlike: Sequence[Any] = (),
        rule: Rule | None = None,
        measure: Measure = SPECTRAL_ANGLE,
    ) -> Query:
        """Return the query for plain vectors of shape (C,).

        Parameters
        ----------
        *vectors : array, shape (C,)
            What is looked for.
        unlike : sequence of array, optional
            What is not looked for.
        rule : Rule, optional
            The difference, where there is something that is not looked for, else the best.
        measure : Measure, optional
        """
        references = [Reference(vector) for vector in vectors]
        references += [Reference(vector, sign=-1) for vector in unlike]
        default = Rule.DIFFERENCE if len(unlike) else Rule.BEST
        return cls(tuple(references), rule or default, measure)

    @cached_property
    def key(self) -> Hashable:
        """Key of the query, cheap to compare: queries with equal keys give equal maps."""
        keys = tuple(reference.key for reference in self.references)
        return keys, self.rule if len(keys) > 1 else None, self.measure.key

    @cached_property
    def like(self) -> Query:
        """What is looked for; the query itself, unless it asks for a difference."""
        return self if self.rule is not Rule.DIFFERENCE else self._of_sign(1)

    @cached_property
    def unlike(self) -> Query | None:
        """What is not looked for; None unless the query asks for a difference."""
        return None if self.rule is not Rule.DIFFERENCE else self._of_sign(-1)

    def _of_sign(self, sign: int) -> Query:
        chosen = (one for one in self.references if one.sign == sign)
        return Query(tuple(replace(one, sign=1) for one in chosen), Rule.BEST, self.measure)

    @cached_property
    def vectors(self) -> NDArray[np.float64]:
        """The vectors that pixels are compared with, of which the best counts, shape (R, C).

        Of a difference, those of `like` and `unlike` are meant one after the other.
        """
        vectors = np.array([reference.vector for reference in self.references])
        if self.rule is Rule.MEAN:
            with np.errstate(invalid="ignore", over="ignore"):  # infinities
                vectors = vectors.mean(axis=0, keepdims=True)
        vectors.flags.writeable = False
        return vectors

    @property
    def used_vectors(self) -> NDArray[np.float64]:
        """The same with the features alone that the measure uses, shape (R, N)."""
        return used_values(self.vectors, self.measure.features)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Query) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)
