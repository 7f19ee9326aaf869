"""The fields of a session file, checked one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from napari_ifealid.colour_limits import ColourRange
from napari_ifealid.formats.fields import Fields, is_number
from napari_ifealid.grid import WINDOWS
from napari_ifealid.left_out_features import Ranges
from napari_ifealid.measures import MEASURES, SIMILARITY, Measure
from napari_ifealid.preprocessing import STEPS, Step
from napari_ifealid.query import Rule
from napari_ifealid.session_files.content import (
    PlaceReference,
    Row,
    SavedCursor,
    SavedLook,
    SavedPlacement,
    SavedReference,
    SavedSession,
    SavedStack,
    VectorReference,
)
from napari_ifealid.session_files.places import found_location
from napari_ifealid.sharpness import MOST_TAPS, Sharpness
from napari_ifealid.stack import StackSource

_MOST_STACKS, _MOST_REFERENCES, _MOST_AXES = 1000, 10_000, 32
_LONGEST_TEXT = 10_000  # characters
_LEAST_DEVIATION, _MOST_DEVIATION = 0.01, 100.0  # of the weights of sharp maps
_MOST_UNKNOWN = 5  # fields that are named
_CURSOR = "cursor"
_COLOUR = 'a colour such as "#e69f00"'
_OWN = {"format", "version"}

T = TypeVar("T")


@dataclass
class _Reader:
    """Takes fields out of JSON objects, and notes those that nobody asks for."""

    folder: Path
    remedy: str
    unknown: list[str] = field(default_factory=list)

    def fields(self, values: Any, where: str, known: set[str]) -> Fields:
        """Return the fields of a JSON object."""
        prefix = f"{where}." if where else ""
        if not isinstance(values, dict):
            outer = Fields({where: values}, str, self.remedy)
            raise outer.wrong(values, "a JSON object", where)
        self.unknown += [f"{prefix}{key}"[:60] for key in values if key not in known]
        return Fields(values, lambda key: f"{prefix}{key}", self.remedy)


def parsed_session(values: Any, folder: Path, remedy: str) -> tuple[SavedSession, list[str]]:
    """Return the session that a JSON object describes, and the names of unknown fields.

    Parameters
    ----------
    values : dict
        What JSON knows.
    folder : path
        Where the session file lies.
    remedy : str
        What the user can do about something wrong.

    Raises
    ------
    DatasetError
        If a field is missing, or its value is of another type or out of its limits.
    """
    reader = _Reader(folder, remedy)
    known = {"stacks", "explored", "references", "cursor", "compare_with", "window", "measure"}
    known |= {"preprocessing", "threshold", "look", "sharpness", "slice"}
    fields = reader.fields(values, "", known | _OWN)
    stacks = _list(fields, "stacks", _MOST_STACKS, lambda *one: _stack(reader, *one))
    explored = fields.required("explored", int, "the number of a stack, from 0")
    if not 0 <= explored < len(stacks):
        raise fields.wrong(
            explored, f"the number of a stack, from 0, below {len(stacks)}", "explored"
        )
    session = SavedSession(
        stacks=stacks,
        explored=explored,
        references=_list(
            fields, "references", _MOST_REFERENCES, lambda *one: _reference(reader, *one)
        ),
        cursor=_cursor(reader, fields),
        rule=_rule(fields),
        window=_window(fields),
        measure=_measure(fields),
        preprocessing=_step(fields),
        threshold=_optional(fields, "threshold", is_number, "a finite number, or null"),
        look=_look(reader, fields),
        sharpness=_sharpness(reader, fields),
        shown_slice=_slice(fields),
    )
    return session, reader.unknown[:_MOST_UNKNOWN]


def _stack(reader: _Reader, values: Any, where: str) -> SavedStack:
    known = {"path", "shape", "array", "feature_axis", "placement", "compared_axis", "linked"}
    fields = reader.fields(values, where, known | {"left_out"})
    shape = _needed(fields, "shape", _is_shape, "three or more whole numbers above 0")
    axes = range(-len(shape), len(shape))

    def is_axis(value: Any) -> bool:
        return type(value) is int and value in axes

    expected = f"the number of one of the {len(shape)} axes"
    path = _text(fields, "path")
    stack = SavedStack(
        source=StackSource(
            found_location(path, reader.folder),
            _optional(fields, "array", _is_text, "a text"),
            _optional(fields, "feature_axis", is_axis, expected),
        ),
        shape=tuple(shape),
        placement=_placement(reader, fields, len(shape)),
        compared_axis=_optional(fields, "compared_axis", is_axis, expected),
        is_linked=bool(_optional(fields, "linked", _is_truth, "true or false")),
    )
    return replace(stack, left_out=_left_out(fields, stack.feature_count))


def _left_out(fields: Fields, count: int) -> Ranges | None:
    def are_ranges(value: Any) -> bool:
        if not isinstance(value, list) or not all(_is_list(one, 2) for one in value):
            return False
        ends = [end for one in value for end in one]
        is_whole = all(type(end) is int for end in ends)
        if not is_whole or ends != sorted(ends) or not all(0 <= end < count for end in ends):
            return False
        is_apart = all(one[0] > before[1] for before, one in pairwise(value))
        return is_apart and sum(last - first + 1 for first, last in value) < count

    expected = (
        f"the first and the last number of ranges of features, rising, below {count}, and not all "
        "of the features"
    )
    ranges = _optional(fields, "left_out", are_ranges, expected)
    return None if ranges is None else tuple((first, last) for first, last in ranges)


def _placement(reader: _Reader, outer: Fields, axes: int) -> SavedPlacement | None:
    if outer.values.get("placement") is None:
        return None
    names = {"scale", "translate", "rotate", "shear", "affine", "units"}
    fields = reader.fields(outer.values["placement"], outer.member("placement"), names)
    shears = axes * (axes - 1) // 2

    def row(key: str, length: int) -> Row:
        expected = f"{length} finite numbers"
        return tuple(_needed(fields, key, lambda value: _is_row(value, length), expected))

    def matrix(key: str, length: int) -> tuple[Row, ...]:
        def is_matrix(value: Any) -> bool:
            return _is_list(value, length) and all(_is_row(one, length) for one in value)

        expected = f"{length} rows of {length} finite numbers"
        return tuple(map(tuple, _needed(fields, key, is_matrix, expected)))

    def are_units(value: Any) -> bool:
        return _is_list(value, axes) and all(map(_is_text, value))

    scale = row("scale", axes)
    if 0 in scale:
        raise fields.wrong(list(scale), "numbers other than 0", "scale")
    return SavedPlacement(
        scale=scale,
        translate=row("translate", axes),
        rotate=matrix("rotate", axes),
        shear=row("shear", shears),
        affine=matrix("affine", axes + 1),
        units=tuple(_needed(fields, "units", are_units, f"{axes} texts")),
    )


def _reference(reader: _Reader, values: Any, where: str) -> SavedReference:
    kind = values.get("kind") if isinstance(values, dict) else None
    if kind == "vector":
        return _vector(reader, values, where)
    fields = reader.fields(values, where, {"kind", "position", "colour", "sign"})
    if kind != "place":
        raise fields.wrong(
            fields.required("kind", str, '"place" or "vector"'), '"place" or "vector"', "kind"
        )
    return PlaceReference(
        position=_position(fields),
        colour=_needed(fields, "colour", _is_colour, _COLOUR),
        sign=_sign(fields),
    )


def _vector(reader: _Reader, values: Any, where: str) -> VectorReference:
    known = {"kind", "name", "sign", "values", "feature_labels", "colour"}
    fields = reader.fields(values, where, known)
    numbers = _needed(fields, "values", _are_numbers, "one or more finite numbers")
    return VectorReference(
        values=tuple(map(float, numbers)),
        name=_text(fields, "name", least=0),
        sign=_sign(fields),
        feature_labels=fields.labels("feature_labels", len(numbers)),
        colour=_optional(fields, "colour", _is_colour, _COLOUR) or "",
    )


def _cursor(reader: _Reader, outer: Fields) -> SavedCursor | None:
    if outer.values.get("cursor") is None:
        return None
    fields = reader.fields(outer.values["cursor"], "cursor", {"position", "held"})
    return SavedCursor(_position(fields), fields.required("held", bool, "true or false"))


def _look(reader: _Reader, outer: Fields) -> SavedLook:
    known = {"colormap", "colours", "limits", "opacity", "base_opacity", "image_in_colour", "scale"}
    fields = reader.fields(outer.required("look", dict, "a JSON object"), "look", known)
    ranges = {one.value: one for one in ColourRange}
    limits = _needed(fields, "limits", _is_interval, "two finite numbers, the smaller one first")
    return SavedLook(
        colormap=_text(fields, "colormap"),
        colour_range=_choice(fields, "colours", ranges),
        own_limits=(float(limits[0]), float(limits[1])),
        opacity=_share(fields, "opacity"),
        base_opacity=_share(fields, "base_opacity"),
        image_in_colour=fields.required("image_in_colour", bool, "true or false"),
        scale=_optional(fields, "scale", _is_text, "a text") or SIMILARITY.name,
    )


def _sharpness(reader: _Reader, outer: Fields) -> Sharpness | None:
    values = _optional(outer, "sharpness", lambda one: isinstance(one, dict), "a JSON object")
    if values is None:
        return None

    def is_deviation(value: Any) -> bool:
        return is_number(value) and _LEAST_DEVIATION <= value <= _MOST_DEVIATION

    def are_taps(value: Any) -> bool:
        return type(value) is int and 1 <= value <= MOST_TAPS

    fields = reader.fields(values, "sharpness", {"space", "colour", "taps"})
    expected = f"a number from {_LEAST_DEVIATION:g} to {_MOST_DEVIATION:g}"
    space, colour = (
        float(_needed(fields, name, is_deviation, expected)) for name in ("space", "colour")
    )
    taps = _needed(fields, "taps", are_taps, f"a whole number from 1 to {MOST_TAPS}")
    return Sharpness(space, colour, taps)


def _slice(fields: Fields) -> tuple[float | None, ...]:
    def is_slice(value: Any) -> bool:
        return (
            isinstance(value, list)
            and 2 <= len(value) <= _MOST_AXES
            and all(one is None or is_number(one) for one in value)
            and any(one is not None for one in value)
        )

    expected = "for each axis of the world a finite number or null, and not null for all of them"
    coordinates = _optional(fields, "slice", is_slice, expected) or ()
    return tuple(None if one is None else float(one) for one in coordinates)


def _rule(fields: Fields) -> Rule | None:
    rules: dict[str, Rule | None] = {rule.value: rule for rule in Rule}
    return _choice(fields, "compare_with", {_CURSOR: None, **rules})


def _window(fields: Fields) -> int:
    def is_window(value: Any) -> bool:
        return type(value) is int and value in WINDOWS

    expected = f"one of {', '.join(map(str, WINDOWS))}"
    return int(_optional(fields, "window", is_window, expected) or 1)


def _measure(fields: Fields) -> Measure:
    return _choice(fields, "measure", {measure.name: measure for measure in MEASURES})


def _step(fields: Fields) -> Step | None:
    steps = {step.name: step for step in STEPS}
    return None if "preprocessing" not in fields.values else _choice(fields, "preprocessing", steps)


def _choice(fields: Fields, key: str, choices: dict[str, T]) -> T:
    expected = f"one of {', '.join(choices)}"
    name = fields.required(key, str, expected)
    if name not in choices:
        raise fields.wrong(name, expected, key)
    return choices[name]


def _position(fields: Fields) -> Row:
    def is_position(value: Any) -> bool:
        return _are_numbers(value) and 2 <= len(value) <= _MOST_AXES

    expected = "a finite number for each axis of the world"
    return tuple(map(float, _needed(fields, "position", is_position, expected)))


def _sign(fields: Fields) -> int:
    sign = fields.required("sign", int, "1 or -1")
    if sign not in (1, -1):
        raise fields.wrong(sign, "1 or -1", "sign")
    return int(sign)


def _share(fields: Fields, key: str) -> float:
    def is_share(value: Any) -> bool:
        return is_number(value) and 0 <= value <= 1

    return float(_needed(fields, key, is_share, "a number from 0 to 1"))


def _text(fields: Fields, key: str, least: int = 1) -> str:
    def is_text(value: Any) -> bool:
        return _is_text(value) and len(value) >= least

    text: str = _needed(fields, key, is_text, "a text")
    return text


def _list(fields: Fields, key: str, most: int, item: Callable[[Any, str], T]) -> tuple[T, ...]:
    values: Sequence[Any] = fields.required(key, list, "a list")
    if len(values) > most:
        raise fields.wrong(f"{len(values)} entries", f"at most {most}", key)
    return tuple(item(value, f"{key}[{number}]") for number, value in enumerate(values))


def _needed(fields: Fields, key: str, is_good: Callable[[Any], bool], expected: str) -> Any:
    if key not in fields.values:
        raise fields.wrong("no such field", expected, key)
    if not is_good(fields.values[key]):
        raise fields.wrong(fields.values[key], expected, key)
    return fields.values[key]


def _optional(fields: Fields, key: str, is_good: Callable[[Any], bool], expected: str) -> Any:
    if fields.values.get(key) is None:
        return None
    return _needed(fields, key, is_good, expected)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT and "\0" not in value


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool)


def _is_colour(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"#[0-9a-f]{6}", value) is not None


def _is_shape(value: Any) -> bool:
    return (
        isinstance(value, list)
        and 3 <= len(value) <= _MOST_AXES
        and all(type(length) is int and length > 0 for length in value)
    )


def _is_list(value: object, length: int) -> bool:
    return isinstance(value, list) and len(value) == length


def _is_row(value: object, length: int) -> bool:
    return isinstance(value, list) and len(value) == length and all(map(is_number, value))


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(map(is_number, value))


def _is_interval(value: Any) -> bool:
    return isinstance(value, list) and _is_row(value, 2) and value[0] < value[1]
