from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from example_server import files, serving
from napari_ifealid import DatasetError
from napari_ifealid.formats import array_names, looks_like_stack, read_stack, read_stacks
from napari_ifealid.formats.ome_zarr import ome_image
from napari_ifealid.georeference import PixelSize

CYX = np.arange(3 * 8 * 6, dtype=np.uint16).reshape(3, 8, 6)
TYPES = {"t": "time", "c": "channel"} | dict.fromkeys("zyx", "space")
UNITS = {"t": "second"} | dict.fromkeys("zyx", "micrometer")


def axes(names: str) -> list[dict[str, str]]:
    return [
        {"name": name, "type": TYPES[name]} | ({"unit": UNITS[name]} if name in UNITS else {})
        for name in names
    ]


def levels(count: int, scale: float = 0.5, folder: str = "") -> list[dict[str, Any]]:
    return [
        {
            "path": f"{folder}{level}",
            "coordinateTransformations": [
                {"type": "scale", "scale": [1.0] * (count - 2) + [scale * 2**level] * 2},
                {"type": "translation", "translation": [0.0] * count},
            ],
        }
        for level in range(2)
    ]


OMERO = {
    "channels": [
        {"label": "DAPI", "color": "0000FF"},
        {"label": "GFP", "color": "00ff00"},
        {"label": "", "color": "FF0000", "active": False},
    ]
}


def write_image(
    path: Path | str,
    values: np.ndarray = CYX,
    names: str = "cyx",
    *,
    version: str = "0.5",
    omero: Any = OMERO,
    **changes: Any,
) -> None:
    """Write an image of two resolutions, with its metadata changed."""
    image = {"name": "an image", "axes": axes(names), "datasets": levels(values.ndim), **changes}
    inner = {"multiscales": [{"version": version, **image}], "omero": omero}
    is_new = version == "0.5"
    attributes = {"ome": {"version": version, **inner}} if is_new else inner
    group = zarr.create_group(
        str(path), attributes=attributes, zarr_format=3 if is_new else 2, overwrite=True
    )
    for level, one in enumerate((values, values[..., ::2, ::2])):
        group.create_array(image["datasets"][level]["path"], data=one, chunks=(1,) * one.ndim)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "image.zarr"


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_channels_of_the_full_resolution_are_the_features(path, version):
    write_image(path, version=version)
    assert looks_like_stack(path)
    assert array_names(path) == {"0": True, "1": False}
    (stack,) = read_stacks(path)
    assert isinstance(stack.values, da.Array)
    np.testing.assert_array_equal(stack.values, np.moveaxis(CYX, 0, -1))
    np.testing.assert_array_equal(stack.vector((3, 4)), CYX[:, 3, 4])
    assert stack.name == "image.zarr"
    assert stack.feature_labels == ("DAPI", "GFP", 2)
    assert stack.bands.colours == ("#0000ff", "#00ff00", "#ff0000")
    assert stack.pixel_size == PixelSize((0.5, 0.5), "µm")
    assert not stack.is_axis_guessed
    again = read_stack(path, array=stack.source.array)
    assert again.values.shape == (8, 6, 3)


@pytest.mark.parametrize(
    ("names", "shape", "expected"),
    [
        ("tczyx", (1, 3, 1, 8, 6), (8, 6, 3)),
        ("tczyx", (2, 3, 1, 8, 6), (2, 8, 6, 3)),
        ("tczyx", (1, 3, 4, 8, 6), (4, 8, 6, 3)),
        ("czyx", (3, 4, 1, 6), (4, 1, 6, 3)),
        ("zyxc", (1, 8, 6, 3), (8, 6, 3)),
    ],
)
def test_axes_of_a_single_position_are_left_out_but_for_rows_and_columns(
    path, names, shape, expected
):
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    write_image(path, values, names)
    stack = read_stack(path)
    assert stack.values.shape == expected
    channels_last = np.moveaxis(values, names.index("c"), -1)
    np.testing.assert_array_equal(stack.values, channels_last.reshape(expected))
    index = (*(length - 1 for length in expected[:-1]),)
    np.testing.assert_array_equal(stack.vector(index), channels_last.reshape(expected)[index])
    np.testing.assert_array_equal(
        da.take(stack.values, [2, 0], -1)[index], channels_last.reshape(expected)[index][[2, 0]]
    )


def test_smaller_resolution_and_another_axis_are_read_where_they_are_asked_for(path):
    write_image(path)
    small = read_stack(path, array="1")
    np.testing.assert_array_equal(small.values, np.moveaxis(CYX[:, ::2, ::2], 0, -1))
    assert small.pixel_size == PixelSize((1.0, 1.0), "µm")
    along_x = read_stack(path, feature_axis=2)
    np.testing.assert_array_equal(along_x.values, CYX)
    assert along_x.feature_labels == tuple(range(6))
    assert along_x.bands.colours is None


@pytest.mark.parametrize(
    ("names", "shape"), [("zyx", (4, 8, 6)), ("yx", (8, 6)), ("czyx", (1, 4, 8, 6))]
)
def test_image_without_several_channels_is_left_to_others(path, names, shape):
    write_image(path, np.ones(shape, np.uint8), names)
    assert not looks_like_stack(path)
    assert array_names(path) == {"0": False, "1": False}
    with pytest.raises(DatasetError, match=r"without several channels: image\.zarr.*--axis"):
        read_stacks(path)
    if len(shape) == 3:
        assert read_stack(path, feature_axis=0).values.shape == (8, 6, 4)
        assert read_stack(path, array="0").is_axis_guessed


def test_arrays_in_groups_and_axes_without_types_are_found(path):
    write_image(path, axes=["c", "y", "x"], datasets=levels(3, folder="scale/"))
    stack = read_stack(path)
    assert stack.values.shape == (8, 6, 3)
    assert stack.pixel_size is None


def test_scale_of_the_whole_image_counts_too(path):
    write_image(path, coordinateTransformations=[{"type": "scale", "scale": [1, 3.0, 4.0]}])
    assert read_stack(path).pixel_size == PixelSize((1.5, 2.0), "µm")


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("nanometer", "nm"), ("angstrom", "angstrom"), ("second", None), (5, None)],
)
def test_size_is_known_only_in_units_of_length(path, unit, expected):
    write_image(path, axes=[{**axis, "unit": unit} for axis in axes("cyx")])
    size = read_stack(path).pixel_size
    assert (size and size.unit) == expected


@pytest.mark.parametrize(
    "omero",
    [None, {}, {"channels": []}, {"channels": [{"label": "a", "color": "red"}] * 2}, [1], 7],
)
def test_channels_that_are_not_described_have_numbers(path, omero):
    write_image(path, omero=omero)
    stack = read_stack(path)
    assert stack.feature_labels == (0, 1, 2)
    assert stack.bands.colours is None


def test_each_image_of_a_group_of_images_is_a_stack(path):
    zarr.create_group(str(path), attributes={"bioformats2raw.layout": 3}, zarr_format=2)
    for name in "01":
        write_image(path / name, version="0.4")
    assert looks_like_stack(path)
    first, second = read_stacks(path)
    assert (first.name, second.name) == ("image.zarr: 0", "image.zarr: 1")
    np.testing.assert_array_equal(read_stack(path, array="1").values, second.values)


@pytest.fixture
def site(path) -> Iterator[str]:
    """The address of a web server with an image, which lists no folders."""
    write_image(path)
    contents = {
        file.relative_to(path.parent).as_posix(): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file()
    }
    with serving(files(contents)) as address:
        yield address


def test_image_is_read_from_a_web_server(site):
    assert looks_like_stack(f"{site}/image.zarr")
    stack = read_stack(f"{site}/image.zarr")
    np.testing.assert_array_equal(stack.values[:2, :2], np.moveaxis(CYX, 0, -1)[:2, :2])
    assert stack.feature_labels == ("DAPI", "GFP", 2)


# Metadata that describe no image


@pytest.mark.parametrize(
    "changes",
    [
        {"datasets": []},
        {"datasets": [{"path": 5}]},
        {"datasets": "0"},
        {"axes": []},
        {"axes": "cyx"},
        {"axes": [1, 2, 3]},
    ],
)
def test_attributes_without_axes_or_arrays_describe_no_image(changes):
    image = {"axes": axes("cyx"), "datasets": levels(3)}
    assert ome_image({"multiscales": [image]}) is not None
    assert ome_image({"multiscales": [image | changes]}) is None


def test_image_whose_array_is_missing_is_left_to_others(path):
    write_image(path)
    group = zarr.open_group(str(path), mode="r+")
    inner = dict(group.attrs["ome"])
    inner["multiscales"][0]["datasets"][0]["path"] = "nowhere"
    group.attrs["ome"] = inner
    assert not looks_like_stack(path)
    assert read_stack(path, array="0").values.shape == CYX.shape


def test_array_outside_of_the_folder_is_not_opened(path):
    write_image(path, datasets=levels(3))
    group = zarr.open_group(str(path), mode="r+")
    inner = dict(group.attrs["ome"])
    inner["multiscales"][0]["datasets"][0]["path"] = "../image.zarr/0"
    group.attrs["ome"] = inner
    with pytest.raises(DatasetError, match="metadata or a codec that Zarr does not know"):
        read_stacks(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["axes", "datasets", "path", "name", "unit", "coordinateTransformations", "scale"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_any_metadata_are_read_without_an_error(multiscales, omero):
    for attributes in (
        {"multiscales": multiscales, "omero": omero},
        {"multiscales": [multiscales], "omero": {"channels": omero}},
        {"ome": {"multiscales": [{"axes": axes("cyx"), "datasets": multiscales}]}},
    ):
        image = ome_image(attributes)
        if image is not None:
            image.labels(3)
            image.bands(3)
