from __future__ import annotations

import pytest

from napari_ifealid.batch.output_folder import OutputFolder
from napari_ifealid.errors import DatasetError


def claim(folder, *locations: str) -> list[object]:
    claimed = OutputFolder(folder).claim(locations)
    return [claimed[location] for location in locations]


def test_outputs_are_called_after_their_file(tmp_path):
    assert claim(tmp_path, "/x/a.b.zip", "https://e.org/c.zarr?d=1") == ["a.b", "c"]


def test_files_of_one_name_have_different_names_which_they_keep(tmp_path):
    locations = ["/x/a.zip", "/y/a.zip", "/y/a.npz", "/z/a.zip", "/v/z/a.zip"]
    names = claim(tmp_path, *locations)
    assert names[:4] == ["a", "a.zip", "a.npz", "z_a"]
    assert len(set(names)) == 5
    assert claim(tmp_path, *reversed(locations)) == names[::-1]


def test_names_that_differ_in_case_only_are_different(tmp_path):
    assert claim(tmp_path, "/x/a.zip", "/y/A.zip") == ["a", "A.zip"]


def test_name_of_a_file_of_the_users_is_not_given(tmp_path):
    (tmp_path / "a.map.npy").touch()
    (problem,) = claim(tmp_path, "/x/a.zip")
    assert isinstance(problem, DatasetError)
    assert problem.file == str(tmp_path / "a.map.npy")


def test_outputs_of_another_input_are_no_files_of_the_users(tmp_path):
    claim(tmp_path, "/x/a.b.zip")
    (tmp_path / "a.b.map.npy").touch()
    assert claim(tmp_path, "/x/a.zip") == ["a"]


def test_place_where_no_folder_can_be_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match="none can be made"):
        OutputFolder(tmp_path / "file")


def test_damaged_notes_are_an_error(tmp_path):
    claim(tmp_path, "/x/a.zip")
    (tmp_path / ".napari-ifealid" / "names.json").write_text("[]")
    with pytest.raises(DatasetError, match="damaged notes"):
        OutputFolder(tmp_path)


def test_summary_is_replaced_if_it_is_ours_only(tmp_path):
    for content in (b"one", b"two"):
        assert OutputFolder(tmp_path).write_summary(content).read_bytes() == content
    (tmp_path / "summary.csv").write_bytes(b"mine")
    with pytest.raises(DatasetError, match=r"summary\.csv"):
        OutputFolder(tmp_path).check_summary()
