from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.colour_limits import ColourRange
from napari_ifealid.errors import DatasetError
from napari_ifealid.grid import WINDOWS
from napari_ifealid.measures import MEASURES
from napari_ifealid.query import Rule
from napari_ifealid.session_files import (
    PlaceReference,
    SavedCursor,
    SavedLook,
    SavedPlacement,
    SavedSession,
    SavedStack,
    VectorReference,
    read_session_file,
    write_session_file,
)
from napari_ifealid.stack import StackSource

numbers = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_characters="\0"), max_size=8)
signs = st.sampled_from([1, -1])
shares = st.floats(0, 1)


def any_known(coordinates) -> bool:
    return any(one is not None for one in coordinates)


def rows(length: int, of=numbers):
    return st.tuples(*[of] * length)


placements = st.builds(
    SavedPlacement,
    scale=rows(3, st.floats(0.1, 10)),
    translate=rows(3),
    rotate=rows(3, rows(3)),
    shear=rows(3),
    affine=rows(4, rows(4)),
    units=rows(3, texts),
)
names = st.from_regex(r"[\w .é-]{1,8}", fullmatch=True)
stacks = st.builds(
    SavedStack,
    source=st.builds(
        StackSource,
        names.map(lambda name: f"/data/x{name}.zip") | st.just("https://example.org/a.zarr?b=c"),
        st.none() | texts,
        st.none() | st.integers(-3, 2),
    ),
    shape=rows(3, st.integers(1, 10**9)),
    placement=st.none() | placements,
    compared_axis=st.none() | st.integers(-3, 2),
    is_linked=st.booleans(),
    left_out=st.sampled_from([None, ()]),
)
positions = st.lists(numbers, min_size=2, max_size=5).map(tuple)
colours = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
places = st.builds(PlaceReference, positions, colours, signs)
vectors = st.lists(numbers, min_size=1, max_size=5).flatmap(
    lambda values: st.builds(
        VectorReference,
        st.just(tuple(values)),
        texts,
        signs,
        st.none() | rows(len(values), texts | numbers),
        st.just("") | colours,
    )
)
looks = st.builds(
    SavedLook,
    texts.filter(bool),
    st.sampled_from(ColourRange),
    rows(2, st.floats(-9, 9)).filter(lambda limits: limits[0] < limits[1]),
    shares,
    shares,
    st.booleans(),
    texts.filter(bool),
)
sessions = st.builds(
    SavedSession,
    stacks=st.lists(stacks, min_size=1, max_size=3).map(tuple),
    explored=st.just(0),
    references=st.lists(places | vectors, max_size=3).map(tuple),
    cursor=st.none() | st.builds(SavedCursor, positions, st.booleans()),
    rule=st.none() | st.sampled_from(Rule),
    measure=st.sampled_from(MEASURES),
    window=st.sampled_from(WINDOWS),
    threshold=st.none() | numbers,
    look=looks,
    shown_slice=st.just(())
    | st.lists(st.none() | numbers, min_size=2, max_size=5).filter(any_known).map(tuple),
)


@given(sessions)
def test_session_that_was_written_is_read_as_it_was(tmp_path_factory, session):
    path = tmp_path_factory.getbasetemp() / "any.ifealid.json"
    write_session_file(path, session, force=True)
    assert read_session_file(path) == session


@pytest.fixture
def session(tmp_path) -> SavedSession:
    source = StackSource(str(tmp_path / "data" / "a.zip"))
    return SavedSession(stacks=(SavedStack(source, (3, 4, 5)),))


def test_path_is_relative_to_the_session_file(session, tmp_path):
    (tmp_path / "sessions").mkdir()
    path = tmp_path / "sessions" / "a.ifealid.json"
    write_session_file(path, session)
    assert json.loads(path.read_text())["stacks"][0]["path"] == "../data/a.zip"


def test_session_that_is_moved_along_with_its_stacks_finds_them(session, tmp_path):
    (tmp_path / "data").mkdir()
    write_session_file(tmp_path / "data" / "a.ifealid.json", session)
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    again = read_session_file(tmp_path / "elsewhere" / "a.ifealid.json")
    assert again.stacks[0].source.location == str(tmp_path / "elsewhere" / "a.zip")


def test_relative_path_of_the_session_file_makes_no_difference(session, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_session_file("a.ifealid.json", session)
    assert read_session_file(Path("a.ifealid.json")) == session


def test_existing_file_is_only_replaced_by_force(session, tmp_path):
    path = tmp_path / "a.ifealid.json"
    path.write_text("mine")
    with pytest.raises(DatasetError, match="a file of this name"):
        write_session_file(path, session)
    assert path.read_text() == "mine"
    write_session_file(path, session, force=True)
    assert read_session_file(path) == session


def test_name_that_is_no_text_comes_back(session, tmp_path):
    named = SavedSession(stacks=(SavedStack(StackSource("/data/\udcff.zip"), (3, 4, 5)),))
    write_session_file(tmp_path / "a.ifealid.json", named)
    assert read_session_file(tmp_path / "a.ifealid.json") == named


def test_slice_is_only_written_where_there_is_one(session, tmp_path):
    write_session_file(tmp_path / "a.json", session)
    assert "slice" not in json.loads((tmp_path / "a.json").read_text())
    write_session_file(tmp_path / "b.json", replace(session, shown_slice=(1.5, None, None)))
    assert json.loads((tmp_path / "b.json").read_text())["slice"] == [1.5, None, None]


def test_same_session_gives_the_same_bytes(session, tmp_path):
    for name in "ab":
        write_session_file(tmp_path / name, session)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("left_out", [None, (), ((0, 0),), ((0, 2), (4, 4), (6, 222))])
def test_features_that_are_left_out_are_read_again(tmp_path, left_out):
    stack = SavedStack(StackSource("/a.zip"), (3, 4, 224), left_out=left_out)
    path = tmp_path / "a.ifealid.json"
    write_session_file(path, SavedSession(stacks=(stack,)))
    assert read_session_file(path).stacks == (stack,)
    assert ("left_out" in path.read_text("utf-8")) == (left_out is not None)


def test_session_and_its_stacks_may_have_any_name(tmp_path, odd_name):
    stack = tmp_path / odd_name(".npy")
    np.save(stack, np.ones((3, 4, 5)))
    saved = SavedSession(stacks=(SavedStack(StackSource(str(stack)), (3, 4, 5)),), explored=0)
    path = tmp_path / odd_name(".ifealid.json")
    write_session_file(path, saved)
    assert read_session_file(path).stacks == saved.stacks
