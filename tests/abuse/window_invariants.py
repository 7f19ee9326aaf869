"""Checks of a window that rests: maps, texts and labels agree with the definitions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from expected_maps import ExpectedMaps
from napari.layers import Labels, Layer

from napari_ifealid.explorer import AskedKind, Explorer, Session
from napari_ifealid.explorer.drawn_regions import DERIVED_KEY
from napari_ifealid.explorer.map_request import FeatureRequest
from napari_ifealid.measures import Measure

_CLOSE = 5e-5
"""What engines promise; of bounded measures, and relative to the values of others."""

_NEARLY_SAME, _CLOSE_TO_SAME = 1e-3, 5e-4
"""How far from the best value a reference's own pixel may be, where angles are steep."""

_CLOSE_PREPROCESSED = 5e-4
"""A preprocessed stack is kept as float32, and differences of its values magnify that."""


def broken_invariants(panel: Any, viewer: Any) -> list[str]:
    """Return in words what is not as it must be in a window that rests.

    Parameters
    ----------
    panel : FeatureSimilarity
    viewer : napari viewer
    """
    explorer: Explorer = panel.explorer
    found = list(_of_layers(explorer, viewer))
    if not found:
        for session in explorer.sessions:
            if session.stack is not None and not session.is_resting:
                found += _of_map(session, ExpectedMaps(explorer, viewer.dims), panel)
        found += _of_texts(panel, viewer)
        found += _of_labels(panel, viewer)
    return found


def _of_layers(explorer: Explorer, viewer: Any) -> Iterator[str]:
    chosen, session = explorer.state.layer, explorer.session
    if chosen is not None and chosen not in viewer.layers:
        yield "a layer is compared that is not there"
    if (session is None) != (chosen is None or explorer.state.feature_axis is None):
        yield "what is chosen is not what is compared"
    for one in explorer.sessions:
        if one.layer not in viewer.layers:
            yield "a layer is linked that is not there"
        if one.map_layer is not None and one.map_layer not in viewer.layers:
            yield "a map is made that is not there"
        if one.stack is None:
            yield f"{one.layer.name!r} was never loaded"
    pins = explorer.pins.layer
    if pins is not None and pins not in viewer.layers:
        yield "there are pins whose layer is not there"


def _of_map(session: Session, expected: ExpectedMaps, panel: Any) -> Iterator[str]:
    """Compare a map with the definition for what the panel and the layers say."""
    name, region = f"the map of {session.layer.name!r}", expected.region_of(session)
    shown = session.shown
    if shown is not None and isinstance(shown.request, FeatureRequest):
        features = shown.request.features
        values = expected.features_of(session, features)
        feature = panel.explorer.state.feature
        if feature is not None and feature not in features:
            yield f"{name} shows features {features}, not {feature}"
        measure = None
    else:
        values = expected.map_of(session)
        measure = panel.explorer.state.measure
    if values is None:
        if session.map_layer is not None and np.isfinite(session.map_layer.data).any():
            yield f"{name} shows something, and there is nothing to compare with"
        return
    if shown is None or session.map_layer is None:
        yield f"{name} is blank"
        return
    if shown.error is not None:
        yield f"{name} stays a preview: {shown.error}"
    if tuple(shown.request.region) != tuple(region):
        yield f"{name} is of {shown.request.region}, and the window shows {region}"
        return
    data = session.map_layer.data.reshape(values.shape)[region]
    is_exact = session.transform is None
    yield from _differences(name, data, values[region], measure, is_exact=is_exact)


def _differences(
    name: str, shown: np.ndarray, values: np.ndarray, measure: Measure | None, *, is_exact: bool
) -> Iterator[str]:
    unknown = np.isnan(values)
    if not np.array_equal(np.isnan(shown), unknown):
        yield f"{name} is blank at {np.isnan(shown).sum()} pixels, not at {unknown.sum()}"
        return
    known = ~unknown
    shown, values = shown[known].astype(float), values[known]
    close = _CLOSE if is_exact else _CLOSE_PREPROCESSED
    tolerance = np.full(values.shape, close)
    if measure is None or not measure.is_bounded:
        tolerance += close * np.abs(values) + close * np.abs(values).max(initial=0.0) * 0.01
    if measure is not None and measure.is_bounded:
        is_same = values > measure.limits[1] - _NEARLY_SAME
        tolerance[is_same] = np.maximum(tolerance[is_same], _CLOSE_TO_SAME)
        if not is_exact:
            tolerance[is_same] *= 20.0
    off = np.abs(shown - values)
    if (off > tolerance).any():
        worst = int(np.argmax(off - tolerance))
        yield (
            f"{name} is off at {(off > tolerance).sum()} of {off.size} pixels: {shown[worst]:.6g} "
            f"instead of {values[worst]:.6g}, by {getattr(measure, 'name', 'nothing')}"
        )


def _of_texts(panel: Any, viewer: Any) -> Iterator[str]:
    """Compare what the panel says with what is compared."""
    explorer, text = panel.explorer, panel.texts.reference.text()
    session = explorer.session
    if session is None or session.stack is None:
        if text:
            yield f"the panel says {text!r} of nothing"
        return
    if not text or "…" in text:
        yield f"the panel says {text!r} of a map that is made"
        return
    is_blank = session.shown is None
    if is_blank != (": no data here" in text) and not explorer.why_not_comparable(session):
        yield f"the panel says {text!r}, and the map is {'blank' if is_blank else 'there'}"
    if (", sharp" in text) != session.is_sharp:
        yield f"the panel says {text!r}, and the map is sharp: {session.is_sharp}"
    asked = explorer.asked
    if asked is not None and asked.kind is AskedKind.CURSOR:
        said = re.search(r"ixel ([\d, ]*\d)", text)
        asking = explorer.asking
        pixel = ExpectedMaps(explorer, viewer.dims).cursor_pixel(asking)
        if said is None or tuple(map(int, said[1].split(","))) != pixel:
            yield f"the panel says {text!r}, and the cursor is at {pixel}"
    if panel.choice.layer.value is not explorer.state.layer:
        yield f"the panel names {panel.choice.layer.value}, and {explorer.state.layer} is compared"


def _of_labels(panel: Any, viewer: Any) -> Iterator[str]:
    """Compare labels that follow with the map and the threshold."""
    explorer, labels = panel.explorer, panel.result.labels
    threshold, session = explorer.state.threshold, explorer.session
    if labels.follows and labels.layer is not None and session is not None:
        above = session.map_values >= threshold
        numbered = labels.layer.data.reshape(above.shape) > 0
        if (numbered & ~above).any():
            yield "labels that follow lie where the map is below the threshold"
    following = [one for one in viewer.layers if _follows_references(one)]
    if len(following) != int(panel.result.classes.follows):
        yield f"{len(following)} layers of classes say that they follow"


def _follows_references(layer: Layer) -> bool:
    return isinstance(layer, Labels) and DERIVED_KEY in layer.metadata
