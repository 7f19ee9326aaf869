"""Session files, written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

from napari_ifealid.formats.atomic_write import written_file
from napari_ifealid.session_files.content import (
    PlaceReference,
    SavedReference,
    SavedSession,
    SavedStack,
)
from napari_ifealid.session_files.places import stored_location

FORMAT = "napari-ifealid session"
VERSION = (1, 0)
"""Major and minor: files of another major version are not read."""


def write_session_file(
    path: str | PathLike[str], session: SavedSession, *, force: bool = False
) -> None:
    """Write a session as a file, which appears only once it is complete.

    Parameters
    ----------
    path : path
        Ends in .ifealid.json where File › Open shall know it.
    session : SavedSession
    force : bool, optional
        Whether an existing file is replaced.

    Raises
    ------
    DatasetError
        If there is such a file already and `force` is off, or if it can't be written.
    """
    content = _in_lines(_fields(session, Path(path).parent))
    with written_file(path, force=force) as stream:
        stream.write(content.encode())


def _in_lines(fields: Mapping[str, Any]) -> str:
    """Return JSON with one line for each field, stack and reference: short, and easy to compare."""
    lines = []
    for key, value in fields.items():
        text = _json(value)
        if isinstance(value, list) and value:
            text = ",\n  ".join(map(_json, value)).join(("[\n  ", "\n ]"))
        lines.append(f" {_json(key)}: {text}")
    return ",\n".join(lines).join(("{\n", "\n}\n"))


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    is_unicode = not any("\ud800" <= letter <= "\udfff" for letter in text)
    return text if is_unicode else json.dumps(value)  # names of files may be any bytes


def _fields(session: SavedSession, folder: Path) -> dict[str, Any]:
    look, cursor = session.look, session.cursor
    return {
        "format": FORMAT,
        "version": ".".join(map(str, VERSION)),
        "stacks": [_stack(stack, folder) for stack in session.stacks],
        "explored": session.explored,
        "references": [_reference(reference) for reference in session.references],
        "cursor": None if cursor is None else {"position": cursor.position, "held": cursor.is_held},
        "compare_with": "cursor" if session.rule is None else session.rule.value,
        "window": session.window,
        "measure": session.measure.name,
        "threshold": session.threshold,
        "look": {
            "colormap": look.colormap,
            "colours": look.colour_range.value,
            "limits": look.own_limits,
            "opacity": look.opacity,
            "base_opacity": look.base_opacity,
            "image_in_colour": look.image_in_colour,
            "scale": look.scale,
        },
        **_known(
            preprocessing=None if session.preprocessing is None else session.preprocessing.name,
            sharpness=None if session.sharpness is None else asdict(session.sharpness),
            slice=session.shown_slice or None,
        ),
    }


def _stack(stack: SavedStack, folder: Path) -> dict[str, Any]:
    source, placement = stack.source, stack.placement
    return {
        "path": stored_location(source.location, folder),
        "shape": stack.shape,
        **_known(
            array=source.array,
            feature_axis=source.feature_axis,
            placement=None if placement is None else asdict(placement),
            compared_axis=stack.compared_axis,
            linked=stack.is_linked or None,
            left_out=stack.left_out,
        ),
    }


def _reference(reference: SavedReference) -> Mapping[str, Any]:
    if isinstance(reference, PlaceReference):
        return {"kind": "place", **asdict(reference)}
    return {
        "kind": "vector",
        "name": reference.name,
        "sign": reference.sign,
        "values": reference.values,
        **_known(feature_labels=reference.feature_labels, colour=reference.colour or None),
    }


def _known(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
