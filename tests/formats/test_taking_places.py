from __future__ import annotations

import os
from pathlib import Path

import pytest

from napari_ifealid.formats.taking_places import (
    Ending,
    beside,
    how_to_complete,
    leftovers,
    new_token,
    remove,
    take_places,
)

TOKEN = "1a2b3c4d"


@pytest.fixture
def places(tmp_path) -> dict[Path, Path]:
    """Two complete files, the values and then the header that they are read by."""
    complete = {}
    for name in ("values", "header"):
        path = tmp_path / name
        complete[path] = beside(path, TOKEN, Ending.COMPLETE)
        complete[path].write_bytes(f"new {name}".encode())
    return complete


def write_old(places) -> None:
    for path in places:
        path.write_bytes(b"old")


def test_all_are_in_their_places_and_nothing_is_left(places, tmp_path, contents):
    take_places(places, TOKEN)
    assert contents(tmp_path) == {"values": b"new values", "header": b"new header"}


def test_what_is_replaced_is_gone(places, tmp_path, contents):
    write_old(places)
    take_places(places, TOKEN)
    assert contents(tmp_path) == {"values": b"new values", "header": b"new header"}


@pytest.mark.parametrize("step", range(4))
@pytest.mark.parametrize("error", [PermissionError, KeyboardInterrupt])
def test_whatever_fails_brings_all_back(places, tmp_path, contents, monkeypatch, step, error):
    write_old(places)
    before = contents(tmp_path)
    rename, steps = Path.rename, iter(range(100))

    def fail_once(self: Path, target: Path) -> Path:
        if next(steps) == step:
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_once)
    with pytest.raises(error):
        take_places(places, TOKEN)
    old = {name: content for name, content in contents(tmp_path).items() if name[0] != "."}
    assert old == {name: content for name, content in before.items() if name[0] != "."}


@pytest.mark.skipif(os.name != "posix", reason="only POSIX goes on in a copy of a process")
@pytest.mark.parametrize("has_old", [False, True])
@pytest.mark.parametrize("steps", range(5))
def test_whenever_it_is_killed_files_are_of_one_time_or_have_no_header(
    places, tmp_path, monkeypatch, steps, has_old
):
    if has_old:
        write_old(places)
    values, header = places
    rename, left = Path.rename, iter(range(steps))

    def until_killed(self: Path, target: Path) -> Path:
        if next(left, None) is None:
            os._exit(9)
        return rename(self, target)

    child = os.fork()
    if child == 0:
        Path.rename = until_killed
        take_places(places, TOKEN)
        os._exit(0)
    os.waitpid(child, 0)
    monkeypatch.undo()
    if header.exists():
        assert header.read_bytes().split()[0] == values.read_bytes().split()[0]
    else:
        assert repr(places[header].name) in how_to_complete(header)


def test_what_lies_beside_is_named_with_what_it_replaces(tmp_path):
    path = tmp_path / "a.zarr"
    beside(path, TOKEN, Ending.COMPLETE).mkdir()
    beside(path, TOKEN, Ending.REPLACED).mkdir()
    text = how_to_complete(path)
    assert "rename '.a.zarr.1a2b3c4d.new'" in text
    assert "What was there before is now '.a.zarr.1a2b3c4d.old'" in text


@pytest.mark.parametrize("ending", [Ending.UNFINISHED, Ending.REPLACED])
def test_what_is_not_complete_is_not_named(tmp_path, ending):
    beside(tmp_path / "a", TOKEN, ending).touch()
    assert how_to_complete(tmp_path / "a") == ""


@pytest.mark.parametrize(
    "name", [".a.new", ".a.zzzzzzzz.new", "a.1a2b3c4d.new", ".ab.1a2b3c4d.new", ".new", "new"]
)
def test_files_with_other_names_are_none_of_ours(tmp_path, name):
    (tmp_path / name).touch()
    assert leftovers(tmp_path / "a") == []
    assert how_to_complete(tmp_path / "a") == ""


def test_folder_that_is_missing_has_no_leftovers(tmp_path):
    assert leftovers(tmp_path / "missing" / "a") == []


@pytest.mark.parametrize("name", ["n" * 255, "ü" * 127, "n" * 241, "n" * 240])
def test_longest_names_have_one_beside_them_which_is_found_again(tmp_path, name):
    path = tmp_path / name
    other = path.with_name("n" * 239 + "m")
    for place in (path, other):
        beside(place, new_token(), Ending.COMPLETE).touch()
    assert len(leftovers(path)) == 1


def test_link_is_removed_and_not_what_it_points_to(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    remove(tmp_path / "link")
    assert [*tmp_path.iterdir()] == [tmp_path / "folder"]


def test_rest_of_a_folder_is_removed_where_a_file_is_gone_meanwhile(tmp_path, monkeypatch):
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in "abc":
        (folder / name).touch()
    unlink, gone = os.unlink, []

    def unlink_but_the_first(path, **options) -> None:
        unlink(path, **options)
        if not gone:
            gone.append(path)
            raise FileNotFoundError(path)

    monkeypatch.setattr(os, "unlink", unlink_but_the_first)
    remove(folder)
    assert gone
    assert [*tmp_path.iterdir()] == []
