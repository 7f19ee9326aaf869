from __future__ import annotations

import numpy as np
import pytest
from overview_stacks import random_stack

from napari_ifealid.overview import Aspect, components_picture, principal_components
from napari_ifealid.stack import FeatureStack


def picture_of(values: np.ndarray, aspect: Aspect = Aspect.VALUES) -> np.ndarray:
    return components_picture(
        principal_components(FeatureStack(values=values, name="x"), aspect=aspect)
    )


def test_each_component_is_stretched_between_its_percentiles():
    components = principal_components(random_stack((30, 20, 8)))
    picture = components_picture(components)
    assert picture.dtype == np.uint8
    assert picture.shape == (30, 20, 4)
    for number in range(3):
        values = components.projections[..., number].astype(float)
        low, high = np.percentile(values, (2, 98))
        expected = np.clip((values - low) / (high - low), 0, 1) * 255
        np.testing.assert_allclose(picture[..., number], expected, atol=0.51)
    assert (picture[..., 3] == 255).all()


def test_pixels_that_are_left_out_are_transparent():
    values = random_stack((6, 5, 4)).values
    values[2, 3] = np.nan
    picture = picture_of(values)
    assert picture[2, 3].tolist() == [0, 0, 0, 0]
    assert (picture[..., 3] == 0).sum() == 1


@pytest.mark.parametrize("count", [1, 2])
def test_colours_of_components_that_there_are_not_are_neutral(count):
    picture = picture_of(random_stack((6, 5, count)).values)
    assert (picture[..., count:3] == 128).all()
    assert len(np.unique(picture[..., count - 1])) > 10


@pytest.mark.parametrize("aspect", Aspect)
def test_constant_stack_is_grey(aspect):
    picture = picture_of(np.full((30, 20, 5), 0.1), aspect)
    assert (picture == [128, 128, 128, 255]).all()


def test_few_pixels_that_differ_are_seen():
    values = np.ones((40, 30, 4))
    values[3, 4] = [1.0, 5.0, 1.0, 1.0]
    picture = picture_of(values)
    assert picture[3, 4, 0] == 255
    assert (np.delete(picture[..., 0], 3 * 30 + 4) == 0).all()


def test_picture_of_nothing_is_transparent():
    assert not picture_of(np.full((3, 4, 5), np.nan)).any()


def test_volume_has_a_picture_in_each_slice():
    assert picture_of(random_stack((2, 3, 4, 5)).values).shape == (2, 3, 4, 4)
