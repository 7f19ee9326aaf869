from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Shapes

from explorer_actions import CLOSE, hover
from napari_ifealid.explorer import Explorer, ReferenceMode
from napari_ifealid.explorer.drawn_regions import DERIVED_KEY, Regions
from napari_ifealid.explorer.palette import PALETTE
from napari_ifealid.measures import SPECTRAL_ANGLE


def box(top, left, bottom, right) -> np.ndarray:
    return np.array([(top, left), (top, right), (bottom, right), (bottom, left)], float)


@pytest.fixture
def explorer(viewer, features) -> Explorer:
    """Of a stack of 6 × 5 pixels, each of 4 × 4 of the world, which the image's pixels are."""
    explorer = Explorer(viewer)
    explorer.state.reference = ReferenceMode.BEST
    return explorer


@pytest.fixture
def shapes(viewer, explorer) -> Shapes:
    layer = viewer.add_shapes(
        [box(4, 4, 11, 7), box(12, 8, 23, 11)],
        shape_type=["rectangle", "rectangle"],
        edge_color=["#ff0000", "#00ff00"],
        face_color=["transparent", "#0000ff80"],
    )
    explorer.regions.choose(layer)
    return layer


def pixels(explorer) -> list[list[tuple[int, ...]]]:
    shape = explorer.session.grid.shape
    return [
        list(zip(*(part.tolist() for part in np.unravel_index(one.pixels, shape)), strict=True))
        for one in explorer.regions.regions_in(explorer.session)
    ]


def mean_map(stack, *regions) -> np.ndarray:
    """Return the best of the maps of the regions' means."""
    values = stack.real_values(stack.values)
    means = [np.mean([values[pixel] for pixel in region], axis=0) for region in regions]
    return np.max([SPECTRAL_ANGLE.definition(values, mean) for mean in means], axis=0)


def assert_shown(explorer, stack) -> None:
    expected = mean_map(stack, *filter(None, pixels(explorer)))
    np.testing.assert_allclose(explorer.map_layer.data, expected, atol=CLOSE)


def test_each_shape_is_a_reference(explorer, shapes, stack):
    first, second = pixels(explorer)
    assert first == [(1, 1), (2, 1)]
    assert second == [(3, 2), (4, 2), (5, 2)]
    assert_shown(explorer, stack)


def test_regions_have_names_and_their_own_colours(explorer, shapes):
    regions = explorer.regions.regions_in(explorer.session)
    assert [one.name for one in regions] == ["shape 1", "shape 2"]
    assert [one.colour for one in regions] == ["#ff0000", "#0000ff"]
    shapes.features = {"name": ["roof", ""]}
    regions = explorer.regions.regions_in(explorer.session)
    assert [one.name for one in regions] == ["roof", "shape 2"]
    shapes.edge_color = ["#123456", "#00ff00"]
    assert explorer.regions.regions_in(explorer.session)[0].colour == "#123456"


def test_map_follows_a_shape_that_is_moved(explorer, shapes, stack):
    shapes.data = [box(0, 0, 7, 7), shapes.data[1]]
    assert pixels(explorer)[0] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert_shown(explorer, stack)


def test_removed_shapes_leave_the_others_their_signs(explorer, shapes):
    shapes.add(box(0, 0, 3, 3), shape_type="rectangle")
    explorer.regions.set_sign(1, -1)
    shapes.selected_data = {0}
    shapes.remove_selected()
    signs = [one.sign for one in explorer.regions.regions_in(explorer.session)]
    assert signs == [-1, 1]


def test_difference_takes_regions_of_both_signs(explorer, shapes, stack):
    explorer.regions.set_sign(1, -1)
    explorer.state.reference = ReferenceMode.DIFFERENCE
    first, second = pixels(explorer)
    expected = 0.5 + (mean_map(stack, first) - mean_map(stack, second)) / 2
    np.testing.assert_allclose(explorer.map_layer.data, expected, atol=CLOSE)


def test_mean_of_regions_is_that_of_their_means(explorer, shapes, stack):
    explorer.state.reference = ReferenceMode.MEAN
    values = stack.real_values(stack.values)
    means = [np.mean([values[pixel] for pixel in one], axis=0) for one in pixels(explorer)]
    expected = SPECTRAL_ANGLE.definition(values, np.mean(means, axis=0))
    np.testing.assert_allclose(explorer.map_layer.data, expected, atol=CLOSE)


def test_shape_outside_is_a_region_without_pixels_and_no_reference(explorer, shapes, stack):
    shapes.data = [box(-30, -30, -20, -20), shapes.data[1]]
    assert pixels(explorer)[0] == []
    assert len(explorer.collected_in(explorer.session)) == 1
    assert_shown(explorer, stack)


def test_transformed_shapes_cover_what_is_under_them(explorer, viewer, stack):
    layer = viewer.add_shapes([box(0, 0, 3, 2)], scale=(2, 4), translate=(4, 4))
    explorer.regions.choose(layer)
    assert pixels(explorer) == [[(1, 1), (1, 2), (2, 1), (2, 2)]]
    layer.translate = (8, 4)
    assert pixels(explorer) == [[(2, 1), (2, 2), (3, 1), (3, 2)]]
    assert_shown(explorer, stack)


@pytest.mark.parametrize(("scale", "size"), [(1, (24, 20)), (4, (6, 5)), (2, (12, 10))])
def test_each_label_is_a_reference_whatever_its_resolution(explorer, viewer, stack, scale, size):
    labels = np.zeros(size, np.uint8)
    labels[: size[0] // 2] = 3
    labels[size[0] // 2 :, : size[1] // 5] = 9
    offset = (scale - 1) / 2 - 0.0
    layer = viewer.add_labels(labels, scale=(scale, scale), translate=(offset, offset))
    explorer.regions.choose(layer)
    first, second = pixels(explorer)
    assert first == [(y, x) for y in range(3) for x in range(5)]
    assert second == [(y, 0) for y in range(3, 6)]
    regions = explorer.regions.regions_in(explorer.session)
    assert [one.name for one in regions] == ["label 3", "label 9"]
    levels = [np.round(layer.get_color(label)[:3] * 255) for label in (3, 9)]
    assert [bytes.fromhex(one.colour[1:]) for one in regions] == [
        bytes(level.astype(np.uint8)) for level in levels
    ]
    assert_shown(explorer, stack)


def test_map_follows_labels_that_are_painted(explorer, viewer, stack):
    layer = viewer.add_labels(np.zeros((24, 20), np.uint8))
    explorer.regions.choose(layer)
    layer.brush_size = 1
    layer.paint((10, 10), 1)
    assert pixels(explorer) == [[(2, 2)]]
    assert_shown(explorer, stack)
    layer.data[:4, :4] = 1
    layer.refresh()
    assert pixels(explorer) == [[(0, 0), (2, 2)]]
    assert_shown(explorer, stack)


def test_labels_are_those_of_the_slice_that_is_shown(viewer):
    values = np.random.default_rng(0).random((3, 4, 6, 5))
    viewer.add_image(values, axis_labels=("c", "z", "y", "x"))
    explorer = Explorer(viewer)
    labels = np.zeros((4, 6, 5), int)
    labels[1, 2, 2] = labels[2, 3, 3] = 1
    explorer.regions.choose(viewer.add_labels(labels))
    for z, expected in [(1, [[(1, 2, 2)]]), (2, [[(2, 3, 3)]]), (0, [])]:
        viewer.dims.set_point(1, z)
        assert pixels(explorer) == expected


def test_shape_lies_in_its_own_slice_and_a_flat_one_in_each(viewer):
    values = np.random.default_rng(0).random((3, 4, 6, 5))
    viewer.add_image(values, axis_labels=("c", "z", "y", "x"))
    explorer = Explorer(viewer)
    viewer.dims.set_point(1, 2)
    corners = np.insert(box(1, 1, 1, 2), 0, 3, axis=1)
    explorer.regions.choose(viewer.add_shapes([corners]))
    assert pixels(explorer) == [[(3, 1, 1), (3, 1, 2)]]
    explorer.regions.choose(viewer.add_shapes([box(1, 1, 1, 2)]))
    assert pixels(explorer) == [[(2, 1, 1), (2, 1, 2)]]
    viewer.dims.set_point(1, 0)
    assert pixels(explorer) == [[(0, 1, 1), (0, 1, 2)]]


def test_region_is_asked_of_each_stack_by_its_own_grid(
    explorer, shapes, viewer, add_stack, make_stack
):
    finer = make_stack("finer", shape=(12, 10, 4))
    session = explorer.link(add_stack(viewer, finer), 0)
    covered = explorer.regions.regions_in(session)[0].pixels
    rows, columns = np.unravel_index(covered, (12, 10))
    assert (set(rows), set(columns)) == ({2, 3, 4, 5}, {2, 3})


def test_new_layer_is_ready_to_draw_in(explorer, viewer):
    explorer.add_regions()
    layer = explorer.regions.layer
    assert viewer.layers.selection.active is layer
    assert str(layer.mode) == "add_rectangle"
    for corner in [(0, 0), (8, 8), (16, 16)]:
        layer.add(box(*corner, *np.add(corner, 3)), shape_type="rectangle")
    colours = [one.colour for one in explorer.regions.regions_in(explorer.session)]
    assert colours == list(PALETTE[:3])


def test_shapes_over_features_between_other_axes_are_seen_at_each_of_them(viewer):
    viewer.add_image(np.ones((4, 3, 6, 5)), axis_labels=("z", "c", "y", "x"))
    explorer = Explorer(viewer)
    explorer.add_regions()
    layer = explorer.regions.layer
    low, high = (layer.data_to_world((0, at, 0, 0))[1] for at in (-0.5, 0.5))
    assert low <= -0.4
    assert high >= 2.4


def test_layer_of_ours_lies_above_the_map_of_another_stack(explorer, viewer, add_stack, stack):
    explorer.add_regions()
    add_stack(viewer, stack)
    assert viewer.layers.index(explorer.regions.layer) > viewer.layers.index(explorer.map_layer)


def test_nothing_is_written_into_a_layer_of_the_user(explorer, shapes):
    before = (shapes.features.copy(), shapes.edge_color.copy(), dict(shapes.metadata))
    explorer.regions.set_sign(0, -1)
    shapes.add(box(0, 0, 3, 3), shape_type="rectangle", edge_color="#ff0000")
    assert list(shapes.features.columns) == list(before[0].columns)
    np.testing.assert_array_equal(shapes.edge_color[:2], before[1])
    assert shapes.metadata == before[2]


def test_removed_layer_gives_no_references(explorer, shapes, viewer, stack):
    viewer.layers.remove(shapes)
    assert explorer.regions.layer is None
    assert explorer.collected_in(explorer.session) == []


def test_other_layers_are_refused(explorer, viewer, features):
    with pytest.raises(ValueError, match="expected a Shapes or a Labels layer"):
        explorer.regions.choose(features)
    derived = viewer.add_labels(np.zeros((3, 3), int), metadata={DERIVED_KEY: True})
    assert derived not in explorer.regions.candidates
    with pytest.raises(ValueError, match="does not follow"):
        explorer.regions.choose(derived)


def test_candidates_are_layers_of_shapes_and_labels(explorer, viewer, shapes):
    told = []
    explorer.regions.candidates_changed.connect(lambda: told.append(None))
    labels = viewer.add_labels(np.zeros((3, 3), int))
    assert explorer.regions.candidates == [shapes, labels]
    assert told


def test_hovering_asks_for_the_same_regions_only_once(explorer, shapes, viewer, features):
    before = explorer.regions.regions_in(explorer.session)
    hover(viewer, features, 0, 3, 2)
    assert explorer.regions.regions_in(explorer.session) is before


def test_closed_regions_follow_nothing(explorer, viewer, shapes):
    explorer.close()
    told, regions = [], explorer.regions
    regions.changed.connect(lambda: told.append(None))
    shapes.data = [box(0, 0, 7, 7)]
    assert told == []
    assert regions.layer is None


def test_layer_of_ours_that_was_left_behind_is_used_again(explorer, viewer):
    explorer.add_regions()
    layer = explorer.regions.layer
    explorer.close()
    assert Regions(viewer).layer is layer
