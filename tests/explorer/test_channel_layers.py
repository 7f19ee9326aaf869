from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image

from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.channel_layers import (
    add_channel_features,
    can_be_channel,
    selected_channels,
    stack_of_channels,
)
from napari_ifealid.explorer.sources import grid_of
from napari_ifealid.layers import STACK_KEY

VALUES = np.random.default_rng(0).integers(0, 60_000, (3, 8, 6)).astype(np.uint16)
PLACE = {"scale": (0.5, 0.25), "translate": (3, 4), "units": ("um", "um"), "rotate": 30}


@pytest.fixture
def add(viewer) -> Callable[..., list[Image]]:
    """Adds layers of one channel, and selects them."""

    def added(values=VALUES, **options) -> list[Image]:
        layers = [
            viewer.add_image(one, name=name, colormap=colour, **options)
            for one, name, colour in zip(
                values, ("DAPI", "GFP", "RFP"), ("blue", "green", "red"), strict=True
            )
        ]
        viewer.layers.selection = set(layers)
        return layers

    return added


def test_each_selected_layer_becomes_a_feature_in_their_place(viewer, add):
    layers = add(**PLACE)
    before = [(layer.data, layer.visible, dict(layer.metadata)) for layer in layers]
    explorer = Explorer(viewer)
    features = add_channel_features(viewer)
    stack = features.metadata[STACK_KEY]
    assert stack.name == "DAPI, GFP, RFP"
    assert stack.feature_labels == ("DAPI", "GFP", "RFP")
    assert stack.bands.colours == ("#0000ff", "#00ff00", "#ff0000")
    assert (stack.pixel_size.size, stack.pixel_size.unit) == ((0.5, 0.25), "micrometer")
    np.testing.assert_array_equal(stack.values, np.moveaxis(VALUES, 0, -1))
    np.testing.assert_array_equal(features.data, VALUES)
    np.testing.assert_allclose(
        features.data_to_world((1, 5, 2)), (1, *layers[0].data_to_world((5, 2)))
    )
    assert [str(unit) for unit in features.units] == ["pixel", "micrometer", "micrometer"]
    assert [(layer.data, layer.visible, dict(layer.metadata)) for layer in layers] == before
    assert not any(np.shares_memory(layer.data, stack.values) for layer in layers)
    explorer.state.layer = features
    assert explorer.stack.feature_labels == ("DAPI", "GFP", "RFP")
    np.testing.assert_allclose(
        explorer.session.grid.affine[-3:, -3:], grid_of(features, 0).affine[-3:, -3:]
    )


def test_features_are_in_the_order_of_the_list_of_layers(viewer, add):
    _, second, third = add()
    viewer.layers.move(2, 0)
    viewer.layers.selection = {second, third}
    assert selected_channels(viewer) == [third, second]
    assert stack_of_channels([third, second]).feature_labels == ("RFP", "GFP")


def test_name_of_many_layers_is_short(viewer):
    layers = [viewer.add_image(VALUES[0], name=f"channel {n}") for n in range(5)]
    assert stack_of_channels(layers).name == "channel 0, channel 1 and 3 more"
    assert stack_of_channels(layers).pixel_size is None


def test_layers_that_are_read_when_needed_stay_so(add, tmp_path: Path, free_memory):
    lazy = stack_of_channels(add(da.from_array(VALUES, chunks=(1, 4, 4))))
    assert isinstance(lazy.values, da.Array)
    for number, one in enumerate(VALUES):
        np.save(tmp_path / f"{number}.npy", one)
    mapped = [np.load(tmp_path / f"{number}.npy", mmap_mode="r") for number in range(3)]
    with free_memory(0):
        large = stack_of_channels(add(VALUES))
    for stack in (lazy, stack_of_channels(add(mapped)), large):
        assert stack.is_lazy
        np.testing.assert_array_equal(stack.values, np.moveaxis(VALUES, 0, -1))
        np.testing.assert_array_equal(stack.vector((3, 4)), VALUES[:, 3, 4])


def test_types_may_differ_and_the_largest_resolution_counts(viewer):
    pyramid = [VALUES[0], VALUES[0, ::2, ::2]]
    layers = [viewer.add_image(pyramid, multiscale=True), viewer.add_image(VALUES[1] / 2)]
    values = stack_of_channels(layers).values
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values[..., 1], VALUES[1] / 2)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"scale": (1, 2)}, "a layer in another place: other; expected scale.*“first”"),
        ({"translate": (0, 0.01)}, "a layer in another place"),
        ({"rotate": 1}, "a layer in another place"),
        ({"units": ("um", "um")}, "a layer in another place"),
        (
            {"data": VALUES[0, :-1]},
            r"a layer of shape \(7, 6\): other; expected the shape \(8, 6\)",
        ),
        ({"data": VALUES}, r"a layer of shape \(3, 8, 6\)"),
    ],
)
def test_layers_that_differ_are_refused_with_the_reason(viewer, options, found):
    first = viewer.add_image(VALUES[0], name="first")
    other = viewer.add_image(**{"data": VALUES[0], "name": "other", **options})
    viewer.layers.selection = {first, other}
    with pytest.raises(DatasetError, match=found):
        add_channel_features(viewer)
    assert list(viewer.layers) == [first, other]


def test_one_layer_is_too_few(viewer, add):
    with pytest.raises(DatasetError, match="Select several image layers"):
        stack_of_channels(add()[:1])


def test_photos_labels_and_stacks_are_no_channels(viewer, features, add):
    photo = viewer.add_image(np.zeros((4, 5, 3), np.uint8), rgb=True)
    labels = viewer.add_labels(np.zeros((4, 5), int))
    assert not any(map(can_be_channel, (photo, labels, features)))
    assert all(map(can_be_channel, add()))
