from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import tifffile
from tiff_files import BANDS, UTM, gdal, item, saved, with_tags

from napari_ifealid import FeatureStack, similarity_map
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import (
    MetadataWarning,
    array_names,
    looks_like_stack,
    read_stack,
    read_stacks,
)
from napari_ifealid.georeference import PixelSize

PIXELS = np.moveaxis(BANDS, 0, -1)
TILES = ["enmap_potsdam_tile_64_0.tif", "enmap_potsdam_tile_64_32.tif"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.tif"


@pytest.fixture(scope="module")
def potsdam(shared_data):
    return shared_data / "hyperspectral"


# Real files


@pytest.mark.parametrize("name", TILES)
def test_bands_of_a_satellite_are_known(potsdam, name):
    assert looks_like_stack(potsdam / name)
    stack = read_stack(potsdam / name)
    expected = np.load(potsdam / "enmap_potsdam_tile_64_0.expected.npz")
    assert stack.values.shape == (32, 32, 224)
    np.testing.assert_array_equal(stack.bands.is_good, expected["good_bands"])
    assert stack.feature_labels[:2] == ("418.24 nm", "423.874 nm")
    wavelengths = [float(label.removesuffix(" nm")) for label in stack.feature_labels]
    np.testing.assert_allclose(wavelengths, expected["wavelengths"])
    assert stack.bands.widths[:2] == (6.99561, 6.6675)
    assert (stack.gain, stack.nodata, stack.is_axis_guessed) == (0.0001, -32768.0, False)
    assert stack.pixel_size == PixelSize((30.0, 30.0), "m")
    north = 5809965.0 if name == TILES[0] else 5809005.0
    assert stack.georeference.transform == (30.0, 0.0, 364095.0, 0.0, -30.0, north)
    assert 32633 in stack.georeference.keys


def test_maps_of_the_good_bands_are_the_expected_ones(potsdam):
    stack = read_stack(potsdam / TILES[0])
    expected = np.load(potsdam / "enmap_potsdam_tile_64_0.expected.npz")
    good = np.ascontiguousarray(stack.values[..., list(stack.bands.is_good)])
    part = FeatureStack(values=good, name="good", **stack.storage)
    assert not np.isnan(part.real_values(good)).any()
    for position, values in zip(expected["positions_rowcol"], expected["similarity"], strict=True):
        found = similarity_map(part, tuple(map(int, position)))
        np.testing.assert_allclose(found, np.where(np.isnan(values), 1.0, values), atol=1e-4)


# Layouts


LAYOUTS = [
    *product(["separate", "contig"], [None, (16, 32)], [None, "zlib", "lzw", "zstd"], "<>"),
]


@pytest.mark.parametrize(("planar", "tile", "compression", "byteorder"), LAYOUTS)
def test_each_layout_gives_the_same_values(path, free_memory, planar, tile, compression, byteorder):
    for dtype, predictor, is_big in (("u1", True, False), ("i2", False, True), ("f4", True, True)):
        values = (BANDS - 50.0).astype(dtype)
        saved(
            path,
            values if planar == "separate" else np.moveaxis(values, 0, -1),
            planarconfig=planar,
            tile=tile,
            rowsperstrip=None if tile else 5,
            compression=compression,
            predictor=predictor if compression else None,
            byteorder=byteorder,
            bigtiff=is_big,
        )
        stack = read_stack(path)
        assert stack.values.dtype == dtype
        np.testing.assert_array_equal(stack.values, np.moveaxis(values, 0, -1))
        with free_memory(values.nbytes):
            lazy = read_stack(path)
        assert lazy.is_lazy
        np.testing.assert_array_equal(lazy.values[3:20, 5:40, 2], values[2, 3:20, 5:40])


@pytest.mark.parametrize(
    "options", [{}, {"tile": (16, 16), "compression": "zlib"}, {"compression": "lzw"}]
)
def test_large_file_is_read_where_it_is_needed(path, free_memory, options):
    saved(path, **options)
    with free_memory(BANDS.nbytes):
        stack = read_stack(path)
    assert stack.is_lazy
    assert stack.values.chunksize[-1] == len(BANDS)
    np.testing.assert_array_equal(stack.values[7, 9], BANDS[:, 7, 9])
    np.testing.assert_array_equal(np.asarray(stack.values), PIXELS)


# What is told of features


def test_names_scales_and_georeference_are_read(path):
    keys = (34735, "H", UTM)
    tags = (33550, "d", (2.0, 3.0, 0.0)), (33922, "d", (0.0, 0.0, 0.0, 10.0, 20.0, 0.0))
    names = [item("DESCRIPTION", f"b{n}", n, role="description") for n in range(7)]
    stack = read_stack(with_tags(path, gdal(*names), keys, *tags))
    assert stack.feature_labels == tuple(f"b{n}" for n in range(7))
    assert stack.pixel_size == PixelSize((3.0, 2.0), "m")
    assert stack.georeference.transform == (2.0, 0.0, 10.0, 0.0, -3.0, 20.0)


@pytest.mark.parametrize("options", [{}, {"tile": (16, 16)}])
def test_bands_of_different_scales_become_real_values(path, free_memory, options):
    scales = [item("SCALE", n + 1, n, role="scale") for n in range(7)]
    offset = item("OFFSET", -5, 2, role="offset")
    missing = float(BANDS[0, 0, 0])
    saved_path = with_tags(path, gdal(*scales, offset), (42113, "s", str(missing)), **options)
    expected = PIXELS * np.arange(1, 8) + np.where(np.arange(7) == 2, -5.0, 0.0)
    expected[missing == PIXELS] = np.nan
    for free in (2**40, 4 * BANDS.nbytes - 1):
        with free_memory(free):
            stack = read_stack(saved_path)
        assert stack.is_lazy == (free < 2**40)
        assert (stack.gain, stack.nodata, stack.values.dtype) == (1.0, None, np.float32)
        np.testing.assert_allclose(np.asarray(stack.values), expected, rtol=1e-6)


def masked(path, data=BANDS, masks=1, mask_shape=(37, 45), **options):
    """Save the bands with a mask that hides the first rows, as GDAL does."""
    mask = np.ones(mask_shape, bool)
    mask[:3] = False
    plain = {"photometric": "minisblack", "planarconfig": "separate", "metadata": None}
    page = {"photometric": "mask", "subfiletype": 4, "metadata": None}
    with tifffile.TiffWriter(path) as writer:
        writer.write(data, **(plain | options))
        for _ in range(masks):
            try:
                writer.write(mask, **page, compression="zlib")
            except NotImplementedError:  # tifffile of 2023 packs no masks
                writer.write(mask, **page)
    return path


@pytest.mark.parametrize("options", [{}, {"tile": (16, 16)}, {"planarconfig": "contig"}])
def test_pixels_that_a_mask_hides_have_no_values(path, free_memory, options):
    if "planarconfig" in options:
        options = options | {"data": PIXELS}
    expected = PIXELS.astype(float)
    expected[:3] = np.nan
    for free in (2**40, 4 * BANDS.nbytes - 1):
        with free_memory(free):
            stack = read_stack(masked(path, **options))
        assert stack.is_lazy == (free < 2**40)
        assert stack.values.dtype == np.float32
        np.testing.assert_array_equal(np.asarray(stack.values), expected)
        np.testing.assert_array_equal(stack.vector((2, 4)), expected[2, 4])


def test_mask_of_a_single_band_is_applied_beside_a_missing_value_and_a_scale(path):
    tag = (42113, "s", 0, str(BANDS[0, 5, 5]), True)
    scale = gdal(item("SCALE", 0.5, 0, role="scale"))
    tags = [tag, (scale[0], scale[1], 0, scale[2], True)]
    stack = read_stack(masked(path, data=BANDS[0], planarconfig=None, extratags=tags))
    expected = np.where(BANDS[0] == BANDS[0, 5, 5], np.nan, BANDS[0] / 2)
    expected[:3] = np.nan
    found = stack.real_values(np.asarray(stack.values))
    np.testing.assert_array_equal(found, expected[..., np.newaxis])


def test_mask_of_another_size_is_that_of_a_smaller_copy(path):
    np.testing.assert_array_equal(read_stack(masked(path, mask_shape=(18, 22))).values, PIXELS)


@pytest.mark.parametrize(
    "options", [{"masks": 2}, {"planarconfig": None, "photometric": "minisblack"}]
)
def test_masks_that_cannot_be_applied_are_a_warning(path, options):
    with pytest.warns(MetadataWarning, match=r"masks? .*a\.tif, mask; expected one mask"):
        np.testing.assert_array_equal(read_stack(masked(path, **options)).values, PIXELS)


def test_single_pages_share_their_scale(path):
    stack = read_stack(
        with_tags(path, gdal(item("SCALE", 0.5, 0, role="scale")), planarconfig=None)
    )
    assert (stack.gain, stack.is_axis_guessed) == (0.5, True)
    np.testing.assert_array_equal(stack.values, PIXELS)


def test_channels_of_ome_are_features_and_other_axes_are_space(path):
    channels = {"Name": ["a", "b", "c"], "Color": [255, 65535, -16776961]}
    size = {f"PhysicalSize{axis}": 0.5 for axis in "XY"}
    values = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 1, 4, 5).astype("u2")
    metadata = {"axes": "TCZYX", "Channel": channels, **size}
    saved(path, values, ome=True, planarconfig=None, metadata=metadata)
    stack = read_stack(path)
    np.testing.assert_array_equal(stack.values, np.moveaxis(values[:, :, 0], 1, -1))
    assert stack.feature_labels == ("a", "b", "c")
    assert stack.bands.colours == ("#000000", "#0000ff", "#ff0000")
    assert stack.pixel_size == PixelSize((0.5, 0.5), "µm")
    assert not stack.is_axis_guessed


@pytest.mark.parametrize("names", [["DAPI", "HE"], None])
@pytest.mark.parametrize("options", [{}, {"tile": (16, 16), "compression": "zlib"}])
def test_samples_of_each_channel_are_features(path, free_memory, names, options):
    values = np.random.default_rng(1).integers(0, 9, (2, 20, 30, 3)).astype("u1")
    metadata = {"axes": "CYXS"} | ({"Channel": {"Name": names}} if names else {})
    options = options | {"photometric": "rgb", "planarconfig": "contig"}
    saved(path, values, ome=True, metadata=metadata, **options)
    assert looks_like_stack(path)
    for free in (2**40, values.nbytes):
        with free_memory(free):
            stack = read_stack(path)
        assert stack.is_lazy == (free < 2**40)
        assert not stack.is_axis_guessed
        found = np.asarray(stack.values)
        np.testing.assert_array_equal(found, np.concatenate(values, axis=-1))
    if names:
        assert stack.feature_labels[:4] == ("DAPI red", "DAPI green", "DAPI blue", "HE red")
    else:
        assert stack.feature_labels == tuple(range(6))


def test_channels_of_imagej_are_features(path):
    values = np.arange(3 * 2 * 4 * 5).reshape(3, 2, 4, 5).astype("u2")
    metadata = {"axes": "ZCYX", "unit": "um", "Labels": ["DAPI", "GFP"] * 3}
    saved(path, values, imagej=True, planarconfig=None, metadata=metadata, resolution=(2.0, 4.0))
    stack = read_stack(path)
    np.testing.assert_array_equal(stack.values, np.moveaxis(values, 1, -1))
    assert stack.feature_labels == ("DAPI", "GFP")
    assert stack.pixel_size == PixelSize((0.25, 0.5), "µm")


def test_pages_of_unknown_kind_are_a_guess(path):
    saved(path, planarconfig=None)
    assert looks_like_stack(path)
    assert read_stack(path).is_axis_guessed
    known = read_stack(path, feature_axis=0)
    assert not known.is_axis_guessed
    np.testing.assert_array_equal(known.values, PIXELS)


def test_other_axis_that_is_asked_for_holds_the_features(path):
    saved(path, np.ones((3, 7, 4, 5), "u1"))
    assert read_stack(path).values.shape == (3, 4, 5, 7)
    assert read_stack(path, feature_axis=-4).values.shape == (7, 4, 5, 3)
    with pytest.raises(DatasetError, match="no axis 4"):
        read_stack(path, feature_axis=4)


def test_photos_are_read_where_they_are_asked_for_but_not_claimed(path):
    for values, photometric in ((np.ones((8, 9, 3), "u1"), "rgb"), (np.ones((8, 9)), "minisblack")):
        tifffile.imwrite(path, values, photometric=photometric)
        assert not looks_like_stack(path)
        assert read_stack(path).values.shape == (8, 9, values.ndim if values.ndim == 3 else 1)


def test_several_images_have_names(path):
    with tifffile.TiffWriter(path) as writer:
        for count in (7, 5):
            writer.write(
                BANDS[:count, : count + 9].copy(),
                photometric="minisblack",
                planarconfig="separate",
                metadata=None,
            )
    assert array_names(path) == {"image 1": True, "image 2": True}
    assert [stack.name for stack in read_stacks(path)] == ["a.tif: image 1", "a.tif: image 2"]
    assert read_stack(path, array="image 2").values.shape == (14, 45, 5)
    with pytest.raises(DatasetError, match="no image called 'x'"):
        read_stack(path, array="x")
    assert array_names(saved(path)) is None


# Bad files


def test_other_files_are_not_claimed(path):
    for content in (b"", b"text", b"II*\0", b"\x89PNG\r\n\x1a\n"):
        path.write_bytes(content)
        assert not looks_like_stack(path)
        with pytest.raises(DatasetError, match="a damaged TIFF"):
            read_stacks(path)


def test_truncated_bands_are_claimed_and_say_what_is_wrong(path):
    content = saved(path).read_bytes()
    path.write_bytes(content[:-9])
    assert looks_like_stack(path)
    with pytest.raises(DatasetError, match=r"a truncated TIFF.*: a\.tif"):
        read_stacks(path)


@pytest.mark.parametrize(
    "tag",
    [
        gdal(item("wavelength", "blue", 0)),
        (42112, "s", b"<GDALMetadata>"),
        (42113, "s", "nothing"),
        (33550, "d", (0.0, 0.0, 0.0)),
        (34264, "d", (0.0,) * 16),
    ],
)
def test_wrong_metadata_that_values_do_without_are_a_warning(path, tag):
    with_tags(path, tag)
    with pytest.warns(MetadataWarning, match=r"^Opened without wrong metadata.*a\.tif, ") as caught:
        stack = read_stack(path)
    assert len(caught) == 1
    np.testing.assert_array_equal(stack.values, PIXELS)
    assert stack.stores_real_values
    assert (stack.feature_labels, stack.georeference) == (tuple(range(7)), None)


def test_wrong_metadata_of_a_microscope_are_a_warning(path):
    channels = {"Name": ["a", "b"], "EmissionWavelength": ["green", "red"]}
    metadata = {"axes": "CYX", "Channel": channels}
    saved(path, BANDS[:2], ome=True, planarconfig=None, metadata=metadata)
    with pytest.warns(MetadataWarning, match=r"a\.tif, ImageDescription"):
        assert read_stack(path).feature_labels == (0, 1)


def test_wrong_scale_is_an_error_that_names_the_file(path):
    tag = gdal(item("SCALE", 0, 0, role="scale"))
    with pytest.raises(DatasetError, match=r"the scale 0: a\.tif, GDAL_METADATA"):
        read_stacks(with_tags(path, tag))


@pytest.mark.parametrize("options", [{}, {"tile": (16, 16)}])
def test_largest_integer_may_stand_for_none(path, options):
    values = np.full((7, 37, 45), 2**64 - 1, "u8")
    values[:, 1:] = 5
    stack = read_stack(with_tags(path, (42113, "s", str(2**64 - 1)), values=values, **options))
    assert np.isnan(stack.vector((0, 0))).all()
    assert (stack.vector((1, 0)) == 5).all()


def test_complex_values_are_refused(path):
    saved(path, BANDS.astype("c8"))
    with pytest.raises(DatasetError, match="an array of type complex64"):
        read_stacks(path)
