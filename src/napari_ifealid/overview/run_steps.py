"""The result of work that is done step by step."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

from napari_ifealid.formats.loading import cannot_read
from napari_ifealid.stack import FeatureStack

T = TypeVar("T")


def last_of(steps: Generator[float | T], stack: FeatureStack) -> T:
    """Do all steps at once, and return the last item: the result.

    Parameters
    ----------
    steps : generator
        Of shares of the work that are done, and of the result.
    stack : FeatureStack
        Which is worked on.

    Raises
    ------
    DatasetError
        If the values of a lazy stack can't be read.
    """
    result: T | None = None
    try:
        for item in steps:
            if not isinstance(item, float):
                result = item
    except Exception as error:  # each kind of storage fails in its own way
        if not stack.is_lazy:
            raise
        raise cannot_read(stack.name, error) from error
    assert result is not None
    return result
