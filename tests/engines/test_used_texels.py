from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.engines.used_texels import UsedTexels, counting_text
from napari_ifealid.measures import UsedFeatures

flags = st.lists(st.booleans(), min_size=1, max_size=80).filter(any)
ascending = st.sets(st.integers(0, 60), min_size=1).map(sorted)


def evaluated(text: str, number: int) -> int:
    """Return the value of a GLSL expression for one n."""
    for choice in text.split(" : "):
        condition, _, value = choice.rpartition(" ? ")
        if not condition or number < int(condition.removeprefix("n < ")):
            return number + int(value.removeprefix("n").removeprefix(" + ") or 0)
    raise AssertionError(text)


def test_all_texels_are_whole_where_all_features_are_used():
    assert UsedTexels.of(None, 3) == UsedTexels((0, 1, 2), ())


def test_texels_without_a_used_feature_are_left_out():
    used = UsedFeatures(tuple(number not in range(3, 12) for number in range(18)))
    assert UsedTexels.of(used, 5) == UsedTexels((3, 4), (0,))


def test_many_gaps_are_told_by_marks_alone():
    used = UsedFeatures(tuple(number % 8 != 3 for number in range(200)))
    assert UsedTexels.of(used, 50) == UsedTexels((), tuple(range(50)))


@given(flags)
def test_each_used_feature_counts_once(is_used):
    texels = -(-len(is_used) // 4)
    found = UsedTexels.of(UsedFeatures(tuple(is_used)), texels)
    assert not set(found.whole) & set(found.mixed)
    for texel in range(texels):
        here = is_used[4 * texel : 4 * texel + 4]
        if texel in found.whole:
            assert all(here)
        elif texel not in found.mixed:
            assert not any(here)


@given(ascending)
def test_a_shader_counts_the_texels_in_order(texels):
    text = counting_text(tuple(texels))
    assert [evaluated(text, number) for number in range(len(texels))] == texels


@pytest.mark.parametrize(
    ("texels", "text"),
    [
        ((), "n"),
        ((0, 1), "n + 0"),
        ((0, 1, 4, 5), "n < 2 ? n + 0 : n + 2"),
    ],
)
def test_neighbours_share_a_comparison(texels, text):
    assert counting_text(texels) == text
