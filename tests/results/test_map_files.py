from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from napari_ifealid import DatasetError
from napari_ifealid.georeference import Georeference
from napari_ifealid.grid import Grid
from napari_ifealid.results import map_files, write_map

MAPS = arrays(
    st.sampled_from([np.float32, np.float64]),
    array_shapes(min_dims=2, max_dims=5, max_side=4),
    elements=st.floats(0.0, 1.0, width=32) | st.just(float("nan")),
)


@pytest.fixture
def similarity() -> np.ndarray:
    values = np.random.default_rng(2).random((3, 4), np.float32)
    values[1, 2] = np.nan
    return values


@pytest.fixture
def grid() -> Grid:
    return Grid((3, 4), np.array([[0.5, 0.0, 10.0], [0.0, 0.25, 20.0], [0.0, 0.0, 1.0]]))


@pytest.mark.parametrize("suffix", [".npy", ".tif", ".tiff", ".TIF"])
@given(values=MAPS)
def test_map_is_read_again_as_float32(tmp_path_factory, suffix, values):
    assume(values.size > 1)  # tifffile can't read the single pixel of five axes
    path = tmp_path_factory.mktemp("maps") / f"a{suffix}"
    write_map(path, values)
    again = np.load(path) if suffix == ".npy" else tifffile.imread(path)
    assert again.dtype == np.float32
    expected = values.astype(np.float32)
    assert np.array_equal(again.squeeze(), expected.squeeze(), equal_nan=True)


def test_csv_has_a_line_for_each_pixel(tmp_path, similarity):
    write_map(tmp_path / "a.csv", similarity)
    table = pd.read_csv(tmp_path / "a.csv", dtype={"similarity": np.float32})
    assert list(table.columns) == ["y", "x", "similarity"]
    matrix = table.pivot(index="y", columns="x", values="similarity").to_numpy()
    assert np.array_equal(matrix, similarity, equal_nan=True)


def test_csv_has_the_places_in_the_world_with_a_grid(tmp_path, similarity, grid):
    write_map(tmp_path / "a.csv", similarity, grid=grid, names=["row", "column"])
    table = pd.read_csv(tmp_path / "a.csv")
    assert list(table.columns) == ["row", "column", "world_row", "world_column", "similarity"]
    for _, line in table.iterrows():
        place = grid.place_of((line.row, line.column))
        assert (line.world_row, line.world_column) == tuple(place)


def test_long_csv_has_one_header(tmp_path, monkeypatch, similarity):
    write_map(tmp_path / "once.csv", similarity)
    monkeypatch.setattr(map_files, "_CSV_PIXELS", 5)
    write_map(tmp_path / "parts.csv", similarity)
    assert (tmp_path / "parts.csv").read_text() == (tmp_path / "once.csv").read_text()


def tiff_description(path) -> tuple[dict, tuple, tuple]:
    with tifffile.TiffFile(path) as file:
        tags = file.pages[0].tags
        resolution = [tags[name].value for name in ("XResolution", "YResolution")]
        return file.imagej_metadata, *resolution


def test_tiff_has_the_distance_of_pixels_for_imagej(tmp_path, similarity, grid):
    write_map(tmp_path / "a.tif", similarity, grid=grid, units="micrometer")
    metadata, x, y = tiff_description(tmp_path / "a.tif")
    assert metadata["unit"] == "micron"
    assert (x[0] / x[1], y[0] / y[1]) == (4.0, 2.0)


def test_tiff_of_a_volume_has_the_distance_of_its_slices(tmp_path):
    grid = Grid((2, 3, 4), np.diag([3.0, 0.5, 0.5, 1.0]))
    write_map(tmp_path / "a.tif", np.ones((2, 3, 4)), grid=grid, units="nm")
    metadata, *_ = tiff_description(tmp_path / "a.tif")
    assert (metadata["slices"], metadata["spacing"], metadata["unit"]) == (2, 3.0, "nm")


def test_tiff_of_a_series_has_the_interval_of_its_frames(tmp_path):
    grid = Grid((2, 3, 4), np.diag([60.0, 0.5, 0.5, 1.0]))
    units = ("second", "micrometer", "micrometer")
    write_map(tmp_path / "a.tif", np.ones((2, 3, 4)), grid=grid, units=units, names="tyx")
    metadata, *_ = tiff_description(tmp_path / "a.tif")
    assert (metadata["frames"], metadata["finterval"]) == (2, 60.0)


@pytest.mark.parametrize("units", [None, "pixel", ("second", "micrometer")])
def test_tiff_of_an_unknown_unit_has_no_distances(tmp_path, similarity, grid, units):
    write_map(tmp_path / "a.tif", similarity, grid=grid, units=units)
    metadata, x, y = tiff_description(tmp_path / "a.tif")
    assert "unit" not in metadata
    assert (x[0] / x[1], y[0] / y[1]) == (1.0, 1.0)


def test_tiff_of_a_rotated_grid_has_no_distances(tmp_path, similarity):
    grid = Grid((3, 4), np.array([[0.0, 0.5, 0.0], [0.5, 0.0, 0.0], [0.0, 0.0, 1.0]]))
    write_map(tmp_path / "a.tif", similarity, grid=grid, units="micrometer")
    assert "unit" not in tiff_description(tmp_path / "a.tif")[0]


def test_unit_beyond_ascii_is_written_as_imagej_does(tmp_path, similarity, grid):
    write_map(tmp_path / "a.tif", similarity, grid=grid, units="Å")
    assert b"unit=\\u00C5" in (tmp_path / "a.tif").read_bytes()


@pytest.mark.parametrize("name", ["a.png", "a", "a.npz"])
def test_another_suffix_is_refused(tmp_path, similarity, name):
    with pytest.raises(DatasetError, match=r"expected \.npy or \.tif or \.tiff or \.csv"):
        write_map(tmp_path / name, similarity)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.npy", "a.tif", "a.csv"])
def test_existing_file_is_replaced_by_force_only(tmp_path, similarity, name):
    path = tmp_path / name
    path.write_text("mine")
    with pytest.raises(DatasetError, match="a file of this name"):
        write_map(path, similarity)
    assert path.read_text() == "mine"
    write_map(path, similarity, force=True)
    assert path.stat().st_size > 48


def test_nothing_is_left_of_a_map_that_could_not_be_written(tmp_path, monkeypatch, similarity):
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tifffile, "imwrite", fail)
    with pytest.raises(DatasetError, match="No space left"):
        write_map(tmp_path / "a.tif", similarity)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("values", "arguments"),
    [
        (np.ones(3), {}),
        (np.ones((3, 5)), {"grid": Grid((3, 4), np.eye(3))}),
        (np.ones((3, 5)), {"units": ["pixel"]}),
        (np.ones((3, 5)), {"names": ["y", "y"]}),
        (np.ones((3, 5)), {"names": ["x"]}),
    ],
)
def test_arguments_that_do_not_fit_are_refused(tmp_path, values, arguments):
    with pytest.raises(ValueError, match="expected"):
        write_map(tmp_path / "a.npy", values, **arguments)
    assert not list(tmp_path.iterdir())


def test_map_with_a_georeference_is_a_geotiff(tmp_path, similarity):
    place = Georeference((30.0, 0.0, 100.0, 0.0, -30.0, 900.0))
    for name in ("a.tif", "a.npy"):
        write_map(tmp_path / name, similarity, georeference=place)
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        assert tiff.pages[0].tags[33922].value == (0.0, 0.0, 0.0, 100.0, 900.0, 0.0)
        assert not tiff.is_imagej
        np.testing.assert_array_equal(tiff.asarray(), similarity)
    write_map(tmp_path / "volume.tif", np.ones((2, 3, 4)), georeference=place)
    with tifffile.TiffFile(tmp_path / "volume.tif") as tiff:
        assert tiff.is_imagej
