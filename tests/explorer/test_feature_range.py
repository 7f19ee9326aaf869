from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer_actions import CLOSE
from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.feature_range import can_leave_out, layer_of_features
from napari_ifealid.measures import UsedFeatures, spectral_angle_similarity

LABELS = tuple(f"{450 + 10 * number} nm" for number in range(9))


@pytest.fixture
def explorer(viewer, add_stack, stack) -> Explorer:
    layer = add_stack(viewer, replace(stack, feature_labels=LABELS))
    layer.affine = [[1, 0, 0, 0], [0, 2, 0, 5], [0, 0.1, 1, 0], [0, 0, 0, 1]]
    return Explorer(viewer)


def test_layer_of_some_features_shares_data_and_lies_where_all_of_them_do(explorer):
    layer = layer_of_features(explorer.session, range(2, 6))
    whole = explorer.session.layer
    assert np.shares_memory(layer.data, whole.data)
    np.testing.assert_array_equal(layer.data, whole.data[2:6])
    np.testing.assert_allclose(layer.data_to_world((0, 3, 2)), whole.data_to_world((0, 3, 2)))
    assert layer.name == "small, 470 nm to 500 nm features"


def test_explored_part_has_a_map_of_its_features(explorer):
    values = np.asarray(explorer.stack.values)[..., 2:6]
    explorer.explore_part(range(2, 6))
    assert explorer.stack.feature_labels == LABELS[2:6]
    explorer.show_pixel((3, 2))
    expected = spectral_angle_similarity(values, values[3, 2])
    np.testing.assert_allclose(explorer.session.map_values, expected, atol=CLOSE)


def test_features_along_another_axis_are_not_left_out(viewer):
    viewer.add_image(np.random.default_rng(0).random((5, 6, 4)), name="last")
    explorer = Explorer(viewer)
    explorer.state.feature_axis = 2
    assert not can_leave_out(explorer.session)
    explorer.explore_part(range(2))
    assert len(explorer.stack.feature_labels) == 4


def test_explored_part_keeps_which_of_its_features_are_used(explorer):
    used = UsedFeatures((False, True, True, False, True, True, True, True, False))
    explorer.feature_use.choose(explorer.session.layer, used)
    explorer.explore_part(range(2, 6))
    assert explorer.session.features == UsedFeatures((True, False, True, True))
