from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.atomic_folder import written_folder
from napari_ifealid.formats.atomic_write import quickly_written, written_file, written_files
from napari_ifealid.formats.taking_places import Ending, beside

posix = pytest.mark.skipif(os.name != "posix", reason="only POSIX has such signals and limits")
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has files without a name")

WITH_NAMES = "import os; vars(os).pop('O_TMPFILE', None)\n"
HALF = """
import sys, time
from napari_ifealid.formats.atomic_write import written_file

with written_file(sys.argv[1], force=True) as stream:
    stream.write(bytes(2**20))
    stream.flush()
    print("halfway", flush=True)
    time.sleep(60)
"""
HALF_A_FOLDER = """
import sys, time
from napari_ifealid.formats.atomic_folder import written_folder

with written_folder(sys.argv[1], kind="thing", replaces=lambda _: True, force=True) as folder:
    (folder / "part").write_bytes(b"new")
    print("halfway", flush=True)
    time.sleep(60)
"""


needs_files_without_names = pytest.mark.skipif(
    not hasattr(os, "O_TMPFILE"), reason="this system has no files without a name"
)

replacing_folder = partial(written_folder, kind="thing", replaces=lambda path: True)


def write_file(path: Path, *, force: bool = False, error: type[BaseException] | None = None):
    with written_file(path, force=force) as stream:
        stream.write(b"new")
        if error is not None:
            raise error


def write_folder(path: Path, *, force: bool = False, error: type[BaseException] | None = None):
    with replacing_folder(path, force=force) as folder:
        (folder / "part").write_bytes(b"new")
        if error is not None:
            raise error


def old_file(path: Path) -> None:
    path.write_bytes(b"old")


def old_folder(path: Path) -> None:
    path.mkdir()
    (path / "old part").write_bytes(b"old")


@pytest.fixture
def target(tmp_path) -> Path:
    return tmp_path / "target"


@pytest.fixture
def at_target(tmp_path, contents):
    """What is at the target, by the names of its parts; a file has none. Nothing lies beside it."""

    def found() -> dict[str, bytes]:
        files = contents(tmp_path)
        assert all(name.split("/")[0] == "target" for name in files)
        return {name.removeprefix("target").lstrip("/"): file for name, file in files.items()}

    return found


@pytest.fixture(params=["file without a name", "file with a name", "folder"])
def write(request, monkeypatch):
    if request.param == "folder":
        return write_folder
    if request.param == "file with a name":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    return write_file


@pytest.fixture(params=[None, old_file])
def old(request, target, at_target):
    """What was there before."""
    if request.param is not None:
        request.param(target)
    return at_target()


@pytest.fixture
def refused(target):
    @contextmanager
    def expect(found: str, file: Path | str = target):
        with pytest.raises(DatasetError) as caught:
            yield
        assert caught.value.file == os.fspath(file)
        assert found in caught.value.found
        assert caught.value.remedy

    return expect


def new_of(write) -> dict[str, bytes]:
    return {"part": b"new"} if write is write_folder else {"": b"new"}


def test_complete_file_or_folder_is_there(write, target, at_target):
    write(target)
    assert at_target() == new_of(write)


@pytest.mark.parametrize("opened", [written_file, replacing_folder])
def test_nothing_is_there_before_all_is_written(opened, target):
    with opened(target):
        assert not target.exists()
    assert target.exists()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_exception_leaves_all_as_it_was(write, old, target, at_target, error):
    with pytest.raises(error):
        write(target, force=True, error=error)
    assert at_target() == old


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_exception_leaves_an_old_folder_as_it_was(target, at_target, error):
    old_folder(target)
    with pytest.raises(error):
        write_folder(target, force=True, error=error)
    assert at_target() == {"old part": b"old"}


def test_what_is_there_is_kept_without_force(write, target, at_target, refused):
    old_file(target)
    with refused("this name"):
        write(target)
    assert at_target() == {"": b"old"}


def test_what_is_there_is_refused_before_the_work(target):
    old_file(target)
    started = False
    with pytest.raises(DatasetError), written_file(target):
        started = True
    assert not started


@needs_files_without_names
def test_new_file_has_no_other_name_before_its_own(tmp_path, monkeypatch):
    names = []

    def link(source, name, **options) -> None:
        names.append(name)
        linked(source, name, **options)

    linked = os.link
    monkeypatch.setattr(os, "link", link)
    with written_file(tmp_path / "new.npy") as stream:
        stream.write(b"new")
    assert names == [tmp_path / "new.npy"]
    assert names[0].read_bytes() == b"new"


@needs_files_without_names
def test_file_that_came_at_the_last_moment_is_kept(target, monkeypatch, refused, at_target):
    def link(source, name, **options) -> None:
        target.write_bytes(b"theirs")
        linked(source, name, **options)

    linked = os.link
    monkeypatch.setattr(os, "link", link)
    with refused("a file of this name"), written_file(target) as stream:
        stream.write(b"ours")
    assert at_target() == {"": b"theirs"}


@pytest.mark.parametrize("opened", [written_file, replacing_folder])
def test_what_came_meanwhile_is_kept(opened, target, at_target, refused):
    with refused("this name"), opened(target) as unfinished:
        if opened is written_file:
            unfinished.write(b"new")
        old_file(target)
    assert at_target() == {"": b"old"}


def test_what_is_there_is_replaced_with_force(write, target, at_target):
    old_file(target)
    write(target, force=True)
    assert at_target() == new_of(write)


def test_folder_is_replaced_by_a_folder_with_force(target, at_target):
    old_folder(target)
    write_folder(target, force=True)
    assert at_target() == {"part": b"new"}


def test_folder_is_not_replaced_by_a_file(target, at_target, refused):
    old_folder(target)
    with refused("a folder of this name"):
        write_file(target, force=True, error=AssertionError)  # before the work
    assert at_target() == {"old part": b"old"}


@posix
def test_link_is_replaced_and_what_it_points_to_is_kept(write, tmp_path, contents):
    elsewhere, target = tmp_path / "elsewhere", tmp_path / "here" / "target"
    old_folder(elsewhere)
    target.parent.mkdir()
    target.symlink_to(elsewhere if write is write_folder else elsewhere / "old part")
    write(target, force=True)
    assert not target.is_symlink()
    assert [target] == list(target.parent.iterdir())
    assert contents(elsewhere) == {"old part": b"old"}


@pytest.mark.parametrize("error", [PermissionError, KeyboardInterrupt])
def test_old_folder_is_brought_back_if_the_new_one_cannot_take_its_place(
    target, at_target, monkeypatch, error
):
    old_folder(target)
    rename = Path.rename

    def rename_but_the_new_one(self: Path, other: Path) -> None:
        if (self / "part").exists():
            raise error
        rename(self, other)

    monkeypatch.setattr(Path, "rename", rename_but_the_new_one)
    with pytest.raises(DatasetError if error is PermissionError else error):
        write_folder(target, force=True)
    assert at_target() == {"old part": b"old"}


def test_missing_folder_is_an_error(write, tmp_path, refused):
    path = tmp_path / "missing" / "target"
    with refused("nothing can be written", path):
        write(path)


@posix
def test_longest_name_is_written(write, tmp_path):
    path = tmp_path / ("n" * 251 + ".zip")
    write(path)
    assert [path] == list(tmp_path.iterdir())


@posix
def test_file_may_be_read_by_the_same_users_as_any_other(write, target):
    other = target.with_name("other")
    other.mkdir() if write is write_folder else other.touch()
    write(target)
    assert target.stat().st_mode == other.stat().st_mode


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o444])
def test_permissions_of_a_file_that_is_replaced_are_kept(target, mode, monkeypatch):
    for has_names in (False, True):
        if has_names:
            monkeypatch.delattr(os, "O_TMPFILE", raising=False)
        old_file(target)
        target.chmod(mode)
        with written_file(target, force=True) as stream:
            stream.write(b"new")
        assert (target.read_bytes(), target.stat().st_mode & 0o777) == (b"new", mode)
        target.unlink()


@posix
def test_rights_that_a_program_would_have_are_not_kept(target):
    old_file(target)
    target.chmod(0o4755)
    write_file(target, force=True)
    assert target.stat().st_mode & 0o7777 == 0o755


# Several that belong together


@pytest.fixture(params=[False, True], ids=["without names", "with names"])
def both(request, tmp_path, monkeypatch) -> list[Path]:
    if request.param:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    return [tmp_path / "values", tmp_path / "header"]


def write_both(paths: list[Path], *, error: type[BaseException] | None = None) -> None:
    with written_files(*paths, force=True) as streams:
        for stream in streams:
            stream.write(b"new")
        if error is not None:
            raise error


@pytest.mark.parametrize("has_old", [False, True])
def test_all_are_there_and_nothing_else(both, tmp_path, contents, has_old):
    if has_old:
        for path in both:
            old_file(path)
    write_both(both)
    assert contents(tmp_path) == {"values": b"new", "header": b"new"}


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt])
@pytest.mark.parametrize("has_old", [False, True])
def test_exception_leaves_all_of_them_as_they_were(both, tmp_path, contents, has_old, error):
    if has_old:
        for path in both:
            old_file(path)
    before = contents(tmp_path)
    with pytest.raises(DatasetError if error is OSError else error):
        write_both(both, error=error)
    assert contents(tmp_path) == before


def test_leftovers_of_earlier_writes_are_removed_once_all_is_there(both, tmp_path, contents):
    beside(both[0], "1a2b3c4d", Ending.COMPLETE).touch()
    with pytest.raises(KeyboardInterrupt):
        write_both(both, error=KeyboardInterrupt)
    assert len(contents(tmp_path)) == 1
    write_both(both)
    assert contents(tmp_path) == {"values": b"new", "header": b"new"}


def test_files_of_an_interrupted_write_are_not_lost_without_force(both, tmp_path, contents):
    beside(both[1], "1a2b3c4d", Ending.COMPLETE).write_bytes(b"whole")
    before = contents(tmp_path)
    with pytest.raises(DatasetError, match="interrupted"), written_files(*both):
        pass
    assert contents(tmp_path) == before


# Killed


@linux
@pytest.mark.parametrize("signal", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_killed_process_leaves_all_as_it_was(end_by_signal, old, target, at_target, signal):
    end_by_signal(signal, HALF, target)
    assert at_target() == old


@posix
@pytest.mark.parametrize(
    ("program", "make_old"),
    [(WITH_NAMES + HALF, old_file), (HALF_A_FOLDER, old_folder)],
    ids=["file", "folder"],
)
def test_killed_process_leaves_the_old_one_on_any_system(
    end_by_signal, target, contents, program, make_old
):
    make_old(target)
    before = contents(target.parent)
    end_by_signal("SIGKILL", program, target)
    after = contents(target.parent)
    assert {name: after[name] for name in before} == before


# No room, no permission


@contextmanager
def limited_size(limit: int):
    """No file may be longer than a number of bytes."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def as_any_user():
    """Root may write everywhere: be somebody else for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("length", [2**12 + 1, 2**21], ids=["when closed", "at once"])
def test_file_that_gets_too_long_leaves_all_as_it_was(old, target, at_target, refused, length):
    with refused("File too large"), limited_size(2**12), written_file(target, force=True) as stream:
        stream.write(bytes(length))
    assert at_target() == old


@pytest.mark.parametrize("has_names", [False, True])
def test_full_disk_leaves_all_as_it_was(small_disk, contents, refused, monkeypatch, has_names):
    if has_names:
        monkeypatch.delattr(os, "O_TMPFILE")
    target = small_disk / "target"
    old_file(target)
    with refused("No space left", target), written_file(target, force=True) as stream:
        stream.write(bytes(2**21))
    assert contents(small_disk) == {"target": b"old"}


def test_full_disk_leaves_the_old_folder(small_disk, contents, refused):
    target = small_disk / "target"
    old_folder(target)
    with (
        refused("No space left", target),
        replacing_folder(target, force=True) as folder,
    ):
        (folder / "part").write_bytes(bytes(2**21))
    assert contents(small_disk) == {"target/old part": b"old"}


@posix
@pytest.mark.parametrize("mode", [0o555, 0o000])
def test_folder_without_permission_stays_as_it_was(
    write, tmp_path, at_target, refused, monkeypatch, mode
):
    old_file(tmp_path / "target")
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(mode)
    try:
        with refused("Permission denied", "target"), as_any_user():
            write(Path("target"), force=True)
    finally:
        tmp_path.chmod(0o700)
    assert at_target() == {"": b"old"}


def test_file_that_is_quickly_written_is_not_waited_for_and_complete(tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr(os, "fsync", waited.append)
    with quickly_written(), written_file(tmp_path / "a") as stream:
        stream.write(b"all")
    assert (waited, (tmp_path / "a").read_bytes()) == ([], b"all")
    with written_file(tmp_path / "b"):
        pass
    assert len(waited) == 1
