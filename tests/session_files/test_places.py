from __future__ import annotations

import pytest

from napari_ifealid.session_files.places import found_location, stored_location


@pytest.mark.parametrize("name", ["a.zip", "b/a.zip", "../a.zip", "../../c/ä b.zip"])
def test_path_is_stored_as_seen_from_the_folder_and_found_again(tmp_path, name):
    folder = tmp_path / "x" / "y"
    location = found_location(name, folder)
    assert ".." not in location
    assert stored_location(location, folder) == name


def test_absolute_path_stays_so_where_the_file_says_so(tmp_path):
    assert found_location("/data/a.zip", tmp_path) == "/data/a.zip"


def test_url_stays_as_it_is(tmp_path):
    url = "https://example.org/b/../a.zarr?token=1"
    assert stored_location(url, tmp_path) == found_location(url, tmp_path) == url
