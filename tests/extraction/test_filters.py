from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from skimage.data import astronaut, camera

from napari_ifealid.errors import DatasetError
from napari_ifealid.extraction import filter_features
from napari_ifealid.measures.spectral_angle import spectral_angle_similarity
from napari_ifealid.stack import FeatureStack

LEFT_SLEEVE, CHEST, FACE, WALL, TABLE, HELMET = (
    (325, 110),
    (310, 345),
    (115, 225),
    (90, 330),
    (290, 440),
    (450, 460),
)

real_images = npst.arrays(
    dtype=st.one_of(
        npst.boolean_dtypes(),
        npst.integer_dtypes(endianness="="),
        npst.unsigned_integer_dtypes(endianness="="),
        npst.floating_dtypes(endianness="=", sizes=(16, 32, 64)),
    ),
    shape=st.tuples(st.integers(2, 9), st.integers(2, 9), st.sampled_from([None, 3, 4])).map(
        lambda shape: tuple(n for n in shape if n)
    ),
)


@pytest.fixture(scope="module")
def astronaut_stack() -> FeatureStack:
    return filter_features(astronaut(), name="Astronaut")


def similarity(stack: FeatureStack, a: tuple[int, int], b: tuple[int, int]) -> float:
    return float(spectral_angle_similarity(stack.vector(a), stack.vector(b)))


def test_a_colour_image_gives_four_features_for_each_channel_and_scale(astronaut_stack):
    assert astronaut_stack.values.shape == (512, 512, 3 * 4 * 4)
    assert astronaut_stack.values.dtype == np.float32


def test_the_image_is_the_overlay(astronaut_stack):
    np.testing.assert_array_equal(astronaut_stack.overlay, astronaut())


def test_the_stack_has_the_given_name(astronaut_stack):
    assert astronaut_stack.name == "Astronaut"


def test_labels_say_channel_scale_and_filter(astronaut_stack):
    labels = astronaut_stack.feature_labels
    assert labels[0] == "lightness, σ 1: average"
    assert labels[5] == "lightness, σ 2: edges"
    assert labels[-1] == "blue to yellow, σ 8: smallest curvature"
    assert len(set(labels)) == len(labels)


def test_suit_is_alike_to_suit_and_not_to_the_wall(astronaut_stack):
    assert similarity(astronaut_stack, LEFT_SLEEVE, CHEST) > 0.6
    assert similarity(astronaut_stack, LEFT_SLEEVE, WALL) < 0.1


def test_black_is_alike_to_black_and_not_to_the_face(astronaut_stack):
    assert similarity(astronaut_stack, TABLE, HELMET) > 0.6
    assert similarity(astronaut_stack, TABLE, FACE) < 0.1


def test_averages_are_centred_and_weigh_more_than_edges_and_curvatures(astronaut_stack):
    average, *others = (astronaut_stack.values[..., feature] for feature in range(4))
    assert average.mean(dtype=float) == pytest.approx(0, abs=1e-5)
    assert average.std(dtype=float) == pytest.approx(1, rel=1e-4)
    assert [plane.std(dtype=float) for plane in others] == pytest.approx([0.3] * 3, rel=1e-4)


def test_a_grey_image_has_lightness_alone_and_a_grey_overlay():
    stack = filter_features(camera())
    assert stack.feature_count == 16
    assert all(label.startswith("lightness") for label in stack.feature_labels)
    np.testing.assert_array_equal(stack.overlay, np.stack([camera()] * 3, axis=-1))


def test_grey_stored_as_rgb_gives_the_features_of_the_grey_image():
    grey = camera()[:64, :64]
    stack = filter_features(np.stack([grey] * 3, axis=-1))
    np.testing.assert_array_equal(stack.values, filter_features(grey).values)


def test_opacity_is_left_out():
    rgb = astronaut()[:64, :64]
    rgba = np.dstack([rgb, np.arange(64 * 64).reshape(64, 64).astype(np.uint8)])
    np.testing.assert_array_equal(filter_features(rgba).values, filter_features(rgb).values)


def test_shifting_and_scaling_the_values_of_a_float_image_changes_nothing():
    image = astronaut()[:64, :64].astype(np.float64)
    expected, found = filter_features(image), filter_features(1e300 * (image - 100))
    np.testing.assert_allclose(found.values, expected.values, atol=1e-3)
    np.testing.assert_array_equal(found.overlay, expected.overlay)


def test_sigma_chooses_the_scales():
    stack = filter_features(camera()[:32, :32], sigma_min=0.5, sigma_max=3)
    scales = [label.split(":")[0].removeprefix("lightness, ") for label in stack.feature_labels]
    assert list(dict.fromkeys(scales)) == ["σ 0.5", "σ 1.22", "σ 3"]


def test_a_constant_image_has_no_features_that_are_rounding_noise():
    assert not filter_features(np.full((32, 32, 3), 77, np.uint8)).values.any()


@settings(max_examples=50)
@given(real_images.filter(lambda image: np.isfinite(image).all()))
def test_every_real_image_gives_finite_features_on_its_own_grid(image):
    stack = filter_features(image)
    assert stack.spatial_shape == image.shape[:2]
    assert stack.overlay.shape == (*image.shape[:2], 3)
    assert np.isfinite(stack.values).all()


@pytest.mark.parametrize("shape", [(5,), (5, 5, 2), (3, 5, 5), (2, 5, 5, 3), (1, 5), (0, 5, 3)])
def test_an_array_that_is_no_image_is_refused_with_a_remedy(shape):
    with pytest.raises(DatasetError, match=r"^an array of shape .*expected an image .*Choose"):
        filter_features(np.zeros(shape))


def test_complex_numbers_are_refused_with_a_remedy():
    with pytest.raises(DatasetError, match=r"complex.*abs\(image\)"):
        filter_features(np.zeros((5, 5), complex))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused_with_a_remedy(bad):
    with pytest.raises(DatasetError, match="nan_to_num"):
        filter_features(np.array([[0, 1], [2, bad]]))


@pytest.mark.parametrize(("low", "high"), [(0, 1), (2, 1), (-1, 1), (1, np.nan)])
def test_impossible_scales_are_refused_with_a_remedy(low, high):
    with pytest.raises(ValueError, match="give 0 < sigma_min <= sigma_max"):
        filter_features(camera(), sigma_min=low, sigma_max=high)
