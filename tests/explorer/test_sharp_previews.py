from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.engines import PixelVectors
from napari_ifealid.explorer import sharp_previews
from napari_ifealid.explorer.sharp_previews import SharpPreview, SharpPreviews
from napari_ifealid.grid import whole_region
from napari_ifealid.measures import COSINE, SPECTRAL_ANGLE
from napari_ifealid.query import Query
from napari_ifealid.sharpening import SharpEngine, SharpPixels, weight_steps
from napari_ifealid.sharpness import Sharpness

WHOLE = whole_region((24, 20))
SEEN = (slice(5, 14), slice(3, 20))


@pytest.fixture
def engine(stack) -> SharpEngine:
    pixels = PixelVectors.of(stack)
    *_, weights = weight_steps(pixels, Sharpness())
    engine = SharpEngine(SharpPixels(stack, weights), pixels)
    for _ in engine.preparation_steps(SPECTRAL_ANGLE):
        pass
    return engine


@pytest.fixture
def query(engine) -> Query:
    return Query.to(engine.sharp.vector((7, 9)))


def repeated(values: np.ndarray, step: int) -> np.ndarray:
    """Return what each step-th value of a map stands for."""
    rows, columns = (np.arange(length) // step * step for length in values.shape)
    return values[np.ix_(rows, columns)]


@pytest.mark.parametrize(("most", "step"), [(480, 1), (130, 2), (60, 3), (1, 22)])
def test_each_value_stands_for_the_pixels_up_to_the_next(engine, query, monkeypatch, most, step):
    monkeypatch.setattr(sharp_previews, "_MOST_PIXELS", most)
    values = SharpPreview(engine, lambda: None).map_of(query, WHOLE)
    np.testing.assert_array_equal(values, repeated(engine.values(query, WHOLE), step))


def test_part_that_is_seen_is_exact_where_the_view_is_zoomed_in(engine, query, monkeypatch):
    monkeypatch.setattr(sharp_previews, "_MOST_PIXELS", 200)
    monkeypatch.setattr(sharp_previews, "_AROUND", 60)
    values = SharpPreview(engine, lambda: SEEN).map_of(query, WHOLE)
    exact = engine.values(query, WHOLE)
    np.testing.assert_array_equal(values[SEEN], exact[SEEN])
    around = repeated(exact, 3)
    around[SEEN] = exact[SEEN]
    np.testing.assert_array_equal(values, around)


def test_view_beside_the_map_changes_nothing(engine, query, monkeypatch):
    monkeypatch.setattr(sharp_previews, "_MOST_PIXELS", 130)
    values = SharpPreview(engine, lambda: (slice(50, 60), slice(0, 9))).map_of(query, WHOLE)
    np.testing.assert_array_equal(values, repeated(engine.values(query, WHOLE), 2))


def test_preview_answers_what_needs_no_measuring(engine):
    preview = SharpPreview(engine, lambda: None)
    assert preview.answers(SPECTRAL_ANGLE)
    assert preview.answers(COSINE)
    assert np.isnan(preview.error_of(COSINE))
    np.testing.assert_array_equal(preview.vector((3, 4)), engine.sharp.vector((3, 4)))


def test_small_images_need_no_preview(engine, monkeypatch):
    assert SharpPreviews(engine, lambda: None).preview is None
    monkeypatch.setattr(sharp_previews, "_MOST_PIXELS", 100)
    assert SharpPreviews(engine, lambda: None).preview is not None
