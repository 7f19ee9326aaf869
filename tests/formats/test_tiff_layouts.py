from __future__ import annotations

import numpy as np
import pytest
import tifffile
from tiff_files import BANDS, gdal, item, saved, with_tags

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.tiff_layouts import layouts, spatial_letters

BYTES = BANDS.astype(np.uint8)
INTERLEAVED = np.moveaxis(BYTES, 0, -1)
AS_IT_IS = {"planarconfig": None}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.tif"


def layout(path):
    (found,) = layouts(path)
    return found


@pytest.mark.parametrize(
    ("values", "options"),
    [
        (BYTES[0], AS_IT_IS),
        (INTERLEAVED[..., :3], {"photometric": "rgb", "planarconfig": "contig"}),
        (INTERLEAVED[..., :4], {"photometric": "rgb", "planarconfig": "contig"}),
        (BYTES[:3], {"photometric": "rgb"}),
        (INTERLEAVED[..., :4], {"photometric": "separated", "planarconfig": "contig"}),
        (INTERLEAVED[..., :2], {"planarconfig": "contig", "extrasamples": ["unassalpha"]}),
        (BYTES[0], AS_IT_IS | {"photometric": "palette", "colormap": np.zeros((3, 256), "u2")}),
        (np.ones((5, 8, 9, 3), "u1"), {"photometric": "rgb", "planarconfig": "contig"}),
        (np.ones((5, 8, 9), bool), AS_IT_IS),
        (BYTES, AS_IT_IS | {"imagej": True, "metadata": {"axes": "ZYX"}}),
        (BYTES, AS_IT_IS | {"imagej": True, "metadata": {"axes": "TYX"}}),
        (BYTES, AS_IT_IS | {"ome": True, "metadata": {"axes": "ZYX"}}),
        (BYTES[:6].reshape(2, 3, 37, 45), AS_IT_IS | {"ome": True, "metadata": {"axes": "TZYX"}}),
    ],
)
def test_photos_and_stacks_of_them_are_no_stacks_of_features(path, values, options):
    assert not layout(saved(path, values, **options)).is_stack


@pytest.mark.parametrize(
    ("values", "options", "axes", "feature_axis"),
    [
        (BANDS, {}, "SYX", 0),
        (np.moveaxis(BANDS, 0, -1), {"planarconfig": "contig"}, "YXS", 2),
        (BANDS[:4], {}, "SYX", 0),
        (BANDS[:2], {}, "SYX", 0),
        (np.ones((5, 2, 8, 9), "u1"), {}, "ISYX", 1),
        (BANDS, AS_IT_IS | {"imagej": True, "metadata": {"axes": "CYX"}}, "CYX", 0),
        (BANDS, AS_IT_IS | {"ome": True, "metadata": {"axes": "CYX"}}, "CYX", 0),
        (
            np.ones((2, 3, 1, 8, 9), "u1"),
            AS_IT_IS | {"ome": True, "metadata": {"axes": "TCZYX"}},
            "TCYX",
            1,
        ),
    ],
)
def test_bands_and_channels_are_features(path, values, options, axes, feature_axis):
    found = layout(saved(path, values, **options))
    assert found.is_stack
    assert (found.axes, found.known_axis) == (axes, feature_axis)
    assert found.shape[found.known_axis] == values.shape[-3:][0] or "C" in axes or axes == "YXS"


def test_colours_with_wavelengths_are_features(path):
    tag = gdal(item("wavelength", 450, 0))
    values = np.ascontiguousarray(INTERLEAVED[..., :3])
    written = [(tag[0], tag[1], 0, tag[2], True)]
    options = {"photometric": "rgb", "planarconfig": "contig", "extratags": written}
    assert layout(saved(path, values, **options)).is_stack


@pytest.mark.parametrize(
    ("values", "metadata", "axes", "guess"),
    [
        (BANDS, None, "IYX", 0),
        (np.ones((90, 8, 9), "u1"), None, "IYX", 0),  # the pages, however many
        (BANDS, {}, "QYX", 0),
        (np.moveaxis(BANDS, 0, -1), {}, "QYX", 2),  # saved as it is
    ],
)
def test_axis_of_pages_of_unknown_kind_is_guessed(path, values, metadata, axes, guess):
    found = layout(saved(path, values, planarconfig=None, metadata=metadata))
    assert found.is_stack
    assert (found.axes, found.known_axis, found.guessed_axis) == (axes, None, guess)


def test_smaller_copies_are_left_out_and_several_images_are_told_apart(path):
    with tifffile.TiffWriter(path) as writer:
        plain = {"photometric": "minisblack", "planarconfig": "separate", "metadata": None}
        writer.write(BANDS, **plain)
        writer.write(BANDS[:, ::2, ::2].copy(), subfiletype=1, **plain)
        writer.write(BANDS[:5, :, 1:].copy(), **plain)
    assert [found.shape for found in layouts(path)] == [(7, 37, 45), (5, 37, 44)]


def test_image_of_one_row_or_one_pixel_keeps_its_axes(path):
    assert layout(saved(path, BANDS[:, :1])).shape == (7, 1, 45)
    single = np.ones((1, 1, 7), "u1")
    assert layout(saved(path, single, planarconfig="contig")).shape == (1, 1, 7)


def test_tags_are_those_of_the_first_page(path):
    assert layout(with_tags(path, (42113, "s", "-1"))).tags[42113] == "-1"


def test_other_files_and_damaged_ones_are_an_error(path):
    path.write_bytes(b"II*\0")
    with pytest.raises(DatasetError, match=r"a damaged TIFF .*: a\.tif; expected directories"):
        layouts(path)
    with pytest.raises(DatasetError, match="no such file"):
        layouts(path.with_name("b.tif"))


def test_letters_are_those_of_the_last_axes():
    assert [spatial_letters(n) for n in (2, 3, 4, 6)] == ["YX", "ZYX", "TZYX", "QQTZYX"]


@pytest.mark.parametrize(
    ("dtype", "nodata"), [("f4", "-3.4028234663852886e+38"), ("i1", "7"), ("u2", "nothing")]
)
def test_opening_logs_nothing_of_missing_values(path, dtype, nodata, caplog):
    layout(with_tags(path, (42113, "s", nodata), values=BANDS.astype(dtype)))
    assert caplog.messages == []
