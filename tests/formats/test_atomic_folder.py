from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.atomic_folder import written_folder
from napari_ifealid.formats.taking_places import Ending, beside

TOKEN = "1a2b3c4d"


def is_marked(path: Path) -> bool:
    return (path / "mark").is_file()


written = partial(written_folder, kind="marked folder", replaces=is_marked)


def write(path: Path, *, force: bool) -> None:
    with written(path, force=force) as folder:
        (folder / "mark").write_bytes(b"new")


@pytest.fixture
def target(tmp_path) -> Path:
    return tmp_path / "target"


def test_folder_of_its_kind_is_replaced_by_force(target, tmp_path, contents):
    write(target, force=False)
    (target / "more").touch()
    write(target, force=True)
    assert contents(tmp_path) == {"target/mark": b"new"}


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("old", ["empty folder", "folder", "file"])
def test_what_is_of_another_kind_is_never_replaced(target, tmp_path, contents, old, force):
    if old == "file":
        target.write_bytes(b"old")
    else:
        target.mkdir()
    if old == "folder":
        (target / "thesis").write_bytes(b"old")
    before = contents(tmp_path)
    with pytest.raises(DatasetError) as caught:
        write(target, force=force)
    assert "no marked folder" in caught.value.found
    assert "force" not in str(caught.value)
    assert (contents(tmp_path), target.exists()) == (before, True)


def test_what_came_meanwhile_and_is_of_another_kind_is_kept(target, contents, tmp_path):
    def write_slowly() -> None:
        with written(target, force=True):
            target.mkdir()
            (target / "thesis").write_bytes(b"old")

    with pytest.raises(DatasetError):
        write_slowly()
    assert contents(tmp_path) == {"target/thesis": b"old"}


@pytest.mark.skipif(os.name != "posix", reason="only POSIX has such permissions")
def test_permissions_of_what_is_replaced_are_kept(target):
    write(target, force=False)
    target.chmod(0o750)
    write(target, force=True)
    assert target.stat().st_mode & 0o777 == 0o750


def interrupt(target: Path) -> tuple[Path, Path]:
    """Leave what a process does that is killed just before the last step."""
    new, old = (beside(target, TOKEN, ending) for ending in (Ending.COMPLETE, Ending.REPLACED))
    for folder in (new, old):
        folder.mkdir()
        (folder / "mark").touch()
    return new, old


def test_interrupted_write_is_named_and_kept(target):
    new, old = interrupt(target)
    with pytest.raises(DatasetError) as caught:
        write(target, force=False)
    assert new.name in caught.value.remedy
    assert old.name in caught.value.remedy
    assert is_marked(new)
    assert is_marked(old)


def test_interrupted_write_that_is_completed_by_hand_is_no_hindrance(target, tmp_path, contents):
    new, _ = interrupt(target)
    new.rename(target)
    write(target, force=True)
    assert contents(tmp_path) == {"target/mark": b"new"}


def test_interrupted_write_is_replaced_by_force(target, tmp_path, contents):
    interrupt(target)
    write(target, force=True)
    assert contents(tmp_path) == {"target/mark": b"new"}


def test_interrupted_write_stays_where_the_next_one_fails(target):
    new, old = interrupt(target)
    with pytest.raises(ValueError, match="no"), written(target, force=True):
        raise ValueError("no")
    assert is_marked(new)
    assert is_marked(old)
