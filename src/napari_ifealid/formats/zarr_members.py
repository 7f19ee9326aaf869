"""The arrays of a Zarr group, also where some of them can't be opened."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from os import fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.location import Location, local_path
from napari_ifealid.formats.url_options import url_options

if TYPE_CHECKING:
    import zarr

MOST_MEMBERS = 1024
"""Arrays and groups in a group: each takes a millisecond to open."""
_CHUNK_KEYS = (("zarr.json", "chunk_grid", "configuration", "chunk_shape"), (".zarray", "chunks"))


@dataclass(frozen=True)
class Members:
    """The arrays of a group.

    Parameters
    ----------
    arrays : dict of str to zarr.Array
    faults : dict of str to Exception
        Why others can't be opened.
    """

    arrays: dict[str, zarr.Array[Any]] = field(default_factory=dict)
    faults: dict[str, Exception] = field(default_factory=dict)


def opened_node(location: Location) -> zarr.Array[Any] | zarr.Group:
    """Open an array or a group.

    Parameters
    ----------
    location : path or URL
    """
    import zarr

    from napari_ifealid.formats.zarr_store import CarefulStore

    path = local_path(location)
    store = fspath(location) if path is None else CarefulStore.at(path)
    options = url_options(location) or None
    try:
        return zarr.open(store, mode="r", storage_options=options)
    except DatasetError:
        raise
    except Exception:  # consolidated metadata are those of all arrays, of which one may be odd
        return zarr.open(store, mode="r", storage_options=options, use_consolidated=False)


def checked(array: zarr.Array[Any], folder: Path | None) -> zarr.Array[Any]:
    """Return an array whose chunks can be read.

    Parameters
    ----------
    array : zarr.Array
    folder : path or None
        Where it lies, if it is on disk.

    Raises
    ------
    ValueError
        If they are empty.
    """
    for chunks in (array.chunks, () if folder is None else _stored_chunks(folder)):
        if 0 in chunks:
            raise ValueError(f"chunks of shape {chunks}")
    return array


def _stored_chunks(folder: Path) -> tuple[Any, ...]:
    """Return the lengths of chunks as a folder tells them: Zarr 3.4 takes 0 for 1."""
    for file, *keys in _CHUNK_KEYS:
        if (folder / file).is_file():
            found = json.loads((folder / file).read_bytes())
            for key in keys:
                found = found.get(key) if isinstance(found, dict) else None
            return tuple(found) if isinstance(found, list) else ()
    return ()


def members(group: zarr.Group, location: Location, asked: str | None) -> Members:
    """Open the arrays in a group, though not those in the groups in it.

    Parameters
    ----------
    group : zarr.Group
    location : path or URL
        Of the group.
    asked : str or None
        An array to open also where the names of all can't be listed.

    Raises
    ------
    DatasetError
        If there are far too many.
    """
    import zarr

    _check_count(group, location)
    found, folder = Members(), local_path(location)
    names, opened = _nodes(group, location, asked)
    for name in sorted(names):
        try:
            node = opened(name)
            if isinstance(node, zarr.Array):
                found.arrays[name] = checked(node, folder and folder / name)
        except Exception as error:  # each part of the metadata fails in its own way
            found.faults[name] = error
    return found


def _check_count(group: zarr.Group, location: Location) -> None:
    consolidated = group.metadata.consolidated_metadata
    names: Iterable[Any] = () if consolidated is None else consolidated.metadata
    path = local_path(location)
    if path is not None:
        names = path.iterdir()
    if sum(1 for _ in islice(names, MOST_MEMBERS + 1)) > MOST_MEMBERS:
        raise DatasetError(
            f"a group of more than {MOST_MEMBERS:,} arrays",
            expected="fewer, of which some are feature stacks",
            remedy="Copy those that you need into a group of their own.",
            file=location,
        )


def _nodes(
    group: zarr.Group, location: Location, asked: str | None
) -> tuple[Iterable[str], Callable[[str], Any]]:
    """Return the names of what is in a group, and what opens it."""
    wanted = {asked} if asked and "/" not in asked else set()
    try:
        arrays = dict(group.arrays())
    except Exception:  # one of them is odd, and Zarr does not say which
        names = _listed(location) | wanted
        if not names:
            raise
        return names, group.get
    if wanted <= arrays.keys():
        return arrays, arrays.get
    return arrays.keys() | wanted, group.get


def _listed(location: Location) -> set[str]:
    """Return the names of files and folders, none where they can't be listed, as on the web."""
    folder = local_path(location)
    if folder is not None:
        return {path.name for path in folder.iterdir()}
    from fsspec.core import url_to_fs

    try:
        files, root = url_to_fs(fspath(location), **url_options(location))
        return {path.rstrip("/").rpartition("/")[2] for path in files.ls(root, detail=False)}
    except Exception:  # a network fails in many ways
        return set()
