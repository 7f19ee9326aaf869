from __future__ import annotations

from concurrent.futures import CancelledError

import dask.array
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from napari.components import ViewerModel
from napari.layers import Image, Layer

from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.extraction_layers import (
    can_be_extracted_from,
    extract,
    features_over,
    picture_of,
    slice_at,
)
from napari_ifealid.explorer.sources import BACKDROP_KEY
from napari_ifealid.extraction import FILTERS, load_extractor
from napari_ifealid.stack import FeatureStack, Placement
from napari_ifealid.tracking import untracked


class Halves:
    """An extractor that takes every second pixel of an image, and keeps what it was given."""

    layers = ("pixels", "negative")

    def __init__(self):
        self.images = []

    def extract(self, image, layers=None, *, name="image", track=untracked):
        self.images.append(image)
        shrunk = np.atleast_3d(image)[::2, ::2]
        signs = {"pixels": 1.0, "negative": -1.0}
        return [
            FeatureStack(
                values=np.float32(signs[layer]) * shrunk,
                name=f"{name} {layer}",
                overlay=np.repeat(np.atleast_3d(image)[..., :1], 3, axis=-1),
                placement=Placement((2.0, 2.0), (0.0, 0.0)),
            )
            for layer in layers
        ]


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def test_images_are_offered_but_no_features_maps_or_other_layers(add_stack, stack):
    viewer = ViewerModel()
    add_stack(viewer, stack)
    grey = viewer.add_image(np.zeros((8, 8)))
    viewer.add_labels(np.zeros((8, 8), int))
    explorer = Explorer(viewer)
    assert explorer.map_layer in viewer.layers
    offered = [layer for layer in viewer.layers if can_be_extracted_from(layer)]
    assert offered == [viewer.layers["small overlay"], grey]


@given(
    values=arrays(
        st.sampled_from(["u1", "i2", "u2", "f4", "f8"]), (4, 5), elements=st.integers(0, 100)
    ),
    limits=st.tuples(st.integers(-5, 49), st.integers(50, 200)),
)
def test_grey_is_extracted_as_the_contrast_limits_show_it(values, limits):
    layer = Image(values, contrast_limits=limits)
    low, high = limits
    shown = np.clip((values.astype(float) - low) / (high - low), 0, 1) * 255
    image = picture_of(layer).image(())
    assert image.dtype == np.uint8
    np.testing.assert_allclose(image, shown, atol=0.5001)


@pytest.mark.parametrize(
    ("dtype", "white"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1.0), (np.float64, 1.0)]
)
@pytest.mark.parametrize("channels", [3, 4])
def test_colours_are_extracted_without_opacity_as_napari_shows_them(dtype, white, channels):
    pixels = np.zeros((4, 5, channels), dtype)
    pixels[0, 0, 1] = white
    image = picture_of(Image(pixels, rgb=True)).image(())
    assert image.dtype == np.uint8
    assert image.shape == (4, 5, 3)
    assert image[0, 0].tolist() == [0, 255, 0]
    assert image.sum() == 255


def test_largest_level_of_a_multiscale_image_is_taken(rng):
    pixels = rng.integers(0, 256, (16, 16), np.uint8)
    layer = Image([pixels, pixels[::2, ::2]], multiscale=True, contrast_limits=(0, 255))
    np.testing.assert_array_equal(picture_of(layer).image(()), pixels)


def test_nan_is_told_of_with_the_layers_name():
    layer = Image(np.array([[0.0, np.nan], [1.0, 2.0]]), name="gap", contrast_limits=(0, 2))
    with pytest.raises(DatasetError, match=r"^NaN in the image: gap"):
        picture_of(layer).image(())


def test_infinities_are_black_and_white():
    layer = Image(np.array([[-np.inf, np.inf], [0.0, 2.0]]), contrast_limits=(0, 2))
    np.testing.assert_array_equal(picture_of(layer).image(()), [[0, 255], [0, 255]])


@pytest.mark.parametrize(("point", "index"), [(0.0, 0), (5.0, 2), (99.0, 3), (-99.0, 0)])
def test_current_slice_is_where_the_sliders_are(point, index):
    layer = Image(np.zeros((4, 8, 8)), scale=(2, 1, 1), translate=(1, 0, 0))
    assert slice_at(layer, (7.0, point, 0.0, 0.0)) == (index,)


def test_a_flat_image_has_no_slices():
    layer = Image(np.zeros((8, 8)))
    assert slice_at(layer, (3.0, 0.0, 0.0)) == ()
    assert picture_of(layer, ()).name == layer.name


def test_single_slice_keeps_the_axes_of_the_image_and_is_called_after_its_place(rng):
    pixels = rng.integers(0, 256, (2, 3, 8, 10), np.uint8)
    layer = Image(pixels, name="cells", contrast_limits=(0, 255))
    (stack,) = extract(picture_of(layer, (1, 2)), Halves(), ["pixels"])
    assert stack.name == "cells [1, 2] pixels"
    np.testing.assert_array_equal(stack.values, pixels[1:, 2:, ::2, ::2, np.newaxis])
    assert stack.overlay.shape == (8, 10, 3)


def test_all_slices_become_one_stack_with_the_same_contrast(rng):
    pixels = rng.random((2, 3, 8, 10))
    layer = Image(pixels, name="cells", contrast_limits=(0, 2))
    extractor = Halves()
    positive, negative = extract(picture_of(layer), extractor, ["pixels", "negative"])
    assert [positive.name, negative.name] == ["cells pixels", "cells negative"]
    assert positive.values.shape == (2, 3, 4, 5, 1)
    np.testing.assert_array_equal(negative.values, -positive.values)
    np.testing.assert_array_equal(
        positive.values[..., 0], np.rint(pixels[..., ::2, ::2] / 2 * 255).astype(np.uint8)
    )
    assert positive.overlay is None
    assert max(image.max() for image in extractor.images) < 128


def test_colour_slices_are_taken_from_arrays_that_are_not_in_memory(rng):
    pixels = rng.integers(0, 256, (2, 8, 10, 3), np.uint8)
    layer = Image(dask.array.from_array(pixels), rgb=True)
    (stack,) = extract(picture_of(layer), Halves(), ["pixels"])
    np.testing.assert_array_equal(stack.values, pixels[:, ::2, ::2])


def test_progress_counts_slices():
    steps = []

    def track(iterable, /, *, total, desc):
        steps.append((total, desc))
        return iterable

    layer = Image(np.zeros((3, 8, 8), np.uint8), name="cells")
    extract(picture_of(layer), Halves(), ["pixels"], track=track)
    assert steps == [(3, "Extracting features of cells")]


def test_tracking_that_ends_early_cancels():
    def track(iterable, /, *, total, desc):
        return list(iterable)[:1]

    layer = Image(np.zeros((3, 8, 8), np.uint8))
    with pytest.raises(CancelledError):
        extract(picture_of(layer), Halves(), ["pixels"], track=track)


def test_slices_with_other_features_are_refused(rng):
    pixels = np.zeros((2, 16, 16, 3), np.uint8)
    pixels[0] = rng.integers(0, 256, (16, 16, 3), np.uint8)
    with pytest.raises(DatasetError, match=r"^slices with 48 and with 16 features"):
        extract(picture_of(Image(pixels, rgb=True)), load_extractor(FILTERS), [FILTERS])


PLACES = [
    {},
    {"scale": (0.5, 2.0), "translate": (-3.0, 7.0)},
    {"rotate": 30.0, "scale": (0.5, 2.0), "translate": (5.0, 1.0)},
    {"shear": (0.3,), "scale": (2.0, 3.0)},
    {"affine": [[1.0, 0.2, 4.0], [-0.3, 2.0, 5.0], [0, 0, 1]], "rotate": 10.0},
]


@pytest.mark.parametrize("place", PLACES)
def test_features_lie_on_the_pixels_that_they_were_extracted_from(place):
    layer = Image(np.zeros((8, 10), np.uint8), **place)
    picture = picture_of(layer)
    (stack,) = extract(picture, Halves(), ["pixels"])
    features = Layer.create(*features_over(stack, layer, picture))
    for pixel in [(0, 0), (3, 1), (2, 4)]:
        np.testing.assert_allclose(
            features.data_to_world((7, *pixel)),
            (7, *layer.data_to_world(np.multiply(pixel, 2))),
            atol=1e-9,
        )


@pytest.mark.parametrize("at", [None, (2,)])
def test_features_of_slices_lie_in_their_places(at):
    layer = Image(
        np.zeros((4, 8, 10), np.uint8), scale=(5, 1, 1), translate=(3, 2, 1), rotate=(0, 20, 0)
    )
    picture = picture_of(layer, at)
    (stack,) = extract(picture, Halves(), ["pixels"])
    features = Layer.create(*features_over(stack, layer, picture))
    first = 0 if at is None else at[0]
    for z in range(features.data.shape[1]):
        np.testing.assert_allclose(
            features.data_to_world((0, z, 1, 3)),
            (0, *layer.data_to_world((first + z, 2, 6))),
            atol=1e-9,
        )


def test_features_have_the_units_of_the_image():
    layer = Image(np.zeros((8, 10), np.uint8), units=("nm", "nm"))
    picture = picture_of(layer)
    (stack,) = extract(picture, Halves(), ["pixels"])
    features = Layer.create(*features_over(stack, layer, picture))
    assert [str(unit) for unit in features.units] == ["pixel", "nanometer", "nanometer"]


def test_map_lies_over_the_slice_that_was_extracted(rng):
    viewer = ViewerModel()
    pixels = rng.integers(0, 256, (4, 8, 10), np.uint8)
    layer = viewer.add_image(pixels, scale=(5, 1, 1), rotate=(0, 20, 0))
    picture = picture_of(layer, (2,))
    (stack,) = extract(picture, Halves(), ["pixels"])
    viewer.add_layer(Layer.create(*features_over(stack, layer, picture)))
    explorer = Explorer(viewer)
    assert explorer.stack is stack
    grid = explorer.session.grid
    assert grid.pixel_at((0, *layer.data_to_world((2, 6, 4)))) == (0, 3, 2)
    assert grid.pixel_at((0, *layer.data_to_world((1, 6, 4)))) is None


@pytest.fixture
def photo(rng):
    return rng.integers(0, 256, (8, 10, 3), np.uint8)


def extracted(viewer: ViewerModel, layer: Image) -> FeatureStack:
    picture = picture_of(layer)
    (stack,) = extract(picture, Halves(), ["pixels"])
    viewer.add_layer(Layer.create(*features_over(stack, layer, picture)))
    return stack


def test_photo_is_shown_in_grey_under_the_map_and_never_written(photo):
    viewer = ViewerModel()
    layer = viewer.add_image(photo.copy(), rgb=True)
    extracted(viewer, layer)
    explorer = Explorer(viewer)
    image = next(layer for layer in viewer.layers if BACKDROP_KEY in layer.metadata)
    assert np.ptp(image.data, axis=-1).max() == 0
    explorer.state.overlay_in_colour = True
    np.testing.assert_array_equal(image.data, photo)
    np.testing.assert_allclose(image.extent.world, layer.extent.world)
    np.testing.assert_array_equal(layer.data, photo)
    assert layer.metadata == {}


def test_photo_is_the_image_of_all_its_stacks(photo):
    viewer = ViewerModel()
    layer = viewer.add_image(photo, rgb=True)
    first = extracted(viewer, layer)
    Explorer(viewer)
    second = extracted(viewer, layer)
    np.testing.assert_array_equal(second.values, first.values)
    assert second.overlay is first.overlay is photo


@pytest.mark.parametrize("dtype", [np.float32, np.uint16])
def test_pixels_of_other_images_are_never_replaced(rng, dtype):
    viewer = ViewerModel()
    pixels = (rng.random((8, 10, 3)) * (1 if dtype == np.float32 else 65535)).astype(dtype)
    layer = viewer.add_image(pixels, rgb=True)
    extracted(viewer, layer)
    Explorer(viewer)
    assert layer.data is pixels
