from __future__ import annotations

import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.envi_files import (
    cube_header,
    data_of,
    header_beside,
    header_of,
    is_cube_header,
)

SIZE = 6


@pytest.fixture
def folder(tmp_path):
    """Gives a folder with empty files, or with those of the right size."""

    def make(*names: str, fitting: tuple[str, ...] = ()):
        for name in names:
            (tmp_path / name).write_bytes(b"123456" if name in fitting else b"")
        return tmp_path

    return make


def test_header_with_the_whole_name_is_nearer(folder):
    made = folder("a.raw", "a.raw.hdr", "a.hdr")
    assert header_beside(made / "a.raw") == made / "a.raw.hdr"
    assert header_of(made / "a.hdr") == made / "a.hdr"
    assert header_beside(folder("b") / "b") is None


def test_name_that_leaves_no_room_for_that_of_a_header_has_none(folder):
    name = "x" * 251 + ".raw"
    assert header_beside(folder(name) / name) is None


@pytest.mark.parametrize(
    ("names", "fitting", "expected"),
    [
        (("a.raw", "a.img"), ("a.raw",), "a.raw"),
        (("a.raw", "a.img"), (), "a.img"),
        (("a.dat", "a.xyz"), ("a.xyz",), "a.xyz"),
        (("a.xyz", "a.png"), ("a.xyz",), "a.xyz"),
        (("a", "b.raw"), (), "a"),
    ],
)
def test_values_are_those_of_the_right_size_else_of_a_usual_name(folder, names, fitting, expected):
    made = folder("a.hdr", *names, fitting=fitting)
    assert data_of(made / "a.hdr", SIZE) == made / expected


def test_folder_and_other_files_are_no_values(folder):
    made = folder("a.hdr", "a.png", "b.raw")
    (made / "a").mkdir()
    with pytest.raises(DatasetError, match=r"the values not beside it: a\.hdr; .* a\.img"):
        data_of(made / "a.hdr", SIZE)


def test_kinds_of_headers_are_told_apart(tmp_path):
    path = tmp_path / "a.hdr"
    for text, is_one in (
        ("ENVI\nsamples = 3\n", True),
        ("ENVI\nfile type = ENVI Spectral Library\n", False),
        ("nrows 3\nncols 4\n", True),
        ("ncols 4\n", False),
    ):
        path.write_text(text)
        assert is_cube_header(path) == is_one
    with pytest.raises(DatasetError, match=r"no header of ENVI: a\.hdr"):
        cube_header(path)
    with pytest.raises(DatasetError, match=r"no such file: b\.hdr"):
        is_cube_header(tmp_path / "b.hdr")


def test_header_that_was_written_but_is_not_in_its_place_is_named(folder):
    made = folder("a.img", ".a.hdr.1a2b3c4d.new")
    for name in ("a.img", "a.hdr"):
        with pytest.raises(DatasetError, match=r"rename '\.a\.hdr\.1a2b3c4d\.new'"):
            header_of(made / name)
