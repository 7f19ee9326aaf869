from __future__ import annotations

import os
from dataclasses import replace

import dask.array as da
import numpy as np
import pytest

from napari_ifealid.cache_folder import CACHE_VARIABLE
from napari_ifealid.engines import Preview
from napari_ifealid.engines.blockwise import BlockwiseEngine
from napari_ifealid.explorer import kept_previews
from napari_ifealid.explorer.kept_previews import load_preview, preview_file, save_preview
from napari_ifealid.grid import whole_region
from napari_ifealid.measures import SPECTRAL_ANGLE
from napari_ifealid.query import Query
from napari_ifealid.stack import FeatureStack


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))


@pytest.fixture
def stack() -> FeatureStack:
    values = np.random.default_rng(0).random((20, 10, 6))
    values[1, 2] = 0
    values[3, 4, 5] = np.nan
    return FeatureStack(values=da.from_array(values, chunks=5), name="x")


@pytest.fixture
def preview(stack) -> Preview:
    *_, preview = BlockwiseEngine(stack).preview_steps(1 << 20)
    return preview


def test_preview_comes_back_as_it_was(preview, tmp_path):
    save_preview(tmp_path / "new" / "a.npz", preview)
    again = load_preview(tmp_path / "new" / "a.npz")
    assert again.errors == preview.errors
    region = whole_region((20, 10))
    for pixel in ((0, 0), (1, 2), (3, 4)):
        query = Query.to(preview.vector(pixel))
        np.testing.assert_array_equal(again.map_of(query, region), preview.map_of(query, region))


def test_preview_of_a_version_with_other_measures_is_none(preview, tmp_path):
    save_preview(tmp_path / "a.npz", replace(preview, errors={SPECTRAL_ANGLE.name: 0.1}))
    assert load_preview(tmp_path / "a.npz") is None


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04damaged", b"\x93NUMPY"])
def test_missing_and_damaged_files_are_no_preview(tmp_path, content):
    if content is not None:
        (tmp_path / "a.npz").write_bytes(content)
    assert load_preview(tmp_path / "a.npz") is None


def test_truncated_file_is_no_preview(preview, tmp_path):
    path = tmp_path / "a.npz"
    save_preview(path, preview)
    path.write_bytes(path.read_bytes()[:-100])
    assert load_preview(path) is None


def test_folder_that_cannot_be_written_is_done_without(preview, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    save_preview(tmp_path / "file" / "a.npz", preview)
    assert (tmp_path / "file").read_bytes() == b""


def test_oldest_previews_go_where_all_take_too_many_bytes(preview, tmp_path, monkeypatch):
    save_preview(tmp_path / "a.npz", preview)
    size = (tmp_path / "a.npz").stat().st_size
    monkeypatch.setattr(kept_previews, "MOST_BYTES", 2 * size + size // 2)
    for number, name in enumerate(("b.npz", "a.npz", "c.npz")):
        save_preview(tmp_path / name, preview)
        os.utime(tmp_path / name, (number, number))
    save_preview(tmp_path / "d.npz", preview)
    assert {path.name for path in tmp_path.glob("*.npz")} == {"c.npz", "d.npz"}


def test_same_source_has_the_same_file(stack, tmp_path):
    source = tmp_path / "cube.npy"
    source.write_bytes(b"1")
    file = preview_file(str(source), stack)
    assert file == preview_file(str(source), stack)
    assert file.parent == tmp_path / "cache" / "previews"


def test_changed_source_has_another_file(stack, tmp_path):
    source = tmp_path / "cube.npy"
    source.write_bytes(b"1")
    before = preview_file(str(source), stack)
    os.utime(source, (1, 1))
    assert preview_file(str(source), stack) != before


def test_changed_chunk_of_a_folder_has_another_file(stack, tmp_path):
    chunk = tmp_path / "cube.zarr" / "c" / "0"
    chunk.parent.mkdir(parents=True)
    chunk.write_bytes(b"1")
    before = preview_file(str(tmp_path / "cube.zarr"), stack)
    assert preview_file(str(tmp_path / "cube.zarr"), stack) == before
    os.utime(chunk, (4e9, 4e9))
    assert preview_file(str(tmp_path / "cube.zarr"), stack) != before


def test_other_array_of_the_same_source_has_another_file(stack, tmp_path):
    source = tmp_path / "cube.npz"
    source.write_bytes(b"1")
    other = FeatureStack(values=stack.values[::-1], name="x")
    assert preview_file(str(source), stack) != preview_file(str(source), other)


def test_stack_from_no_file_is_not_kept(stack):
    assert preview_file(None, stack) is None
    assert preview_file("https://example.org/cube.zarr", stack) is None
