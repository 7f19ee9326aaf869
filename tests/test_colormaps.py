from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.colormaps import base_opacity, fire_table, with_transparency_ramp


def test_fire_table_is_that_of_the_web_application(shared_data):
    expected = np.loadtxt(shared_data / "fire_lut.csv", delimiter=",", dtype=np.uint8)
    np.testing.assert_array_equal(fire_table(), expected)


def test_fire_table_holds_bytes():
    assert fire_table().dtype == np.uint8


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        (0.0, [0.0, 0.25, 0.5, 0.75, 1.0]),
        (0.1, [0.1, 0.35, 0.6, 0.85, 1.0]),
        (0.5, [0.5, 0.75, 1.0, 1.0, 1.0]),
        (1.0, [1.0, 1.0, 1.0, 1.0, 1.0]),
    ],
)
def test_opacity_rises_from_the_base_to_one(base, expected):
    ramp = with_transparency_ramp(np.zeros((5, 3)), base)
    np.testing.assert_allclose(ramp[:, 3], expected, rtol=1e-12)


@pytest.mark.parametrize("channels", [3, 4])
def test_ramp_keeps_the_colours_and_replaces_their_opacity(channels):
    colours = np.linspace(0.0, 0.9, 5 * channels).reshape(5, channels)
    ramp = with_transparency_ramp(colours, 0.0)
    np.testing.assert_array_equal(ramp[:, :3], colours[:, :3])
    np.testing.assert_allclose(ramp[:, 3], [0.0, 0.25, 0.5, 0.75, 1.0])


def test_ramp_leaves_its_input_alone():
    colours = np.ones((5, 4))
    with_transparency_ramp(colours, 0.0)
    assert (colours == 1.0).all()


def test_opacity_is_that_of_the_web_application(shared_data):
    data = np.load(shared_data / "000000015746.jpg.C1.expected.npz")
    similarity = data["similarity"][0].astype(np.float64)
    low, high = data["minmax"][0]
    level = np.clip(256 * (similarity - low) / (high - low), 0, 255).astype(int)
    ramp = with_transparency_ramp(fire_table() / 255.0, 0.1)
    # an opacity of the table is that of its level, one of the web page that of the number itself
    np.testing.assert_allclose(ramp[level, 3] * 255, data["rgba"][0, ..., 3], atol=2)


def test_map_lets_an_image_shine_through_where_there_is_one():
    assert base_opacity(has_image=True) < base_opacity(has_image=False) == 1.0
