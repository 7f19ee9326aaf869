from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from dataset_files import dataset, write
from npe2 import PluginManager, PluginManifest
from safetensors.numpy import save_file
from scipy.io import savemat

from napari_ifealid import FeatureStack, formats
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import read_stacks, registry, write_array
from napari_ifealid.formats.envi import ENVI
from napari_ifealid.formats.format import Format
from napari_ifealid.formats.hdf5 import HDF5
from napari_ifealid.formats.ifealid import IFEALID
from napari_ifealid.formats.matlab import MATLAB
from napari_ifealid.formats.netcdf import NETCDF
from napari_ifealid.formats.npy import NPY
from napari_ifealid.formats.npz import NPZ
from napari_ifealid.formats.registry import (
    FORMATS,
    all_suffixes,
    format_of,
    suffixes_in_words,
    written_suffixes,
)
from napari_ifealid.formats.safetensors_files import SAFETENSORS
from napari_ifealid.formats.tiff import TIFF
from napari_ifealid.formats.torch_files import TORCH
from napari_ifealid.formats.zarr_arrays import ZARR

CUBE = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
READER = ".get_reader"
README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.fixture(params=FORMATS, ids=lambda kind: kind.suffixes[0])
def kind(request) -> Format:
    return request.param


@pytest.fixture
def saved(tmp_path):
    """Saves the cube as a file or a folder of a format."""

    def save(kind: Format, name: str) -> Path:
        path = tmp_path / name
        if kind is IFEALID:
            return write(path, dataset(CUBE.astype(np.uint8)))
        if kind is ZARR:
            zarr.create_array(zarr.storage.LocalStore(path), data=CUBE)
            return path
        if kind is ENVI:
            write_array(path, FeatureStack(values=CUBE, name="a"))
            return path
        if kind is TIFF:
            tifffile.imwrite(path, CUBE, photometric="minisblack", planarconfig="contig")
            return path
        if kind is SAFETENSORS:
            save_file({"a": CUBE}, path)
            return path
        if kind is TORCH:
            torch = pytest.importorskip("torch", reason="PyTorch is not installed")
            with path.open("wb") as stream:
                torch.save(torch.from_numpy(CUBE), stream)
            return path
        if kind in (HDF5, NETCDF):
            with h5py.File(path, "w") as file:
                file["cube"] = CUBE
            return path
        if kind is MATLAB:
            savemat(path, {"cube": CUBE}, appendmat=False)
            return path
        with path.open("wb") as stream:
            np.save(stream, CUBE) if kind is NPY else np.savez(stream, CUBE)
        return path

    return save


def error_of(location: object) -> DatasetError:
    with pytest.raises(DatasetError) as caught:
        format_of(location)
    assert caught.value.file == str(location)
    assert caught.value.remedy
    return caught.value


def test_each_format_is_known_by_its_suffix_of_any_case(kind, saved):
    for name in (f"a{kind.suffixes[0]}", f"b{kind.suffixes[0].upper()}"):
        path = saved(kind, name)
        assert format_of(path) is format_of(str(path)) is kind


def test_each_format_is_read_under_any_name(kind, saved, odd_name):
    path = saved(kind, odd_name(kind.suffixes[0]))
    (stack,) = read_stacks(path)
    assert stack.values.size == CUBE.size


@pytest.mark.parametrize("suffix", written_suffixes())
def test_each_format_is_written_under_any_name(tmp_path, odd_name, suffix):
    name = odd_name(suffix)
    write_array(tmp_path / name, FeatureStack(values=CUBE.astype(np.uint8), name=name))
    (stack,) = read_stacks(tmp_path / name)
    assert stack.values.shape == CUBE.shape


def test_each_suffix_is_written_by_one_format_and_differs_from_the_others():
    written = written_suffixes()
    assert len(set(written)) == len(written)
    assert set(written) <= set(all_suffixes())
    assert all(re.fullmatch(r"\.[a-z0-9]+", suffix) for suffix in all_suffixes())


def test_format_that_is_only_read_writes_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(registry, "FORMATS", (NPY, replace(ZARR, write=None)))
    monkeypatch.setattr(formats, "FORMATS", registry.FORMATS)
    assert written_suffixes() == [".npy"]
    assert ".zarr" in all_suffixes()
    with pytest.raises(DatasetError, match=r"the suffix '.zarr': a.zarr; expected one of .npy,"):
        formats.write_array(tmp_path / "a.zarr", FeatureStack(values=CUBE, name="a"))


def test_suffixes_in_words_name_each_once():
    assert suffixes_in_words([".zip", ".npy", ".npz"]) == ".zip, .npy or .npz"
    assert re.findall(r"\.\w+", suffixes_in_words()) == all_suffixes()


@pytest.mark.parametrize(("kind", "name"), [(NPY, "really_npy.npz"), (NPZ, "really_npz.npy")])
def test_content_counts_more_than_the_suffix(saved, kind, name):
    path = saved(kind, name)
    assert format_of(path) is kind
    (stack,) = read_stacks(path)
    np.testing.assert_array_equal(stack.values, CUBE)


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_file_of_neither_content_is_of_the_format_that_says_what_is_wrong(tmp_path, suffix):
    path = write(tmp_path / f"a{suffix}", b"something else")
    with pytest.raises(DatasetError, match="no NumPy array"):
        read_stacks(path)


@pytest.mark.parametrize("name", ["cube.gif", "cube", "cube.zip.part", ".npy"])
def test_file_of_another_kind_is_an_error_that_names_all_kinds(tmp_path, name):
    error = error_of(write(tmp_path / name, b"II*\x00"))
    assert repr(Path(name).suffix) in error.found
    assert suffixes_in_words() in error.expected


def test_format_of_a_folder_or_a_url_is_known_without_a_look():
    assert format_of("missing.zarr") is format_of("https://example.org/missing.zarr") is ZARR


def test_url_of_another_kind_is_refused():
    assert "'.gif'" in error_of("https://example.org/cube.gif").found


# What follows the list


@pytest.fixture
def manifest() -> PluginManifest:
    return PluginManifest.from_distribution("napari-ifealid")


def test_manifest_offers_the_reader_for_each_suffix_and_for_nothing_else(manifest):
    (reader,) = (one for one in manifest.contributions.readers if one.command.endswith(READER))
    assert sorted(reader.filename_patterns) == sorted(f"*{suffix}" for suffix in all_suffixes())
    assert reader.accepts_directories == any(kind.is_folder for kind in FORMATS)


def test_reader_is_found_for_a_file_or_a_folder_of_each_format(kind, saved, manifest):
    plugins = PluginManager()
    plugins.register(manifest)
    path = saved(kind, f"cube{kind.suffixes[0]}")
    assert path.is_dir() == kind.is_folder
    (reader,) = plugins.iter_compatible_readers([str(path)])
    assert reader.command == f"napari-ifealid{READER}"


def test_readme_lists_the_suffixes():
    rows = re.findall(r"^\| (`\.\w+`(?:, `\.\w+`)*) \|", README.read_text("utf-8"), re.M)
    assert re.findall(r"\.\w+", " ".join(rows)) == all_suffixes()
