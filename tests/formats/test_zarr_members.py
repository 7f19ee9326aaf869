from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import zarr

from example_server import files, serving
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import array_names, looks_like_stack, read_stacks, zarr_members
from napari_ifealid.formats.zarr_members import checked, members, opened_node

CUBE = np.ones((3, 4, 5))


@pytest.fixture
def path(tmp_path) -> Path:
    """A group of two arrays, one of them odd, and a group."""
    path = tmp_path / "cubes.zarr"
    group = zarr.create_group(str(path), zarr_format=2)
    group.create_array("cube", data=CUBE)
    group.create_array("odd", data=CUBE)
    group.create_group("deep").create_array("cube", data=CUBE)
    return path


def make_odd(path: Path, **changes: object) -> None:
    metadata = json.loads((path / "odd/.zarray").read_bytes())
    (path / "odd/.zarray").write_text(json.dumps(metadata | changes))


def names_in(location: Path | str, asked: str | None = None) -> tuple[list[str], list[str]]:
    group = opened_node(location)
    assert isinstance(group, zarr.Group)
    found = members(group, location, asked)
    return [*found.arrays], [*found.faults]


def test_arrays_of_a_group_are_opened_but_for_those_in_its_groups(path):
    assert names_in(path) == (["cube", "odd"], [])
    assert isinstance(opened_node(path / "cube"), zarr.Array)


@pytest.mark.parametrize("changes", [{"filters": 5}, {"dtype": "|O"}, {"chunks": [0, 4, 5]}])
@pytest.mark.parametrize("is_consolidated", [False, True])
@pytest.mark.filterwarnings("ignore:.*onsolidated")
def test_odd_array_leaves_the_others(path, changes, is_consolidated):
    make_odd(path, **changes)
    if is_consolidated:
        names = [".zgroup", "cube/.zarray", "odd/.zarray"]
        metadata = {name: json.loads((path / name).read_bytes()) for name in names}
        text = json.dumps({"zarr_consolidated_format": 1, "metadata": metadata})
        (path / ".zmetadata").write_text(text)
    assert names_in(path) == (["cube"], ["odd"])
    assert names_in(path.as_uri()) == (["cube"], ["odd"])


def test_array_that_is_asked_for_is_opened_where_names_can_not_be_listed(path):
    pytest.importorskip("aiohttp", reason="fsspec reads http:// with aiohttp only")
    contents = {
        file.relative_to(path.parent).as_posix(): file.read_bytes() for file in path.rglob(".z*")
    }
    with serving(files(contents)) as address:
        assert names_in(f"{address}/cubes.zarr") == ([], [])
        assert names_in(f"{address}/cubes.zarr", "cube") == (["cube"], [])


def test_empty_chunks_are_an_error(path):
    make_odd(path, chunks=[0, 4, 5])
    with pytest.raises(ValueError, match="chunks of shape"):
        checked(zarr.open_array(path / "odd", mode="r"), path / "odd")


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("is_on_the_web", [False, True])
@pytest.mark.filterwarnings("ignore:.*onsolidated")
def test_group_of_far_too_many_arrays_is_refused_before_they_are_opened(
    tmp_path, zarr_format, is_on_the_web, monkeypatch
):
    monkeypatch.setattr(zarr_members, "MOST_MEMBERS", 5)
    path = tmp_path / "many.zarr"
    group = zarr.create_group(str(path), zarr_format=zarr_format)
    for name in "abcdef":
        group.create_array(name, data=CUBE)
    if is_on_the_web:
        zarr.consolidate_metadata(str(path))
    location = path.as_uri() if is_on_the_web else path
    for read in (read_stacks, array_names):
        with pytest.raises(DatasetError, match=r"more than 5 arrays: many\.zarr"):
            read(location)
    assert looks_like_stack(location)


def test_as_many_arrays_as_are_allowed_are_opened(path, monkeypatch):
    monkeypatch.setattr(zarr_members, "MOST_MEMBERS", len(list(path.iterdir())))
    assert names_in(path) == (["cube", "odd"], [])
