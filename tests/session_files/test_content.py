from __future__ import annotations

from dataclasses import replace

from napari_ifealid.query import Rule
from napari_ifealid.session_files import SavedSession, SavedStack, VectorReference
from napari_ifealid.stack import StackSource


def session(**changes) -> SavedSession:
    stack = SavedStack(StackSource("/a.zip"), (3, 4, 5))
    return SavedSession(**{"stacks": (stack,), "references": (VectorReference((1.0,)),)} | changes)


def test_features_lie_along_the_axis_that_is_compared():
    (stack,) = session().stacks
    counts = [replace(stack, compared_axis=axis).feature_count for axis in (None, 0, 1, 2, -1)]
    assert counts == [5, 5, 3, 4, 4]


def test_sessions_of_the_same_content_are_equal():
    assert session() == session()
    assert session() != session(rule=Rule.BEST)
    assert session() != session(references=(VectorReference((2.0,)),))
