from __future__ import annotations

import os

import pytest

from napari_ifealid.batch.records import (
    NOTES,
    Record,
    Records,
    output_names,
    output_state,
    source_state,
)
from napari_ifealid.errors import DatasetError


@pytest.fixture
def records(tmp_path) -> Records:
    """A folder in which the outputs of "a" are complete."""
    (tmp_path / NOTES).mkdir()
    records = Records(tmp_path)
    names = output_names("a", None, ".npy")
    for name in names:
        (tmp_path / name).write_text(name)
    states = {name: output_state(tmp_path / name) for name in names}
    records.finish("a", Record("key", "state", states, [{"pixels": 3}]))
    return records


def test_complete_record_comes_back(records):
    record = records.complete("a")
    assert (record.key, record.source, record.rows) == ("key", "state", [{"pixels": 3}])
    assert records.complete("b") is None


def test_record_without_one_of_its_outputs_is_not_complete(records, tmp_path):
    (tmp_path / "a.mask.tif").unlink()
    assert records.complete("a") is None


def test_output_that_was_changed_is_an_error_and_is_not_removed(records, tmp_path):
    (tmp_path / "a.mask.tif").write_text("mine")
    with pytest.raises(DatasetError, match=r"was changed since.*: a\.mask\.tif"):
        records.complete("a")
    records.begin("a")
    assert (tmp_path / "a.mask.tif").read_text() == "mine"
    assert not (tmp_path / "a.map.npy").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"key": 1, "source": 2, "files": 3}'])
def test_damaged_record_is_none(records, tmp_path, content):
    (tmp_path / NOTES / "a.done.json").write_text(content)
    assert records.complete("a") is None


def test_beginning_removes_what_was_done_before(records, tmp_path):
    records.begin("a")
    assert [path.name for path in tmp_path.iterdir()] == [NOTES]
    assert records.complete("a") is None


def test_state_of_a_source_changes_with_it(tmp_path):
    path = tmp_path / "a.zip"
    path.write_text("one")
    before = source_state(str(path))
    assert source_state(str(path)) == before
    os.utime(path, ns=(1, 1))
    assert source_state(str(path)) != before


def test_state_of_a_folder_changes_with_each_file_in_it(tmp_path):
    folder = tmp_path / "a.zarr"
    (folder / "c").mkdir(parents=True)
    (folder / "c" / "0").write_text("one")
    before = source_state(str(folder))
    assert source_state(str(folder)) == before
    (folder / "c" / "0").write_text("other")
    assert source_state(str(folder)) != before


def test_state_of_a_url_is_not_known():
    assert source_state("https://example.org/a.zarr") is None


def test_missing_source_has_no_state(tmp_path):
    with pytest.raises(OSError, match=r"a\.zip"):
        source_state(str(tmp_path / "a.zip"))
