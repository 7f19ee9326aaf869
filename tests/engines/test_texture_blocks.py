from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from napari_ifealid.engines import EngineUnavailableError
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.engines.texture_blocks import BlockLayout, pack_slices, texel_dtype
from napari_ifealid.stack import FeatureStack


@st.composite
def layouts(draw) -> tuple[BlockLayout, int]:
    """Draw a layout and the longest side that it was allowed."""
    features = draw(st.integers(1, 300))
    least_side = max(4, -(-features // 4))
    max_side = draw(st.integers(least_side, 40 * least_side))
    pixels = draw(st.integers(1, 5000))
    return BlockLayout.of(pixels, features, max_side), max_side


def place_of(layout: BlockLayout, pixel: int) -> tuple[int, slice]:
    """Return row and columns of a pixel's texels, counted as the shader does."""
    row, column = divmod(pixel, layout.width)
    group, member = divmod(column, layout.group)
    first = group * layout.group * layout.texels + member
    return row, slice(first, first + layout.texels * layout.group, layout.group)


@given(layouts())
def test_every_pixel_is_in_exactly_one_block(layout_and_side):
    layout, _ = layout_and_side
    rows = [row for block in layout.blocks for row in range(block.start, block.stop)]
    assert rows == list(range(layout.pixel_count))


@given(layouts())
def test_no_block_holds_more_than_it_can(layout_and_side):
    layout, _ = layout_and_side
    assert all(block.stop - block.start <= layout.capacity for block in layout.blocks)


@given(layouts())
def test_no_side_of_a_texture_exceeds_the_limit(layout_and_side):
    layout, max_side = layout_and_side
    sides = (4 * layout.height, layout.width * layout.texels, layout.width, layout.height)
    assert max(sides) <= max_side


@given(st.integers(1, 10**9), st.integers(1, 60_000), st.sampled_from([2048, 8192, 16384, 32768]))
def test_real_limits_of_drivers_are_kept(pixels, features, max_side):
    texels = -(-features // 4)
    assume(texels <= max_side)
    layout = BlockLayout.of(pixels, features, max_side)
    assert max(4 * layout.height, layout.width * texels) <= max_side
    assert 16 * layout.capacity * texels <= 1 << 28 or layout.height == 1
    assert layout.capacity * len(layout.blocks) >= pixels


@st.composite
def layouts_and_pixels(draw) -> tuple[BlockLayout, slice]:
    """Draw a layout and some consecutive pixels of a block."""
    layout, _ = draw(layouts())
    start = draw(st.integers(0, layout.capacity - 1))
    return layout, slice(start, draw(st.integers(start + 1, layout.capacity)))


@given(layouts_and_pixels())
def test_scalars_come_back_as_they_were_packed(drawn):
    layout, pixels = drawn
    scalars = np.random.default_rng(0).random(layout.capacity).astype(np.float32)
    packed = layout.pack_scalars(scalars)
    assert packed.shape == (layout.height, layout.width, 4)
    rows = layout.fragment_rows(pixels)
    np.testing.assert_array_equal(
        layout.unpack_scalars(packed[rows], rows, pixels), scalars[pixels]
    )


@given(layouts_and_pixels())
def test_no_more_rows_are_drawn_than_pixels_need(drawn):
    layout, pixels = drawn
    rows = layout.fragment_rows(pixels)
    quarter = layout.height * layout.width
    numbers = np.arange(pixels.start, pixels.stop)
    assert 0 <= rows.start < rows.stop <= layout.height
    if len(set(numbers // quarter)) == 1:
        needed = numbers % quarter // layout.width
        assert (rows.start, rows.stop) == (needed[0], needed[-1] + 1)
    else:
        assert rows == slice(0, layout.height)


@given(layouts(), st.integers(0, 2**32 - 1), st.sampled_from([np.uint8, np.uint16, np.float32]))
def test_texels_of_a_pixel_lie_among_those_of_its_group(layout_and_side, seed, dtype):
    layout, _ = layout_and_side
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, layout.capacity + 1))
    vectors = rng.integers(1, 256, (count, layout.feature_count)).astype(dtype)
    packed = layout.pack_vectors(vectors)
    assert packed.shape == (-(-count // layout.width), layout.width * layout.texels, 4)
    assert packed.dtype == dtype
    pixel = int(rng.integers(count))
    texels = packed[place_of(layout, pixel)].reshape(-1)
    np.testing.assert_array_equal(texels[: layout.feature_count], vectors[pixel])
    assert not texels[layout.feature_count :].any()


@pytest.mark.parametrize(("features", "group"), [(256, 4), (2048, 4), (2052, 1), (8192, 1)])
def test_pixels_lie_in_groups_where_a_row_holds_four(features, group):
    assert BlockLayout.of(10_000, features, 2048).group == group


@given(layouts(), st.integers(0, 2**32 - 1))
def test_scalar_of_a_pixel_is_that_quarter_of_its_fragment(layout_and_side, seed):
    layout, _ = layout_and_side
    pixel = int(np.random.default_rng(seed).integers(layout.capacity))
    packed = layout.pack_scalars(np.arange(layout.capacity, dtype=np.float32))
    quarter, place = divmod(pixel, layout.height * layout.width)
    assert packed[(*divmod(place, layout.width), quarter)] == pixel


def test_what_is_missing_is_zero():
    layout = BlockLayout(pixel_count=5, feature_count=6, width=2, height=1)
    packed = layout.pack_vectors(np.ones((5, 6), np.uint8))
    assert packed.sum() == 30
    assert layout.pack_scalars(np.ones(5, np.float32)).sum() == 5


@given(layouts(), st.sampled_from([np.uint8, np.float64]))
@settings(max_examples=30)
def test_slices_together_are_the_blocks(layout_and_side, dtype):
    layout, _ = layout_and_side
    shape = (1, layout.pixel_count, layout.feature_count)
    values = np.random.default_rng(0).integers(0, 256, shape).astype(dtype)
    pixels = PixelVectors.of(FeatureStack(values=values, name="x"))
    slices = list(pack_slices(pixels, layout))
    for block, rows in enumerate(layout.blocks):
        parts = [piece for piece in slices if piece.block == block]
        ends = np.cumsum([0, *(len(piece.features) for piece in parts)])
        np.testing.assert_array_equal([piece.top for piece in parts], ends[:-1])
        vectors = values[0, rows].astype(texel_dtype(values.dtype, is_scaled=False))
        np.testing.assert_array_equal(
            np.concatenate([piece.features for piece in parts]), layout.pack_vectors(vectors)
        )


@pytest.mark.parametrize(("pixels", "features"), [(3_000_000, 8), (10_000, 8000), (200, 8)])
def test_slices_are_few_and_small(pixels, features):
    values = np.broadcast_to(np.uint8(1), (1, pixels, features))
    layout = BlockLayout.of(pixels, features, 16384)
    sizes = [
        s.features.nbytes
        for s in pack_slices(PixelVectors.of(FeatureStack(values=values, name="x")), layout)
    ]
    assert len(sizes) <= 100 + len(layout.blocks)
    assert max(sizes) <= 1 << 23


@pytest.mark.parametrize("features", [1, 4, 6])
@pytest.mark.parametrize("count", [1, 3])
def test_references_are_padded_to_whole_texels(features, count):
    layout = BlockLayout.of(10, features, 64)
    units = np.random.default_rng(0).random((count, features), np.float32)
    packed = layout.pack_references(units)
    assert packed.shape == (count, -(-features // 4), 4)
    rows = packed.reshape(count, -1)
    np.testing.assert_array_equal(rows[:, :features], units)
    assert not rows[:, features:].any()


@pytest.mark.parametrize(("features", "max_side"), [(65, 16), (40_000, 8192), (1, 3)])
def test_more_features_than_a_row_holds_are_refused(features, max_side):
    with pytest.raises(EngineUnavailableError, match=f"{features} features"):
        BlockLayout.of(10, features, max_side)


def test_as_many_features_as_a_row_holds_are_accepted():
    assert BlockLayout.of(10, 64, 16).texels == 16


@pytest.mark.parametrize(
    ("stored", "held"),
    [
        (np.uint8, np.uint8),
        (np.uint16, np.uint16),
        (np.bool_, np.float32),
        (np.int8, np.float32),
        (np.uint32, np.float32),
        (np.float16, np.float32),
        (np.float64, np.float32),
    ],
)
def test_textures_hold_small_unsigned_integers_as_they_are(stored, held):
    assert texel_dtype(np.dtype(stored), is_scaled=False) == held
    assert texel_dtype(np.dtype(stored), is_scaled=True) == np.float32


def test_values_that_are_not_finite_are_packed_as_zero():
    values = np.ones((4, 5, 6))
    values[1, 2, 3] = np.nan
    pixels = PixelVectors.of(FeatureStack(values=values, name="x"))
    (piece,) = pack_slices(pixels, BlockLayout.of(20, 6, 2048))
    assert piece.features.sum() == 20 * 6 - 1


def test_huge_floats_are_packed_in_engine_units():
    values = np.full((4, 5, 6), 1e300)
    pixels = PixelVectors.of(FeatureStack(values=values, name="x"))
    (piece,) = pack_slices(pixels, BlockLayout.of(20, 6, 2048))
    assert piece.features.max() == np.float32(1e300 * pixels.factor)
