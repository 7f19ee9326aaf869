from __future__ import annotations

import numpy as np
import pytest
from napari.utils.colormaps import AVAILABLE_COLORMAPS, ensure_colormap

from napari_ifealid.colormaps import fire_table
from napari_ifealid.explorer.alpha_colormaps import FIRE, AlphaColormaps, colormap_names, plain_name


@pytest.fixture
def colormaps():
    colormaps = AlphaColormaps()
    yield colormaps
    colormaps.release()


def test_all_of_naparis_colormaps_are_offered_and_fire_is_first(colormaps):
    names = [name for name in AVAILABLE_COLORMAPS if plain_name(name) == name]
    colormaps.colormap("viridis", 0.3)
    assert colormap_names() == [FIRE, *names]


@pytest.mark.parametrize("base", [0.0, 0.1, 1.0])
def test_opacity_rises_from_the_base_to_one(colormaps, base):
    colours = colormaps.colormap(FIRE, base).colors
    np.testing.assert_allclose(colours[:, :3], fire_table() / 255, atol=1e-6)
    np.testing.assert_allclose(
        colours[:, 3], np.minimum(1, np.linspace(0, 1, 256) + base), atol=1e-6
    )


def test_colours_are_those_of_the_plain_colormap(colormaps):
    middles = (np.arange(256) + 0.5) / 256
    ramp = colormaps.colormap("viridis", 0.3)
    np.testing.assert_allclose(
        ramp.map(middles)[:, :3], ensure_colormap("viridis").map(middles)[:, :3], atol=1e-6
    )


def test_a_change_of_the_base_adds_no_colormap_to_naparis_table(colormaps):
    ensure_colormap(colormaps.colormap("magma", 0.1))
    count = len(AVAILABLE_COLORMAPS)
    for base in np.linspace(0, 1, 20):
        assert ensure_colormap(colormaps.colormap("magma", base)).name == "magma ramp"
    assert len(AVAILABLE_COLORMAPS) == count


def test_names_are_used_again_after_release():
    for _ in range(3):
        colormaps = AlphaColormaps()
        assert ensure_colormap(colormaps.colormap("plasma", 0.1)).name == "plasma ramp"
        colormaps.release()


def test_two_at_once_have_different_names(colormaps):
    other = AlphaColormaps()
    first = ensure_colormap(colormaps.colormap("inferno", 0.1))
    second = ensure_colormap(other.colormap("inferno", 0.7))
    assert first.name != second.name
    assert plain_name(second.name) == "inferno"
    assert first.colors[0, 3] == pytest.approx(0.1)
    other.release()


@pytest.mark.parametrize("hidden", [0, 1, 100, 256])
def test_levels_below_a_threshold_are_transparent(colormaps, hidden):
    opacities = colormaps.colormap("viridis", 0.5, hidden).colors[:, 3]
    assert (opacities[:hidden] == 0.0).all()
    assert (opacities[hidden:] >= 0.5).all()


def test_colormap_that_a_layer_kept_is_not_changed_by_the_next_one():
    kept = AlphaColormaps()
    colours = ensure_colormap(kept.colormap("cividis", 0.1)).colors.copy()
    later = AlphaColormaps()
    later.colormap("cividis", 0.9)
    np.testing.assert_array_equal(ensure_colormap(kept.colormap("cividis", 0.1)).colors, colours)
    kept.release()
    later.release()
