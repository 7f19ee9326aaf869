"""What a session asks of each file: its references as vectors, its measure, its threshold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from napari_ifealid.batch.session_references import SessionReferences
from napari_ifealid.errors import DatasetError, last_part
from napari_ifealid.good_features import good_features
from napari_ifealid.left_out_features import Ranges, used_without
from napari_ifealid.measures import Measure, UsedFeatures, measure_named, used_values
from napari_ifealid.preprocessing import preprocessed, step_named, transform_of
from napari_ifealid.query import Query, Reference, Rule
from napari_ifealid.session_files import (
    SavedSession,
    SavedStack,
    SessionWarning,
    missing_stacks,
    read_session_stack,
)
from napari_ifealid.session_files.stacks import check_nothing_missing
from napari_ifealid.stack import FeatureStack
from napari_ifealid.thread_warnings import warn
from napari_ifealid.tracking import Track, untracked

Labels = tuple[str | float, ...]


@dataclass(frozen=True, eq=False)
class StackQuestion:
    """What is asked of stacks that have the features of one of the session.

    Parameters
    ----------
    name : str
        The stack of the session that the references were taken in.
    labels : tuple of str or float
        Of its features.
    references : tuple of Reference
    rule : Rule
    measure_name : str
        By which another process finds the measure.
    left_out : tuple of (int, int), optional
        Ranges of features that are not compared; None: those that each file calls bad.
    step_name : str, optional
        By which another process finds what is done to vectors first; it is done to the references.
    """

    name: str
    labels: Labels
    references: tuple[Reference, ...]
    rule: Rule
    measure_name: str
    left_out: Ranges | None = None
    step_name: str | None = None

    def compared(self, stack: FeatureStack) -> FeatureStack:
        """Return a stack as it is compared: preprocessed, if the session does that."""
        if self.step_name is None:
            return stack
        features = _features(stack, self.left_out)
        return preprocessed(stack, transform_of(stack, step_named(self.step_name), features))

    def query_of(self, stack: FeatureStack) -> Query:
        """Return the query that a stack is asked.

        Raises
        ------
        DatasetError
            If a reference has no value for a feature that is compared in this stack.
        """
        measure = measure_named(self.measure_name).over(_features(stack, self.left_out))
        query = Query(self.references, self.rule, measure)
        if not np.isfinite(query.used_vectors).all():
            raise DatasetError(
                "a reference with a NaN or an infinity where the file has good bands",
                expected="finite values for each feature that is compared",
                remedy="Leave these features out with Use features…, and save the session again.",
                file=stack.name,
            )
        return query


@dataclass(frozen=True, eq=False)
class Question:
    """What a session asks of each file.

    Parameters
    ----------
    of_stacks : tuple of StackQuestion
        That of the explored stack first. No two of the same features.
    threshold : float, optional
        Smallest value of what is looked for.
    """

    of_stacks: tuple[StackQuestion, ...]
    threshold: float | None

    @property
    def key(self) -> str:
        """Key of the question: questions with equal keys have equal answers."""
        asked = [
            (
                one.labels,
                [reference.key for reference in one.references],
                one.rule.value,
                one.left_out,
                one.step_name,
            )
            for one in self.of_stacks
        ]
        measures = [one.measure_name for one in self.of_stacks]
        return sha256(repr((asked, measures, self.threshold)).encode()).hexdigest()

    def of(self, stack: FeatureStack) -> StackQuestion:
        """Return what is asked of a stack.

        Raises
        ------
        DatasetError
            If it has other features than the stacks of the session.
        """
        for one in self.of_stacks:
            if one.labels == stack.feature_labels:
                return one
        counts = [len(one.labels) for one in self.of_stacks]
        known = " or ".join(f"{len(one.labels)} as {one.name} has" for one in self.of_stacks)
        found = f"{stack.feature_count} features"
        if stack.feature_count in counts:
            found, known = f"{found} of other labels", f"the labels of {known}"
        raise DatasetError(
            found,
            expected=f"the features of the session: {known}",
            remedy="Save a session with a stack of such features.",
            file=stack.name,
        )


def question_of(
    session: SavedSession,
    file: Path,
    *,
    measure: Measure | None = None,
    rule: Rule | None = None,
    threshold: float | None = None,
    track: Track = untracked,
) -> Question:
    """Return what a session asks of each file. Its places become vectors of its own stacks.

    References of the explored stack are asked of all stacks with its features. Another stack of the
    session is there for files with its features, where these are those of no other one.

    Parameters
    ----------
    session : SavedSession
    file : path
        The session file, for errors.
    measure : Measure, optional
        Instead of that of the session.
    rule : Rule, optional
        Instead of that of the session.
    threshold : float, optional
        Instead of that of the session.
    track : callable, optional
        Shows the progress of reading: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Raises
    ------
    DatasetError
        If the explored stack can't be read, if there is no reference in it, or if the threshold
        belongs to another measure.

    Warns
    -----
    SessionWarning
        If another stack of the session can't be asked for.
    """
    chosen = replace(session, measure=measure or session.measure, rule=rule or session.rule)
    explored = chosen.stacks[chosen.explored]
    check_nothing_missing(replace(chosen, stacks=(explored,), explored=0), file)
    try:
        first = _asked(chosen, explored, track)
    except DatasetError as error:
        raise error if error.file else error.inside(file) from error
    others = [one for one in _others(chosen, explored, track) if one.labels != first.labels]
    counts = Counter(one.labels for one in others)
    return Question(
        of_stacks=(first, *(one for one in others if counts[one.labels] == 1)),
        threshold=_threshold(session, chosen.measure, threshold, file),
    )


def _others(session: SavedSession, explored: SavedStack, track: Track) -> Iterator[StackQuestion]:
    missing = missing_stacks(session)
    for saved in session.stacks:
        if saved.source == explored.source:
            continue
        try:
            if saved.source.location in missing:
                raise DatasetError(
                    "a missing file", expected="it", remedy="", file=saved.source.location
                )
            yield _asked(session, saved, track)
        except DatasetError as error:
            name = last_part(saved.source.location)
            warn(
                SessionWarning(
                    f"files with the features of {name} are not compared: {error.found}"
                ),
                stacklevel=3,
            )


def _asked(session: SavedSession, saved: SavedStack, track: Track) -> StackQuestion:
    if saved.compared_axis not in (None, 0):
        raise DatasetError(
            f"a stack that is compared along axis {saved.compared_axis} of its layer",
            expected="features along the axis that the file has them",
            remedy="Save the session with the stack's own features.",
            file=saved.source.location,
        )
    stack = original = read_session_stack(saved, track=track)
    features, transform = _features(stack, saved.left_out), None
    if session.preprocessing is not None:
        transform = transform_of(stack, session.preprocessing, features, track=track)
        stack = preprocessed(stack, transform, track)
    found = SessionReferences(session, saved, stack, features, transform, original)
    references, rule = found.joined()
    if not all(np.isfinite(used_values(one.vector, features)).all() for one in references):
        raise DatasetError(
            "a reference with a NaN or an infinity",
            expected="finite values at each reference",
            remedy="Choose other pixels, and save the session again.",
            file=saved.source.location,
        )
    assert stack.feature_labels is not None
    return StackQuestion(
        name=stack.name,
        labels=tuple(stack.feature_labels),
        references=references,
        rule=rule,
        measure_name=session.measure.name,
        left_out=saved.left_out,
        step_name=None if session.preprocessing is None else session.preprocessing.name,
    )


def _features(stack: FeatureStack, left_out: Ranges | None) -> UsedFeatures | None:
    """Return which features of a stack are compared; None for all of them."""
    if left_out is None:
        return good_features(stack)
    return used_without(left_out, stack.feature_count)


def _threshold(
    session: SavedSession, measure: Measure, threshold: float | None, file: Path
) -> float | None:
    if threshold is not None or session.threshold is None or measure == session.measure:
        return session.threshold if threshold is None else threshold
    raise DatasetError(
        f"a threshold, {session.threshold:g}, of another measure, {session.measure.name}",
        expected=f"one for the {measure.name}",
        remedy="Say which with --threshold.",
        file=file,
    )
