from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import napari_ifealid
from napari_ifealid.cache_folder import CACHE_VARIABLE
from napari_ifealid.widgets.save_folder import SaveFolder, suggested_name

PACKAGE = Path(napari_ifealid.__file__).parent


def test_it_is_that_of_the_stack_at_first(tmp_path):
    assert SaveFolder().starting_at(str(tmp_path / "a.npy")) == tmp_path


def test_it_is_the_last_one_afterwards(tmp_path):
    (tmp_path / "last").mkdir()
    folder = SaveFolder()
    folder.remember(tmp_path / "last" / "a.zip")
    assert folder.starting_at(str(tmp_path / "a.npy")) == tmp_path / "last"
    assert folder.starting_at(None) == tmp_path / "last"


def test_it_is_that_of_the_stack_again_when_the_last_one_has_gone(tmp_path):
    folder = SaveFolder()
    folder.remember(tmp_path / "gone" / "a.zip")
    assert folder.starting_at(str(tmp_path / "a.npy")) == tmp_path


@pytest.mark.parametrize(
    "opened",
    [
        None,
        str(PACKAGE / "samples" / "chelsea_parts.zip"),
        "https://example.org/folder/cube.zarr",
        "/a/folder/that/is/not/there/a.npy",
    ],
)
def test_it_is_the_home_where_the_stacks_own_is_not_the_users(opened):
    assert SaveFolder().starting_at(opened) == Path.home()


def test_it_is_the_home_for_what_lies_in_the_cache_of_another_program(tmp_path, monkeypatch):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache" / project)
    (tmp_path / "cache" / "another").mkdir(parents=True)
    assert SaveFolder().starting_at(str(tmp_path / "cache" / "another" / "a.npy")) == Path.home()


def test_it_is_the_home_for_a_dataset_that_was_downloaded(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    (tmp_path / "cache" / "examples").mkdir(parents=True)
    assert SaveFolder().starting_at(str(tmp_path / "cache" / "examples" / "a.zip")) == Path.home()


@pytest.mark.parametrize(
    ("name", "suggested"),
    [
        ("cat", "cat.16.zip"),
        ("cat.npy", "cat.npy.16.zip"),
        ("cat.zip", "cat.16.zip"),
        ("cat.npy.8.zip", "cat.npy.16.zip"),
        ("cat.16.ZIP", "cat.16.zip"),
        ("cat.8", "cat.8.16.zip"),
        ("a: cat/dog?", "a_ cat_dog_.16.zip"),
        (".zip", "dataset.16.zip"),
        ("", "dataset.16.zip"),
    ],
)
def test_suggested_name_has_the_precision_and_a_single_ending(name, suggested):
    assert suggested_name(name, 16) == suggested


@given(st.text(max_size=20), st.sampled_from([8, 16, 32]))
def test_suggested_name_is_a_name_in_one_folder(name, precision):
    suggested = suggested_name(name, precision)
    assert Path(suggested).name == suggested
    assert suggested.endswith(f".{precision}.zip")
