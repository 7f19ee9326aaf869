from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.measure import regionprops_table

from napari_ifealid import DatasetError
from napari_ifealid.grid import Grid
from napari_ifealid.results import region_table, write_table

LABELS = arrays(
    st.sampled_from([np.int32, np.uint8, np.int64]),
    array_shapes(min_dims=2, max_dims=3, max_side=6),
    elements=st.sampled_from([0, 1, 2, 7]),
)


@given(labels=LABELS, seed=st.integers(0, 9))
def test_numbers_in_pixels_are_those_of_scikit_image(labels, seed):
    similarity = np.random.default_rng(seed).random(labels.shape, np.float32)
    table = region_table(labels, similarity)
    properties = ("label", "area", "intensity_mean", "intensity_max", "centroid", "bbox")
    expected = regionprops_table(labels.astype(int), similarity, properties=properties)
    columns = {
        "label": "label",
        "area": "area_pixels",
        "intensity_mean": "mean_similarity",
        "intensity_max": "maximum_similarity",
    }
    for axis, name in enumerate("zyx"[-labels.ndim :]):
        columns[f"centroid-{axis}"] = f"centroid_{name}"
        columns[f"bbox-{axis}"] = f"first_{name}"
        columns[f"bbox-{axis + labels.ndim}"] = f"stop_{name}"
    for theirs, ours in columns.items():
        np.testing.assert_allclose(table[ours], expected[theirs], rtol=1e-6)


@pytest.fixture
def grid() -> Grid:
    """Rotated by a right angle, a pixel is 2 × 5 units large."""
    return Grid((3, 4), np.array([[0.0, -5.0, 10.0], [2.0, 0.0, 20.0], [0.0, 0.0, 1.0]]))


def test_area_and_centroid_in_the_world_are_those_of_the_grid(grid):
    labels = np.zeros((3, 4), np.int32)
    labels[1, 2:] = 3
    row = region_table(labels, np.ones((3, 4)), grid=grid, units="micrometer").loc[0]
    assert (row.label, row.area_pixels, row.area_unit) == (3, 2, "micrometer^2")
    assert row.area_world == pytest.approx(20.0)
    assert (row.world_centroid_y, row.world_centroid_x) == pytest.approx(grid.place_of((1, 2.5)))


def test_without_a_grid_the_world_counts_pixels():
    row = region_table(np.ones((2, 3), int), np.ones((2, 3))).loc[0]
    assert (row.area_world, row.area_unit) == (6.0, "pixel^2")
    assert (row.world_centroid_y, row.world_centroid_x) == (0.5, 1.0)


def test_unit_of_the_area_is_the_product_of_the_axes_units():
    ones, units = np.ones((1, 2, 3), int), ("second", "pixel", "pixel")
    assert region_table(ones, ones, units=units).area_unit[0] == "second*pixel^2"


def test_maps_of_more_than_three_axes_have_a_table():
    table = region_table(np.ones((2, 1, 1, 2, 3), int), np.ones((2, 1, 1, 2, 3)))
    assert table.loc[0, ["stop_axis_0", "stop_t", "stop_z", "stop_y", "stop_x"]].tolist() == [
        2,
        1,
        1,
        2,
        3,
    ]
    assert table.area_unit[0] == "pixel^5"


def test_map_without_regions_is_a_table_without_rows():
    table = region_table(np.zeros((2, 3), int), np.ones((2, 3)))
    full = region_table(np.ones((2, 3), int), np.ones((2, 3)))
    assert len(table) == 0
    assert list(table.columns) == list(full.columns)


@pytest.mark.parametrize(
    ("labels", "similarity", "message"),
    [
        (np.ones((2, 3)), np.ones((2, 3)), "float64"),
        (np.ones(3, int), np.ones(3), r"shape \(3,\)"),
        (np.ones((2, 3), int), np.ones((3, 2)), r"\(3, 2\)"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, similarity, message):
    with pytest.raises(ValueError, match=message):
        region_table(labels, similarity)


def test_written_table_is_read_again_as_it_was(tmp_path, grid):
    similarity = np.random.default_rng(1).random((3, 4), np.float32)
    table = region_table(np.eye(3, 4, dtype=int), similarity, grid=grid, units="µm")
    write_table(tmp_path / "regions.csv", table)
    again = pd.read_csv(tmp_path / "regions.csv", float_precision="round_trip")
    pd.testing.assert_frame_equal(again, table, check_dtype=False, check_exact=False)


def test_existing_file_is_replaced_by_force_only(tmp_path):
    path = tmp_path / "regions.csv"
    path.write_text("mine")
    table = region_table(np.ones((2, 3), int), np.ones((2, 3)))
    with pytest.raises(DatasetError, match="a file of this name"):
        write_table(path, table)
    assert path.read_text() == "mine"
    write_table(path, table, force=True)
    assert path.read_text().startswith("label,area_pixels,area_world,area_unit,")


def test_table_of_another_suffix_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"expected \.csv"):
        write_table(tmp_path / "regions.xlsx", pd.DataFrame())
    assert not list(tmp_path.iterdir())
