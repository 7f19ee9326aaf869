from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.errors import DatasetError
from napari_ifealid.preprocessing import step_named
from napari_ifealid.session_files import (
    SavedSession,
    SavedStack,
    SessionWarning,
    looks_like_session,
    read_session_file,
    reading,
    write_session_file,
)
from napari_ifealid.sharpness import Sharpness
from napari_ifealid.stack import StackSource


@pytest.fixture
def path(tmp_path):
    """A session of one stack."""
    stack = SavedStack(StackSource(str(tmp_path / "a.zip")), (3, 4, 5))
    write_session_file(tmp_path / "a.ifealid.json", SavedSession(stacks=(stack,)))
    return tmp_path / "a.ifealid.json"


@pytest.fixture
def changed(path):
    """Writes the session's fields anew, with some of them changed."""

    def changed(**fields: Any):
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | fields), "utf-8")
        return path

    return changed


def error_of(path) -> DatasetError:
    assert looks_like_session(path)
    with pytest.raises(DatasetError) as caught:
        read_session_file(path)
    assert caught.value.file == str(path)
    assert caught.value.remedy
    return caught.value


def test_missing_file_is_an_error(tmp_path):
    with pytest.raises(DatasetError, match="no such file"):
        read_session_file(tmp_path / "a.ifealid.json")


def test_other_json_is_no_session(tmp_path):
    for content in ("{}", "[]", "3", '{"format": "geojson"}', '{"format": []}'):
        (tmp_path / "a.ifealid.json").write_text(content)
        assert not looks_like_session(tmp_path / "a.ifealid.json")
        with pytest.raises(DatasetError, match="a file that is no session"):
            read_session_file(tmp_path / "a.ifealid.json")


def test_session_is_known_by_its_content_if_its_name_ends_in_json(path):
    assert looks_like_session(path.rename(path.with_name("session.JSON")))


def test_files_of_another_kind_and_folders_are_no_sessions(path, tmp_path):
    assert not looks_like_session(path.rename(tmp_path / "a.txt"))
    assert not looks_like_session(tmp_path / "missing.ifealid.json")
    assert not looks_like_session(tmp_path)
    assert not looks_like_session("https://example.org/a.ifealid.json")


def test_damaged_file_is_a_session_by_its_name_only(path, tmp_path):
    path.write_bytes(path.read_bytes()[:-5])
    assert error_of(path).found.startswith("damaged JSON")
    assert not looks_like_session(path.rename(tmp_path / "a.json"))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "damaged JSON"),
        (b"\xff\xfe", "damaged JSON"),
        (b"[" * 100_000, "damaged JSON (nested too deeply)"),
        (b'{"threshold": NaN}', "NaN in JSON"),
        (b'{"threshold": -Infinity}', "-Infinity in JSON"),
        (b'{"threshold": ' + b"9" * 10_000 + b"}", "damaged JSON"),
        (b'{"format": 1, "format": 2}', "the field 'format' twice"),
    ],
)
def test_hostile_json_is_an_error(path, content, found):
    path.write_bytes(content)
    assert error_of(path).found.startswith(found)


def test_number_beyond_all_floats_is_an_error(path):
    path.write_text(path.read_text().replace('"threshold": null', '"threshold": 1e999'))
    assert error_of(path).member == "threshold"


def test_session_without_stacks_has_none_to_explore(changed):
    assert error_of(changed(stacks=[])).member == "explored"


def test_file_that_is_too_large_is_not_read(path, monkeypatch):
    monkeypatch.setattr(reading, "LARGEST", 10)
    assert error_of(path).found == "more than 10 bytes"


@pytest.mark.parametrize("version", ["2.0", "17.3"])
def test_session_of_a_newer_major_version_is_refused(changed, version):
    error = error_of(changed(version=version))
    assert error.found == f"a session of version {version}"
    assert "newer version" in error.remedy


def test_session_of_an_older_major_version_is_refused(changed):
    assert "that has written it" in error_of(changed(version="0.9")).remedy


@pytest.mark.parametrize("version", [None, 1, "1", "1.x", "", "-1.0", "1." + "9" * 100])
def test_something_else_than_a_version_is_refused(changed, version):
    assert error_of(changed(version=version)).expected == 'a version such as "1.0"'


def test_unknown_field_of_a_newer_minor_version_is_left_out_with_a_warning(changed, path):
    session = read_session_file(path)
    look = json.loads(path.read_text())["look"] | {"shine": 1}
    changed(version="1.7", weather="fine", look=look)
    with pytest.warns(SessionWarning, match=r"newer version: opened without weather, look\.shine"):
        again = read_session_file(path)
    assert again == session


def test_unknown_field_of_this_version_is_refused(changed):
    assert error_of(changed(treshold=0.5)).found == "the unknown field treshold"


SOME = {
    "stacks": [None, 3, [3], [{}], [{"path": "a", "shape": [0, 1, 2]}], [{"path": ""}]],
    "explored": [-1, 1, 0.0, True, None, 10**30],
    "references": [
        None,
        [None],
        [{"kind": "hope"}],
        [{"kind": "place", "position": [1], "colour": "#000000", "sign": 1}],
        [{"kind": "place", "position": [1, 2], "colour": "red", "sign": 1}],
        [{"kind": "place", "position": [1, 2], "colour": "#000000", "sign": 0}],
        [{"kind": "vector", "values": [], "name": "", "sign": 1}],
        [{"kind": "vector", "values": ["1"], "name": "", "sign": 1}],
        [{"kind": "vector", "values": [1], "name": 3, "sign": 1}],
        [{"kind": "vector", "values": [1], "name": "", "sign": 1, "feature_labels": []}],
        [{"kind": "vector", "values": [1], "name": "", "sign": 1, "colour": "red"}],
        [{}] * 10_001,
    ],
    "cursor": [3, {}, {"position": [1, 2]}, {"position": [1, 2], "held": 1}],
    "compare_with": [None, "all", 3],
    "window": [0, 2, -1, 1.0, True, "3", 1001],
    "measure": [None, "hope", 3],
    "threshold": ["0.5", True, [0.5], 10**400],
    "slice": [3, {}, [], [1], [None, None], ["1", None], [True, None], [1, 10**400], [1] * 33],
    "look": [None, {}, []],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in SOME.items() for value in values]
)
def test_wrong_value_is_an_error_that_names_the_field(changed, key, value):
    assert error_of(changed(**{key: value})).member.startswith(key)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("colormap", ""),
        ("colours", "rainbow"),
        ("limits", [1, 0]),
        ("limits", [0, 1, 2]),
        ("opacity", 1.1),
        ("base_opacity", -0.1),
        ("image_in_colour", 1),
    ],
)
def test_wrong_look_is_an_error_that_names_the_field(changed, path, key, value):
    look = json.loads(path.read_text())["look"] | {key: value}
    assert error_of(changed(look=look)).member == f"look.{key}"


@pytest.mark.parametrize("key", ["stacks", "explored", "references", "measure", "look"])
def test_missing_field_is_an_error(changed, path, key):
    fields = json.loads(path.read_text())
    del fields[key]
    path.write_text(json.dumps(fields))
    assert error_of(path).found == "no such field"


def test_preprocessing_is_one_of_the_steps_or_missing(changed, path):
    assert read_session_file(path).preprocessing is None
    step = read_session_file(changed(preprocessing="unit sum")).preprocessing
    assert step == step_named("unit sum")
    assert error_of(changed(preprocessing="magic")).member == "preprocessing"


def test_slice_is_the_coordinates_along_axes_that_are_not_displayed(changed, path):
    assert read_session_file(path).shown_slice == ()
    assert read_session_file(changed(slice=None)).shown_slice == ()
    assert read_session_file(changed(slice=[2, None, None])).shown_slice == (2.0, None, None)


def test_window_may_be_missing(path):
    fields = json.loads(path.read_text())
    del fields["window"]
    path.write_text(json.dumps(fields))
    assert read_session_file(path).window == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
keys = st.sampled_from([*SOME, "version", "format"])


@given(st.dictionaries(keys, json_values, max_size=3))
def test_whatever_is_in_a_field_is_read_or_is_a_dataset_error(tmp_path_factory, fields):
    path = tmp_path_factory.getbasetemp() / "any.ifealid.json"
    stack = SavedStack(StackSource("/a.zip"), (3, 4, 5))
    path.unlink(missing_ok=True)
    write_session_file(path, SavedSession(stacks=(stack,)))
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | fields))
    with suppress(DatasetError):
        assert isinstance(read_session_file(path), SavedSession)


@pytest.mark.parametrize(
    "left_out",
    [3, [3], [[0, 1, 2]], [[1, 0]], [[0, 5]], [[-1, 0]], [[0, 1], [1, 2]], [[0, 4]], [["0", 1]]],
    ids=str,
)
def test_features_that_are_not_there_or_all_of_them_can_not_be_left_out(changed, left_out):
    stack = {"path": "a.zip", "shape": [3, 4, 5], "left_out": left_out}
    assert error_of(changed(stacks=[stack])).member == "stacks[0].left_out"


def test_features_are_those_along_the_axis_that_is_compared(changed):
    stack = {"path": "a.zip", "shape": [9, 4, 5], "compared_axis": 1, "left_out": [[0, 7]]}
    assert read_session_file(changed(stacks=[stack])).stacks[0].left_out == ((0, 7),)


def test_sharpness_of_sharp_maps_is_read_or_missing(changed, path):
    assert read_session_file(path).sharpness is None
    saved = {"space": 0.75, "colour": 0.1, "taps": 9}
    assert read_session_file(changed(sharpness=saved)).sharpness == Sharpness(0.75, 0.1, 9)


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({"space": 0}, "sharpness.space"),
        ({"colour": "much"}, "sharpness.colour"),
        ({"taps": 26}, "sharpness.taps"),
        ({"taps": 2.5}, "sharpness.taps"),
    ],
)
def test_sharpness_out_of_its_limits_is_refused(changed, changes, member):
    saved = {"space": 0.75, "colour": 0.1, "taps": 9}
    assert error_of(changed(sharpness=saved | changes)).member == member
    assert error_of(changed(sharpness="very")).member == "sharpness"
