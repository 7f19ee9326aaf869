from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image

from napari_ifealid.bands import Bands
from napari_ifealid.explorer.feature_use import FeatureUse
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.stack import FeatureStack

GOOD = UsedFeatures((True, True, False, True))
MINE = UsedFeatures((True, False, True, True))


@pytest.fixture
def stack() -> FeatureStack:
    bands = Bands(is_good=GOOD.is_used)
    return FeatureStack(values=np.ones((2, 3, 4)), name="cube", bands=bands)


@pytest.fixture
def layer(stack) -> Image:
    return Image(np.moveaxis(stack.values, -1, 0))


@pytest.fixture
def use() -> FeatureUse:
    return FeatureUse()


def test_good_bands_are_compared_until_others_are_chosen(use, layer, stack):
    assert use.of(layer, stack) == GOOD
    assert not use.is_chosen(layer, stack)
    use.choose(layer, MINE)
    assert use.of(layer, stack) == use.chosen(layer, stack) == MINE
    use.choose(layer, None)
    assert use.of(layer, stack) is None
    assert use.is_chosen(layer, stack)
    use.reset(layer)
    assert use.of(layer, stack) == GOOD


def test_choice_of_another_number_of_features_is_none(use, layer, stack):
    use.choose(layer, UsedFeatures((True, False)))
    assert use.of(layer, stack) == GOOD
    assert not use.is_chosen(layer, stack)


def test_changes_are_taken_back_one_by_one(use, layer, stack):
    told = []
    use.changed.connect(told.append)
    use.choose(layer, MINE)
    use.choose(layer, MINE)
    use.choose(layer, None)
    use.reset(layer)
    assert told == [layer] * 3
    for expected in (None, MINE, GOOD):
        assert use.can_undo(layer)
        use.undo(layer)
        assert use.of(layer, stack) == expected
    assert not use.can_undo(layer)
    use.undo(layer)
    assert told == [layer] * 6


def test_part_has_the_choice_for_its_features(use, layer, stack):
    part = Image(np.ones((3, 2, 3)))
    of_part = FeatureStack(values=np.ones((2, 3, 3)), name="part")
    use.keep_for_part(layer, part, range(1, 4))
    assert not use.is_chosen(part, of_part)
    use.choose(layer, MINE)
    use.keep_for_part(layer, part, range(1, 4))
    assert use.of(part, of_part) == UsedFeatures((False, True, True))
    assert not use.can_undo(part)
