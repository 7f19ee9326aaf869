"""Metadata of a file, read with care: whatever is wrong becomes a DatasetError."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from napari_ifealid.errors import DatasetError
from napari_ifealid.stack import FeatureStack, Placement

STRIDE_KEY, OFFSET_KEY = "stride", "offset"
"""Names of the fields for a stack's place on an image, two numbers each along y and x."""

_FARTHEST = 10**9
"""Pixels of an image that a stride or an offset may have: in the world, all stays finite."""

_LONGEST = 60  # characters of a wrong value that are shown


@dataclass(frozen=True)
class Fields:
    """The fields of a file's metadata.

    Parameters
    ----------
    values : mapping of str to anything
        What JSON knows.
    member : callable
        `member(key)`: what a field is called in an error.
    remedy : str
        What the user can do about a wrong one.
    """

    values: Mapping[str, Any]
    member: Callable[[str], str]
    remedy: str

    def required(self, key: str, kind: type, expected: str) -> Any:
        """Return a field of a type.

        Raises
        ------
        DatasetError
            If it is missing or of another type.
        """
        if key not in self.values:
            raise self.wrong("no such field", expected, key)
        # JSON's true is no integer, though Python's is
        if type(self.values[key]) is not kind:
            raise self.wrong(self.values[key], expected, key)
        return self.values[key]

    def placement(self) -> Placement | None:
        """Return where the stack lies on an image, None where that is not given.

        Raises
        ------
        DatasetError
            If one of the two fields has a wrong value.
        """
        if not {STRIDE_KEY, OFFSET_KEY} <= self.values.keys():
            return None
        for key in (STRIDE_KEY, OFFSET_KEY):
            pair = self.values[key]
            if not (isinstance(pair, list) and len(pair) == 2 and all(map(is_number, pair))):
                raise self.wrong(pair, "two finite numbers, along y and x", key)
        stride, offset = self.values[STRIDE_KEY], self.values[OFFSET_KEY]
        if min(stride) < 1 / _FARTHEST or max(stride) > _FARTHEST:
            expected = f"two numbers greater than 0, from 1e-9 to {_FARTHEST}"
            raise self.wrong(stride, expected, STRIDE_KEY)
        if max(map(abs, offset)) > _FARTHEST:
            raise self.wrong(offset, f"two numbers up to {_FARTHEST} from 0", OFFSET_KEY)
        return Placement(tuple(stride), tuple(offset))

    def labels(self, key: str, features: int) -> tuple[str | float, ...] | None:
        """Return the features' labels, None where there are none.

        Raises
        ------
        DatasetError
            If they are not as many as the features, or something else than texts and numbers.
        """
        labels = self.values.get(key)
        if labels is None:
            return None
        expected = f"a list of {features} texts or numbers, one for each feature"
        if not isinstance(labels, list):
            raise self.wrong(labels, expected, key)
        if len(labels) != features:
            raise self.wrong(f"{len(labels)} labels", expected, key)
        for label in labels:
            if not is_label(label):
                raise self.wrong(f"the label {_shown(label)}", expected, key)
        return tuple(labels)

    def wrong(self, found: object, expected: str, key: str) -> DatasetError:
        """Return the error for a field. What was found is a description or the value itself."""
        is_value = key in self.values and found is self.values[key]
        shown = f"the value {_shown(found)}" if is_value or not isinstance(found, str) else found
        return DatasetError(shown, expected=expected, remedy=self.remedy, member=self.member(key))


def placement_fields(stack: FeatureStack) -> dict[str, list[float]]:
    """Return the fields for a stack's place on an image, none where it is not known."""
    if stack.placement is None:
        return {}
    return {STRIDE_KEY: [*stack.placement.stride], OFFSET_KEY: [*stack.placement.offset]}


def is_label(value: object) -> bool:
    """Return whether metadata can hold a feature's label: a text or a finite number."""
    return isinstance(value, str) or is_number(value)


def is_number(value: object) -> bool:
    """Return whether a value is a finite number, not true or false."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return isfinite(value)
    except OverflowError:  # an integer beyond the largest float
        return False


def _shown(value: object) -> str:
    text = json.dumps(value, default=repr)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
