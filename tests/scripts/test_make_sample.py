from __future__ import annotations

import runpy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage.data import chelsea, coffee

from napari_ifealid import FeatureStack, read_stack
from napari_ifealid.measures.spectral_angle import spectral_angle_similarity

SCRIPT = runpy.run_path(str(Path(__file__).resolve().parents[2] / "scripts/make_sample.py"))
NAMES = ("chelsea_texture.zip", "chelsea_parts.zip", "chelsea_objects.zip")

stacks_of: Callable[..., list[FeatureStack]] = SCRIPT["stacks_of"]
write_sample: Callable[[Sequence[FeatureStack], Path], None] = SCRIPT["write_sample"]
BUNDLED: Path = SCRIPT["FOLDER"]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(stacks_of(chelsea(), "Chelsea"), folder)
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_the_bundled_sample_is_what_the_script_makes(made, name):
    bundled, anew = read_stack(BUNDLED / name), read_stack(made / name)
    assert (bundled.name, bundled.placement) == (anew.name, anew.placement)
    difference = bundled.values.astype(int) - anew.values
    assert np.abs(difference).max() <= 1  # other processors round differently


def test_the_bundled_sample_is_small():
    assert sum((BUNDLED / name).stat().st_size for name in NAMES) < 3_000_000


def test_a_pixel_on_the_coffee_cup_is_more_like_the_cup_than_the_table():
    stack = stacks_of(coffee(), "Coffee")[-1]
    x, y = positions(stack)
    cup = ellipse(x, y, centre=(292, 105), radii=(105, 80))
    saucer_and_cup = ellipse(x, y, centre=(292, 215), radii=(230, 200))
    table = ~saucer_and_cup & (x + y > 330)  # the upper left corner is another thing
    for pixel in map(tuple, np.argwhere(cup)):
        similarity = spectral_angle_similarity(stack.values, stack.vector(pixel))
        others = cup.copy()
        others[pixel] = False
        assert similarity[others].mean() > similarity[table].mean()


def positions(stack: FeatureStack) -> tuple[Any, Any]:
    """Return where on the photo the pixels of a stack are."""
    assert stack.placement is not None
    y, x = (
        np.arange(length) * stride + offset
        for length, stride, offset in zip(
            stack.spatial_shape, stack.placement.stride, stack.placement.offset, strict=True
        )
    )
    return x[np.newaxis], y[:, np.newaxis]


def ellipse(x: Any, y: Any, *, centre: tuple[float, float], radii: tuple[float, float]) -> Any:
    return ((x - centre[0]) / radii[0]) ** 2 + ((y - centre[1]) / radii[1]) ** 2 < 1
