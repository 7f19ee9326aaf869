"""A stack that is compared from disk, under a real mouse in a real window."""

from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.cache_folder import CACHE_VARIABLE
from napari_ifealid.formats import write_array
from napari_ifealid.measures import spectral_angle_similarity
from napari_ifealid.stack import FeatureStack


@pytest.fixture
def values() -> np.ndarray:
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(90, 120, 4)) @ rng.normal(size=(4, 40))
    return np.clip(40 * mixed, 0, 255).astype(np.uint8)


@pytest.fixture
def on_disk(tmp_path, values, monkeypatch):
    """A Zarr array that counts as one larger than memory."""
    monkeypatch.setattr("napari_ifealid.explorer.sources.fits_memory", lambda _: False)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    write_array(tmp_path / "cube.zarr", FeatureStack(values=values, name="cube"))
    return tmp_path / "cube.zarr"


def test_preview_follows_the_mouse_and_the_exact_map_comes_after_it(
    on_disk, open_dataset, mouse, qtbot, values, tmp_path
):
    widget = open_dataset(on_disk)
    explorer = widget.explorer
    assert widget.texts.engine.text().startswith("Runs on CPU, block by block")
    errors: list[float | None] = []
    explorer.map_changed.connect(lambda: errors.append(explorer.session.shown.error))
    qtbot.waitUntil(lambda: any((tmp_path / "cache").rglob("*.npz")), timeout=20_000)
    pointer = mouse()
    pointer.move_to(explorer.map_layer.data_to_world((20, 30)))
    qtbot.waitUntil(lambda: explorer.pixel == (20, 30))
    qtbot.waitUntil(lambda: explorer.is_idle, timeout=20_000)
    assert any(error is not None and error > 0 for error in errors)  # the preview came first
    assert errors[-1] is None
    exact = spectral_angle_similarity(values, values[20, 30].astype(float))
    np.testing.assert_allclose(explorer.map_layer.data, exact, atol=5e-5)
    qtbot.waitUntil(lambda: explorer.vector((20, 30)) is not None)
    np.testing.assert_array_equal(explorer.vector((20, 30)), values[20, 30])
    qtbot.waitUntil(lambda: widget.texts.reference.text() == "Pixel 20, 30")


def test_single_feature_is_read_from_disk(on_disk, open_dataset, qtbot, values):
    explorer = open_dataset(on_disk).explorer
    explorer.state.feature = 7
    qtbot.waitUntil(lambda: explorer.map_layer.name == "feature 7", timeout=20_000)
    qtbot.waitUntil(lambda: explorer.is_idle)
    np.testing.assert_array_equal(explorer.map_layer.data, values[..., 7])


def test_window_closed_while_reading_ends_quietly(on_disk, window, open_dataset):
    explorer = open_dataset(on_disk).explorer
    explorer.show_pixel((1, 1))
    window.close()
    assert explorer.map_layer is None
