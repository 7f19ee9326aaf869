from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest

from napari_ifealid.errors import DatasetError, first_line, short_reason


def an_error(**place) -> DatasetError:
    return DatasetError("a cat", expected="a dog", remedy="Ask the dog.", **place)


@pytest.mark.parametrize(
    ("place", "named", "path"),
    [
        ({}, "", ""),
        ({"file": "a.zip"}, ": a.zip", ""),
        ({"member": "0.png"}, ": 0.png", ""),
        ({"file": Path("a.zip"), "member": "0.png"}, ": a.zip, 0.png", ""),
        ({"file": Path("/b/a.zip"), "member": "0.png"}, ": a.zip, 0.png", " In full: /b/a.zip"),
        ({"file": "https://b.org/a.zarr?c=/d"}, ": a.zarr", " In full: https://b.org/a.zarr?c=/d"),
        ({"file": "/"}, ": /", ""),
    ],
)
def test_message_gives_the_reason_the_name_what_to_do_and_the_whole_path(place, named, path):
    assert str(an_error(**place)) == f"a cat{named}; expected a dog. Ask the dog.{path}"


def test_it_is_a_value_error():
    assert isinstance(an_error(), ValueError)


def test_inside_tells_the_file():
    error = an_error().inside(Path("a.zip"))
    assert str(error) == "a cat: a.zip; expected a dog. Ask the dog."


def test_inside_keeps_the_member_known_before():
    assert an_error(member="0.png").inside("a.zip").member == "0.png"


def test_inside_prefers_the_member_told():
    assert an_error(member="0.png").inside("a.zip", "1.png").member == "1.png"


def test_inside_leaves_the_original_as_it_was():
    original = an_error()
    original.inside("a.zip", "0.png")
    assert (original.file, original.member) == (None, None)


@pytest.mark.parametrize("copied", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_error_comes_from_another_process_as_it_is(copied):
    error = an_error(file=Path("a.zip"), member="0.png")
    again = copied(error)
    assert type(again) is DatasetError
    assert str(again) == str(error)
    assert (again.file, again.member, again.remedy) == ("a.zip", "0.png", "Ask the dog.")


@pytest.mark.parametrize(
    ("text", "first"), [("", ""), ("a cat", "a cat"), ("a cat\nat line 5\n", "a cat"), ("\na", "")]
)
def test_first_line_of_an_error_is_without_the_others(text, first):
    assert first_line(RuntimeError(text)) == first


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (FileNotFoundError(2, "No such file or directory", "/a/b"), "No such file or directory"),
        (OSError("broken\nat line 5"), "broken"),
        (ValueError("a cat\nat line 5"), "a cat"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_short_reason_is_without_the_path_and_never_empty(error, reason):
    assert short_reason(error) == reason


def test_text_is_one_line_whatever_the_names_are():
    error = DatasetError(
        "a\nb", expected="c\rd", remedy="E\x1b.", file="/f\n/g\u202e.npy", member="h\n"
    )
    assert str(error) == (
        r"a\nb: g\u202e.npy, h\n; expected c\rd. E\x1b. In full: /f\n/g\u202e.npy"
    )
    assert error.file == "/f\n/g\u202e.npy"


def test_long_value_is_cut_and_a_path_is_not():
    path = "/" + "f" * 3000
    error = DatasetError("a" * 10**6, expected="b" * 10**6, remedy="C.", file=path)
    assert len(str(error)) < 5000
    assert str(error).endswith(f"C. In full: {path}")
