from __future__ import annotations

from collections import OrderedDict, namedtuple

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers.modeling_outputs import BackboneOutput

from napari_ifealid.errors import DatasetError
from napari_ifealid.extraction.feature_maps import feature_map
from napari_ifealid.extraction.receptive_fields import Grid, ReceptiveFields

HEIGHT, WIDTH, FEATURES = 6, 4, 5
PATCHES = Grid((4.0, 4.0), (1.5, 1.5), (HEIGHT, WIDTH))

Pair = namedtuple("Pair", "maps weights")


def followed(make=lambda patches: patches):
    """Return an image, patches of it, and what is made of these."""
    image = torch.rand(1, 3, 4 * HEIGHT, 4 * WIDTH)
    with ReceptiveFields(image):
        patches = torch.nn.functional.conv2d(image, torch.rand(FEATURES, 3, 4, 4), stride=4)
        return image, patches[0].permute(1, 2, 0), make(patches)


def as_tokens(patches, extra: int = 0):
    tokens = patches.flatten(2).transpose(1, 2)
    return torch.cat([torch.full((1, extra, FEATURES), 99.0), tokens], dim=1)


@pytest.mark.parametrize(
    "make",
    [
        lambda patches: patches,
        lambda patches: patches.permute(0, 2, 3, 1),
        lambda patches: (patches, torch.zeros(1)),
        lambda patches: [(patches.permute(0, 2, 3, 1),), None],
        lambda patches: {"maps": patches, "other": torch.zeros(1)},
        lambda patches: OrderedDict(maps=[patches]),
        lambda patches: Pair(patches, None),
        lambda patches: BackboneOutput(feature_maps=(patches,)),
        as_tokens,
        lambda patches: (as_tokens(patches, 1), None),
    ],
)
def test_it_is_the_first_tensor_with_the_features_last(make):
    image, expected, output = followed(make)
    values, grid = feature_map(output, "layer", image)
    assert torch.equal(values, expected)
    assert (grid.stride, grid.offset, grid.size) == ((4, 4), (1.5, 1.5), (HEIGHT, WIDTH))


@given(st.integers(0, 64))
def test_tokens_before_those_of_the_patches_are_dropped(extra):
    image, expected, tokens = followed(lambda patches: as_tokens(patches, extra))
    values, _ = feature_map(tokens, "layer", image)
    assert torch.equal(values, expected)


def test_a_map_that_could_not_be_followed_covers_the_image():
    image, *_ = followed()
    values, grid = feature_map(torch.zeros(1, FEATURES, 3, 8), "layer", image)
    assert values.shape == (3, 8, FEATURES)
    assert grid == Grid((8, 2), (3.5, 0.5), (3, 8))


REFUSED = {
    "an output of shape (1, 5)": lambda patches: patches.mean((2, 3)),
    "an output of shape ()": lambda patches: patches.mean(),
    "an output of shape (1, 23, 5)": lambda patches: as_tokens(patches)[:, 1:],
    "an output of shape (1, 89, 5)": lambda patches: as_tokens(patches, 65),
    "an output of shape (2, 5, 6, 4)": lambda patches: torch.cat([patches, patches]),
    "an output of shape (5, 6, 4)": lambda patches: patches[0],
    "an output of shape (1, 1, 5, 6, 4)": lambda patches: patches[None],
    "an output of type str": lambda patches: "map",
    "an output of type NoneType": lambda patches: (None, patches),
    "an output of type tuple": lambda patches: (),
}


@pytest.mark.parametrize("found", REFUSED)
def test_what_is_neither_a_map_nor_tokens_is_refused_and_described(found):
    image, _, output = followed(REFUSED[found])
    with pytest.raises(DatasetError) as caught:
        feature_map(output, "head.fc", image)
    assert str(caught.value).startswith(f"{found} by the layer 'head.fc'; expected a map")
