from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.layers import Image

from napari_ifealid.explorer.same_image import grouped_by_image, is_same_image, may_be_same_image
from napari_ifealid.layers import layer_data


@pytest.fixture
def layer_of():
    """Makes the features layer of a stack, as a reader does."""

    def make(stack, **settings) -> Image:
        data, known, _ = layer_data(stack)[-1]
        return Image(data, **known, **settings)

    return make


def test_stacks_with_equal_images_are_of_one_image(make_stack, layer_of):
    one, other = make_stack("one"), make_stack("other", shape=(3, 3, 4))
    same = replace(other, overlay=one.overlay.copy())
    assert is_same_image(layer_of(one), layer_of(same))
    assert not is_same_image(layer_of(one), layer_of(other))


def test_images_of_other_shapes_differ_though_their_bytes_are_equal(make_stack, layer_of):
    one = make_stack("one")
    other = replace(make_stack("other"), overlay=one.overlay.reshape(20, 24, 3))
    assert not is_same_image(layer_of(one), layer_of(other))


def test_every_part_of_a_large_image_counts(make_stack, layer_of):
    image = np.zeros((1500, 1400, 3), np.uint8)
    changed = image.copy()
    changed[1400:1404, 1300:1304] = 255
    one, other = (replace(make_stack("one"), overlay=overlay) for overlay in (image, changed))
    assert not is_same_image(layer_of(one), layer_of(other))


def test_photo_is_its_own_image(make_stack, layer_of):
    stack = make_stack("features of a photo")
    assert is_same_image(layer_of(stack), Image(stack.overlay, rgb=True))
    assert not is_same_image(layer_of(stack), Image(255 - stack.overlay, rgb=True))


def test_photo_is_another_image_once_its_data_are_others_at_the_same_address():
    shape = (8, 6, 3)
    black = Image(np.zeros(shape, np.uint8), rgb=True)
    photo = Image(np.zeros(shape, np.uint8), rgb=True)
    assert is_same_image(photo, black)
    address = id(photo.data)
    photo.data = np.full(shape, 128, np.uint8)  # the first ones are freed
    candidates = []
    while len(candidates) < 1000 and not (candidates and id(candidates[-1]) == address):
        candidates.append(np.full(shape, 255, np.uint8))
    photo.data = candidates[-1]
    assert id(photo.data) == address
    assert not is_same_image(photo, black)


def test_without_images_one_file_is_one_image(viewer, plugins, tmp_path):
    values = np.random.default_rng(0).random((4, 5, 3))
    layers = []
    for name in ("one.npy", "other.npy"):
        np.save(tmp_path / name, values)
        layers += [viewer.open(str(tmp_path / name), plugin="napari-ifealid")[-1] for _ in "ab"]
    one, again, other, _ = layers
    assert is_same_image(one, again)
    assert not is_same_image(one, other)
    assert not may_be_same_image(one, other)


def test_equally_large_arrays_may_be_of_one_image_as_long_as_nothing_else_is_known(make_stack):
    one, other = Image(np.zeros((3, 8, 6))), Image(np.zeros((5, 4, 3)), scale=(1, 2, 2))
    assert may_be_same_image(one, other)
    assert not is_same_image(one, other)
    assert not may_be_same_image(one, Image(np.zeros((3, 8, 7))))


def test_layers_are_grouped_in_the_order_in_which_their_images_come_first(make_stack, layer_of):
    cat, dog = make_stack("cat"), make_stack("dog")
    stacks = [cat, dog, replace(cat, name="cat 2"), make_stack("none", image=None)]
    layers = [layer_of(stack) for stack in stacks]
    assert grouped_by_image(layers) == [[layers[0], layers[2]], [layers[1]], [layers[3]]]
